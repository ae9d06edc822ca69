//! The options that a job and the defaults share, read but not yet merged or expanded.

use std::num::NonZeroU32;
use std::time::Duration;

use super::duration::parse_duration;
use super::fault::FaultLog;
use super::node::{Fields, Node};
use super::parse::ATTEMPTS_MAX;
use super::tags::Tags;
use super::template::Template;
use crate::bucket::{ObjectOwnership, PublicAccessBlock};

/// The names of the options.
pub(super) const OPTIONS: [&str; 9] = [
    "region",
    "timeout",
    "retry",
    "versioning",
    "encryption",
    "public_access_block",
    "object_ownership",
    "tags",
    "expected_owner",
];

/// What a job, or the defaults of a file, sets.
#[derive(Clone, Debug, Default)]
pub(super) struct Options<'a> {
    pub(super) region: Option<Text<'a>>,
    pub(super) timeout: Option<Duration>,
    pub(super) retry: RetryOptions<'a>,
    pub(super) versioning: Option<bool>,
    pub(super) encryption: Option<EncryptionOptions<'a>>,
    pub(super) public_access_block: Option<PublicAccessBlock>,
    pub(super) object_ownership: Option<ObjectOwnership>,
    pub(super) tags: Option<Tags<'a>>,
    pub(super) expected_owner: Option<String>,
}

/// A text with its template.
#[derive(Clone, Debug)]
pub(super) struct Text<'a> {
    pub(super) node: Node<'a>,
    pub(super) template: Template,
}

#[derive(Clone, Debug, Default)]
pub(super) struct RetryOptions<'a> {
    pub(super) node: Option<Node<'a>>,
    pub(super) max_attempts: Option<NonZeroU32>,
    pub(super) base_delay: Option<Duration>,
    pub(super) max_delay: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(super) enum EncryptionOptions<'a> {
    Aes256,
    Kms {
        key_id: Option<Text<'a>>,
        bucket_key: bool,
    },
    KmsDsse {
        key_id: Option<Text<'a>>,
    },
}

impl<'a> Options<'a> {
    pub(super) fn read(fields: &Fields<'a>, log: &mut FaultLog<'_>) -> Self {
        let mut read = Reader { fields, log };
        Self {
            region: read.field("region", Text::read),
            timeout: read.field("timeout", duration),
            retry: read.field("retry", RetryOptions::read).unwrap_or_default(),
            versioning: read.field("versioning", Node::boolean),
            encryption: read.field("encryption", EncryptionOptions::read),
            public_access_block: read.field("public_access_block", public_access_block),
            object_ownership: read.field("object_ownership", object_ownership),
            tags: read.field("tags", Tags::read),
            expected_owner: read.field("expected_owner", account_id),
        }
    }

    /// These options, and where they set nothing, the defaults.
    pub(super) fn or(self, defaults: &Self) -> Self {
        Self {
            region: self.region.or_else(|| defaults.region.clone()),
            timeout: self.timeout.or(defaults.timeout),
            retry: self.retry.or(&defaults.retry),
            versioning: self.versioning.or(defaults.versioning),
            encryption: self.encryption.or_else(|| defaults.encryption.clone()),
            public_access_block: self.public_access_block.or(defaults.public_access_block),
            object_ownership: self.object_ownership.or(defaults.object_ownership),
            tags: Tags::merged(self.tags, defaults.tags.as_ref()),
            expected_owner: self
                .expected_owner
                .or_else(|| defaults.expected_owner.clone()),
        }
    }
}

/// Reads optional fields of one object.
struct Reader<'f, 'a, 'l, 't> {
    fields: &'f Fields<'a>,
    log: &'l mut FaultLog<'t>,
}

impl<'a, 't> Reader<'_, 'a, '_, 't> {
    fn field<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Node<'a>, &mut FaultLog<'t>) -> Option<T>,
    ) -> Option<T> {
        read(self.fields.get(name)?, self.log)
    }
}

impl<'a> Text<'a> {
    pub(super) fn read(node: &Node<'a>, log: &mut FaultLog<'_>) -> Option<Self> {
        match Template::parse(node.text(log)?) {
            Ok(template) => Some(Self {
                node: node.clone(),
                template,
            }),
            Err(errors) => {
                for error in errors {
                    node.fault(log, error.to_string());
                }
                None
            }
        }
    }
}

impl<'a> RetryOptions<'a> {
    fn read(node: &Node<'a>, log: &mut FaultLog<'_>) -> Option<Self> {
        let known = ["max_attempts", "base_delay", "max_delay"];
        let fields = &node.object(log, Some(&known))?;
        let mut read = Reader { fields, log };
        let max_attempts = read.field("max_attempts", |node, log| {
            node.whole_number(log, 1..=ATTEMPTS_MAX)
        });
        Some(Self {
            node: Some(node.clone()),
            max_attempts: max_attempts.and_then(NonZeroU32::new),
            base_delay: read.field("base_delay", duration),
            max_delay: read.field("max_delay", duration),
        })
    }

