//! The access control list of a bucket: a canned one by its word, or grants.
//!
//! Both are compared by meaning: a canned list is what it grants beside the owner's full control,
//! which the owner always keeps (S3 user guide, "Canned ACL").

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{AccessControlPolicy, Grant as S3Grant, Grantee, Owner, Type};
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::CallError;
use super::subresource::{Absent, Calls, SubResource};

/// Who may do what beside the owner. Any but `private` needs `object_ownership` to be
/// `BucketOwnerPreferred` or `ObjectWriter`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Acl {
    /// A canned list.
    Canned(
        #[schemars(extend("enum" = [
            "private", "public-read", "public-read-write", "authenticated-read", "log-delivery-write"
        ]))]
        String,
    ),
    /// Its grants.
    Grants(Grants),
}

/// What others may do; the owner keeps full control.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Acl")]
pub(crate) struct Grants {
    /// The grants beside the owner's full control, at most 99.
    grants: Vec<Grant>,
    /// Who owns the bucket, where S3 told: PutBucketAcl wants it.
    #[serde(skip)]
    owner: Option<String>,
    /// S3 has a list on which the owner's full control is missing.
    #[serde(skip)]
    lacks_owner: bool,
}

/// What one grantee may do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    /// The canonical user id of an account; or else `group`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    id: Option<String>,
    /// A group of S3: `AllUsers` is everybody, `AuthenticatedUsers` everybody with an AWS account,
    /// `LogDelivery` S3's own log delivery; or else `id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("enum" = ["AllUsers", "AuthenticatedUsers", "LogDelivery"]))]
    group: Option<String>,
    /// `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP` or `FULL_CONTROL`.
    #[schemars(extend("enum" = ["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"]))]
    permission: String,
}

const PRIVATE: &str = "private";
const FULL_CONTROL: &str = "FULL_CONTROL";

/// What the canned lists grant beside the owner's full control.
const CANNED: [(&str, &[(&str, &str)]); 5] = [
    (PRIVATE, &[]),
    ("public-read", &[("AllUsers", "READ")]),
    (
        "public-read-write",
        &[("AllUsers", "READ"), ("AllUsers", "WRITE")],
    ),
    ("authenticated-read", &[("AuthenticatedUsers", "READ")]),
    (
        "log-delivery-write",
        &[("LogDelivery", "READ_ACP"), ("LogDelivery", "WRITE")],
    ),
];

/// The groups of S3 by the addresses that name them.
const GROUPS: [(&str, &str); 3] = [
    (
        "AllUsers",
        "http://acs.amazonaws.com/groups/global/AllUsers",
    ),
    (
        "AuthenticatedUsers",
        "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
    ),
    (
        "LogDelivery",
        "http://acs.amazonaws.com/groups/s3/LogDelivery",
    ),
];

/// The most grants of a list, the owner's one as well.
const GRANTS_MAX: usize = 100;

impl Grant {
    fn of_group(&(group, permission): &(&str, &str)) -> Self {
        Self {
            id: None,
            group: Some(group.to_owned()),
            permission: permission.to_owned(),
        }
    }
}

impl Acl {
    /// Whether the list grants something beside the owner's full control.
    pub(crate) fn grants_anything(&self) -> bool {
        !self.grants().grants.is_empty()
    }

    /// Whether the list grants something to everybody, or to everybody with an account.
    pub(crate) fn is_public(&self) -> bool {
        let groups = self
            .grants()
            .grants
            .into_iter()
            .filter_map(|grant| grant.group);
        let mut groups = groups.into_iter();
        groups.any(|group| group == "AllUsers" || group == "AuthenticatedUsers")
    }

    fn grants(&self) -> Grants {
        match self {
            Self::Grants(grants) => grants.clone(),
            Self::Canned(word) => {
                let canned = CANNED.iter().find(|(canned, _)| canned == word);
                let granted = canned.map(|(_, granted)| *granted).unwrap_or_default();
                Grants {
                    grants: granted.iter().map(Grant::of_group).collect(),
                    ..Grants::default()
                }
            }
        }
    }
}

