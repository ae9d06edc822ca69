//! Tests: a keyword, and what its value is compared with.

use super::super::FilterError;
use super::super::ast::{AnnotationTest, NumberOperator, NumberTest, Test, TextOperator, TextTest};
use super::super::keyword::{self, BooleanField, COMPLEX, Context, FIELDS, Field};
use super::super::lexer::Token;
use super::{Parser, is_operator};

const NUMBER_OPERATORS: &str = "=, !=, <, <=, > or >=";
const TEXT_OPERATORS: &str = "=, !=, CONTAINS, BEGINSWITH or ENDSWITH";

#[derive(Clone, Copy)]
enum Operator {
    Equal,
    NotEqual,
    Order(NumberOperator),
    Text(TextOperator),
}

impl Operator {
    fn of(token: &Token) -> Option<Self> {
        Some(match token {
            Token::Symbol("=") => Self::Equal,
            Token::Symbol("!=") => Self::NotEqual,
            Token::Symbol("<") => Self::Order(NumberOperator::Less),
            Token::Symbol("<=") => Self::Order(NumberOperator::LessOrEqual),
            Token::Symbol(">") => Self::Order(NumberOperator::Greater),
            Token::Symbol(">=") => Self::Order(NumberOperator::GreaterOrEqual),
            Token::Word(word) => Self::Text(match word.to_ascii_lowercase().as_str() {
                "contains" => TextOperator::Contains,
                "beginswith" => TextOperator::BeginsWith,
                "endswith" => TextOperator::EndsWith,
                _ => return None,
            }),
            _ => return None,
        })
    }

    fn on_numbers(self) -> Option<NumberOperator> {
        match self {
            Self::Equal => Some(NumberOperator::Equal),
            Self::NotEqual => Some(NumberOperator::NotEqual),
            Self::Order(operator) => Some(operator),
            Self::Text(_) => None,
        }
    }

    fn on_text(self) -> Option<TextOperator> {
        match self {
            Self::Equal => Some(TextOperator::Equal),
            Self::NotEqual => Some(TextOperator::NotEqual),
            Self::Text(operator) => Some(operator),
            Self::Order(_) => None,
        }
    }
}

