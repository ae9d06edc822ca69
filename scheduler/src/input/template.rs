//! How an input is sent to EventBridge and read back.
//!
//! An input transformer's template is JSON in which `<name>` stands, without quotes, for a part of
//! the event; EventBridge writes texts with their quotes (EventBridge User Guide, input
//! transformation).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{EnvironmentValue, Input, Overrides, RULE_ARN, Transformer};

/// An input as EventBridge takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    None,
    Input(String),
    Path(String),
    Transformer(Transformer),
}

/// Stands before and after the name of a placeholder while a template is written. No environment
/// variable can hold it.
const MARK: &str = "\0";

impl Input {
    /// What EventBridge is sent.
    pub(crate) fn to_sent(&self) -> Sent {
        match self {
            Self::Overrides(overrides) if overrides.is_empty() => Sent::None,
            Self::Overrides(overrides) => overrides.to_sent(),
            Self::Constant { input } => Sent::Input(input.to_string()),
            Self::Path { input_path } => Sent::Path(input_path.clone()),
            Self::Transformer { input_transformer } => Sent::Transformer(input_transformer.clone()),
        }
    }

    /// What a target of the rule with this ARN was sent.
    pub(crate) fn of_sent(sent: Sent, rule_arn: &str) -> Self {
        match sent {
            Sent::None => Self::default(),
            Sent::Path(input_path) => Self::Path { input_path },
            Sent::Input(text) => {
                Self::of_constant(serde_json::from_str(&text).unwrap_or(Value::String(text)))
            }
            Sent::Transformer(transformer) => Self::of_transformer(transformer, rule_arn),
        }
    }

    /// A constant: overrides, where it says such and nothing else.
    pub(crate) fn of_constant(input: Value) -> Self {
        match Overrides::of_aws(&input, |_| None) {
            Some(overrides) => Self::Overrides(overrides.simplified()),
            None => Self::Constant { input },
        }
    }

    /// A transformer of the rule with this ARN: overrides, where it says such and nothing else.
    pub(crate) fn of_transformer(transformer: Transformer, rule_arn: &str) -> Self {
        match read(&transformer, rule_arn) {
            Some(overrides) => Self::Overrides(overrides),
            None => Self::Transformer {
                input_transformer: transformer,
            },
        }
    }

    /// How many characters the longer of two things has: what is sent to EventBridge, and what ECS
    /// gets of it.
    pub(crate) fn len(&self) -> usize {
        let sent = match self.to_sent() {
            Sent::None => 0,
            Sent::Input(text) | Sent::Path(text) => text.chars().count(),
            Sent::Transformer(transformer) => transformer.template.chars().count(),
        };
        // EventBridge's times and ids are always this long.
        let longest = |path: &str| match path {
            "$.time" => "2026-01-01T00:00:00Z".to_owned(),
            _ => "00000000-0000-0000-0000-000000000000".to_owned(),
        };
        let got = self.overrides().map_or(0, |overrides| {
            overrides.to_aws(longest).to_string().chars().count()
        });
        sent.max(got)
    }
}

impl Transformer {
    /// Whether the template is JSON when its placeholders are.
    pub(crate) fn is_json(&self) -> bool {
        let json = with_marks(&self.template);
        json.is_some_and(|json| {
            serde_json::from_str::<Value>(&json).is_ok_and(|json| json.is_object())
        })
    }

    /// The placeholders of the template that stand for nothing; EventBridge refuses them.
    pub(crate) fn undefined(&self) -> Vec<&str> {
        let after = self.template.split('<').skip(1);
        let names = after
            .filter_map(|rest| rest.split_once('>'))
            .map(|(name, _)| name);
        names
            .filter(|name| !name.is_empty() && name.chars().all(is_of_name))
            .filter(|name| !self.paths.contains_key(*name) && !is_predefined(name))
            .collect()
    }
}

/// What the name of a placeholder may hold.
fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

