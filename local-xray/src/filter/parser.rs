//! From the text of an expression to what it says. The grammar, with keywords and operators in any
//! case, and a term next to a term taken as AND:
//!
//! ```text
//! expr  := all (OR all)*        all := unary (AND? unary)*
//! unary := '!' unary | '(' expr ')' | term
//! ```

use super::ast::{Expr, Term};
use super::error::suggestion;
use super::keyword::{self, Context};
use super::lexer::{self, OPERATORS, Placed, Token};
use super::{FilterError, Groups};

mod term;
mod test;

/// How deep parentheses, braces, negations and groups may stand in each other.
pub(super) const DEPTH_MAX: usize = 50;

/// Reads a term in a context.
type ReadTerm<T> = fn(&mut Parser<'_, '_, '_>, Context) -> Result<T, FilterError>;

pub(super) struct Parser<'t, 'p, 'g> {
    text: &'t str,
    /// The next token.
    next: Placed,
    depth: usize,
    groups: &'p mut Groups<'g>,
}

impl<'t, 'p, 'g> Parser<'t, 'p, 'g> {
    pub(super) fn new(
        text: &'t str,
        depth: usize,
        groups: &'p mut Groups<'g>,
    ) -> Result<Self, FilterError> {
        Ok(Self {
            text,
            next: lexer::token(text, 0)?,
            depth,
            groups,
        })
    }

    /// A whole expression; an empty one says nothing.
    pub(super) fn whole(mut self) -> Result<Option<Expr<Term>>, FilterError> {
        if self.next.token == Token::End {
            return Ok(None);
        }
        let expression = self.expression(Context::Trace, |parser, context| parser.term(context))?;
        self.end("AND, OR or the end")?;
        Ok(Some(expression))
    }

    /// One `service(…)`, `edge(…)` or `id(…)` and nothing else.
    pub(super) fn selector(mut self) -> Result<Term, FilterError> {
        let known = ["service", "edge", "id"];
        let term = match self.keyword() {
            Some(word) if word == "id" => self.service_by_id()?,
            Some(word) if known.contains(&word.as_str()) => self.term(Context::Trace)?,
            word => {
                let near = suggestion(&word.unwrap_or_default(), known.into_iter());
                return Err(self.expected(&format!("service, edge or id{near}")));
            }
        };
        self.end("the end")?;
        Ok(term)
    }

    fn expression<T>(
        &mut self,
        context: Context,
        term: ReadTerm<T>,
    ) -> Result<Expr<T>, FilterError> {
        let mut parts = vec![self.all(context, term)?];
        while self.take_word("or")? {
            parts.push(self.all(context, term)?);
        }
        Ok(Expr::any(parts))
    }

    fn all<T>(&mut self, context: Context, term: ReadTerm<T>) -> Result<Expr<T>, FilterError> {
        let mut parts = vec![self.unary(context, term)?];
        loop {
            let explicit = self.take_word("and")?;
            let adjacent = match &self.next.token {
                Token::Word(word) => !is_operator(word),
                token => matches!(token, Token::Symbol("!" | "(")),
            };
            if !explicit && !adjacent {
                return Ok(Expr::all(parts));
            }
            parts.push(self.unary(context, term)?);
        }
    }

    fn unary<T>(&mut self, context: Context, term: ReadTerm<T>) -> Result<Expr<T>, FilterError> {
        match self.next.token {
            Token::Symbol("!") => self.nested(|parser| {
                parser.take()?;
                Ok(Expr::Not(Box::new(parser.unary(context, term)?)))
            }),
            Token::Symbol("(") => self.nested(|parser| {
                parser.take()?;
                let expression = parser.expression(context, term)?;
                parser.symbol(")", "AND, OR or )")?;
                Ok(expression)
            }),
            _ => Ok(Expr::Term(term(self, context)?)),
        }
    }

    /// Reads what stands in something else.
    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, FilterError>,
    ) -> Result<T, FilterError> {
        if self.depth == DEPTH_MAX {
            return Err(self.error(format!("nested more than {DEPTH_MAX} deep")));
        }
        self.depth += 1;
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }

    /// The next token as a keyword in lower case, if it can be one.
    fn keyword(&self) -> Option<String> {
        match &self.next.token {
            Token::Word(word) if !is_operator(word) => Some(word.to_lowercase()),
            _ => None,
        }
    }

    fn unknown(&self, word: &str, context: Context) -> FilterError {
        let operators = ["CONTAINS", "BEGINSWITH", "ENDSWITH"];
        let near = suggestion(word, keyword::keywords(context).chain(operators));
        self.error(format!("unknown keyword {}{near}", self.next.token))
    }

    /// Takes the next token, and finds the one after it.
    fn take(&mut self) -> Result<Placed, FilterError> {
        let next = lexer::token(self.text, self.next.end)?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// Goes on at a place that was read otherwise than by tokens.
    fn resume(&mut self, place: usize) -> Result<(), FilterError> {
        self.next = lexer::token(self.text, place)?;
        Ok(())
    }

    fn take_word(&mut self, word: &str) -> Result<bool, FilterError> {
        let is_next = matches!(&self.next.token, Token::Word(w) if w.eq_ignore_ascii_case(word));
        if is_next {
            self.take()?;
        }
        Ok(is_next)
    }

    fn take_symbol(&mut self, symbol: &str) -> Result<bool, FilterError> {
        let is_next = matches!(self.next.token, Token::Symbol(s) if s == symbol);
        if is_next {
            self.take()?;
        }
        Ok(is_next)
    }

    fn symbol(&mut self, symbol: &str, expected: &str) -> Result<(), FilterError> {
        if self.take_symbol(symbol)? {
            return Ok(());
        }
        Err(self.expected(expected))
    }

    fn end(&self, expected: &str) -> Result<(), FilterError> {
        if self.next.token == Token::End {
            return Ok(());
        }
        Err(self.expected(expected))
    }

    fn error(&self, message: impl Into<String>) -> FilterError {
        FilterError::at(self.text, self.next.start, message)
    }

    fn expected(&self, what: &str) -> FilterError {
        self.error(format!("expected {what}, found {}", self.next.token))
    }
}

fn is_operator(word: &str) -> bool {
    OPERATORS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}
