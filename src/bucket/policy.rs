//! The policy of a bucket, compared by its meaning (IAM user guide, "Grammar of the IAM JSON policy
//! language").
//!
//! No drift is: the order of keys, statements and lists; one value and a list of that one; a number
//! or boolean of a condition and its text; an account's id and its `arn:aws:iam::ID:root`; and, in
//! `Principal`, `"*"` and `{"AWS": "*"}`; no `Version` and `2008-10-17`, IAM's default. In
//! `NotPrincipal` IAM tells `"*"` and `{"AWS": "*"}` apart, and so does this. `Id` and `Sid` count as
//! they are written.

use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::CallError;
use super::subresource::{Calls, SubResource, unless_absent};

/// The most bytes of a policy.
const LEN_MAX: usize = 20 * 1024;
/// The version of a policy that names none (IAM user guide, "IAM JSON policy elements: Version").
const VERSION_DEFAULT: &str = "2008-10-17";

/// The policy: an object, or a text of JSON. At most 20 KB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Value", into = "Value")]
#[schemars(with = "Form")]
pub(crate) struct Policy {
    /// As it was written, a text only where it is no JSON.
    document: Value,
}

/// As the job file has it.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[allow(dead_code)]
enum Form {
    /// The policy as a text of JSON.
    Text(String),
    /// The policy: `Version`, `Id` and `Statement`, in IAM's own words.
    Document(Map<String, Value>),
}

impl From<Value> for Policy {
    fn from(value: Value) -> Self {
        let parsed = value
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok());
        Self {
            document: parsed.unwrap_or(value),
        }
    }
}

impl From<Policy> for Value {
    fn from(policy: Policy) -> Self {
        policy.document
    }
}

impl Policy {
    fn statements(&self) -> Vec<&Value> {
        match self.document.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(statement) => vec![statement],
            None => Vec::new(),
        }
    }

    /// Whether a statement lets everybody in without any condition, which S3 counts as public. What
    /// a condition leaves open is S3's to judge.
    pub(crate) fn is_public(&self) -> bool {
        let is_public = |statement: &&Value| {
            let condition = statement.get("Condition").and_then(Value::as_object);
            statement.get("Effect") == Some(&"Allow".into())
                && statement.get("Principal").is_some_and(is_everybody)
                && condition.is_none_or(Map::is_empty)
        };
        self.statements().iter().any(is_public)
    }

    /// The resources that are surely not this bucket or in it, which S3 refuses.
    pub(crate) fn foreign_resources(&self, bucket: &str) -> Vec<&str> {
        let keys = ["Resource", "NotResource"];
        let values = self.statements().into_iter().flat_map(|statement| {
            let values = keys.iter().filter_map(|key| statement.get(key));
            values.flat_map(|value| match value {
                Value::Array(list) => list.iter().collect(),
                one => vec![one],
            })
        });
        let is_foreign = |resource: &&str| {
            let name = resource.split_once(":s3:::").map(|(_, path)| path);
            let name = name.map(|path| path.split_once('/').map_or(path, |(name, _)| name));
            // A wildcard or a variable may become this bucket's name.
            name.is_some_and(|name| name != bucket && !name.contains(['*', '?', '$']))
        };
        values
            .filter_map(Value::as_str)
            .filter(is_foreign)
            .collect()
    }

    /// The one spelling of all policies that mean the same.
    fn meaning(&self) -> Value {
        let Value::Object(document) = &self.document else {
            return self.document.clone();
        };
        let mut meaning = document.clone();
        let version = meaning.entry("Version");
        version.or_insert_with(|| VERSION_DEFAULT.into());
        if meaning.contains_key("Statement") {
            let statements = self.statements();
            let mut statements: Vec<_> = statements.into_iter().map(statement_meaning).collect();
            statements.sort_by_cached_key(Value::to_string);
            meaning.insert("Statement".to_owned(), statements.into());
        }
        meaning.into()
    }
}

fn statement_meaning(statement: &Value) -> Value {
    let Value::Object(statement) = statement else {
        return statement.clone();
    };
    let meaning = statement.iter().map(|(key, value)| {
        let value = match key.as_str() {
            "Action" | "NotAction" | "Resource" | "NotResource" => list_meaning(value),
            "Principal" => principal_meaning(value),
            "NotPrincipal" => principals_meaning(value),
            "Condition" => condition_meaning(value),
            _ => value.clone(),
        };
        (key.clone(), value)
    });
    Value::Object(meaning.collect())
}

