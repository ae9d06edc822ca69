//! The templates of a job file: `{account}`, `{region}`, `{job}`, `{env:NAME}`, `{date:FORMAT}` and
//! `{rand:N}`, and what they stand for.

use std::fmt::{self, Write as _};

use checked_json::suggestion;
use checked_json::template::{Piece, SyntaxError, split};
use chrono::format::{Item, StrftimeItems};
use rand::rngs::ChaCha12Rng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::Context;
use super::environment::NotUnicode;
use super::secret::Secrets;

/// A text with placeholders, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Literal(String),
    Account,
    Region,
    Job,
    Env(String),
    Date(String),
    Rand(usize),
}

/// The most characters of one `{rand:N}`.
const RAND_LEN_MAX: usize = 32;

const WORDS: [&str; 6] = ["account", "region", "job", "env", "date", "rand"];

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum TemplateError {
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    #[error("unknown template `{{{word}}}`{}", suggestion(word, &WORDS))]
    UnknownWord { word: String },
    #[error("template `{{{word}}}` takes nothing after `:`, write `{{{word}}}`")]
    UnwantedArgument { word: &'static str },
    #[error("template `{{env}}` needs a variable's name, write `{{env:NAME}}`")]
    NoVariable,
    #[error(
        "template `{{date:{0}}}` has no format of strftime, write one such as `{{date:%Y-%m-%d}}`"
    )]
    DateFormat(String),
    #[error("template `{{rand:{0}}}` needs a length, write a number from 1 to 32")]
    RandLength(String),
    #[error("environment variable `{0}` of template `{{env:{0}}}` is not set")]
    VariableNotSet(String),
    #[error(transparent)]
    NotUnicode(#[from] NotUnicode),
}

/// What the placeholders of one field stand for.
pub(super) struct Scope<'a> {
    pub(super) context: &'a Context,
    pub(super) region: &'a str,
    pub(super) job: &'a str,
    /// The field within the job, such as `bucket`: two fields get different random texts.
    pub(super) field: &'a dyn fmt::Display,
}

impl Template {
    /// Parses a text, or tells all that is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<TemplateError>> {
        let mut parts = Vec::new();
        let mut errors = Vec::new();
        for piece in split(text) {
            let part = match piece {
                Ok(Piece::Literal(text)) => Ok(Part::Literal(text)),
                Ok(Piece::Placeholder { word, argument }) => Part::of(word, argument),
                Err(error) => Err(error.into()),
            };
            match part {
                Ok(part) => parts.push(part),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            Ok(Self(parts))
        } else {
            Err(errors)
        }
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The text with each placeholder replaced, or all that is missing for it. What came from a
    /// variable whose name looks secret is noted.
    pub(super) fn expand(
        &self,
        scope: &Scope<'_>,
        secrets: &mut Secrets,
    ) -> Result<String, Vec<TemplateError>> {
        let mut random = None;
        let mut text = String::new();
        let mut errors = Vec::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Account => text.push_str(&scope.context.account),
                Part::Region => text.push_str(scope.region),
                Part::Job => text.push_str(scope.job),
                Part::Env(name) => match scope.context.environment.get(name) {
                    Ok(Some(value)) => {
                        secrets.add(name, value);
                        text.push_str(value);
                    }
                    Ok(None) => errors.push(TemplateError::VariableNotSet(name.clone())),
                    Err(error) => errors.push(error.into()),
                },
                Part::Date(format) => {
                    if write!(text, "{}", scope.context.start.format(format)).is_err() {
                        errors.push(TemplateError::DateFormat(format.clone()));
                    }
                }
                Part::Rand(len) => {
                    let random = random.get_or_insert_with(|| random_characters(scope));
                    text.extend(random.take(*len));
                }
            }
        }
        if errors.is_empty() {
            Ok(text)
        } else {
            Err(errors)
        }
    }
}

impl Part {
    fn of(word: &str, argument: Option<&str>) -> Result<Self, TemplateError> {
        let plain = |part, word| match argument {
            None => Ok(part),
            Some(_) => Err(TemplateError::UnwantedArgument { word }),
        };
        let argument_text = argument.unwrap_or_default();
        match word {
            "account" => plain(Self::Account, "account"),
            "region" => plain(Self::Region, "region"),
            "job" => plain(Self::Job, "job"),
            "env" if argument_text.is_empty() => Err(TemplateError::NoVariable),
            "env" => Ok(Self::Env(argument_text.to_owned())),
            "date" if is_date_format(argument_text) => Ok(Self::Date(argument_text.to_owned())),
            "date" => Err(TemplateError::DateFormat(argument_text.to_owned())),
            "rand" => match argument_text.parse() {
                Ok(len @ 1..=RAND_LEN_MAX) => Ok(Self::Rand(len)),
                _ => Err(TemplateError::RandLength(argument_text.to_owned())),
            },
            _ => Err(TemplateError::UnknownWord {
                word: word.to_owned(),
            }),
        }
    }
}

/// Formatting with a faulty format would only fail later, where it is written.
fn is_date_format(format: &str) -> bool {
    !format.is_empty() && StrftimeItems::new(format).all(|item| item != Item::Error)
}

