//! What RunTask changes of a task definition.

use std::collections::BTreeMap;

/// The changes, by container.
#[derive(Clone, Default)]
pub(in super::super) struct Overrides {
    pub(super) environment: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) commands: BTreeMap<String, Vec<String>>,
    /// Files of this machine that a container sees, read-only, and where.
    pub(super) files: Vec<(String, String, String)>,
}

impl Overrides {
    /// Sets a variable of a container.
    pub(in super::super) fn set(&mut self, container: &str, name: &str, value: &str) {
        let environment = self.environment.entry(container.to_owned()).or_default();
        environment.insert(name.to_owned(), value.to_owned());
    }

    /// Sets the command of a container.
    pub(in super::super) fn command(&mut self, container: &str, command: &[&str]) {
        let command = command.iter().map(|&word| word.to_owned()).collect();
        self.commands.insert(container.to_owned(), command);
    }

    /// Shows a file to a container, as a volume would.
    pub(in super::super) fn file(&mut self, container: &str, from: &str, path: &str) {
        self.files
            .push((container.to_owned(), from.to_owned(), path.to_owned()));
    }
}
