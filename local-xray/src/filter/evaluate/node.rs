//! One request to a service: seen by the service itself, or by its caller.

use super::super::keyword::{BooleanField, NumberField, TextField};
use super::Evaluation;
use super::subject::{self, Subject, is_error, is_throttle, seconds, text_of_facts};
use crate::facts::AnnotationValue;
use crate::outline::Outcome;

pub(super) struct Node<'e, 't, 'a> {
    pub(super) evaluation: &'e Evaluation<'t, 'a>,
    /// The entity that tells of the request.
    pub(super) view: usize,
    /// The segment that answered it, or the call that nobody answered.
    pub(super) node: usize,
}

impl Node<'_, '_, '_> {
    /// Microseconds from the start to the end of the last that belongs to it.
    fn whole_us(&self) -> Option<u64> {
        let entities = &self.evaluation.trace().entities;
        let view = &entities[self.view];
        let own = view.duration_us()?;
        if !view.is_segment() {
            return Some(own);
        }
        let ends = self.evaluation.owned(self.view);
        let last = ends.map(|index| entities[index].last_seen()).max()?;
        let whole = last.as_micros().saturating_sub(view.start.as_micros());
        Some(whole.max(own))
    }
}

impl Subject for Node<'_, '_, '_> {
    fn boolean(&self, field: BooleanField) -> bool {
        let detailed = self.evaluation.detailed;
        let view = &detailed.trace.entities[self.view];
        match field {
            BooleanField::Ok => view.outcome == Outcome::Ok,
            BooleanField::Error => is_error(detailed, self.view),
            BooleanField::Throttle => is_throttle(detailed, self.view),
            BooleanField::Fault => view.outcome == Outcome::Fault,
            BooleanField::Partial => view.end.is_none(),
            BooleanField::Inferred => {
                detailed.trace.is_unanswered_call(self.node) || detailed.facts(self.node).inferred
            }
            BooleanField::Root => self.evaluation.is_root(self.node),
            BooleanField::First | BooleanField::Last | BooleanField::Remote => false,
        }
    }

    fn number(&self, field: NumberField) -> Option<f64> {
        let detailed = self.evaluation.detailed;
        match field {
            NumberField::ResponseTime => {
                let view = &detailed.trace.entities[self.view];
                view.duration_us().map(seconds)
            }
            NumberField::Duration => self.whole_us().map(seconds),
            NumberField::HttpStatus => {
                let status = detailed.facts(self.view).http.status;
                status.map(|status| status as f64)
            }
            NumberField::Index | NumberField::Coverage => None,
        }
    }

    fn any_text(&self, field: TextField, passes: &dyn Fn(&str) -> bool) -> bool {
        let detailed = self.evaluation.detailed;
        let service = detailed.trace.entities[self.node].service.as_ref();
        let text = match field {
            TextField::Name => service.map(|service| &*service.name),
            TextField::Type => service.map(|service| &*service.kind),
            TextField::AccountId => service.and_then(|service| self.evaluation.account(service)),
            _ => return text_of_facts(detailed.facts(self.view), field).is_some_and(passes),
        };
        text.filter(|text| !text.is_empty()).is_some_and(passes)
    }

    /// Annotations of a segment and all that belongs to it, or of the call.
    fn any_annotation(&self, key: &str, passes: &dyn Fn(&AnnotationValue<'_>) -> bool) -> bool {
        let detailed = self.evaluation.detailed;
        let any = |index| subject::any_annotation(detailed.facts(index), key, passes);
        if detailed.trace.entities[self.view].is_segment() {
            self.evaluation.owned(self.view).any(any)
        } else {
            any(self.view)
        }
    }
}
