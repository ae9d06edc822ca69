//! What must change: compares the wanted with the observed state, by meaning, and never waits.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::desired::{Desired, Encryption, ObjectOwnership, PublicAccessBlock};
use super::name::RegionName;
use super::observed::{Existence, Observed, ObservedEncryption, Versioning};

/// One call that changes a bucket, with the state before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// Create the bucket.
    CreateBucket {
        /// The region that will hold it.
        region: RegionName,
    },
    /// Set the switches of Block Public Access.
    PutPublicAccessBlock {
        /// Before.
        from: PublicAccessBlock,
        /// After.
        to: PublicAccessBlock,
    },
    /// Set who owns uploaded objects.
    PutOwnershipControls {
        /// Before.
        from: ObjectOwnership,
        /// After.
        to: ObjectOwnership,
    },
    /// Set the default encryption.
    PutEncryption {
        /// Before.
        from: ObservedEncryption,
        /// After.
        to: Encryption,
    },
    /// Switch versioning on, or suspend it.
    PutVersioning {
        /// Before.
        from: Versioning,
        /// After.
        to: Versioning,
    },
    /// Replace the tags; those of AWS itself (`aws:`) are in both.
    PutTagging {
        /// Before.
        from: BTreeMap<String, String>,
        /// After.
        to: BTreeMap<String, String>,
    },
}

/// The changes that lead from the observed to the desired state, in the order to make them;
/// none when they agree.
///
/// What is not observed is taken to be as in a new bucket of S3, which has SSE-S3, all public
/// access blocked, ACLs off, no tags and no versioning; so a new bucket gets only what differs.
pub fn plan(desired: &Desired, observed: &Observed) -> Vec<Change> {
    let create = (observed.existence == Existence::Missing).then(|| Change::CreateBucket {
        region: desired.region.clone(),
    });
    // The block of public access comes before whatever could open the bucket.
    [
        create,
        public_access_block(desired, observed),
        object_ownership(desired, observed),
        encryption(desired, observed),
        versioning(desired, observed),
        tagging(desired, observed),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn public_access_block(desired: &Desired, observed: &Observed) -> Option<Change> {
    let to = desired.public_access_block?;
    let from = observed
        .public_access_block
        .unwrap_or(PublicAccessBlock::all(true));
    (from != to).then_some(Change::PutPublicAccessBlock { from, to })
}

fn object_ownership(desired: &Desired, observed: &Observed) -> Option<Change> {
    let to = desired.object_ownership?;
    let from = observed
        .object_ownership
        .unwrap_or(ObjectOwnership::BucketOwnerEnforced);
    (from != to).then_some(Change::PutOwnershipControls { from, to })
}

fn encryption(desired: &Desired, observed: &Observed) -> Option<Change> {
    let to = desired.encryption.clone()?;
    let from = observed.encryption.clone();
    let from = from.unwrap_or_else(|| ObservedEncryption::from(&Encryption::Aes256));
    (!encrypts_as(&from, &to)).then_some(Change::PutEncryption { from, to })
}

fn versioning(desired: &Desired, observed: &Observed) -> Option<Change> {
    let from = observed.versioning.unwrap_or(Versioning::Off);
    let to = match (desired.versioning?, from) {
        (true, Versioning::Off | Versioning::Suspended) => Versioning::On,
        (false, Versioning::On) => Versioning::Suspended,
        (true, Versioning::On) | (false, Versioning::Off | Versioning::Suspended) => return None,
    };
    Some(Change::PutVersioning { from, to })
}

fn tagging(desired: &Desired, observed: &Observed) -> Option<Change> {
    let mut to = desired.tags.clone()?;
    let from = observed.tags.clone().unwrap_or_default();
    // Tags of AWS cannot be removed, and PutBucketTagging replaces all, so they are sent along.
    let system = from.iter().filter(|(key, _)| key.starts_with("aws:"));
    to.extend(system.map(|(key, value)| (key.clone(), value.clone())));
    (from != to).then_some(Change::PutTagging { from, to })
}

/// Whether the observed encryption is the wanted one. A bucket key means something only to KMS,
/// and one key has several names.
fn encrypts_as(observed: &ObservedEncryption, wanted: &Encryption) -> bool {
    let bucket_key_agrees = match wanted {
        Encryption::Kms { bucket_key, .. } => observed.bucket_key == *bucket_key,
        Encryption::Aes256 | Encryption::KmsDsse { .. } => true,
    };
    let key_agrees = match wanted {
        Encryption::Aes256 => true,
        Encryption::Kms { key_id, .. } | Encryption::KmsDsse { key_id } => {
            is_same_key(observed.kms_key_id.as_deref(), key_id.as_deref())
        }
    };
    observed.algorithm == wanted.algorithm() && bucket_key_agrees && key_agrees
}

/// The key that KMS uses when none is named.
const DEFAULT_KEY: &str = "alias/aws/s3";

/// `key/ID` and `ID`, or an ARN and what it ends with, name one key; two ARNs must be equal.
fn is_same_key(one: Option<&str>, other: Option<&str>) -> bool {
    let (one, other) = (one.unwrap_or(DEFAULT_KEY), other.unwrap_or(DEFAULT_KEY));
    if one.starts_with("arn:") && other.starts_with("arn:") {
        return one == other;
    }
    resource_of(one) == resource_of(other)
}

/// What an ARN (`arn:partition:kms:region:account:resource`) or a key's name ends with.
fn resource_of(key: &str) -> &str {
    let resource = match key.strip_prefix("arn:") {
        Some(rest) => rest.splitn(5, ':').last().unwrap_or(rest),
        None => key,
    };
    resource.strip_prefix("key/").unwrap_or(resource)
}

/// A line for people, such as `versioning: off → on`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateBucket { region } => write!(f, "bucket: create in {region}"),
            Self::PutPublicAccessBlock { from, to } => {
                write!(f, "public access block: {from} → {to}")
            }
            Self::PutOwnershipControls { from, to } => {
                write!(f, "object ownership: {from} → {to}")
            }
            Self::PutEncryption { from, to } => {
                write!(f, "encryption: {from} → {}", ObservedEncryption::from(to))
            }
            Self::PutVersioning { from, to } => write!(f, "versioning: {from} → {to}"),
            Self::PutTagging { from, to } => write!(f, "tags: {}", tag_differences(from, to)),
        }
    }
}