/// One value and a list of that one are the same, and a list has no order.
fn list_meaning(value: &Value) -> Value {
    let mut list = match value {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    list.sort_by_cached_key(Value::to_string);
    list.dedup();
    list.into()
}

/// Whether `Principal` names everybody, if only beside others.
fn is_everybody(principal: &Value) -> bool {
    match principal.get("AWS").unwrap_or(principal) {
        Value::Array(list) => list.contains(&"*".into()),
        one => one == "*",
    }
}

fn principal_meaning(value: &Value) -> Value {
    let meaning = principals_meaning(value);
    let everybody = serde_json::json!({ "AWS": ["*"] });
    if meaning == everybody {
        "*".into()
    } else {
        meaning
    }
}

fn principals_meaning(value: &Value) -> Value {
    let Value::Object(principals) = value else {
        return value.clone();
    };
    let meaning = principals.iter().map(|(kind, value)| {
        let mut value = list_meaning(value);
        if let ("AWS", Value::Array(list)) = (kind.as_str(), &mut value) {
            for principal in list.iter_mut() {
                if let Some(account) = principal.as_str().and_then(account_of_root) {
                    *principal = account.into();
                }
            }
        }
        (kind.clone(), list_meaning(&value))
    });
    Value::Object(meaning.collect())
}

/// The account of `arn:PARTITION:iam::ACCOUNT:root`.
fn account_of_root(arn: &str) -> Option<String> {
    let (_partition, account) = arn.strip_prefix("arn:")?.split_once(":iam::")?;
    account.strip_suffix(":root").map(str::to_owned)
}

/// `{operator: {key: value or list}}`; numbers and booleans are as good as their texts.
fn condition_meaning(value: &Value) -> Value {
    let Value::Object(operators) = value else {
        return value.clone();
    };
    let meaning = operators.iter().map(|(operator, keys)| {
        let Value::Object(keys) = keys else {
            return (operator.clone(), keys.clone());
        };
        let keys = keys.iter().map(|(key, value)| {
            let texts = match value {
                Value::Array(list) => list.iter().map(as_text).collect(),
                one => as_text(one),
            };
            (key.clone(), list_meaning(&texts))
        });
        (operator.clone(), Value::Object(keys.collect()))
    });
    Value::Object(meaning.collect())
}

fn as_text(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => value.to_string().into(),
        other => other.clone(),
    }
}

impl SubResource for Policy {
    const FIELD: &'static str = "policy";

    fn of_new_bucket() -> Option<Self> {
        None
    }

    fn check(&self, checks: &mut Checks) {
        if !self.document.is_object() {
            checks.fault("no JSON object, give the policy as an object, or as a text of one");
            return;
        }
        let len = self.document.to_string().len();
        if len > LEN_MAX {
            checks.fault(format!("{len} bytes, S3 takes at most {LEN_MAX}"));
        }
        let statements = self.statements();
        checks.field("Statement", |checks| {
            if statements.is_empty() {
                checks.fault("no statement, give one, or \"absent\" for no policy");
            }
            for (index, statement) in statements.into_iter().enumerate() {
                checks.element(index, |checks| check_statement(statement, checks));
            }
        });
    }

    /// As it is there when that means the same, else as the job has it.
    fn canonical(&self, there: Option<&Self>) -> Self {
        let same = there.filter(|there| there.meaning() == self.meaning());
        same.unwrap_or(self).clone()
    }

    fn shown(&self) -> Value {
        self.meaning()
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket.client.get_bucket_policy().bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        let output = unless_absent("GetBucketPolicy", "NoSuchBucketPolicy", sent)?;
        let text = output.and_then(|output| output.policy);
        Ok(text.map(|text| Value::from(text).into()))
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket.client.put_bucket_policy().bucket(bucket.bucket);
        let call = call.policy(self.document.to_string());
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        CallError::of("PutBucketPolicy", sent)
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket.client.delete_bucket_policy().bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        CallError::of("DeleteBucketPolicy", sent)
    }
}

