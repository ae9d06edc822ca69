//! A website that S3 serves from the bucket, or that sends its visitors elsewhere.

use aws_sdk_s3::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_s3::operation::get_bucket_website::GetBucketWebsiteOutput;
use aws_sdk_s3::types::{
    Condition, ErrorDocument, IndexDocument, Redirect, RedirectAllRequestsTo,
    RoutingRule as SdkRule, WebsiteConfiguration,
};
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::subresource::{Calls, SubResource};

/// The most routing rules that S3 takes.
const RULES_MAX: usize = 50;

/// A website: documents with rules that redirect, or one redirect of all requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Website {
    /// What is served for a directory, such as `index.html`, without `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index_document: Option<String>,
    /// The key of what is served on a 4xx error, such as `error.html`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_document: Option<String>,
    /// Where all requests are redirected to; nothing else may stand beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redirect_all_requests_to: Option<RedirectAll>,
    /// Redirects of some requests, at most 50, in the order in which S3 tries them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) routing_rules: Vec<RoutingRule>,
}

/// Where all requests are redirected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedirectAll {
    /// The host, such as `www.example.com`.
    pub(crate) host_name: String,
    /// The protocol; that of the request unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["http", "https"]))]
    pub(crate) protocol: Option<String>,
}

/// A redirect of some requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoutingRule {
    /// Which requests; all of them unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<RoutingCondition>,
    /// Where they go.
    pub(crate) redirect: RoutingRedirect,
}

/// Which requests a routing rule is for; where both are said, both must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RoutingCondition {
    /// Requests for keys that begin with it, such as `docs/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_prefix_equals: Option<String>,
    /// Requests that failed with this HTTP status, such as `"404"`: 4xx or 5xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http_error_code_returned_equals: Option<String>,
}

/// Where a routing rule sends requests; what is not said stays as it is in the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RoutingRedirect {
    /// The host, such as `www.example.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host_name: Option<String>,
    /// The HTTP status of the redirect, such as `"301"`: 3xx but 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http_redirect_code: Option<String>,
    /// The protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["http", "https"]))]
    pub(crate) protocol: Option<String>,
    /// What stands in place of the condition's prefix, such as `documents/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replace_key_prefix_with: Option<String>,
    /// The whole key, such as `error.html`; not beside `replace_key_prefix_with`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replace_key_with: Option<String>,
}

impl RoutingRule {
    fn check(&self, checks: &mut Checks) {
        if let Some(condition) = &self.condition {
            checks.field("condition", |checks| {
                if *condition == RoutingCondition::default() {
                    checks.fault("is empty: say which requests, or leave it out for all of them");
                }
                if let Some(code) = &condition.http_error_code_returned_equals
                    && !is_status(code, 400..600)
                {
                    checks.field("http_error_code_returned_equals", |checks| {
                        checks.fault(format!("is `{code}`, S3 takes 4xx or 5xx"));
                    });
                }
            });
        }
        checks.field("redirect", |checks| self.redirect.check(checks));
    }

    fn canonical(mut self) -> Self {
        self.condition = self.condition.filter(|c| *c != RoutingCondition::default());
        self
    }

    fn to_sdk(&self) -> SdkRule {
        let condition = self.condition.as_ref().map(|condition| {
            Condition::builder()
                .set_key_prefix_equals(condition.key_prefix_equals.clone())
                .set_http_error_code_returned_equals(
                    condition.http_error_code_returned_equals.clone(),
                )
                .build()
        });
        let to = self.redirect.clone();
        let redirect = Redirect::builder()
            .set_host_name(to.host_name)
            .set_http_redirect_code(to.http_redirect_code)
            .set_protocol(to.protocol.as_deref().map(Into::into))
            .set_replace_key_prefix_with(to.replace_key_prefix_with)
            .set_replace_key_with(to.replace_key_with);
        SdkRule::builder()
            .set_condition(condition)
            .redirect(redirect.build())
            .build()
    }

    fn of_sdk(rule: SdkRule) -> Self {
        let condition = rule.condition.map(|condition| RoutingCondition {
            key_prefix_equals: condition.key_prefix_equals,
            http_error_code_returned_equals: condition.http_error_code_returned_equals,
        });
        let redirect = rule.redirect.map(|to| RoutingRedirect {
            host_name: to.host_name,
            http_redirect_code: to.http_redirect_code,
            protocol: to.protocol.map(|word| word.as_str().to_owned()),
            replace_key_prefix_with: to.replace_key_prefix_with,
            replace_key_with: to.replace_key_with,
        });
        Self {
            condition,
            redirect: redirect.unwrap_or_default(),
        }
    }
}

