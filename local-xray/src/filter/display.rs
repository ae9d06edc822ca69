//! An expression as text that reads back the same.

use std::fmt::{self, Display, Formatter};

use super::ast::{
    AnnotationTest, CausePart, Causes, Expr, GroupKey, NumberOperator, NumberTest, Selector, Term,
    Test, TextOperator, TextTest,
};
use super::keyword::Field;
use super::lexer::{digits, quote};

impl<T: Display> Display for Expr<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts = |f: &mut Formatter<'_>, parts: &[Self], between: &str| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    f.write_str(between)?;
                }
                part.operand(f, between)?;
            }
            Ok(())
        };
        match self {
            Self::All(all) => parts(f, all, " AND "),
            Self::Any(any) => parts(f, any, " OR "),
            Self::Not(negated) => {
                f.write_str("!")?;
                negated.operand(f, "!")
            }
            Self::Term(term) => term.fmt(f),
        }
    }
}

impl<T: Display> Expr<T> {
    /// As a part of something else: in parentheses where it would read otherwise.
    fn operand(&self, f: &mut Formatter<'_>, of: &str) -> fmt::Result {
        match self {
            Self::All(_) if of == " OR " => self.fmt(f),
            Self::All(_) | Self::Any(_) => write!(f, "({self})"),
            Self::Not(_) | Self::Term(_) => self.fmt(f),
        }
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test(test) => test.fmt(f),
            Self::Service { service, filter } => {
                f.write_str("service(")?;
                if *service != Selector::default() {
                    service.fmt(f)?;
                }
                f.write_str(")")?;
                braces(f, filter.as_ref())
            }
            Self::Edge {
                source,
                target,
                filter,
            } => {
                write!(f, "edge({source}, {target})")?;
                braces(f, filter.as_ref())
            }
            Self::RootCause {
                causes,
                part,
                filter,
            } => {
                let causes = match causes {
                    Causes::Fault => "fault",
                    Causes::Error => "error",
                    Causes::ResponseTime => "responsetime",
                };
                let part = match part {
                    CausePart::Service => "service",
                    CausePart::Entity => "entity",
                    CausePart::Exception => "exception",
                };
                write!(f, "rootcause.{causes}.{part}")?;
                braces(f, filter.as_ref())
            }
            Self::RootCauseJson { causes, equal } => {
                let json = serde_json::to_string(causes).map_err(|_| fmt::Error)?;
                write!(f, "rootcause.json {} #{json}", equality(*equal))
            }
            Self::Group {
                by, name, equal, ..
            } => {
                let by = match by {
                    GroupKey::Name => "name",
                    GroupKey::Arn => "arn",
                };
                write!(f, "group.{by} {} {}", equality(*equal), quote(name))
            }
        }
    }
}

fn braces(f: &mut Formatter<'_>, filter: Option<&Expr<Test>>) -> fmt::Result {
    filter.map_or(Ok(()), |filter| write!(f, " {{ {filter} }}"))
}

fn equality(equal: bool) -> &'static str {
    if equal { "=" } else { "!=" }
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let (Some(name), None, None) = (&self.name, &self.kind, &self.account) {
            return f.write_str(&quote(name));
        }
        f.write_str("id(")?;
        let parts = [
            ("name", &self.name),
            ("type", &self.kind),
            ("account.id", &self.account),
        ];
        let mut between = "";
        for (part, value) in parts {
            if let Some(value) = value {
                write!(f, "{between}{part}: {}", quote(value))?;
                between = ", ";
            }
        }
        f.write_str(")")
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean { field, expected } => {
                f.write_str(Field::Boolean(*field).name())?;
                f.write_str(if *expected { "" } else { " = false" })
            }
            Self::Number { field, comparison } => {
                f.write_str(Field::Number(*field).name())?;
                compared(f, comparison.as_ref())
            }
            Self::Text { field, comparison } => {
                f.write_str(Field::Text(*field).name())?;
                compared(f, comparison.as_ref())
            }
            Self::Annotation { key, comparison } => {
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if key.chars().all(plain) {
                    write!(f, "annotation.{key}")?;
                } else {
                    write!(f, "annotation[{key}]")?;
                }
                compared(f, comparison.as_ref())
            }
        }
    }
}

fn compared(f: &mut Formatter<'_>, comparison: Option<&impl Display>) -> fmt::Result {
    comparison.map_or(Ok(()), |comparison| write!(f, " {comparison}"))
}

impl Display for NumberTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let operator = match self.0 {
            NumberOperator::Equal => "=",
            NumberOperator::NotEqual => "!=",
            NumberOperator::Less => "<",
            NumberOperator::LessOrEqual => "<=",
            NumberOperator::Greater => ">",
            NumberOperator::GreaterOrEqual => ">=",
        };
        write!(f, "{operator} {}", digits(self.1))
    }
}

impl Display for TextTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let operator = match self.0 {
            TextOperator::Equal => "=",
            TextOperator::NotEqual => "!=",
            TextOperator::Contains => "CONTAINS",
            TextOperator::BeginsWith => "BEGINSWITH",
            TextOperator::EndsWith => "ENDSWITH",
        };
        write!(f, "{operator} {}", quote(&self.1))
    }
}

impl Display for AnnotationTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(test) => test.fmt(f),
            Self::Text(test) => test.fmt(f),
            Self::Boolean(value) => write!(f, "= {value}"),
        }
    }
}
