//! X-Ray's filter expressions: which traces, and within a trace which services and edges, are
//! meant.
//!
//! The language is that of the developer guide ("Using filter expressions"). Decided here, where
//! the guide is silent: AND binds tighter than OR, text is compared by case, a missing value makes
//! any comparison false, and annotations can be asked for in the braces of service and edge.

use std::fmt;
use std::str::FromStr;

use ast::{Expr, Term};
use parser::{DEPTH_MAX, Parser};

mod ast;
mod display;
mod error;
mod evaluate;
mod keyword;
mod lexer;
mod parser;
mod root_cause;
pub mod term;

pub use error::FilterError;

/// The most characters of an expression. AWS's model names no limit, but requests have one.
pub(crate) const LENGTH_MAX: usize = 2000;

/// The most characters of an entity selector, as in AWS's model.
const SELECTOR_LENGTH_MAX: usize = 500;

/// The most groups that one expression may name, directly or by way of others. An account has 25.
const GROUPS_MAX: usize = 100;

/// A filter expression, such as `service("api") { fault } AND responsetime > 2`.
#[derive(Clone, Debug, PartialEq)]
pub struct FilterExpression {
    /// Nothing takes every trace.
    expression: Option<Expr<Term>>,
    /// The expressions of the groups it names, each after those that it names itself.
    groups: Vec<Option<Expr<Term>>>,
}

impl FilterExpression {
    /// Reads an expression. An empty one takes every trace.
    ///
    /// `groups` gives the expression of a group by its name or ARN. To check an expression where
    /// groups are not known, give an empty text for each.
    ///
    /// # Errors
    ///
    /// Where the expression is not one, is longer than 2,000 characters or nested deeper than 50,
    /// and where a group is unknown, not an expression itself or part of a circle.
    pub fn parse(text: &str, groups: &dyn Fn(&str) -> Option<String>) -> Result<Self, FilterError> {
        check_length(text, LENGTH_MAX)?;
        Self::read(text, groups)
    }

    fn read(text: &str, groups: &dyn Fn(&str) -> Option<String>) -> Result<Self, FilterError> {
        let mut groups = Groups::new(groups);
        Ok(Self {
            expression: Parser::new(text, 0, &mut groups)?.whole()?,
            groups: groups.expressions,
        })
    }
}

/// The expression in one form: operators in capitals, keywords in lower case, no parentheses that
/// change nothing.
impl fmt::Display for FilterExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression
            .as_ref()
            .map_or(Ok(()), |expression| expression.fmt(f))
    }
}

/// What time series are made of: `service(…)` or `id(…)` for services, `edge(…)` for edges, each
/// with an optional filter in braces.
#[derive(Clone, Debug, PartialEq)]
pub struct EntitySelector(Term);

/// What an entity selector selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selects {
    /// Services, in their own view.
    Services,
    /// Edges, in their callers' view.
    Edges,
}

impl EntitySelector {
    /// Reads a selector of any length.
    pub(crate) fn read(text: &str) -> Result<Self, FilterError> {
        let mut groups = Groups::new(&|_| None);
        Ok(Self(Parser::new(text, 0, &mut groups)?.selector()?))
    }

    /// What it selects.
    pub fn selects(&self) -> Selects {
        match self.0 {
            Term::Edge { .. } => Selects::Edges,
            _ => Selects::Services,
        }
    }
}

impl FromStr for EntitySelector {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        check_length(text, SELECTOR_LENGTH_MAX)?;
        Self::read(text)
    }
}

impl fmt::Display for EntitySelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn check_length(text: &str, max: usize) -> Result<(), FilterError> {
    match text.char_indices().nth(max) {
        Some((place, _)) => {
            let message = format!("longer than {max} characters");
            Err(FilterError::at(text, place, message))
        }
        None => Ok(()),
    }
}

/// The groups that an expression names, each read once.
struct Groups<'g> {
    text: &'g dyn Fn(&str) -> Option<String>,
    /// Names, and places in `expressions` once the group is read.
    known: Vec<(String, Option<usize>)>,
    expressions: Vec<Option<Expr<Term>>>,
}

impl<'g> Groups<'g> {
    fn new(text: &'g dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            text,
            known: Vec::new(),
            expressions: Vec::new(),
        }
    }

    /// The place of a group's expression, or what is wrong with it.
    fn find(&mut self, name: &str, depth: usize) -> Result<usize, String> {
        let named = lexer::Token::Text(name.to_owned());
        match self.known.iter().find(|(known, _)| known == name) {
            Some((_, Some(place))) => return Ok(*place),
            Some((_, None)) => return Err(format!("group {named} is made of itself")),
            None if self.known.len() == GROUPS_MAX => {
                return Err(format!("made of more than {GROUPS_MAX} groups"));
            }
            None if depth > DEPTH_MAX => return Err(format!("nested more than {DEPTH_MAX} deep")),
            None => {}
        }
        let Some(text) = (self.text)(name) else {
            return Err(format!("there is no group {named}"));
        };
        let known = self.known.len();
        self.known.push((name.to_owned(), None));
        let expression = check_length(&text, LENGTH_MAX)
            .and_then(|()| Parser::new(&text, depth, self)?.whole())
            .map_err(|error| format!("group {named}: {error}"))?;
        self.expressions.push(expression);
        let place = self.expressions.len() - 1;
        self.known[known].1 = Some(place);
        Ok(place)
    }
}

#[cfg(test)]
mod tests;
