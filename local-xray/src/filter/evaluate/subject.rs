//! What tests look at, and the tests.

use super::super::ast::{AnnotationTest, NumberOperator, NumberTest, Test, TextOperator, TextTest};
use super::super::keyword::{BooleanField, NumberField, TextField};
use super::Evaluation;
use crate::assemble::DetailedTrace;
use crate::facts::{AnnotationValue, Facts};
use crate::graph::milliseconds;
use crate::outline::Outcome;

/// What has values for keywords: a trace, one of its nodes or edges, or a part of a root cause.
pub(super) trait Subject {
    fn boolean(&self, field: BooleanField) -> bool;

    fn number(&self, field: NumberField) -> Option<f64>;

    /// Whether any text that it has passes.
    fn any_text(&self, field: TextField, passes: &dyn Fn(&str) -> bool) -> bool;

    /// Whether any annotation of that key passes.
    fn any_annotation(&self, key: &str, passes: &dyn Fn(&AnnotationValue<'_>) -> bool) -> bool;
}

/// What is missing passes no comparison.
pub(super) fn holds(test: &Test, subject: &impl Subject) -> bool {
    match test {
        Test::Boolean { field, expected } => subject.boolean(*field) == *expected,
        Test::Number { field, comparison } => subject
            .number(*field)
            .is_some_and(|number| comparison.as_ref().is_none_or(|c| c.passes(number))),
        Test::Text { field, comparison } => subject.any_text(*field, &|text| {
            comparison.as_ref().is_none_or(|c| c.passes(text))
        }),
        Test::Annotation { key, comparison } => subject.any_annotation(key, &|value| {
            comparison.as_ref().is_none_or(|c| c.passes(value))
        }),
    }
}

impl NumberTest {
    fn passes(&self, number: f64) -> bool {
        match self.0 {
            NumberOperator::Equal => number == self.1,
            NumberOperator::NotEqual => number != self.1,
            NumberOperator::Less => number < self.1,
            NumberOperator::LessOrEqual => number <= self.1,
            NumberOperator::Greater => number > self.1,
            NumberOperator::GreaterOrEqual => number >= self.1,
        }
    }
}

impl TextTest {
    fn passes(&self, text: &str) -> bool {
        match self.0 {
            TextOperator::Equal => text == self.1,
            TextOperator::NotEqual => text != self.1,
            TextOperator::Contains => text.contains(&self.1),
            TextOperator::BeginsWith => text.starts_with(&self.1),
            TextOperator::EndsWith => text.ends_with(&self.1),
        }
    }
}

impl AnnotationTest {
    fn passes(&self, value: &AnnotationValue<'_>) -> bool {
        match (self, value) {
            (Self::Number(test), AnnotationValue::Number(number)) => test.passes(*number),
            (Self::Text(test), AnnotationValue::Text(text)) => test.passes(text),
            (Self::Boolean(expected), AnnotationValue::Boolean(boolean)) => boolean == expected,
            _ => false,
        }
    }
}

/// Whether a test of a trace, a service or an edge looks at facts.
pub(super) fn looks_at_facts(test: &Test) -> bool {
    match test {
        Test::Boolean { field, .. } => matches!(
            field,
            // Whether a fault is an error too, the outline does not tell.
            BooleanField::Error | BooleanField::Throttle | BooleanField::Inferred
        ),
        Test::Number { field, .. } => *field == NumberField::HttpStatus,
        Test::Text { field, .. } => !matches!(
            field,
            TextField::Name | TextField::Type | TextField::AccountId
        ),
        Test::Annotation { .. } => true,
    }
}

/// Whether an entity failed: as `HasError` of a summary.
pub(super) fn is_error(detailed: &DetailedTrace<'_>, entity: usize) -> bool {
    match detailed.trace.entities[entity].outcome {
        Outcome::Ok => false,
        Outcome::Error | Outcome::Throttle => true,
        Outcome::Fault => detailed.facts(entity).flags.error,
    }
}

/// Whether an entity was throttled: as `HasThrottle` of a summary.
pub(super) fn is_throttle(detailed: &DetailedTrace<'_>, entity: usize) -> bool {
    match detailed.trace.entities[entity].outcome {
        Outcome::Ok | Outcome::Error => false,
        Outcome::Throttle => true,
        Outcome::Fault => detailed.facts(entity).flags.throttle,
    }
}

/// Seconds to the milliseconds of the API.
pub(super) fn seconds(micros: u64) -> f64 {
    milliseconds(micros) as f64 / 1000.0
}

/// A text of an entity's own facts.
pub(super) fn text_of_facts<'f>(facts: &'f Facts<'_>, field: TextField) -> Option<&'f str> {
    match field {
        TextField::HttpUrl => facts.http.url.as_deref(),
        TextField::HttpMethod => facts.http.method.as_deref(),
        TextField::HttpUserAgent => facts.http.user_agent.as_deref(),
        TextField::HttpClientIp => facts.http.client_ip.as_deref(),
        TextField::User => facts.user.as_deref(),
        TextField::AvailabilityZone => facts.availability_zone.as_deref(),
        TextField::InstanceId => facts.instance_id.as_deref(),
        TextField::ResourceArn => facts.resource_arn.as_deref(),
        TextField::Name | TextField::Type | TextField::AccountId | TextField::Message => None,
    }
}

pub(super) fn any_annotation(
    facts: &Facts<'_>,
    key: &str,
    passes: &dyn Fn(&AnnotationValue<'_>) -> bool,
) -> bool {
    let mut annotations = facts.annotations.iter();
    annotations.any(|(known, value)| known == key && passes(value))
}

/// The trace as a whole, as its summary tells it.
impl Subject for Evaluation<'_, '_> {
    fn boolean(&self, field: BooleanField) -> bool {
        let (detailed, trace) = (self.detailed, self.trace());
        let all = 0..trace.entities.len();
        let of_root = |is: &dyn Fn(usize) -> bool| self.root().is_some_and(is);
        let outcome = |index: usize| trace.entities[index].outcome;
        match field {
            // What is no error has no flag set.
            BooleanField::Ok => !of_root(&|root| outcome(root) != Outcome::Ok),
            BooleanField::Error => of_root(&|root| is_error(detailed, root)),
            BooleanField::Fault => of_root(&|root| outcome(root) == Outcome::Fault),
            BooleanField::Throttle => { all }.any(|index| is_throttle(detailed, index)),
            BooleanField::Partial => trace.is_partial(),
            BooleanField::Inferred => {
                all.clone().any(|index| trace.is_unanswered_call(index)) || { all }
                    .any(|index| detailed.facts(index).inferred)
            }
            BooleanField::First
            | BooleanField::Last
            | BooleanField::Remote
            | BooleanField::Root => false,
        }
    }

    fn number(&self, field: NumberField) -> Option<f64> {
        let trace = self.trace();
        match field {
            NumberField::ResponseTime => trace.entities[self.root()?].duration_us().map(seconds),
            NumberField::Duration => {
                let (start, end) = trace.interval()?;
                Some(seconds(end.as_micros() - start.as_micros()))
            }
            NumberField::HttpStatus => {
                let status = self.detailed.facts(self.root()?).http.status;
                status.map(|status| status as f64)
            }
            NumberField::Index | NumberField::Coverage => None,
        }
    }

    fn any_text(&self, field: TextField, passes: &dyn Fn(&str) -> bool) -> bool {
        let (detailed, trace) = (self.detailed, self.trace());
        match field {
            TextField::Name | TextField::Type | TextField::AccountId => {
                let root = self.root().map(|root| self.seen_by_itself(root));
                root.is_some_and(|root| root.any_text(field, passes))
            }
            TextField::User
            | TextField::AvailabilityZone
            | TextField::InstanceId
            | TextField::ResourceArn => {
                let segments = trace.entities.iter().enumerate();
                let mut segments = segments.filter(|(_, entity)| entity.is_segment());
                segments.any(|(index, _)| {
                    text_of_facts(detailed.facts(index), field).is_some_and(passes)
                })
            }
            TextField::HttpUrl
            | TextField::HttpMethod
            | TextField::HttpUserAgent
            | TextField::HttpClientIp
            | TextField::Message => self
                .root()
                .is_some_and(|root| text_of_facts(detailed.facts(root), field).is_some_and(passes)),
        }
    }

    fn any_annotation(&self, key: &str, passes: &dyn Fn(&AnnotationValue<'_>) -> bool) -> bool {
        let mut all = 0..self.trace().entities.len();
        all.any(|index| any_annotation(self.detailed.facts(index), key, passes))
    }
}