impl Grants {
    /// The word for these grants, if there is one.
    fn canned(&self) -> Option<&'static str> {
        let is_same = |granted: &&[(&str, &str)]| {
            let granted = granted.iter().map(Grant::of_group);
            granted.eq(self.grants.iter().cloned())
        };
        let canned = CANNED.iter().find(|(_, granted)| is_same(granted));
        canned.map(|(word, _)| *word)
    }

    fn policy(&self, owner: Option<String>) -> Result<AccessControlPolicy, BuildError> {
        let mut grants = Vec::new();
        if let Some(owner) = &owner {
            let full_control = Grant {
                id: Some(owner.clone()),
                group: None,
                permission: FULL_CONTROL.to_owned(),
            };
            grants.push(full_control.to_s3()?);
        }
        for grant in &self.grants {
            grants.push(grant.to_s3()?);
        }
        Ok(AccessControlPolicy::builder()
            .set_grants(Some(grants))
            .owner(Owner::builder().set_id(owner).build())
            .build())
    }
}

impl Grant {
    fn to_s3(&self) -> Result<S3Grant, BuildError> {
        let grantee = match (&self.id, &self.group) {
            (Some(id), _) => Grantee::builder().r#type(Type::CanonicalUser).id(id),
            (None, group) => {
                let group = group.as_deref().unwrap_or_default();
                let known = GROUPS.iter().find(|(name, _)| *name == group);
                // What is no known group is an address as S3 told it.
                let uri = known.map_or(group, |(_, uri)| *uri);
                Grantee::builder().r#type(Type::Group).uri(uri)
            }
        };
        Ok(S3Grant::builder()
            .grantee(grantee.build()?)
            .permission(self.permission.as_str().into())
            .build())
    }

    fn of_s3(grant: S3Grant) -> Option<Self> {
        let permission = grant.permission?.as_str().to_owned();
        let grantee = grant.grantee?;
        let group = grantee.uri.map(|uri| {
            let known = GROUPS.iter().find(|(_, known)| *known == uri);
            known.map_or(uri, |(name, _)| (*name).to_owned())
        });
        Some(Self {
            id: grantee.id.or(grantee.email_address),
            group,
            permission,
        })
    }
}

impl SubResource for Acl {
    const FIELD: &'static str = "acl";

    fn of_new_bucket() -> Option<Self> {
        Some(Self::Canned(PRIVATE.to_owned()))
    }

    fn absent() -> Absent<Self> {
        Absent::Put(Self::Canned(PRIVATE.to_owned()))
    }

    fn check(&self, checks: &mut Checks) {
        let Self::Grants(Grants { grants, .. }) = self else {
            return;
        };
        checks.field("grants", |checks| {
            for (index, grant) in grants.iter().enumerate() {
                checks.element(index, |checks| match (&grant.id, &grant.group) {
                    (None, None) => checks.fault("no grantee, give an `id` or a `group`"),
                    (Some(_), Some(_)) => {
                        checks.fault("two grantees, give either `id` or `group`");
                    }
                    (Some(id), None) if id.trim().is_empty() => {
                        checks.field("id", |checks| {
                            checks.fault("empty, give the canonical user id of an account");
                        });
                    }
                    (Some(_), None) | (None, Some(_)) => {}
                });
            }
            if grants.len() >= GRANTS_MAX {
                let count = grants.len();
                checks.fault(format!(
                    "{count} grants, S3 takes at most {GRANTS_MAX} with the owner's"
                ));
            }
        });
    }

    fn canonical(&self, there: Option<&Self>) -> Self {
        let mut list = self.grants();
        if let (None, Some(Self::Grants(there))) = (&list.owner, there) {
            list.owner.clone_from(&there.owner);
        }
        let owner = list.owner.as_deref();
        // The owner's full control is always granted.
        let is_others = |grant: &Grant| {
            grant.id.is_none() || grant.id.as_deref() != owner || grant.permission != FULL_CONTROL
        };
        list.grants.retain(is_others);
        list.grants.sort();
        list.grants.dedup();
        Self::Grants(list)
    }

