//! How a task ended, container by container.

use std::collections::BTreeMap;

/// How a task ended.
#[derive(Debug)]
pub(in super::super) struct Ended {
    pub(super) containers: BTreeMap<String, EndedContainer>,
    /// The containers in the order in which they ended.
    pub(in super::super) order: Vec<String>,
}

/// How a container ended.
#[derive(Debug)]
pub(in super::super) struct EndedContainer {
    pub(in super::super) exit_code: i64,
    pub(in super::super) is_out_of_memory: bool,
    /// What it printed.
    pub(in super::super) lines: Vec<String>,
    /// Whether its health check passed, and never failed too often.
    pub(in super::super) was_healthy: bool,
    /// Whether it asked for the task role's credentials.
    pub(in super::super) asked_for_credentials: bool,
}

impl Ended {
    pub(in super::super) fn container(&self, name: &str) -> &EndedContainer {
        &self.containers[name]
    }

    pub(in super::super) fn find(&self, name: &str) -> Option<&EndedContainer> {
        self.containers.get(name)
    }

    /// That of the worker.
    pub(in super::super) fn exit_code(&self) -> i64 {
        self.container("worker").exit_code
    }
}

impl EndedContainer {
    /// A count in the daemon's last line.
    pub(in super::super) fn count(&self, name: &str) -> usize {
        let last = self.lines.last().expect("a last line");
        let mut words = last.split(' ').filter_map(|word| word.split_once('='));
        let (_, count) = words.find(|(word, _)| *word == name).expect("the count");
        count.parse().unwrap()
    }

    /// Checks the counts in the daemon's last line.
    pub(in super::super) fn assert_counts(&self, counts: &[(&str, usize)]) {
        let last = self.lines.last().expect("a last line");
        for (name, count) in counts {
            let told = format!("{name}={count}");
            assert!(last.split(' ').any(|word| word == told), "{told}: {last}");
        }
    }
}