impl Parser<'_, '_, '_> {
    pub(super) fn test(&mut self, context: Context) -> Result<Test, FilterError> {
        let Some(word) = self.keyword() else {
            return Err(self.expected("a keyword"));
        };
        if word == "annotation" || word.starts_with("annotation.") {
            return self.annotation(context);
        }
        let Some((_, field, contexts)) = FIELDS.iter().find(|(name, ..)| *name == word) else {
            return Err(self.no_field(&word, context));
        };
        if !contexts.contains(&context) {
            let (here, valid) = (context.place(), keyword::places(contexts));
            return Err(self.error(format!("{word} is not valid {here}, only {valid}")));
        }
        self.take()?;
        match *field {
            Field::Boolean(field) => self.boolean(field, &word),
            Field::Number(field) => {
                let operator = self.operator(&word, NUMBER_OPERATORS, Operator::on_numbers)?;
                let comparison = operator.map(|(operator, token)| self.number(operator, &token));
                let comparison = comparison.transpose()?;
                Ok(Test::Number { field, comparison })
            }
            Field::Text(field) => {
                let operator = self.operator(&word, TEXT_OPERATORS, Operator::on_text)?;
                let comparison = operator.map(|(operator, token)| self.text(operator, &token));
                let comparison = comparison.transpose()?;
                Ok(Test::Text { field, comparison })
            }
        }
    }

    fn no_field(&self, word: &str, context: Context) -> FilterError {
        let here = context.place();
        match word {
            word if COMPLEX.contains(&word) => self.error(format!(
                "{word} is not valid {here}, only outside of braces"
            )),
            "id" => self.error("id stands in the parentheses of service and edge only"),
            "not" => self.error(format!("unknown keyword {}; write !", self.next.token)),
            _ => self.unknown(word, context),
        }
    }

    /// The operator next, if there is one, with its token. It has to be one for the type.
    fn operator<O>(
        &mut self,
        after: &str,
        known: &str,
        allowed: fn(Operator) -> Option<O>,
    ) -> Result<Option<(O, Token)>, FilterError> {
        let Some(operator) = Operator::of(&self.next.token) else {
            return Ok(None);
        };
        let Some(operator) = allowed(operator) else {
            return Err(self.expected(&format!("{known} after {after}")));
        };
        Ok(Some((operator, self.take()?.token)))
    }

    fn boolean(&mut self, field: BooleanField, word: &str) -> Result<Test, FilterError> {
        let equality = |operator| match operator {
            Operator::Equal => Some(true),
            Operator::NotEqual => Some(false),
            Operator::Order(_) | Operator::Text(_) => None,
        };
        let Some((equal, token)) = self.operator(word, "= or !=", equality)? else {
            let expected = true;
            return Ok(Test::Boolean { field, expected });
        };
        let Some(value) = self.truth() else {
            return Err(self.expected(&format!("true or false after {}", written(&token))));
        };
        self.take()?;
        let expected = value == equal;
        Ok(Test::Boolean { field, expected })
    }

    /// The next token as a boolean.
    fn truth(&self) -> Option<bool> {
        match &self.next.token {
            Token::Word(word) => word.to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    fn number(
        &mut self,
        operator: NumberOperator,
        after: &Token,
    ) -> Result<NumberTest, FilterError> {
        let Token::Number(number) = self.next.token else {
            return Err(self.expected(&format!("a number after {}", written(after))));
        };
        self.take()?;
        Ok(NumberTest(operator, number))
    }

    /// Text is in quotes, or one word that means nothing else.
    fn text(&mut self, operator: TextOperator, after: &Token) -> Result<TextTest, FilterError> {
        let text = match &self.next.token {
            Token::Text(text) => text.clone(),
            Token::Word(word) if !is_operator(word) && self.truth().is_none() => word.clone(),
            _ => {
                let what = format!("text in double quotes after {}", written(after));
                return Err(self.expected(&what));
            }
        };
        self.take()?;
        Ok(TextTest(operator, text))
    }

    fn annotation(&mut self, context: Context) -> Result<Test, FilterError> {
        if !keyword::has_annotations(context) {
            let here = context.place();
            return Err(self.error(format!("annotations are not valid {here}")));
        }
        let key = self.annotation_key()?;
        let comparison = match Operator::of(&self.next.token) {
            None => None,
            Some(operator) => {
                let token = self.take()?.token;
                Some(self.annotation_test(operator, &token)?)
            }
        };
        Ok(Test::Annotation { key, comparison })
    }

    /// `annotation.KEY` or `annotation[KEY]`. Keys keep their case.
    fn annotation_key(&mut self) -> Result<String, FilterError> {
        let (start, end) = (self.next.start, self.next.end);
        let word = self.text.get(start..end).unwrap_or_default();
        if let Some((_, key)) = word.split_once('.') {
            let mend = match key {
                "" => "expected a key after annotation.".to_owned(),
                key if key.contains('.') => {
                    format!("a key with a dot stands in brackets: annotation[{key}]")
                }
                key => {
                    self.take()?;
                    return Ok(key.to_owned());
                }
            };
            return Err(FilterError::at(self.text, end, mend));
        }
        let rest = self.text.get(end..).unwrap_or_default();
        let after = end + rest.len() - rest.trim_start().len();
        let Some(bracketed) = rest.trim_start().strip_prefix('[') else {
            let message = "expected a key: annotation.KEY or annotation[KEY]";
            return Err(FilterError::at(self.text, after, message));
        };
        let Some((key, _)) = bracketed.split_once(']') else {
            let message = "expected ] after the key of the annotation";
            return Err(FilterError::at(self.text, self.text.len(), message));
        };
        let mend = match key.trim() {
            "" => "expected a key in the brackets",
            key if key.contains('"') => "expected a key without quotes in the brackets",
            trimmed => {
                self.resume(after + 1 + key.len() + 1)?;
                return Ok(trimmed.to_owned());
            }
        };
        Err(FilterError::at(self.text, after + 1, mend))
    }

    /// The value says which type of annotation is meant.
    fn annotation_test(
        &mut self,
        operator: Operator,
        after: &Token,
    ) -> Result<AnnotationTest, FilterError> {
        if let Operator::Equal | Operator::NotEqual = operator
            && let Some(value) = self.truth()
        {
            self.take()?;
            let equal = matches!(operator, Operator::Equal);
            return Ok(AnnotationTest::Boolean(value == equal));
        }
        let is_number = matches!(self.next.token, Token::Number(_));
        match (operator.on_numbers(), operator.on_text()) {
            (Some(operator), text) if is_number || text.is_none() => {
                Ok(AnnotationTest::Number(self.number(operator, after)?))
            }
            (None, Some(operator)) => Ok(AnnotationTest::Text(self.text(operator, after)?)),
            (_, Some(operator)) if is_word_or_text(&self.next.token) => {
                Ok(AnnotationTest::Text(self.text(operator, after)?))
            }
            _ => Err(self.expected(&format!("a value after {}", written(after)))),
        }
    }
}

fn is_word_or_text(token: &Token) -> bool {
    match token {
        Token::Text(_) => true,
        Token::Word(word) => !is_operator(word),
        Token::Number(_) | Token::Symbol(_) | Token::End => false,
    }
}

/// An operator as errors write it.
fn written(operator: &Token) -> String {
    match operator {
        Token::Word(word) => word.to_uppercase(),
        operator => operator.to_string(),
    }
}