/// `+team=data, env: dev → prod, -old`
fn tag_differences(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) -> String {
    let changed = to.iter().filter_map(|(key, value)| match from.get(key) {
        None => Some(format!("+{key}={value}")),
        Some(before) if before != value => Some(format!("{key}: {before} → {value}")),
        Some(_) => None,
    });
    let removed = from.keys().filter(|key| !to.contains_key(*key));
    let removed = removed.map(|key| format!("-{key}"));
    changed.chain(removed).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn desired() -> Desired {
        Desired::new("acme".parse().unwrap(), "eu-west-1".parse().unwrap())
    }

    fn ours() -> Observed {
        Observed {
            existence: Existence::Ours,
            ..Observed::missing()
        }
    }

    fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    fn lines(desired: &Desired, observed: &Observed) -> Vec<String> {
        let changes = plan(desired, observed);
        changes.iter().map(Change::to_string).collect()
    }

    #[test]
    fn a_new_bucket_gets_only_what_differs_from_the_defaults_of_s3() {
        let mut wanted = desired();
        wanted.versioning = Some(false);
        wanted.encryption = Some(Encryption::Aes256);
        wanted.public_access_block = Some(PublicAccessBlock::all(true));
        wanted.object_ownership = Some(ObjectOwnership::BucketOwnerEnforced);
        wanted.tags = Some(BTreeMap::new());
        assert_eq!(
            lines(&wanted, &Observed::missing()),
            ["bucket: create in eu-west-1"]
        );
    }

    #[test]
    fn the_changes_stand_in_the_order_to_make_them() {
        let mut wanted = desired();
        wanted.versioning = Some(true);
        wanted.encryption = Some(Encryption::Kms {
            key_id: Some("alias/acme".to_owned()),
            bucket_key: true,
        });
        wanted.public_access_block = Some(PublicAccessBlock::all(false));
        wanted.object_ownership = Some(ObjectOwnership::ObjectWriter);
        wanted.tags = Some(tags(&[("team", "data")]));
        assert_eq!(
            lines(&wanted, &Observed::missing()),
            [
                "bucket: create in eu-west-1",
                "public access block: all → none",
                "object ownership: BucketOwnerEnforced → ObjectWriter",
                "encryption: AES256 → aws:kms (key alias/acme, bucket key)",
                "versioning: off → on",
                "tags: +team=data",
            ]
        );
    }

    #[test]
    fn what_is_not_managed_does_not_change() {
        let observed = Observed {
            versioning: Some(Versioning::On),
            object_ownership: Some(ObjectOwnership::ObjectWriter),
            tags: Some(tags(&[("team", "data")])),
            ..ours()
        };
        assert_eq!(plan(&desired(), &observed), []);
    }

    #[test]
    fn versioning_is_suspended_and_resumed_but_never_undone() {
        for (from, wanted, line) in [
            (Versioning::Off, true, Some("versioning: off → on")),
            (
                Versioning::Suspended,
                true,
                Some("versioning: suspended → on"),
            ),
            (Versioning::On, false, Some("versioning: on → suspended")),
            (Versioning::Suspended, false, None),
            (Versioning::Off, false, None),
            (Versioning::On, true, None),
        ] {
            let mut desired = desired();
            desired.versioning = Some(wanted);
            let observed = Observed {
                versioning: Some(from),
                ..ours()
            };
            let line: Vec<_> = line.into_iter().collect();
            assert_eq!(lines(&desired, &observed), line, "{from} {wanted}");
        }
    }

    #[test]
    fn one_key_has_several_names() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";
        let elsewhere = "arn:aws:kms:us-east-1:111122223333:key/1234abcd";
        let alias = "arn:aws:kms:eu-west-1:111122223333:alias/acme";
        let aws = "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3";
        for (one, other, same) in [
            (Some(arn), Some("1234abcd"), true),
            (Some(arn), Some("key/1234abcd"), true),
            (Some(arn), Some(arn), true),
            (Some(arn), Some(elsewhere), false),
            (Some(alias), Some("alias/acme"), true),
            (Some(alias), Some("alias/other"), false),
            (Some(aws), None, true),
            (None, None, true),
            (Some(arn), None, false),
        ] {
            assert_eq!(is_same_key(one, other), same, "{one:?} {other:?}");
            assert_eq!(is_same_key(other, one), same, "{other:?} {one:?}");
        }
    }

    #[test]
    fn a_bucket_key_matters_only_to_kms() {
        let mut observed = ObservedEncryption::from(&Encryption::Aes256);
        observed.bucket_key = true;
        assert!(encrypts_as(&observed, &Encryption::Aes256));
        observed.algorithm = "aws:kms".to_owned();
        let kms = |bucket_key| Encryption::Kms {
            key_id: None,
            bucket_key,
        };
        assert!(encrypts_as(&observed, &kms(true)));
        assert!(!encrypts_as(&observed, &kms(false)));
        assert!(!encrypts_as(
            &observed,
            &Encryption::KmsDsse { key_id: None }
        ));
    }

    #[test]
    fn the_tags_of_aws_stay() {
        let mut desired = desired();
        desired.tags = Some(tags(&[("env", "prod"), ("team", "data")]));
        let mut observed = Observed {
            tags: Some(tags(&[("aws:stack", "s"), ("env", "dev"), ("old", "1")])),
            ..ours()
        };
        assert_eq!(
            lines(&desired, &observed),
            ["tags: env: dev → prod, +team=data, -old"]
        );
        let changes = plan(&desired, &observed);
        apply(&mut observed, &changes);
        assert_eq!(
            observed.tags,
            Some(tags(&[
                ("aws:stack", "s"),
                ("env", "prod"),
                ("team", "data")
            ]))
        );
    }

    #[test]
    fn a_change_is_written_with_its_name() {
        let change = Change::PutVersioning {
            from: Versioning::Off,
            to: Versioning::On,
        };
        assert_eq!(
            serde_json::to_value(change).unwrap(),
            serde_json::json!({ "change": "put_versioning", "from": "off", "to": "on" })
        );
    }

    /// What S3 does with the changes.
    fn apply(observed: &mut Observed, changes: &[Change]) {
        for change in changes.iter().cloned() {
            match change {
                Change::CreateBucket { .. } => observed.existence = Existence::Ours,
                Change::PutPublicAccessBlock { to, .. } => observed.public_access_block = Some(to),
                Change::PutOwnershipControls { to, .. } => observed.object_ownership = Some(to),
                Change::PutEncryption { from, to } => {
                    observed.encryption = Some(ObservedEncryption {
                        blocked_types: from.blocked_types,
                        ..ObservedEncryption::from(&to)
                    });
                }
                Change::PutVersioning { to, .. } => observed.versioning = Some(to),
                Change::PutTagging { to, .. } => observed.tags = Some(to),
            }
        }
    }

    fn any_public_access_block() -> impl Strategy<Value = PublicAccessBlock> {
        any::<[bool; 4]>().prop_map(|on| PublicAccessBlock {
            block_public_acls: on[0],
            ignore_public_acls: on[1],
            block_public_policy: on[2],
            restrict_public_buckets: on[3],
        })
    }

    fn any_encryption() -> impl Strategy<Value = Encryption> {
        let key_id = option::of(proptest::sample::select(vec![
            "1234abcd".to_owned(),
            "alias/aws/s3".to_owned(),
            "arn:aws:kms:eu-west-1:111122223333:key/1234abcd".to_owned(),
        ]));
        (0..3, key_id, any::<bool>()).prop_map(|(kind, key_id, bucket_key)| match kind {
            0 => Encryption::Aes256,
            1 => Encryption::Kms { key_id, bucket_key },
            _ => Encryption::KmsDsse { key_id },
        })
    }

    fn any_tags() -> impl Strategy<Value = BTreeMap<String, String>> {
        proptest::collection::btree_map("[abc]", "[xy]", 0..4)
    }

    prop_compose! {
        fn any_desired()(
            versioning in any::<Option<bool>>(),
            encryption in option::of(any_encryption()),
            public_access_block in option::of(any_public_access_block()),
            object_ownership in option::of(proptest::sample::select(&ObjectOwnership::ALL[..])),
            tags in option::of(any_tags()),
        ) -> Desired {
            Desired {
                versioning, encryption, public_access_block, object_ownership, tags, ..desired()
            }
        }
    }

    prop_compose! {
        fn any_ours()(
            versioning in proptest::sample::select(
                vec![Versioning::Off, Versioning::On, Versioning::Suspended],
            ),
            encryption in any_encryption(),
            public_access_block in any_public_access_block(),
            object_ownership in proptest::sample::select(&ObjectOwnership::ALL[..]),
            tags in any_tags(),
            system in any::<bool>(),
        ) -> Observed {
            let mut tags = tags;
            if system {
                tags.insert("aws:cloudformation:stack-name".to_owned(), "acme".to_owned());
            }
            Observed {
                existence: Existence::Ours,
                versioning: Some(versioning),
                encryption: Some(ObservedEncryption::from(&encryption)),
                public_access_block: Some(public_access_block),
                object_ownership: Some(object_ownership),
                tags: Some(tags),
            }
        }
    }

    proptest! {
        #[test]
        fn planning_a_converged_bucket_yields_nothing(
            desired in any_desired(),
            observed in prop_oneof![Just(Observed::missing()), any_ours()],
        ) {
            let mut observed = observed;
            let changes = plan(&desired, &observed);
            apply(&mut observed, &changes);
            prop_assert_eq!(plan(&desired, &observed), []);
        }
    }
}