    fn or(self, defaults: &Self) -> Self {
        Self {
            node: self.node.or_else(|| defaults.node.clone()),
            max_attempts: self.max_attempts.or(defaults.max_attempts),
            base_delay: self.base_delay.or(defaults.base_delay),
            max_delay: self.max_delay.or(defaults.max_delay),
        }
    }
}

/// The algorithms as S3 spells them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Aes256,
    Kms,
    KmsDsse,
}

const ALGORITHMS: [(&str, Algorithm); 3] = [
    ("AES256", Algorithm::Aes256),
    ("aws:kms", Algorithm::Kms),
    ("aws:kms:dsse", Algorithm::KmsDsse),
];

impl<'a> EncryptionOptions<'a> {
    fn read(node: &Node<'a>, log: &mut FaultLog<'_>) -> Option<Self> {
        if node.is_text() {
            return Some(Self::of(node.word(log, &ALGORITHMS)?, None, None));
        }
        let known = ["algorithm", "kms_key_id", "bucket_key"];
        let fields = node.object(log, Some(&known))?;
        let mend = "give `AES256`, `aws:kms` or `aws:kms:dsse`";
        let algorithm = fields.required(log, "algorithm", mend);
        let algorithm = algorithm.and_then(|node| node.word(log, &ALGORITHMS));
        let key_node = fields.get("kms_key_id");
        let key_id = key_node.and_then(|node| Text::read(node, log));
        let bucket_key_node = fields.get("bucket_key");
        let bucket_key = bucket_key_node.and_then(|node| node.boolean(log));
        let algorithm = algorithm?;
        if let (Algorithm::Aes256, Some(key)) = (algorithm, key_node) {
            key.fault(
                log,
                "`AES256` takes no key, leave it out or set the algorithm to `aws:kms`",
            );
        }
        if let (true, Some(bucket_key_node)) = (bucket_key == Some(true), bucket_key_node)
            && algorithm != Algorithm::Kms
        {
            bucket_key_node.fault(log, "only `aws:kms` has a bucket key, leave it out");
        }
        Some(Self::of(algorithm, key_id, bucket_key))
    }

    fn of(algorithm: Algorithm, key_id: Option<Text<'a>>, bucket_key: Option<bool>) -> Self {
        match algorithm {
            Algorithm::Aes256 => Self::Aes256,
            Algorithm::Kms => Self::Kms {
                key_id,
                bucket_key: bucket_key.unwrap_or(false),
            },
            Algorithm::KmsDsse => Self::KmsDsse { key_id },
        }
    }
}

fn duration(node: &Node<'_>, log: &mut FaultLog<'_>) -> Option<Duration> {
    if !node.is_text() {
        return node.wrong_type(log, "a duration as text, such as `30s`");
    }
    match parse_duration(node.text(log)?) {
        Ok(duration) => Some(duration),
        Err(error) => {
            node.fault(log, error.to_string());
            None
        }
    }
}

fn public_access_block(node: &Node<'_>, log: &mut FaultLog<'_>) -> Option<PublicAccessBlock> {
    const SWITCHES: [&str; 4] = [
        "block_public_acls",
        "ignore_public_acls",
        "block_public_policy",
        "restrict_public_buckets",
    ];
    if node.is_boolean() {
        return node.boolean(log).map(PublicAccessBlock::all);
    }
    if node.is_text() {
        return node.wrong_type(log, "true, false or an object of the four switches");
    }
    let fields = node.object(log, Some(&SWITCHES))?;
    let [acls, ignore, policy, restrict] = SWITCHES.map(|name| {
        let node = fields.required(log, name, "give each of the four switches true or false");
        node.and_then(|node| node.boolean(log))
    });
    Some(PublicAccessBlock {
        block_public_acls: acls?,
        ignore_public_acls: ignore?,
        block_public_policy: policy?,
        restrict_public_buckets: restrict?,
    })
}

fn object_ownership(node: &Node<'_>, log: &mut FaultLog<'_>) -> Option<ObjectOwnership> {
    node.word(log, &ObjectOwnership::ALL.map(|word| (word.as_str(), word)))
}

fn account_id(node: &Node<'_>, log: &mut FaultLog<'_>) -> Option<String> {
    let text = node.text(log)?;
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    node.fault(
        log,
        format!("`{text}` is no account id, which has 12 digits"),
    );
    None
}