/// What a statement of a bucket's policy must have: one of each pair.
fn check_statement(statement: &Value, checks: &mut Checks) {
    let Some(statement) = statement.as_object() else {
        checks
            .fault("no object, give a statement with `Effect`, `Principal`, `Action`, `Resource`");
        return;
    };
    let effect = statement.get("Effect").and_then(Value::as_str);
    if !matches!(effect, Some("Allow" | "Deny")) {
        checks.fault("no effect, set `Effect` to `Allow` or `Deny`");
    }
    for (key, not) in [
        ("Principal", "NotPrincipal"),
        ("Action", "NotAction"),
        ("Resource", "NotResource"),
    ] {
        match (statement.contains_key(key), statement.contains_key(not)) {
            (false, false) => checks.fault(format!("no `{key}`, give it, or `{not}`")),
            (true, true) => checks.fault(format!("`{key}` and `{not}`, leave one of them out")),
            (true, false) | (false, true) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(value: Value) -> Policy {
        serde_json::from_value(value).unwrap()
    }

    fn statement(key: &str, value: Value) -> Policy {
        let mut statement = json!({
            "Effect": "Allow", "Principal": { "AWS": "111122223333" }, "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::acme/*",
        });
        statement[key] = value;
        policy(json!({ "Version": "2012-10-17", "Statement": statement }))
    }

    fn agree(one: &Policy, other: &Policy) -> bool {
        one.canonical(Some(other)) == other.canonical(None)
    }

    #[test]
    fn a_policy_is_an_object_or_a_text_of_one() {
        let object = json!({ "Version": "2012-10-17", "Statement": [] });
        let text = policy(object.to_string().into());
        assert_eq!(text, policy(object.clone()));
        assert_eq!(serde_json::to_value(text).unwrap(), object);
    }

    #[test]
    fn it_goes_by_meaning() {
        let root = "arn:aws:iam::111122223333:root";
        for (key, one, other, same) in [
            ("Action", json!("s3:Get*"), json!(["s3:Get*"]), true),
            ("Action", json!(["a", "b"]), json!(["b", "a"]), true),
            ("Action", json!(["a", "b"]), json!(["a"]), false),
            ("Resource", json!("x"), json!(["x"]), true),
            (
                "Principal",
                json!({ "AWS": root }),
                json!({ "AWS": ["111122223333"] }),
                true,
            ),
            ("Principal", json!("*"), json!({ "AWS": "*" }), true),
            ("NotPrincipal", json!("*"), json!({ "AWS": "*" }), false),
            (
                "Principal",
                json!({ "Service": "a" }),
                json!({ "AWS": "a" }),
                false,
            ),
            ("Sid", json!("a"), json!("b"), false),
            (
                "Condition",
                json!({ "Bool": { "aws:SecureTransport": false } }),
                json!({ "Bool": { "aws:SecureTransport": ["false"] } }),
                true,
            ),
            (
                "Condition",
                json!({ "StringEquals": { "aws:SourceAccount": ["1", "2"] } }),
                json!({ "StringEquals": { "aws:SourceAccount": ["2", "1"] } }),
                true,
            ),
            (
                "Condition",
                json!({ "StringEquals": { "aws:SourceAccount": "1" } }),
                json!({ "StringLike": { "aws:SourceAccount": "1" } }),
                false,
            ),
        ] {
            let (one, other) = (statement(key, one), statement(key, other));
            assert_eq!(agree(&one, &other), same, "{one:?} {other:?}");
            assert_eq!(agree(&other, &one), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn the_order_of_statements_is_none_and_the_version_counts() {
        let document = |version: &str, sids: [&str; 2]| {
            let statements = sids.map(|sid| json!({ "Sid": sid, "Effect": "Deny" }));
            policy(json!({ "Version": version, "Statement": statements }))
        };
        let one = document("2012-10-17", ["a", "b"]);
        assert!(agree(&one, &document("2012-10-17", ["b", "a"])));
        let old = document("2008-10-17", ["a", "b"]);
        assert!(!agree(&one, &old));
        let mut unversioned = old.clone();
        let fields = unversioned.document.as_object_mut().unwrap();
        fields.remove("Version");
        assert!(agree(&old, &unversioned) && agree(&unversioned, &old));
        assert!(!agree(&one, &unversioned));
    }

    #[test]
    fn public_is_everybody_without_a_condition() {
        assert!(statement("Principal", json!({ "AWS": ["*"] })).is_public());
        assert!(statement("Principal", json!("*")).is_public());
        let everybody = json!({ "AWS": ["111122223333", "*"], "Service": "s3.amazonaws.com" });
        assert!(statement("Principal", everybody).is_public());
        assert!(!statement("Principal", json!({ "AWS": ["111122223333"] })).is_public());
        assert!(!statement("Principal", json!({ "Service": "*" })).is_public());
        assert!(!statement("Effect", json!("Deny")).is_public());
        let mut conditional = statement("Principal", json!("*"));
        conditional.document["Statement"]["Condition"] =
            json!({ "StringEquals": { "aws:SourceAccount": "1" } });
        assert!(!conditional.is_public());
    }

    #[test]
    fn what_s3_refuses_is_told() {
        let faults = |value| {
            let mut checks = Checks::default();
            policy(value).check(&mut checks);
            let faults = checks.into_faults().into_iter();
            faults
                .map(|(path, message)| format!("{path}: {message}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(faults(json!("{")).len(), 1);
        assert_eq!(faults(json!("[]")).len(), 1);
        assert!(faults(json!({}))[0].starts_with("Statement: no statement"));
        let statements = json!([{ "Effect": "allow", "NotPrincipal": "*", "Principal": "*",
                                  "Action": "s3:*", "Resource": "*" }, 1]);
        insta::assert_debug_snapshot!(faults(json!({ "Statement": statements })));
    }
}
