//! The policy of a bucket: kept as it was put, judged in its outline, and not enforced.

use http::HeaderValue;
use http::header::CONTENT_TYPE;
use s3s::dto::{
    GetBucketPolicyOutput, GetBucketPolicyStatusOutput, PolicyStatus, PutBucketPolicyInput,
    PutBucketPolicyOutput,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};
use serde_json::{Map, Value};

use super::error::{access_denied, refuse};
use super::{answer, public_access};
use crate::store::BucketRecord;

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetBucketPolicyOutput>> {
    let policy = bucket.policy.ok_or_else(no_policy)?;
    let mut response = S3Response::new(GetBucketPolicyOutput {
        policy: Some(policy),
    });
    let json = HeaderValue::from_static("application/json");
    response.headers.insert(CONTENT_TYPE, json);
    Ok(response)
}

pub(super) fn status(bucket: BucketRecord) -> S3Result<S3Response<GetBucketPolicyStatusOutput>> {
    let policy = bucket.policy.ok_or_else(no_policy)?;
    answer(GetBucketPolicyStatusOutput {
        policy_status: Some(PolicyStatus {
            is_public: Some(is_public(&statements(&policy)?)),
        }),
    })
}

pub(super) fn put(
    input: PutBucketPolicyInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutBucketPolicyOutput> {
    let statements = statements(&input.policy)?;
    for statement in &statements {
        check(statement, &input.bucket)?;
    }
    if is_public(&statements) && public_access::blocks_policies(bucket) {
        return Err(access_denied());
    }
    bucket.policy = Some(input.policy);
    Ok(PutBucketPolicyOutput {})
}

/// The statements of a policy, each of which is an object.
fn statements(policy: &str) -> S3Result<Vec<Map<String, Value>>> {
    let not_json = "Policies must be valid JSON and the first byte must be '{'";
    let Ok(Value::Object(policy)) = serde_json::from_str(policy) else {
        return Err(malformed(not_json));
    };
    match policy.get("Version").map(Value::as_str) {
        None | Some(Some("2008-10-17" | "2012-10-17")) => {}
        Some(_) => return Err(malformed("The policy must contain a valid version string")),
    }
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.clone(),
        Some(statement @ Value::Object(_)) => vec![statement.clone()],
        _ => return Err(malformed("Missing required field Statement")),
    };
    let object = |statement| match statement {
        Value::Object(statement) => Ok(statement),
        _ => Err(malformed("A statement must be an object")),
    };
    statements.into_iter().map(object).collect()
}

fn check(statement: &Map<String, Value>, bucket: &str) -> S3Result<()> {
    if !matches!(
        statement.get("Effect").and_then(Value::as_str),
        Some("Allow" | "Deny")
    ) {
        return Err(malformed("Missing required field Effect"));
    }
    for field in ["Principal", "Action", "Resource"] {
        let negated = format!("Not{field}");
        if !statement.contains_key(field) && !statement.contains_key(&negated) {
            return Err(malformed(format!("Missing required field {field}")));
        }
    }
    let is_elsewhere = |resource: &&str| !may_concern(resource, bucket);
    let mut resources = statement.get("Resource").map(words).into_iter().flatten();
    if resources.any(|resource| is_elsewhere(&resource)) {
        return Err(malformed("Policy has invalid resource"));
    }
    Ok(())
}

/// Whether a resource names the bucket or what is in it; a name with a wildcard may.
fn may_concern(resource: &str, bucket: &str) -> bool {
    if resource == "*" {
        return true;
    }
    let mut parts = resource.splitn(6, ':');
    let (arn, service, path) = (parts.next(), parts.nth(1), parts.nth(2));
    if (arn, service) != (Some("arn"), Some("s3")) {
        return false;
    }
    let name = path
        .and_then(|path| path.split('/').next())
        .unwrap_or_default();
    name == bucket || name.contains(['*', '?', '$'])
}

/// Whether a policy allows something to everybody without a condition.
fn is_public(statements: &[Map<String, Value>]) -> bool {
    statements.iter().any(|statement| {
        let is_everybody = match statement.get("Principal") {
            Some(Value::Object(principals)) => principals
                .get("AWS")
                .is_some_and(|p| words(p).contains(&"*")),
            Some(principal) => words(principal).contains(&"*"),
            None => false,
        };
        let is_conditional = match statement.get("Condition") {
            Some(Value::Object(condition)) => !condition.is_empty(),
            _ => false,
        };
        let effect = statement.get("Effect").and_then(Value::as_str);
        effect == Some("Allow") && is_everybody && !is_conditional
    })
}

/// A word, or a list of words.
fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

fn no_policy() -> S3Error {
    refuse(
        S3ErrorCode::NoSuchBucketPolicy,
        "The bucket policy does not exist",
    )
}

fn malformed(message: impl Into<String>) -> S3Error {
    refuse(S3ErrorCode::MalformedPolicy, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn public(principal: &str, rest: &str) -> bool {
        let policy = format!(r#"{{"Statement": {{"Principal": {principal}, {rest}}}}}"#);
        is_public(&statements(&policy).unwrap())
    }

    #[test]
    fn a_policy_for_everybody_is_public() {
        let allow = r#""Effect": "Allow""#;
        assert!(public(r#""*""#, allow));
        assert!(public(r#"{"AWS": "*"}"#, allow));
        assert!(public(r#"{"AWS": ["123456789012", "*"]}"#, allow));
        assert!(public(r#""*""#, r#""Effect": "Allow", "Condition": {}"#));
        let condition =
            r#""Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": true}}"#;
        assert!(!public(r#""*""#, condition));
        assert!(!public(r#""*""#, r#""Effect": "Deny""#));
        assert!(!public(r#"{"AWS": "123456789012"}"#, allow));
        assert!(!public(r#"{"Service": "*.amazonaws.com"}"#, allow));
    }

    #[test]
    fn a_resource_is_that_of_the_bucket() {
        for (resource, expected) in [
            ("arn:aws:s3:::bucket", true),
            ("arn:aws:s3:::bucket/*", true),
            ("arn:aws-cn:s3:::bucket/a/b", true),
            ("arn:aws:s3:::buck*", true),
            ("*", true),
            ("arn:aws:s3:::buckets", false),
            ("arn:aws:sqs:::bucket", false),
            ("bucket", false),
        ] {
            assert_eq!(may_concern(resource, "bucket"), expected, "{resource}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged(policy in "[{}\\[\\]\":,a-zA-Z*]{0,60}|\\PC{0,60}") {
            let _ = statements(&policy);
        }
    }
}
