//! Terms about the trace: services, edges, root causes and groups.

use super::super::FilterError;
use super::super::ast::{CausePart, Causes, Expr, GroupKey, Selector, Term, Test};
use super::super::keyword::Context;
use super::super::lexer::Token;
use super::super::root_cause::CausePattern;
use super::Parser;

/// The most characters of what the JSON parser says that an error repeats.
const MESSAGE_MAX: usize = 150;

impl Parser<'_, '_, '_> {
    pub(super) fn term(&mut self, context: Context) -> Result<Term, FilterError> {
        let word = self.keyword().unwrap_or_default();
        match word.as_str() {
            "service" => self.service(),
            "edge" => self.edge(),
            "group.name" => self.group(GroupKey::Name),
            "group.arn" => self.group(GroupKey::Arn),
            "rootcause.json" => self.root_cause_json(),
            _ if word.starts_with("rootcause.") => self.root_cause(&word),
            _ => Ok(Term::Test(self.test(context)?)),
        }
    }

    fn service(&mut self) -> Result<Term, FilterError> {
        self.take()?;
        let mut service = Selector::default();
        if self.take_symbol("(")? && !self.take_symbol(")")? {
            service = self.service_id("a service's name in double quotes, id(…) or )")?;
            self.symbol(")", ")")?;
        }
        let filter = self.braces(Context::Service)?;
        Ok(Term::Service { service, filter })
    }

    /// `id(…)` in the place of `service(id(…))`.
    pub(super) fn service_by_id(&mut self) -> Result<Term, FilterError> {
        let service = self.service_id("id(…)")?;
        let filter = self.braces(Context::Service)?;
        Ok(Term::Service { service, filter })
    }

    fn edge(&mut self) -> Result<Term, FilterError> {
        self.take()?;
        self.symbol("(", "( after edge")?;
        let source = self.service_id("the calling service's name in double quotes, or id(…)")?;
        self.symbol(",", ", and the called service")?;
        let target = self.service_id("the called service's name in double quotes, or id(…)")?;
        self.symbol(")", ")")?;
        Ok(Term::Edge {
            source,
            target,
            filter: self.braces(Context::Edge)?,
        })
    }

    /// A name, or `id(…)` with any of name, type and account.id.
    fn service_id(&mut self, expected: &str) -> Result<Selector, FilterError> {
        let mut selector = Selector::default();
        if let Token::Text(name) = &self.next.token {
            selector.name = Some(name.clone());
            self.take()?;
            return Ok(selector);
        }
        if !self.take_word("id")? {
            return Err(self.expected(expected));
        }
        self.symbol("(", "( after id")?;
        if self.take_symbol(")")? {
            return Ok(selector);
        }
        loop {
            let word = self.keyword().unwrap_or_default();
            let part = match word.as_str() {
                "name" => &mut selector.name,
                "type" => &mut selector.kind,
                "account.id" => &mut selector.account,
                _ => return Err(self.expected("name, type or account.id")),
            };
            if part.is_some() {
                return Err(self.error(format!("{word} is given twice")));
            }
            self.take()?;
            self.symbol(":", &format!(": after {word}"))?;
            let Token::Text(value) = &self.next.token else {
                return Err(self.expected(&format!("text in double quotes after {word}:")));
            };
            *part = Some(value.clone());
            self.take()?;
            if !self.take_symbol(",")? {
                break;
            }
        }
        self.symbol(")", ", or )")?;
        Ok(selector)
    }

    /// The filter in braces, if there is one.
    fn braces(&mut self, context: Context) -> Result<Option<Expr<Test>>, FilterError> {
        if self.next.token != Token::Symbol("{") {
            return Ok(None);
        }
        self.nested(|parser| {
            parser.take()?;
            let filter = parser.expression(context, |parser, context| parser.test(context))?;
            parser.symbol("}", "AND, OR or }")?;
            Ok(Some(filter))
        })
    }

    fn root_cause(&mut self, word: &str) -> Result<Term, FilterError> {
        let mut parts = word.split('.').skip(1);
        let causes = match parts.next() {
            Some("fault") => Causes::Fault,
            Some("error") => Causes::Error,
            Some("responsetime") => Causes::ResponseTime,
            _ => return Err(self.unknown(word, Context::Trace)),
        };
        let part = match (parts.next(), parts.next()) {
            (Some("service"), None) => CausePart::Service,
            (Some("entity"), None) => CausePart::Entity,
            (Some("exception"), None) => CausePart::Exception,
            _ => return Err(self.unknown(word, Context::Trace)),
        };
        self.take()?;
        Ok(Term::RootCause {
            causes,
            part,
            filter: self.braces(part.context())?,
        })
    }

    /// `rootcause.json = #[…]`: the JSON ends where it ends.
    fn root_cause_json(&mut self) -> Result<Term, FilterError> {
        self.take()?;
        let equal = self.equality("rootcause.json")?;
        if self.next.token != Token::Symbol("#") {
            return Err(self.expected("#[…] with the root causes as JSON"));
        }
        let start = self.next.end;
        let json = self.text.get(start..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<Vec<CausePattern>>();
        let causes = match values.next() {
            Some(Ok(causes)) if causes.is_empty() => {
                return Err(FilterError::at(
                    self.text,
                    start,
                    "expected a root cause in #[…]",
                ));
            }
            Some(Ok(causes)) => causes,
            Some(Err(error)) => {
                let place = start + json_place(json, &error);
                let message = format!("root causes: {}", without_place(&error));
                return Err(FilterError::at(self.text, place, message));
            }
            None => {
                let message = "expected [ and the root causes as JSON after #";
                return Err(FilterError::at(self.text, start, message));
            }
        };
        self.resume(start + values.byte_offset())?;
        Ok(Term::RootCauseJson { causes, equal })
    }

    /// Another expression, by the name or ARN of its group.
    fn group(&mut self, by: GroupKey) -> Result<Term, FilterError> {
        let word = self.keyword().unwrap_or_default();
        self.take()?;
        let equal = self.equality(&word)?;
        let Token::Text(name) = &self.next.token else {
            return Err(self.expected("the group in double quotes"));
        };
        let name = name.clone();
        let depth = self.depth + 1;
        let group = self.groups.find(&name, depth).map_err(|m| self.error(m))?;
        self.take()?;
        Ok(Term::Group {
            by,
            name,
            group,
            equal,
        })
    }

    fn equality(&mut self, after: &str) -> Result<bool, FilterError> {
        if self.take_symbol("=")? {
            return Ok(true);
        }
        self.symbol("!=", &format!("= or != after {after}"))?;
        Ok(false)
    }
}

/// Where in the JSON an error is, in bytes.
fn json_place(json: &str, error: &serde_json::Error) -> usize {
    let lines = json.split_inclusive('\n');
    let before: usize = lines
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let mut place = (before + error.column().saturating_sub(1)).min(json.len());
    while !json.is_char_boundary(place) {
        place -= 1;
    }
    place
}

/// The error without its line and column, which count within the JSON.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    // It may quote what was written.
    let printable = message.chars().filter(|c| !c.is_control());
    printable.take(MESSAGE_MAX).collect()
}
