//! How often every operation was asked for, and how often it changed something: so a test can
//! prove that a dry run writes nothing, and that nothing was done twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The requests of one S3 operation since the start of the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCount {
    /// Requests that arrived, with whatever outcome; retries of a client count too.
    pub received: u64,
    /// Requests that changed what is stored: a write of what was there before counts, a deletion
    /// of what was not there does not.
    pub changed: u64,
}

/// Counts by operation name. The names are those of S3's operations, so there are few.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    counts: Mutex<BTreeMap<String, RequestCount>>,
}

/// The operation that a request asks for.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    name: Arc<str>,
    requests: Arc<Requests>,
}

impl Requests {
    /// Counts a request that arrived.
    pub(crate) fn received(self: &Arc<Self>, name: &str) -> Operation {
        self.count(name, |count| count.received += 1);
        Operation {
            name: name.into(),
            requests: Arc::clone(self),
        }
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, RequestCount> {
        self.lock().clone()
    }

    fn count(&self, name: &str, add: impl FnOnce(&mut RequestCount)) {
        let mut counts = self.lock();
        match counts.get_mut(name) {
            Some(count) => add(count),
            None => add(counts.entry(name.to_owned()).or_default()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, RequestCount>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Operation {
    /// Counts that the request changed what is stored.
    pub(crate) fn changed(&self) {
        self.requests.count(&self.name, |count| count.changed += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_counted_apart() {
        let requests = Arc::new(Requests::default());
        requests.received("PutObject").changed();
        requests.received("PutObject");
        requests.received("GetObject");
        let counts = requests.counts();
        let count = |received, changed| RequestCount { received, changed };
        assert_eq!(counts.len(), 2);
        assert_eq!(counts["PutObject"], count(2, 1));
        assert_eq!(counts["GetObject"], count(1, 0));
    }
}