impl RoutingRedirect {
    fn check(&self, checks: &mut Checks) {
        if *self == Self::default() {
            checks.fault("is empty: say what it changes");
        }
        if self.replace_key_prefix_with.is_some() && self.replace_key_with.is_some() {
            checks
                .fault("must have at most one of `replace_key_prefix_with` and `replace_key_with`");
        }
        if let Some(code) = &self.http_redirect_code
            && !is_status(code, 301..400)
        {
            checks.field("http_redirect_code", |checks| {
                checks.fault(format!("is `{code}`, S3 takes 3xx but 300"));
            });
        }
    }
}

fn is_status(code: &str, range: std::ops::Range<u16>) -> bool {
    code.parse().is_ok_and(|code| range.contains(&code))
}

impl Website {
    fn to_sdk(&self) -> Result<WebsiteConfiguration, BuildError> {
        let index = self.index_document.as_ref();
        let index = index.map(|suffix| IndexDocument::builder().suffix(suffix).build());
        let error = self.error_document.as_ref();
        let error = error.map(|key| ErrorDocument::builder().key(key).build());
        let all = self.redirect_all_requests_to.as_ref().map(|all| {
            RedirectAllRequestsTo::builder()
                .host_name(&all.host_name)
                .set_protocol(all.protocol.as_deref().map(Into::into))
                .build()
        });
        let rules: Vec<_> = self.routing_rules.iter().map(RoutingRule::to_sdk).collect();
        Ok(WebsiteConfiguration::builder()
            .set_index_document(index.transpose()?)
            .set_error_document(error.transpose()?)
            .set_redirect_all_requests_to(all.transpose()?)
            .set_routing_rules((!rules.is_empty()).then_some(rules))
            .build())
    }

    fn of_sdk(website: GetBucketWebsiteOutput) -> Self {
        let all = website.redirect_all_requests_to.map(|all| RedirectAll {
            host_name: all.host_name,
            protocol: all.protocol.map(|word| word.as_str().to_owned()),
        });
        let rules = website.routing_rules.unwrap_or_default();
        Self {
            index_document: website.index_document.map(|index| index.suffix),
            error_document: website.error_document.map(|error| error.key),
            redirect_all_requests_to: all,
            routing_rules: rules.into_iter().map(RoutingRule::of_sdk).collect(),
        }
    }
}

impl SubResource for Website {
    const FIELD: &'static str = "website";

    fn of_new_bucket() -> Option<Self> {
        None
    }

    fn check(&self, checks: &mut Checks) {
        let all = self.redirect_all_requests_to.as_ref();
        let alone = Self {
            redirect_all_requests_to: all.cloned(),
            ..Self::default()
        };
        if all.is_some() && *self != alone {
            checks.fault("has `redirect_all_requests_to`, so it must have nothing else");
        }
        if all.is_none() && self.index_document.is_none() {
            checks.fault("must have `index_document` or `redirect_all_requests_to`");
        }
        if all.is_some_and(|all| all.host_name.is_empty()) {
            checks.field("redirect_all_requests_to", |checks| {
                checks.field("host_name", |checks| checks.fault("is empty"));
            });
        }
        if let Some(index) = &self.index_document
            && (index.is_empty() || index.contains('/'))
        {
            checks.field("index_document", |checks| {
                checks.fault("must be a name without `/`, such as `index.html`");
            });
        }
        if self.error_document.as_deref() == Some("") {
            checks.field("error_document", |checks| checks.fault("is empty"));
        }
        checks.field("routing_rules", |checks| {
            let len = self.routing_rules.len();
            if len > RULES_MAX {
                checks.fault(format!("has {len}, S3 takes at most {RULES_MAX}"));
            }
            for (index, rule) in self.routing_rules.iter().enumerate() {
                checks.element(index, |checks| rule.check(checks));
            }
        });
    }

    fn canonical(&self, _there: Option<&Self>) -> Self {
        let mut canonical = self.clone();
        let rules = canonical.routing_rules.into_iter();
        canonical.routing_rules = rules.map(RoutingRule::canonical).collect();
        canonical
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket
            .client
            .get_bucket_website()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned));
        match call.send().await {
            Ok(output) => Ok(Some(Self::of_sdk(output))),
            Err(error) if error.code() == Some("NoSuchWebsiteConfiguration") => Ok(None),
            Err(error) => Err(CallError::new("GetBucketWebsite", error)),
        }
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let send = async {
            bucket
                .client
                .put_bucket_website()
                .bucket(bucket.bucket)
                .set_expected_bucket_owner(bucket.owner.map(str::to_owned))
                .website_configuration(self.to_sdk()?)
                .send()
                .await
        };
        let sent = send.await.map(drop);
        sent.map_err(|error| CallError::new("PutBucketWebsite", error))
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket
            .client
            .delete_bucket_website()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned));
        let sent = call.send().await.map(drop);
        sent.map_err(|error| CallError::new("DeleteBucketWebsite", error))
    }
}

#[cfg(test)]
mod tests;
