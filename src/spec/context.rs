//! What a job file does not say itself, but its templates, defaults and kinds ask for.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Environment;
use super::kind::Kinds;

/// What a job file does not say itself, but its templates, defaults and kinds ask for. Cheap to
/// clone.
#[derive(Clone, Debug)]
pub struct Context {
    /// The account's id, for `{account}`.
    pub account: Arc<str>,
    /// The region of jobs that name none.
    pub region: Option<Arc<str>>,
    /// The scheduled time, else the start of the run, for `{date:FORMAT}`.
    pub start: DateTime<Utc>,
    /// The run's id: with the job's name it seeds `{rand:N}`.
    pub run_id: Arc<str>,
    /// The variables, for `{env:NAME}`.
    pub environment: Environment,
    /// The kinds of jobs beside those of this program.
    pub kinds: CustomKinds,
}

/// Tells what is wrong with the payload of a job, and the mend.
pub type CheckPayload = Arc<dyn Fn(&Value) -> Result<(), String> + Send + Sync>;

/// Kinds of jobs that the user of this library registered, by the `type` of the job file. Clones are
/// the same.
#[derive(Clone, Default)]
pub struct CustomKinds(Arc<Registered>);

#[derive(Default)]
struct Registered {
    checks: BTreeMap<Arc<str>, CheckPayload>,
    /// All kinds with their schema, which takes a millisecond to make: job files may be read twice.
    kinds: OnceLock<Arc<Kinds>>,
}

impl CustomKinds {
    /// These kinds and those of this program.
    pub(super) fn with_own(&self) -> Arc<Kinds> {
        let kinds = self.0.kinds.get_or_init(|| Arc::new(Kinds::new(self)));
        Arc::clone(kinds)
    }

    /// The check of a kind, if it is registered.
    pub(super) fn check(&self, type_name: &str) -> Option<(&Arc<str>, &CheckPayload)> {
        self.0.checks.get_key_value(type_name)
    }

    /// The registered types.
    pub(super) fn types(&self) -> impl Iterator<Item = &str> {
        self.0.checks.keys().map(|name| &**name)
    }
}

impl FromIterator<(Arc<str>, CheckPayload)> for CustomKinds {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, CheckPayload)>>(kinds: I) -> Self {
        Self(Arc::new(Registered {
            checks: kinds.into_iter().collect(),
            kinds: OnceLock::new(),
        }))
    }
}

impl fmt::Debug for CustomKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.types()).finish()
    }
}
