//! From read options to a checked job: expands the templates and checks what they became.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use super::fault::{FaultLog, nearest};
use super::node::Fields;
use super::options::{EncryptionOptions, Options, RetryOptions, Text};
use super::tags::{TAGS_MAX, Tags, tag_value_fault};
use super::template::{Part, Scope};
use super::{Context, RetrySpec, format_duration};
use crate::bucket::{BucketName, Desired, Encryption, RegionName};

/// Regions to mean when a name is none: the oldest of each part of the world.
const WELL_KNOWN_REGIONS: [&str; 16] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-north-1",
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "af-south-1",
];

/// Expands the fields of one job.
pub(super) struct Expander<'a, 'l, 't> {
    pub(super) context: &'a Context<'a>,
    pub(super) job: &'a str,
    pub(super) log: &'l mut FaultLog<'t>,
}

impl Expander<'_, '_, '_> {
    /// The wanted bucket; a fault in one field does not hide those of the others.
    pub(super) fn desired(
        &mut self,
        fields: &Fields<'_>,
        bucket: Option<&Text<'_>>,
        options: &Options<'_>,
    ) -> Option<Desired> {
        let region = self.region(fields, options.region.as_ref());
        // A fault in the region is told once, not again with each field that names it.
        let region_text = region.as_ref().map_or("us-east-1", RegionName::as_str);
        let bucket = bucket.and_then(|text| {
            let name = self.text(text, region_text, "bucket")?;
            self.checked::<BucketName>(text, &name)
        });
        let encryption = options.encryption.as_ref();
        let encryption = encryption.map(|options| self.encryption(options, region_text));
        let tags = options
            .tags
            .as_ref()
            .map(|tags| self.tags(tags, region_text));
        let mut desired = Desired::new(bucket?, region?);
        desired.versioning = options.versioning;
        desired.encryption = absent_or(encryption)?;
        desired.public_access_block = options.public_access_block;
        desired.object_ownership = options.object_ownership;
        desired.tags = absent_or(tags)?;
        desired.expected_owner = options.expected_owner.clone();
        Some(desired)
    }

    /// The job's retries, by the defaults where it sets nothing.
    pub(super) fn retry(&mut self, options: &RetryOptions<'_>) -> RetrySpec {
        let default = RetrySpec::default();
        let retry = RetrySpec {
            max_attempts: options.max_attempts.unwrap_or(default.max_attempts),
            base_delay: options.base_delay.unwrap_or(default.base_delay),
            max_delay: options.max_delay.unwrap_or(default.max_delay),
        };
        if let Some(node) = options.node.as_ref()
            && retry.base_delay > retry.max_delay
        {
            let (base, max) = (retry.base_delay, retry.max_delay);
            let (base, max) = (format_duration(base), format_duration(max));
            let message =
                format!("base_delay {base} is longer than max_delay {max}, raise max_delay");
            node.fault(self.log, message);
        }
        retry
    }

    fn region(&mut self, fields: &Fields<'_>, text: Option<&Text<'_>>) -> Option<RegionName> {
        let Some(text) = text else {
            return self.region_of_context(fields);
        };
        let is_free = |part: &Part| !matches!(part, Part::Literal(_) | Part::Env(_));
        if text.template.parts().iter().any(is_free) {
            let message = "a region takes no template but `{env:NAME}`";
            text.node.fault(self.log, message);
            return None;
        }
        let name = self.text(text, "", "region")?;
        if let Ok(region) = name.parse() {
            return Some(region);
        }
        text.node.fault(self.log, not_a_region(&name));
        None
    }

    fn region_of_context(&mut self, fields: &Fields<'_>) -> Option<RegionName> {
        let Some(name) = self.context.region else {
            let mend =
                "give the job or the defaults a region, set AWS_REGION, or try it by --local";
            fields.missing(self.log, "region", mend);
            return None;
        };
        if let Ok(region) = name.parse() {
            return Some(region);
        }
        let mend = format!(
            "and the region of the environment will not do: {}",
            not_a_region(name)
        );
        fields.missing(self.log, "region", &mend);
        None
    }

    fn encryption(&mut self, options: &EncryptionOptions<'_>, region: &str) -> Option<Encryption> {
        Some(match options {
            EncryptionOptions::Aes256 => Encryption::Aes256,
            EncryptionOptions::Kms { key_id, bucket_key } => Encryption::Kms {
                key_id: self.key_id(key_id.as_ref(), region)?,
                bucket_key: *bucket_key,
            },
            EncryptionOptions::KmsDsse { key_id } => Encryption::KmsDsse {
                key_id: self.key_id(key_id.as_ref(), region)?,
            },
        })
    }

    fn key_id(&mut self, text: Option<&Text<'_>>, region: &str) -> Option<Option<String>> {
        let Some(text) = text else {
            return Some(None);
        };
        let key_id = self.text(text, region, "encryption.kms_key_id")?;
        if key_id.trim().is_empty() {
            let message = "empty, give a key's id, ARN or alias, or leave it out for `aws/s3`";
            text.node.fault(self.log, message);
            return None;
        }
        Some(Some(key_id))
    }

    fn tags(&mut self, tags: &Tags<'_>, region: &str) -> Option<BTreeMap<String, String>> {
        let mut values = BTreeMap::new();
        for (key, text) in &tags.values {
            let Some(value) = self.text(text, region, &format!("tags.{key}")) else {
                continue;
            };
            if let Some(fault) = tag_value_fault(&value) {
                text.node.fault(self.log, fault);
            }
            values.insert((*key).to_owned(), value);
        }
        let count = tags.values.len();
        if count > TAGS_MAX {
            let message = format!("{count} tags with the defaults, S3 takes at most {TAGS_MAX}");
            tags.node.fault(self.log, message);
        }
        (values.len() == count).then_some(values)
    }

    /// The text of a field of the job, expanded.
    fn text(&mut self, text: &Text<'_>, region: &str, field: &str) -> Option<String> {
        let scope = Scope {
            context: self.context,
            region,
            job: self.job,
            field,
        };
        match text.template.expand(&scope) {
            Ok(expanded) => Some(expanded),
            Err(errors) => {
                for error in errors {
                    text.node.fault(self.log, error.to_string());
                }
                None
            }
        }
    }

    fn checked<T>(&mut self, text: &Text<'_>, expanded: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let parsed = expanded.parse::<T>();
        parsed
            .map_err(|error| text.node.fault(self.log, error.to_string()))
            .ok()
    }
}

/// An option that is absent is fine, one with a fault is not.
fn absent_or<T>(option: Option<Option<T>>) -> Option<Option<T>> {
    match option {
        None => Some(None),
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
    }
}

fn not_a_region(name: &str) -> String {
    match nearest(name, WELL_KNOWN_REGIONS) {
        Some(near) => format!("`{name}` is no region, did you mean `{near}`?"),
        None => format!("`{name}` is no region, which looks like `eu-west-1`"),
    }
}
