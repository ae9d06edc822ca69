//! The environment as an argument: read once where the program starts, looked at everywhere else.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use checked_json::{Fault, Faults, placeholder_of_setting};
use thiserror::Error;

/// The environment's variables; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Environment(Arc<BTreeMap<String, OsString>>);

/// A variable whose value is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("environment variable `{0}` is not UTF-8: set it to plain text")]
pub struct NotUnicode(pub String);

impl Environment {
    /// The variables of the process, as `std::env::vars_os` gives them. A name that is not UTF-8
    /// is left out, since nothing asks for it.
    pub fn from_os(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let named = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        Self(Arc::new(variables.into_iter().filter_map(named).collect()))
    }

    /// The value of a variable, if it is set.
    ///
    /// # Errors
    /// The value is not UTF-8.
    pub fn get(&self, name: &str) -> Result<Option<&str>, NotUnicode> {
        match self.0.get(name).map(|value| value.to_str()) {
            Some(None) => Err(NotUnicode(name.to_owned())),
            Some(Some(value)) => Ok(Some(value)),
            None => Ok(None),
        }
    }

    /// The value of a variable, if it is set to more than nothing: a task definition can only
    /// empty a variable of its image, not unset it.
    ///
    /// # Errors
    /// The value is not UTF-8.
    pub fn get_non_empty(&self, name: &str) -> Result<Option<&str>, NotUnicode> {
        Ok(self.get(name)?.filter(|value| !value.is_empty()))
    }

    /// That all variables which begin with `prefix` are text: others read them too, and would take
    /// one that is not for one that is not set.
    ///
    /// # Errors
    /// A value is not UTF-8.
    pub fn check_text(&self, prefix: &str) -> Result<(), NotUnicode> {
        let mut names = self.0.keys().filter(|name| name.starts_with(prefix));
        names.try_for_each(|name| self.get(name).map(drop))
    }

    /// That no setting holds what somebody was to fill in, such as `${ACCOUNT_ID}` or `<account-id>`: a
    /// task definition that was registered as it stood, or an input transformer without its values.
    ///
    /// # Errors
    /// Every such variable.
    pub fn check_filled(&self) -> Result<(), Faults> {
        let texts = self.0.iter().filter_map(|(name, value)| {
            Some((name, placeholder_of_setting(name, value.to_str()?)?))
        });
        let faults: Vec<Fault> = texts
            .map(|(name, found)| Fault {
                source_name: "environment".to_owned(),
                position: None,
                field: name.clone(),
                message: format!(
                    "`{found}` is a placeholder that nobody filled in: set the variable to its value, in \
                     the task definition or in the overrides of the task"
                ),
            })
            .collect();
        if faults.is_empty() {
            return Ok(());
        }
        Err(Faults {
            told: faults,
            untold: 0,
        })
    }

    /// The names of the variables that begin with `prefix` and are set to more than nothing.
    pub(super) fn names_with_prefix(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(name, value)| name.starts_with(prefix) && *value != OsStr::new(""))
            .map(|(name, _)| name.as_str())
    }
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        let variables = variables.map(|(n, v)| (n.into(), v.into()));
        Self(Arc::new(variables.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_text_nothing_or_an_error() {
        let environment: Environment = [("A", "1"), ("EMPTY", "")].into_iter().collect();
        assert_eq!(environment.get("A"), Ok(Some("1")));
        assert_eq!(environment.get("EMPTY"), Ok(Some("")));
        assert_eq!(environment.get_non_empty("EMPTY"), Ok(None));
        assert_eq!(environment.get("B"), Ok(None));
    }

    #[test]
    fn every_setting_that_nobody_filled_in_is_told() {
        let environment: Environment = [
            ("AWS_REGION", "<region>"),
            ("JOB_FILE", "s3://${BUCKET}/jobs.json"),
            ("XRAY_ECS_REPORT", "s3://acme/${aws:PrincipalTag/team}"),
            (
                "JOB_SPEC",
                "{\"command\": [\"sh\", \"-c\", \"echo ${HOME} <b>\"]}",
            ),
            ("JOB_COMMAND", "[\"sh\", \"-c\", \"echo ${HOME}\"]"),
            ("GREETING", "<name>"),
        ]
        .into_iter()
        .collect();
        let faults = environment.check_filled().unwrap_err();
        let fields: Vec<&str> = faults.told.iter().map(|fault| &*fault.field).collect();
        assert_eq!(fields, ["AWS_REGION", "JOB_FILE"]);
        assert!(
            faults.told[1]
                .message
                .starts_with("`${BUCKET}` is a placeholder")
        );
        assert_eq!(Environment::default().check_filled(), Ok(()));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_utf_8_is_an_error_only_when_asked_for() {
        use std::os::unix::ffi::OsStringExt;
        let bytes = OsString::from_vec(vec![0xff]);
        let variables = [("BAD".into(), bytes.clone()), (bytes, "x".into())];
        let environment = Environment::from_os(variables);
        assert_eq!(environment.get("BAD"), Err(NotUnicode("BAD".to_owned())));
        assert_eq!(environment.get("GOOD"), Ok(None));
    }
}
