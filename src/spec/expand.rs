//! Expands the templates in every text of a job.

use checked_json::{At, RawFault};
use serde_json::Value;

use super::context::Context;
use super::secret::Secrets;
use super::template::{Part, Scope, Template, TemplateError};

/// Expands the texts of one job.
pub(super) struct Expander<'a> {
    pub(super) context: &'a Context,
    pub(super) job: &'a str,
    /// What `{region}` stands for.
    pub(super) region: String,
    /// Whether any text became another one.
    pub(super) has_changed: bool,
    /// Whether a text needs to know the account.
    pub(super) uses_account: bool,
    pub(super) secrets: Secrets,
    pub(super) faults: Vec<RawFault>,
}

impl<'a> Expander<'a> {
    pub(super) fn new(context: &'a Context, job: &'a str) -> Self {
        Self {
            context,
            job,
            region: String::new(),
            has_changed: false,
            uses_account: false,
            secrets: Secrets::default(),
            faults: Vec::new(),
        }
    }

    /// Expands all texts of a value.
    pub(super) fn value(&mut self, value: &mut Value, at: At<'_>) {
        match value {
            Value::String(text) => {
                if let Some(expanded) = self.text(text, at) {
                    *text = expanded;
                }
            }
            Value::Array(values) => {
                for (index, value) in values.iter_mut().enumerate() {
                    self.value(value, At::Element(&at, index));
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.value(value, At::Field(&at, name));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Expands a region: the same wherever it is asked for, so it may come from a variable only.
    pub(super) fn region(&mut self, text: &str, at: At<'_>) -> Option<String> {
        let is_free = |part: &Part| !matches!(part, Part::Literal(_) | Part::Env(_));
        match Template::parse(text) {
            Ok(template) if template.parts().iter().any(is_free) => {
                self.fault(at, "a region takes no template but `{env:NAME}`".to_owned());
                None
            }
            _ => {
                let faults = self.faults.len();
                let expanded = self.text(text, at);
                (self.faults.len() == faults).then(|| expanded.unwrap_or_else(|| text.to_owned()))
            }
        }
    }

    /// What a text becomes, if it is another one.
    fn text(&mut self, text: &str, at: At<'_>) -> Option<String> {
        if !text.contains(['{', '}']) {
            return None;
        }
        if let Some(mut json) = json_text(text) {
            // The braces are JSON's. Its texts are texts of the job as well.
            let before = json.clone();
            self.value(&mut json, at);
            return (json != before).then(|| json.to_string());
        }
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(errors) => {
                self.all(at, &errors);
                return None;
            }
        };
        self.uses_account |= template.parts().contains(&Part::Account);
        let scope = Scope {
            context: self.context,
            region: &self.region,
            job: self.job,
            field: &at,
        };
        match template.expand(&scope, &mut self.secrets) {
            Ok(expanded) => {
                self.has_changed |= expanded != text;
                Some(expanded)
            }
            Err(errors) => {
                self.all(at, &errors);
                None
            }
        }
    }

    fn all(&mut self, at: At<'_>, errors: &[TemplateError]) {
        for error in errors {
            self.fault(at, error.to_string());
        }
    }

    fn fault(&mut self, at: At<'_>, message: String) {
        self.faults
            .push(RawFault::of_value(at.to_string(), message));
    }
}

/// A JSON object that is written as a text, such as a policy.
fn json_text(text: &str) -> Option<Value> {
    let is_likely = text.trim_start().starts_with('{');
    let json = is_likely.then(|| serde_json::from_str(text).ok())?;
    json.filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{CustomKinds, Environment};
    use super::*;

    fn expanded(mut value: Value) -> Value {
        let environment: Environment = [("API_TOKEN", "5ecret")].into_iter().collect();
        let context = Context {
            account: "111122223333".into(),
            region: None,
            start: chrono::DateTime::UNIX_EPOCH,
            run_id: "run-1".into(),
            environment,
            kinds: CustomKinds::default(),
        };
        let mut expander = Expander::new(&context, "logs");
        expander.value(&mut value, At::Root(""));
        assert_eq!(expander.faults, []);
        value
    }

    #[test]
    fn every_text_is_expanded_and_no_name() {
        let value = json!({ "a": ["{job}", { "{job}": "x-{account}" }], "n": 3, "t": "plain" });
        let wanted = json!({ "a": ["logs", { "{job}": "x-111122223333" }], "n": 3, "t": "plain" });
        assert_eq!(expanded(value), wanted);
    }

    #[test]
    fn json_in_a_text_keeps_its_braces() {
        let policy = r#"{"Version": "2012-10-17", "Id": "{job}", "Key": "${aws:username}"}"#;
        let wanted = r#"{"Id":"logs","Key":"${aws:username}","Version":"2012-10-17"}"#;
        assert_eq!(expanded(json!(policy)), json!(wanted));
        let plain = r#"{"Version": "2012-10-17"}"#;
        assert_eq!(expanded(json!(plain)), json!(plain));
    }
}
