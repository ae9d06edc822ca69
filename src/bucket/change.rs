//! One change of a bucket, as data and as lines for people.

use std::fmt;

use checked_json::{Difference, differences};
use serde::Serialize;
use serde_json::Value;

/// One call that changes a bucket, with what was there before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The field of the job file, such as `public_access_block`; `bucket` is the bucket itself.
    pub field: &'static str,
    /// What is done.
    pub action: Action,
    /// Before; nothing where S3 had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// After; nothing where S3 then has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The bucket is made.
    Create,
    /// A sub-resource is set.
    Put,
    /// A sub-resource is removed.
    Delete,
}

impl Action {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Put => "put",
            Self::Delete => "delete",
        }
    }
}

/// The most differences that stand in the one line of a change.
const SHOWN_MAX: usize = 6;

/// The most characters of them.
const SHOWN_LEN_MAX: usize = 160;

impl Change {
    /// What is done to what, such as `put public access block`.
    pub fn step(&self) -> String {
        format!("{} {}", self.action.word(), self.words())
    }

    /// A line for each path that differs, such as `lifecycle.rules[expire].expiration.days: 30 → 60`;
    /// `+` and `-` stand before what is added and removed.
    pub fn diff(&self) -> Vec<String> {
        let found = differences(self.from.as_ref(), self.to.as_ref());
        let lines = found.iter().flat_map(|found| found.lines(self.field));
        lines.collect()
    }

    fn words(&self) -> String {
        self.field.replace('_', " ")
    }
}

/// A line for people, such as `versioning: off → on`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.words())?;
        if self.action == Action::Create {
            return write_creation(f, self.to.as_ref());
        }
        match (&self.from, &self.to) {
            (None, Some(Value::Object(_) | Value::Array(_))) => f.write_str("set"),
            (_, None) => f.write_str("removed"),
            (from, to) => {
                let found = differences(from.as_ref(), to.as_ref());
                let short: Vec<_> = found.iter().map(Difference::short).collect();
                let line = short.join(", ");
                if short.len() <= SHOWN_MAX && line.chars().count() <= SHOWN_LEN_MAX {
                    f.write_str(&line)
                } else {
                    write!(f, "{} differences", found.len())
                }
            }
        }
    }
}

/// `create in eu-west-1 (BucketOwnerPreferred, object lock)`
fn write_creation(f: &mut fmt::Formatter<'_>, to: Option<&Value>) -> fmt::Result {
    let text = |name: &str| to.and_then(|to| to.get(name)).and_then(Value::as_str);
    write!(f, "create in {}", text("region").unwrap_or_default())?;
    let is_locked = to.is_some_and(|to| to.get("object_lock").is_some());
    let options = [
        text("namespace"),
        text("object_ownership"),
        is_locked.then_some("object lock"),
    ];
    let options: Vec<_> = options.into_iter().flatten().collect();
    if !options.is_empty() {
        write!(f, " ({})", options.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn put(field: &'static str, from: Value, to: Value) -> Change {
        Change {
            field,
            action: Action::Put,
            from: Some(from).filter(|from| !from.is_null()),
            to: Some(to).filter(|to| !to.is_null()),
        }
    }

    #[test]
    fn changes_read_well() {
        let rule = |id: &str, days: u32| json!({ "id": id, "expiration": { "days": days } });
        let tags = json!({ "env": "dev", "old": "1" });
        let create = json!({ "region": "eu-west-1", "object_ownership": "ObjectWriter",
                             "object_lock": true });
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Sid": "tls", "Effect": "Deny", "Action": ["s3:*"] }] });
        let changes = [
            Change {
                action: Action::Create,
                ..put("bucket", Value::Null, create)
            },
            put("versioning", json!("off"), json!("on")),
            put("tags", tags, json!({ "env": "prod", "team": "data" })),
            put(
                "lifecycle",
                json!({ "rules": [rule("expire", 30), rule("old", 1)] }),
                json!({ "rules": [rule("new", 7), rule("expire", 60)] }),
            ),
            put(
                "public_access_block",
                json!("all"),
                json!("block_public_acls"),
            ),
            put("policy", Value::Null, policy.clone()),
            Change {
                action: Action::Delete,
                ..put("policy", policy, Value::Null)
            },
            put(
                "cors",
                json!({ "rules": ["GET", "PUT"] }),
                json!({ "rules": ["GET", "HEAD"] }),
            ),
            put(
                "x",
                json!([{ "a": 1 }, { "b": 2 }]),
                json!([{ "b": 3 }, { "a": 1 }]),
            ),
            put("x", json!([]), json!([{ "a": {} }, { "b": [] }])),
        ];
        let text: Vec<_> = changes
            .iter()
            .map(|change| {
                let diff = change.diff().join("\n    ");
                format!("{}\n  {change}\n    {diff}", change.step())
            })
            .collect();
        insta::assert_snapshot!(text.join("\n"));
    }

    #[test]
    fn a_change_is_written_with_its_names() {
        let change = put("versioning", json!("off"), json!("on"));
        assert_eq!(
            serde_json::to_value(change).unwrap(),
            json!({ "field": "versioning", "action": "put", "from": "off", "to": "on" })
        );
    }
}
