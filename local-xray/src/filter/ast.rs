//! What an expression says: terms about a trace, and tests of what a term selects.

use super::keyword::{BooleanField, Context, NumberField, TextField};
use super::root_cause::CausePattern;

/// Terms put together. Built by `all` and `any`, so that one expression has one form: no `All`
/// directly in an `All`, and none of a single part.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr<T> {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Term(T),
}

/// A term at the level of the trace.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Test(Test),
    Service {
        service: Selector,
        filter: Option<Expr<Test>>,
    },
    Edge {
        source: Selector,
        target: Selector,
        filter: Option<Expr<Test>>,
    },
    RootCause {
        causes: Causes,
        part: CausePart,
        filter: Option<Expr<Test>>,
    },
    RootCauseJson {
        causes: Vec<CausePattern>,
        equal: bool,
    },
    Group {
        by: GroupKey,
        name: String,
        /// Its place among the expression's groups.
        group: usize,
        equal: bool,
    },
}

/// Which services are meant; what is absent may be anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Selector {
    pub(super) name: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) account: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Causes {
    Fault,
    Error,
    ResponseTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CausePart {
    Service,
    Entity,
    Exception,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupKey {
    Name,
    Arn,
}

/// One keyword and what its value is compared with; without a comparison, whether it is set.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    Boolean {
        field: BooleanField,
        expected: bool,
    },
    Number {
        field: NumberField,
        comparison: Option<NumberTest>,
    },
    Text {
        field: TextField,
        comparison: Option<TextTest>,
    },
    Annotation {
        key: String,
        comparison: Option<AnnotationTest>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct NumberTest(pub(super) NumberOperator, pub(super) f64);

#[derive(Clone, Debug, PartialEq)]
pub(super) struct TextTest(pub(super) TextOperator, pub(super) String);

/// Annotations of another type than the value never match.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum AnnotationTest {
    Number(NumberTest),
    Text(TextTest),
    Boolean(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextOperator {
    Equal,
    NotEqual,
    Contains,
    BeginsWith,
    EndsWith,
}

impl<T> Expr<T> {
    pub(super) fn all(parts: Vec<Self>) -> Self {
        let parts = parts.into_iter().flat_map(|part| match part {
            Self::All(parts) => parts,
            part => vec![part],
        });
        let mut parts: Vec<_> = parts.collect();
        match (parts.len(), parts.pop()) {
            (1, Some(part)) => part,
            (_, last) => {
                parts.extend(last);
                Self::All(parts)
            }
        }
    }

    pub(super) fn any(parts: Vec<Self>) -> Self {
        let parts = parts.into_iter().flat_map(|part| match part {
            Self::Any(parts) => parts,
            part => vec![part],
        });
        let mut parts: Vec<_> = parts.collect();
        match (parts.len(), parts.pop()) {
            (1, Some(part)) => part,
            (_, last) => {
                parts.extend(last);
                Self::Any(parts)
            }
        }
    }
}

impl CausePart {
    pub(super) fn context(self) -> Context {
        match self {
            Self::Service => Context::CauseService,
            Self::Entity => Context::CauseEntity,
            Self::Exception => Context::CauseException,
        }
    }
}
