//! What a bucket job wants: as the job file has it, and checked. What is not named is not managed,
//! neither read nor changed.

mod combination;

use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accelerate::Accelerate;
use super::acl::Acl;
use super::cors::Cors;
use super::encryption::Encryption;
use super::intelligent_tiering::IntelligentTiering;
use super::lifecycle::Lifecycle;
use super::logging::Logging;
use super::name::{BucketName, RegionName};
use super::notification::Notification;
use super::object_lock::ObjectLock;
use super::object_ownership::ObjectOwnership;
use super::part::{Managed, Part};
use super::policy::Policy;
use super::public_access_block::PublicAccessBlock;
use super::replication::Replication;
use super::request_payment::RequestPayment;
use super::subresource::{Absent, SubResource};
use super::tags::Tags;
use super::versioning::Versioning;
use super::wanted::Wanted;
use super::website::Website;

/// A bucket as the job file has it, its templates expanded.
///
/// A sub-resource is how it is to be, or `"absent"`: what S3 has is removed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct BucketSpec {
    /// The bucket's name: 3 to 63 lower-case letters, digits, `.` and `-`.
    pub bucket: String,
    /// The region that holds the bucket; the SDK's region unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub region: Option<String>,
    /// The account that must own the bucket, 12 digits; sent with every call. The account of the
    /// credentials unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub expected_owner: Option<String>,
    /// Where the name is taken: `global` (the default), or `account-regional`, where no other
    /// account can take it; such a name is `PREFIX-ACCOUNT-REGION-an`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("enum" = ["global", "account-regional"]))]
    pub namespace: Option<String>,
    /// Who owns objects that another account uploads: `BucketOwnerEnforced` (the bucket's owner;
    /// ACLs are off; S3's default), `BucketOwnerPreferred` (the bucket's owner, if the upload grants
    /// it full control) or `ObjectWriter` (the account that uploads).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<ObjectOwnership>")]
    pub(crate) object_ownership: Option<Wanted<ObjectOwnership>>,
    /// What S3 blocks of public access: `true` or `false` for all four switches, or an object with
    /// the four of them. S3's default is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<PublicAccessBlock>")]
    pub(crate) public_access_block: Option<Wanted<PublicAccessBlock>>,
    /// Who may do what beside the owner: a canned ACL's word, or grants. Any but `private` needs
    /// `object_ownership` to be `BucketOwnerPreferred` or `ObjectWriter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Acl>")]
    pub(crate) acl: Option<Wanted<Acl>>,
    /// How S3 encrypts objects whose upload does not say: an algorithm's word, or an object; what
    /// the object leaves out is not managed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Encryption>")]
    pub(crate) encryption: Option<Wanted<Encryption>>,
    /// Whether old versions of objects are kept: `true` is on; `false` is never on, or suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Versioning>")]
    pub(crate) versioning: Option<Wanted<Versioning>>,
    /// The bucket's policy: an object in IAM's words, or a text of one; at most 20 KB. It is
    /// compared by its meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Policy>")]
    pub(crate) policy: Option<Wanted<Policy>>,
    /// What becomes of objects as they grow old: moved to cheaper storage, expired; at most 1,000
    /// rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Lifecycle>")]
    pub(crate) lifecycle: Option<Wanted<Lifecycle>>,
    /// Where the log of requests goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Logging>")]
    pub(crate) logging: Option<Wanted<Logging>>,
    /// Which web pages of other origins may ask for objects; at most 100 rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Cors>")]
    pub(crate) cors: Option<Wanted<Cors>>,
    /// How the bucket is served as a website: its documents, or where requests are redirected to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Website>")]
    pub(crate) website: Option<Wanted<Website>>,
    /// Who is told of what happens to objects: EventBridge, SNS topics, SQS queues, Lambda
    /// functions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Notification>")]
    pub(crate) notification: Option<Wanted<Notification>>,
    /// Whether Transfer Acceleration is on; never for a name with dots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Accelerate>")]
    pub(crate) accelerate: Option<Wanted<Accelerate>>,
    /// Who pays for requests and downloads: `BucketOwner` (S3's default) or `Requester`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<RequestPayment>")]
    pub(crate) request_payment: Option<Wanted<RequestPayment>>,
    /// All tags of the bucket but those that AWS itself sets (`aws:`); others are removed. At most
    /// 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Tags>")]
    pub(crate) tags: Option<Wanted<Tags>>,
    /// All archive configurations of S3 Intelligent-Tiering, each by its id; others are removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<IntelligentTiering>")]
    pub(crate) intelligent_tiering: Option<Wanted<IntelligentTiering>>,
    /// Which objects are copied to other buckets; it needs `versioning`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<Replication>")]
    pub(crate) replication: Option<Wanted<Replication>>,
    /// Objects that nobody may delete or overwrite for a while. It switches `versioning` on where
    /// the job does not name it, and S3 never switches a lock off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Wanted<ObjectLock>")]
    pub(crate) object_lock: Option<Wanted<ObjectLock>>,
}