/// Lower-case letters and digits, the same for one field of one job in one run, so that attempts,
/// resumed runs and duplicates agree.
fn random_characters(scope: &Scope<'_>) -> impl Iterator<Item = char> {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut seed = Sha256::new();
    for text in [&*scope.context.run_id, scope.job, &scope.field.to_string()] {
        // The length keeps `a` + `bc` apart from `ab` + `c`.
        seed.update((text.len() as u64).to_be_bytes());
        seed.update(text);
    }
    let mut generator = ChaCha12Rng::from_seed(seed.finalize().into());
    std::iter::from_fn(move || Some(generator.next_u32()))
        // 2^32 is no multiple of 36; what lies above the last one would favour some letters.
        .filter(|&number| number < u32::MAX / 36 * 36)
        .map(|number| char::from(ALPHABET[(number % 36) as usize]))
}

#[cfg(test)]
mod tests {
    use super::super::{CustomKinds, Environment};
    use super::*;

    fn expand_in(run_id: &str, job: &str, field: &str, text: &str) -> Result<String, Vec<String>> {
        let environment: Environment = [("STAGE", "prod"), ("EMPTY", "")].into_iter().collect();
        let context = Context {
            account: "111122223333".into(),
            region: None,
            start: "2026-03-09T04:05:06Z".parse().unwrap(),
            run_id: run_id.into(),
            environment,
            kinds: CustomKinds::default(),
        };
        let scope = Scope {
            context: &context,
            region: "eu-west-1",
            job,
            field: &field,
        };
        let texts = |errors: Vec<TemplateError>| errors.iter().map(ToString::to_string).collect();
        let template = Template::parse(text).map_err(texts)?;
        template
            .expand(&scope, &mut Secrets::default())
            .map_err(texts)
    }

    fn expand(text: &str) -> Result<String, Vec<String>> {
        expand_in("run-1", "logs", "bucket", text)
    }

    #[test]
    fn placeholders_are_replaced() {
        for (text, wanted) in [
            ("", ""),
            ("plain", "plain"),
            (
                "acme-{job}-{account}-{region}",
                "acme-logs-111122223333-eu-west-1",
            ),
            ("{env:STAGE}{env:EMPTY}", "prod"),
            ("{date:%Y-%m-%d}t{date:%H%M}", "2026-03-09t0405"),
            ("{date:%Y:%m}", "2026:03"),
            ("{{job}} {{{job}}}", "{job} {logs}"),
            ("ü{job}ü", "ülogsü"),
            ("${aws:username}/{job}", "${aws:username}/logs"),
            ("${A:-${B}}{job}${{x}}", "${A:-${B}}logs${{x}}"),
            ("$$ {job}", "$$ logs"),
        ] {
            assert_eq!(expand(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn every_fault_tells_its_mend() {
        for (text, wanted) in [
            (
                "{job",
                &["`{` is not closed: add `}`, or write `{{` for the brace itself"][..],
            ),
            (
                "job}",
                &["`}` closes nothing: write `}}` for the brace itself"],
            ),
            (
                "{acount}",
                &["unknown template `{acount}`, did you mean `account`?"],
            ),
            (
                "{job:x}",
                &["template `{job}` takes nothing after `:`, write `{job}`"],
            ),
            (
                "{env}",
                &["template `{env}` needs a variable's name, write `{env:NAME}`"],
            ),
            (
                "{env:NOPE}",
                &["environment variable `NOPE` of template `{env:NOPE}` is not set"],
            ),
            (
                "{rand:0}{rand:33}",
                &[
                    "template `{rand:0}` needs a length, write a number from 1 to 32",
                    "template `{rand:33}` needs a length, write a number from 1 to 32",
                ],
            ),
            (
                "{date:%Q}",
                &[
                    "template `{date:%Q}` has no format of strftime, write one such as `{date:%Y-%m-%d}`",
                ],
            ),
        ] {
            let errors = expand(text).unwrap_err();
            assert_eq!(errors, wanted, "{text}");
        }
        for text in [
            "{date}", "{date:}", "{date:%", "{rand}", "{rand:x}", "{}", "{{}", "{a{b}",
        ] {
            assert!(expand(text).is_err(), "{text}");
        }
        // Of two that open, the later one may be closed alone.
        assert_eq!(expand("}${ ${a}").unwrap_err().len(), 2);
    }

    #[test]
    fn random_text_is_the_same_for_one_field_of_one_job_in_one_run() {
        let text = expand("{rand:32}").unwrap();
        assert_eq!(text.len(), 32);
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        assert!(text.chars().all(is_plain), "{text}");
        assert_eq!(expand("{rand:32}").unwrap(), text);
        for other in [
            expand_in("run-2", "logs", "bucket", "{rand:32}"),
            expand_in("run-1", "log", "sbucket", "{rand:32}"),
            expand_in("run-1", "logs", "tags.id", "{rand:32}"),
        ] {
            assert_ne!(other.unwrap(), text);
        }
        let twice = expand("{rand:8}{rand:8}").unwrap();
        assert_ne!(twice[..8], twice[8..]);
        // A resumed run may use a later release, which must name the same buckets.
        assert_eq!(expand("{rand:8}").unwrap(), "ikm34p7b");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "([{}]|\\PC|account|date:|rand:|env:|%[a-zA-Z0-9.:#-]?){0,8}") {
            let _ = expand(&text);
        }
    }
}