impl Overrides {
    fn to_sent(&self) -> Sent {
        let names = self.names();
        if names.is_empty() {
            return Sent::Input(self.to_aws(|_| String::new()).to_string());
        }
        let marked = self.to_aws(|path| {
            let name = names.get(path).map_or(path, String::as_str);
            format!("{MARK}{name}{MARK}")
        });
        // A `<` of a text is none of a placeholder; JSON can write it so that it does not look like one.
        let json = marked.to_string();
        let json = json.replace('<', r"\u003c").replace('>', r"\u003e");
        let template = json.replace(r#""\u0000"#, "<").replace(r#"\u0000""#, ">");
        let paths = names.into_iter().filter(|(path, _)| !is_predefined(path));
        let paths = paths.map(|(path, name)| (name, path.to_owned())).collect();
        Sent::Transformer(Transformer { paths, template })
    }

    /// The placeholders of the paths that values come from: two never share one.
    fn names(&self) -> BTreeMap<&str, String> {
        let mut names = BTreeMap::new();
        for value in self.values() {
            let EnvironmentValue::Event(path) = value else {
                continue;
            };
            if !names.contains_key(path.as_str()) {
                let is_free = |name: &String| names.values().all(|taken| taken != name);
                let numbered = (2..).map(|number| format!("{}-{number}", name_of(path)));
                let name = std::iter::once(name_of(path)).chain(numbered).find(is_free);
                names.insert(path.as_str(), name.unwrap_or_default());
            }
        }
        names
    }

    fn values(&self) -> impl Iterator<Item = &EnvironmentValue> {
        let containers = self.containers.values();
        containers.flat_map(|container| container.environment.values())
    }
}

/// Whether it is a variable that EventBridge has for every template.
fn is_predefined(path: &str) -> bool {
    path.starts_with("aws.")
}

/// The name of a path in a template: `$.time` is `time`.
fn name_of(path: &str) -> String {
    if is_predefined(path) {
        return path.to_owned();
    }
    let name = path.trim_start_matches("$.");
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    name.chars().map(plain).collect()
}

/// The overrides that a template says, if it says nothing else, whatever its placeholders are
/// called.
fn read(transformer: &Transformer, rule_arn: &str) -> Option<Overrides> {
    let json = with_marks(&transformer.template)?;
    let value: Value = serde_json::from_str(&json).ok()?;
    let path_of = |value: &Value| {
        let name = value.as_str()?.strip_prefix(MARK)?.strip_suffix(MARK)?;
        let predefined = || is_predefined(name).then(|| name.to_owned());
        transformer.paths.get(name).cloned().or_else(predefined)
    };
    let mut overrides = Overrides::of_aws(&value, path_of)?;
    let containers = overrides.containers.values_mut();
    for value in containers.flat_map(|container| container.environment.values_mut()) {
        match value {
            EnvironmentValue::Event(name) if name == "aws.events.rule-arn" => {
                *value = EnvironmentValue::Text(rule_arn.to_owned());
            }
            EnvironmentValue::Text(text) if text.contains(MARK) => return None,
            _ => {}
        }
    }
    let has_mark = |value: &Value| value.to_string().contains(r"\u0000");
    let elsewhere = overrides.to_aws(|_| String::new());
    (!has_mark(&elsewhere)).then(|| overrides.simplified())
}

/// The template as JSON in which a placeholder is a text between marks. Within a text it stands for
/// the same only where it is the whole text.
fn with_marks(template: &str) -> Option<String> {
    let mut json = String::new();
    let mut rest = template;
    let mut in_text = false;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '\\' if in_text => {
                let next = after.chars().next()?;
                json.extend([c, next]);
                rest = &after[next.len_utf8()..];
                continue;
            }
            '"' => {
                in_text = !in_text;
                json.push(c);
            }
            '<' => {
                let (name, behind) = after.split_once('>')?;
                if name.is_empty() || !name.chars().all(is_of_name) {
                    return None;
                }
                if in_text && !(json.ends_with('"') && behind.starts_with('"')) {
                    return None;
                }
                let quote = if in_text { "" } else { "\"" };
                json.push_str(&format!(r"{quote}\u0000{name}\u0000{quote}"));
                rest = behind;
                continue;
            }
            c => json.push(c),
        }
        rest = after;
    }
    Some(json)
}