/// A bucket as wanted, checked; it serializes to the words of the job file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(into = "BucketSpec")]
pub struct Desired {
    /// The bucket.
    pub bucket: BucketName,
    /// The region that holds it.
    pub region: RegionName,
    /// All of it, the region and the name as well.
    pub(crate) spec: BucketSpec,
}

impl From<Desired> for BucketSpec {
    fn from(desired: Desired) -> Self {
        desired.spec
    }
}

/// The word of the job file for the namespace of one account in one region.
const ACCOUNT_REGIONAL: &str = "account-regional";

impl BucketSpec {
    /// Checks all that can be known without asking S3; a fault in one field does not hide those of
    /// the others.
    pub fn check(mut self, default_region: Option<&str>, checks: &mut Checks) -> Option<Desired> {
        let region = checks.field("region", |checks| self.check_region(default_region, checks));
        let bucket = checks.field("bucket", |checks| self.check_name(region.as_ref(), checks));
        checks.field("expected_owner", |checks| {
            let owner = self.expected_owner.as_deref();
            if let Some(owner) = owner.filter(|owner| !is_account(owner)) {
                checks.fault(format!("`{owner}` is no account id, which has 12 digits"));
            }
        });
        self.check_each(checks);
        combination::check(&self, bucket.as_ref(), checks);
        let (bucket, region) = (bucket?, region?);
        self.region = Some(region.as_str().to_owned());
        Some(Desired {
            bucket,
            region,
            spec: self,
        })
    }

    fn check_region(&self, default: Option<&str>, checks: &mut Checks) -> Option<RegionName> {
        let Some(text) = self.region.as_deref().or(default) else {
            checks.fault(match cfg!(feature = "local") {
                true => "missing, give the job or the defaults a region, set AWS_REGION, or try it by --local",
                false => "missing, give the job or the defaults a region, or set AWS_REGION",
            });
            return None;
        };
        let parsed = text.parse::<RegionName>();
        if let Err(error) = &parsed {
            checks.fault(match self.region {
                Some(_) => error.to_string(),
                None => format!("missing, and the region of the environment will not do: {error}"),
            });
        }
        parsed.ok()
    }

    fn check_name(&self, region: Option<&RegionName>, checks: &mut Checks) -> Option<BucketName> {
        let parsed = match self.namespace.as_deref() {
            Some(ACCOUNT_REGIONAL) => {
                let owner = self
                    .expected_owner
                    .as_deref()
                    .filter(|owner| is_account(owner));
                BucketName::account_regional(&self.bucket, owner, region?)
            }
            Some(_) | None => self.bucket.parse(),
        };
        parsed.map_err(|error| checks.fault(error.to_string())).ok()
    }

