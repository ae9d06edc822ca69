//! Cross-origin resource sharing: which web pages may call the bucket from a browser.

use aws_sdk_s3::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_s3::types::{CorsConfiguration, CorsRule as SdkRule};
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::rules::{adopt_ids, check_count, check_ids};
use super::subresource::{Calls, SubResource};

/// The most rules that S3 takes.
const RULES_MAX: usize = 100;

/// Which web pages may call the bucket from a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cors {
    /// The rules, 1 to 100, in the order in which S3 tries them: the first that fits counts.
    pub(crate) rules: Vec<CorsRule>,
}

/// What browsers may do for pages of some origins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorsRule {
    /// A name of the rule, 1 to 255 characters, unique in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// The origins of the pages, such as `https://www.example.com`, each with at most one `*`.
    pub(crate) allowed_origins: Vec<String>,
    /// The HTTP methods: GET, PUT, POST, DELETE, HEAD.
    #[schemars(schema_with = "methods")]
    pub(crate) allowed_methods: Vec<String>,
    /// The headers that requests may carry, each with at most one `*`; none unless told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) allowed_headers: Vec<String>,
    /// The headers of the answer that the page may read, without `*`; none unless told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) expose_headers: Vec<String>,
    /// How many seconds a browser may keep the answer to its preflight request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = i32::MAX))]
    pub(crate) max_age_seconds: Option<i32>,
}

fn methods(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "array",
        "items": { "type": "string", "enum": ["GET", "PUT", "POST", "DELETE", "HEAD"] },
    })
}

impl CorsRule {
    fn check(&self, checks: &mut Checks) {
        check_words(checks, "allowed_origins", &self.allowed_origins, 1);
        check_words(checks, "allowed_headers", &self.allowed_headers, 1);
        check_words(checks, "expose_headers", &self.expose_headers, 0);
        for (field, words) in [
            ("allowed_origins", &self.allowed_origins),
            ("allowed_methods", &self.allowed_methods),
        ] {
            if words.is_empty() {
                checks.field(field, |checks| checks.fault("is empty: name at least one"));
            }
        }
        if self.max_age_seconds.is_some_and(|seconds| seconds < 0) {
            checks.field("max_age_seconds", |checks| {
                checks.fault("is negative: S3 takes 0 or more");
            });
        }
    }

    /// The lists have no order.
    fn canonical(mut self) -> Self {
        for words in [
            &mut self.allowed_origins,
            &mut self.allowed_methods,
            &mut self.allowed_headers,
            &mut self.expose_headers,
        ] {
            words.sort_unstable();
            words.dedup();
        }
        self
    }

    fn to_sdk(&self) -> Result<SdkRule, BuildError> {
        let some = |words: &Vec<String>| (!words.is_empty()).then(|| words.clone());
        SdkRule::builder()
            .set_id(self.id.clone())
            .set_allowed_origins(Some(self.allowed_origins.clone()))
            .set_allowed_methods(Some(self.allowed_methods.clone()))
            .set_allowed_headers(some(&self.allowed_headers))
            .set_expose_headers(some(&self.expose_headers))
            .set_max_age_seconds(self.max_age_seconds)
            .build()
    }

    fn of_sdk(rule: SdkRule) -> Self {
        Self {
            id: rule.id,
            allowed_origins: rule.allowed_origins,
            allowed_methods: rule.allowed_methods,
            allowed_headers: rule.allowed_headers.unwrap_or_default(),
            expose_headers: rule.expose_headers.unwrap_or_default(),
            max_age_seconds: rule.max_age_seconds,
        }
    }
}

fn check_words(checks: &mut Checks, field: &str, words: &[String], wildcards: usize) {
    checks.field(field, |checks| {
        for (index, word) in words.iter().enumerate() {
            checks.element(index, |checks| {
                if word.is_empty() {
                    checks.fault("is empty");
                }
                if word.matches('*').count() > wildcards {
                    checks.fault(match wildcards {
                        0 => "has a `*`, which S3 does not take here: name each header",
                        _ => "has more than one `*`: S3 takes one",
                    });
                }
            });
        }
    });
}

impl Cors {
    fn to_sdk(&self) -> Result<CorsConfiguration, BuildError> {
        let rules = self.rules.iter().map(CorsRule::to_sdk);
        CorsConfiguration::builder()
            .set_cors_rules(Some(rules.collect::<Result<_, _>>()?))
            .build()
    }

    fn of_sdk(rules: Vec<SdkRule>) -> Self {
        let rules = rules.into_iter().map(CorsRule::of_sdk);
        Self {
            rules: rules.collect(),
        }
    }
}

impl SubResource for Cors {
    const FIELD: &'static str = "cors";

    fn of_new_bucket() -> Option<Self> {
        None
    }

    fn check(&self, checks: &mut Checks) {
        checks.field("rules", |checks| {
            check_count(checks, self.rules.len(), RULES_MAX);
            check_ids(checks, self.rules.iter().map(|rule| rule.id.as_deref()));
            for (index, rule) in self.rules.iter().enumerate() {
                checks.element(index, |checks| rule.check(checks));
            }
        });
    }

    fn canonical(&self, there: Option<&Self>) -> Self {
        let rules = self.rules.iter().cloned().map(CorsRule::canonical);
        let mut rules: Vec<_> = rules.collect();
        if let Some(there) = there {
            adopt_ids(&mut rules, &there.canonical(None).rules, |rule| {
                &mut rule.id
            });
        }
        Self { rules }
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let answer = bucket
            .client
            .get_bucket_cors()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned))
            .send()
            .await;
        match answer {
            Ok(output) => Ok(output.cors_rules.map(Self::of_sdk)),
            Err(error) if error.code() == Some("NoSuchCORSConfiguration") => Ok(None),
            Err(error) => Err(CallError::new("GetBucketCors", error)),
        }
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let send = async {
            bucket
                .client
                .put_bucket_cors()
                .bucket(bucket.bucket)
                .set_expected_bucket_owner(bucket.owner.map(str::to_owned))
                .cors_configuration(self.to_sdk()?)
                .send()
                .await
        };
        let sent = send.await.map(drop);
        sent.map_err(|error| CallError::new("PutBucketCors", error))
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket
            .client
            .delete_bucket_cors()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned));
        let sent = call.send().await.map(drop);
        sent.map_err(|error| CallError::new("DeleteBucketCors", error))
    }
}

#[cfg(test)]
mod tests;