    /// Grants that have a word are shown by it.
    fn shown(&self) -> Value {
        let Self::Grants(mut grants) = self.canonical(None) else {
            return Value::Null;
        };
        grants.owner = None;
        if grants.lacks_owner {
            let mut shown = serde_json::to_value(&grants).unwrap_or_default();
            shown["owner_full_control"] = false.into();
            return shown;
        }
        match grants.canned() {
            Some(word) => word.into(),
            None => serde_json::to_value(&grants).unwrap_or_default(),
        }
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket.client.get_bucket_acl().bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        let output = sent.map_err(|error| CallError::new("GetBucketAcl", error))?;
        let owner = output.owner.and_then(|owner| owner.id);
        let grants = output.grants.unwrap_or_default();
        let grants: Vec<_> = grants.into_iter().filter_map(Grant::of_s3).collect();
        let is_owners = |grant: &Grant| grant.id == owner && grant.permission == FULL_CONTROL;
        Ok(Some(Self::Grants(Grants {
            lacks_owner: owner.is_some() && !grants.iter().any(is_owners),
            grants,
            owner,
        })))
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let Self::Grants(list) = self.canonical(None) else {
            return Ok(());
        };
        let canned = list.canned();
        let owner = match (&list.owner, canned) {
            (None, None) => match Self::get(bucket).await? {
                Some(Self::Grants(there)) => there.owner,
                Some(Self::Canned(_)) | None => None,
            },
            (owner, _) => owner.clone(),
        };
        let send = async {
            let call = bucket.client.put_bucket_acl().bucket(bucket.bucket);
            let call = match canned {
                Some(word) => call.acl(word.into()),
                None => call.access_control_policy(list.policy(owner)?),
            };
            call.set_expected_bucket_owner(bucket.owner()).send().await
        };
        CallError::of("PutBucketAcl", send.await)
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        Self::Canned(PRIVATE.to_owned()).put(bucket).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: Value) -> Acl {
        serde_json::from_value(json).unwrap()
    }

    /// A list as S3 answers it.
    fn there(grants: Value, lacks_owner: bool) -> Acl {
        Acl::Grants(Grants {
            grants: serde_json::from_value(grants).unwrap(),
            owner: Some("me".to_owned()),
            lacks_owner,
        })
    }

    fn agree(wanted: &Acl, there: &Acl) -> bool {
        wanted.canonical(Some(there)) == there.canonical(None)
    }

    #[test]
    fn it_is_a_word_or_grants() {
        let grants = json!({ "grants": [
            { "id": "a1", "permission": "READ" },
            { "group": "LogDelivery", "permission": "WRITE" },
        ] });
        for json in [json!("public-read"), grants] {
            assert_eq!(serde_json::to_value(read(json.clone())).unwrap(), json);
        }
    }

    #[test]
    fn a_canned_list_is_what_it_grants() {
        let mine = json!({ "id": "me", "permission": "FULL_CONTROL" });
        let public = json!({ "group": "AllUsers", "permission": "READ" });
        let private = there(json!([mine]), false);
        let public = there(json!([public, mine]), false);
        assert!(agree(&read(json!("private")), &private));
        assert!(agree(&read(json!("public-read")), &public));
        assert!(!agree(&read(json!("private")), &public));
        assert!(agree(&read(json!({ "grants": [mine] })), &private));
        assert_eq!(public.shown(), json!("public-read"));
    }

    #[test]
    fn the_owner_gets_control_back() {
        let without = there(json!([]), true);
        assert!(!agree(&read(json!("private")), &without));
        assert_eq!(without.shown()["owner_full_control"], json!(false));
    }

    #[test]
    fn the_grants_of_s3_come_back_as_they_went() {
        for grant in [
            json!({ "id": "a1", "permission": "READ_ACP" }),
            json!({ "group": "AuthenticatedUsers", "permission": "READ" }),
            json!({ "group": "https://unknown", "permission": "WRITE" }),
        ] {
            let grant: Grant = serde_json::from_value(grant).unwrap();
            assert_eq!(Grant::of_s3(grant.to_s3().unwrap()), Some(grant));
        }
    }

    #[test]
    fn what_s3_refuses_is_told() {
        let mut checks = Checks::default();
        read(json!({ "grants": [
            { "permission": "READ" },
            { "id": "a", "group": "AllUsers", "permission": "READ" },
            { "id": " ", "permission": "READ" },
        ] }))
        .check(&mut checks);
        let faults = checks.into_faults();
        let paths: Vec<_> = faults.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["grants[0]", "grants[1]", "grants[2].id"]);
        assert!(read(json!("authenticated-read")).is_public());
        assert!(!read(json!("log-delivery-write")).is_public());
    }
}