/// Whether a variable is one of those by which a task learns of its firing, as [`super::trigger`]
/// has it.
pub(crate) fn is_of_trigger(name: &str) -> bool {
    [
        super::SCHEDULED_TIME,
        super::EVENT_ID,
        RULE_ARN,
        super::TARGET_ID,
    ]
    .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::super::{ContainerOverrides, TaskEvent, trigger};
    use super::*;

    const RULE: &str = "arn:aws:events:eu-west-1:111122223333:rule/nightly";

    fn worker(extra: &[(&str, &str)]) -> Overrides {
        let mut container = ContainerOverrides::default();
        for (name, value) in trigger(RULE, "worker") {
            container.environment.insert(name.to_owned(), value);
        }
        for (name, value) in extra {
            let value = EnvironmentValue::Text((*value).to_owned());
            container.environment.insert((*name).to_owned(), value);
        }
        Overrides {
            containers: [("worker".to_owned(), container)].into(),
            ..Overrides::default()
        }
    }

    fn transformer(template: &str, paths: &[(&str, &str)]) -> Sent {
        let paths = paths.iter();
        Sent::Transformer(Transformer {
            paths: paths
                .map(|(name, path)| ((*name).to_owned(), (*path).to_owned()))
                .collect(),
            template: template.to_owned(),
        })
    }

    #[test]
    fn the_trigger_is_a_template_that_reads_back() {
        let input = Input::Overrides(worker(&[("NOTE", "a <b> \"c\"")]));
        let sent = input.to_sent();
        let wanted = r#"{"containerOverrides":[{"environment":[{"name":"JOB_EVENT_ID","value":<id>},{"name":"JOB_RULE_ARN","value":"arn:aws:events:eu-west-1:111122223333:rule/nightly"},{"name":"JOB_SCHEDULED_TIME","value":<time>},{"name":"JOB_TARGET_ID","value":"worker"},{"name":"NOTE","value":"a \u003cb\u003e \"c\""}],"name":"worker"}]}"#;
        let paths = [("id", "$.id"), ("time", "$.time")];
        assert_eq!(sent, transformer(wanted, &paths));
        assert_eq!(Input::of_sent(sent, RULE), input);
    }

    #[test]
    fn what_means_the_same_is_equal() {
        let other = r#"{ "containerOverrides": [ {"name": "worker", "environment": [
            {"name": "JOB_RULE_ARN", "value": <aws.events.rule-arn>},
            {"name": "JOB_TARGET_ID", "value": "worker"},
            {"name": "JOB_SCHEDULED_TIME", "value": "<when>"},
            {"value": <event-id>, "name": "JOB_EVENT_ID"} ]} ] }"#;
        let sent = transformer(other, &[("when", "$.time"), ("event-id", "$.id")]);
        assert_eq!(Input::of_sent(sent, RULE), Input::Overrides(worker(&[])));
    }

    #[test]
    fn paths_whose_names_are_alike_keep_apart() {
        let mut overrides = worker(&[]);
        let container = overrides.containers.get_mut("worker").unwrap();
        for (name, path) in [
            ("A", "$.detail.a_b"),
            ("B", "$.detail.a-b"),
            ("C", "aws.events.rule-name"),
        ] {
            let value = EnvironmentValue::Event(path.to_owned());
            container.environment.insert(name.to_owned(), value);
        }
        let input = Input::Overrides(overrides);
        assert_eq!(Input::of_sent(input.to_sent(), RULE), input);
    }

    #[test]
    fn what_says_more_stays_as_it_is() {
        for template in [
            r#"{"containerOverrides":[{"name":"worker","command":["run","<time>"]}]}"#,
            r#"{"containerOverrides":[{"name":"worker","command":[<time>]}]}"#,
            r#"{"containerOverrides":[{"name":<time>}]}"#,
            r#"{"containerOverrides":[{"name":"w","environment":[{"name":"A","value":"at <time>"}]}]}"#,
            r#"{"containerOverrides":[{"name":"w","environment":[{"name":"A","value":<other>}]}]}"#,
            r#"{"inferenceAcceleratorOverrides":[], "cpu": <time>}"#,
            "<time>",
            "\"at <time>\"",
            "{ not JSON <time",
        ] {
            let sent = transformer(template, &[("time", "$.time")]);
            let input = Input::of_sent(sent.clone(), RULE);
            assert!(matches!(input, Input::Transformer { .. }), "{template}");
            assert_eq!(input.to_sent(), sent);
        }
        let text = Input::of_sent(Sent::Input("hello".to_owned()), RULE);
        assert_eq!(
            text,
            Input::Constant {
                input: "hello".into()
            }
        );
    }

    #[test]
    fn a_firing_by_hand_gets_what_eventbridge_would_write() {
        let event = TaskEvent {
            time: "2026-01-02T03:04:00Z".to_owned(),
            id: "e-1".to_owned(),
        };
        let task = worker(&[]).of_firing(&event).unwrap().to_json();
        let environment = &task["containerOverrides"][0]["environment"];
        assert_eq!(environment[2]["value"], "2026-01-02T03:04:00Z");
        let mut other = worker(&[]);
        let container = other.containers.get_mut("worker").unwrap();
        let value = EnvironmentValue::Event("$.detail.x".to_owned());
        container.environment.insert("X".to_owned(), value);
        assert_eq!(other.of_firing(&event), Err(vec!["$.detail.x".to_owned()]));
    }

    proptest::proptest! {
        #[test]
        fn any_texts_read_back(name in "[A-Z_]{1,8}", value: String) {
            let value = value.replace('\0', "");
            let input = Input::Overrides(worker(&[(&name, &value)]));
            proptest::prop_assert_eq!(Input::of_sent(input.to_sent(), RULE), input);
        }

        #[test]
        fn no_template_panics(template in "([<>{}\\[\\]\",:\\\\]|name|value|environment|\\PC){0,20}") {
            let sent = transformer(&template, &[("time", "$.time")]);
            let _ = Input::of_sent(sent, RULE);
        }
    }
}