    fn check_each(&self, checks: &mut Checks) {
        check_one(self.object_ownership.as_ref(), checks);
        check_one(self.public_access_block.as_ref(), checks);
        check_one(self.acl.as_ref(), checks);
        check_one(self.encryption.as_ref(), checks);
        check_one(self.versioning.as_ref(), checks);
        check_one(self.policy.as_ref(), checks);
        check_one(self.lifecycle.as_ref(), checks);
        check_one(self.logging.as_ref(), checks);
        check_one(self.cors.as_ref(), checks);
        check_one(self.website.as_ref(), checks);
        check_one(self.notification.as_ref(), checks);
        check_one(self.accelerate.as_ref(), checks);
        check_one(self.request_payment.as_ref(), checks);
        check_one(self.tags.as_ref(), checks);
        check_one(self.intelligent_tiering.as_ref(), checks);
        check_one(self.replication.as_ref(), checks);
        check_one(self.object_lock.as_ref(), checks);
    }
}

fn check_one<T: SubResource>(wanted: Option<&Wanted<T>>, checks: &mut Checks) {
    checks.field(T::FIELD, |checks| match wanted {
        None => {}
        Some(Wanted::Present(value)) => value.check(checks),
        Some(Wanted::Absent) => {
            if let Absent::Never(mend) = T::absent() {
                checks.fault(format!("cannot be \"absent\": {mend}"));
            }
        }
    });
}

fn managed<T: SubResource>(wanted: &Option<Wanted<T>>) -> Option<Managed<T>> {
    wanted.as_ref().map(Managed::of)
}

fn boxed<T: SubResource>(part: Option<Managed<T>>) -> Option<Box<dyn Part>> {
    part.map(|part| Box::new(part) as Box<dyn Part>)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Desired {
    /// The account that the job says must own the bucket.
    pub(crate) fn expected_owner(&self) -> Option<&str> {
        self.spec.expected_owner.as_deref()
    }

    /// What is legal and may still be regretted.
    pub fn warnings(&self) -> Vec<String> {
        self.bucket.warnings()
    }

    /// The managed sub-resources, nothing of them observed yet.
    pub(super) fn parts(&self) -> Vec<Box<dyn Part>> {
        let spec = &self.spec;
        let mut object_ownership = managed(&spec.object_ownership);
        let mut versioning = managed(&spec.versioning);
        // S3 locks only objects that have versions, and a bucket that is there may have none.
        if self.has_object_lock() && versioning.is_none() {
            versioning = Some(Managed::of(&Wanted::Present(true.into())));
        }
        let mut object_lock = managed(&spec.object_lock);
        // CreateBucket takes these along, and a lock switches versioning on.
        if let Some(part) = &mut object_ownership
            && let Some(wanted) = part.wanted.present()
        {
            part.new = Some(wanted.clone());
        }
        if self.has_object_lock() {
            if let Some(part) = &mut versioning {
                part.new = Some(true.into());
            }
            if let Some(part) = &mut object_lock {
                part.new = Some(true.into());
            }
        }
        let parts = [
            boxed(object_ownership),
            boxed(managed(&spec.public_access_block)),
            boxed(managed(&spec.acl)),
            boxed(managed(&spec.encryption)),
            boxed(versioning),
            boxed(managed(&spec.policy)),
            boxed(managed(&spec.lifecycle)),
            boxed(managed(&spec.logging)),
            boxed(managed(&spec.cors)),
            boxed(managed(&spec.website)),
            boxed(managed(&spec.notification)),
            boxed(managed(&spec.accelerate)),
            boxed(managed(&spec.request_payment)),
            boxed(managed(&spec.tags)),
            boxed(managed(&spec.intelligent_tiering)),
            boxed(managed(&spec.replication)),
            boxed(object_lock),
        ];
        parts.into_iter().flatten().collect()
    }

    /// Whether the bucket is made so that its objects can be locked.
    pub(super) fn has_object_lock(&self) -> bool {
        let lock = self.spec.object_lock.as_ref();
        lock.and_then(Wanted::present).is_some()
    }

    /// Whether the name is taken in the account's own namespace.
    pub(crate) fn is_account_regional(&self) -> bool {
        self.spec.namespace.as_deref() == Some(ACCOUNT_REGIONAL)
    }
}

#[cfg(test)]
mod tests;
