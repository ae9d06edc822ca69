//! Root causes: their services, entities and exceptions, each numbered through the whole of its
//! root cause, and the comparison with JSON.

use super::super::ast::{CausePart, Expr, Test};
use super::super::keyword::{BooleanField, NumberField, TextField};
use super::super::root_cause::{CausePattern, EntityPattern, ExceptionPattern, ServicePattern};
use super::subject::{Subject, holds};
use crate::facts::{AnnotationValue, Exception};
use crate::summary::cause::{Cause, CauseService, CoverageEntry, ExceptionEntry};

/// An entity on the way of a root cause.
pub(super) trait Entry {
    fn name(&self) -> &str;
    fn remote(&self) -> bool;
    fn coverage(&self) -> Option<f64>;
    fn exceptions(&self) -> &[Exception<'static>];
}

impl Entry for CoverageEntry {
    fn name(&self) -> &str {
        &self.name
    }

    fn remote(&self) -> bool {
        self.remote
    }

    fn coverage(&self) -> Option<f64> {
        Some(self.coverage)
    }

    fn exceptions(&self) -> &[Exception<'static>] {
        &[]
    }
}

impl Entry for ExceptionEntry {
    fn name(&self) -> &str {
        &self.name
    }

    fn remote(&self) -> bool {
        self.remote
    }

    fn coverage(&self) -> Option<f64> {
        None
    }

    fn exceptions(&self) -> &[Exception<'static>] {
        &self.exceptions
    }
}

/// Whether any such part of any of the root causes passes.
pub(super) fn any<E: Entry>(
    causes: &[Cause<E>],
    part: CausePart,
    filter: Option<&Expr<Test>>,
) -> bool {
    causes.iter().any(|cause| {
        let services = cause.services.iter();
        let entities = services.clone().flat_map(|service| &service.entity_path);
        match part {
            CausePart::Service => any_of(services.map(Part::of_service), filter),
            CausePart::Entity => any_of(entities.map(Part::of_entity), filter),
            CausePart::Exception => {
                let exceptions = entities.flat_map(|entity| entity.exceptions());
                any_of(exceptions.map(Part::of_exception), filter)
            }
        }
    })
}

fn any_of<'c>(parts: impl Iterator<Item = Part<'c>>, filter: Option<&Expr<Test>>) -> bool {
    let mut parts = parts.enumerate().peekable();
    while let Some((index, part)) = parts.next() {
        let listed = Listed {
            index,
            last: parts.peek().is_none(),
            part,
        };
        if filter.is_none_or(|filter| filter.holds(&mut |test| holds(test, &listed))) {
            return true;
        }
    }
    false
}

/// A service, entity or exception, as far as there are keywords for it.
#[derive(Default)]
struct Part<'c> {
    name: &'c str,
    kind: Option<&'c str>,
    account: Option<&'c str>,
    message: Option<&'c str>,
    inferred: bool,
    remote: bool,
    coverage: Option<f64>,
}

impl<'c> Part<'c> {
    fn of_service<E>(service: &'c CauseService<E>) -> Self {
        Self {
            name: &service.name,
            kind: Some(&service.r#type),
            account: Some(&service.account_id),
            inferred: service.inferred,
            ..Self::default()
        }
    }

    fn of_entity(entity: &'c impl Entry) -> Self {
        Self {
            name: entity.name(),
            remote: entity.remote(),
            coverage: entity.coverage(),
            ..Self::default()
        }
    }

    fn of_exception(exception: &'c Exception<'static>) -> Self {
        Self {
            name: &exception.name,
            message: Some(&exception.message),
            ..Self::default()
        }
    }
}

/// A part in its place.
struct Listed<'c> {
    index: usize,
    last: bool,
    part: Part<'c>,
}

impl Subject for Listed<'_> {
    fn boolean(&self, field: BooleanField) -> bool {
        match field {
            BooleanField::First => self.index == 0,
            BooleanField::Last => self.last,
            BooleanField::Inferred => self.part.inferred,
            BooleanField::Remote => self.part.remote,
            BooleanField::Ok
            | BooleanField::Error
            | BooleanField::Throttle
            | BooleanField::Fault
            | BooleanField::Partial
            | BooleanField::Root => false,
        }
    }

    fn number(&self, field: NumberField) -> Option<f64> {
        match field {
            NumberField::Index => Some(self.index as f64),
            NumberField::Coverage => self.part.coverage,
            NumberField::ResponseTime | NumberField::Duration | NumberField::HttpStatus => None,
        }
    }

    fn any_text(&self, field: TextField, passes: &dyn Fn(&str) -> bool) -> bool {
        let text = match field {
            TextField::Name => Some(self.part.name),
            TextField::Type => self.part.kind,
            TextField::AccountId => self.part.account,
            TextField::Message => self.part.message,
            _ => None,
        };
        text.filter(|text| !text.is_empty()).is_some_and(passes)
    }

    fn any_annotation(&self, _: &str, _: &dyn Fn(&AnnotationValue<'_>) -> bool) -> bool {
        false
    }
}

/// Whether any of the root causes is like the pattern.
pub(super) fn any_like<E: Entry>(causes: &[Cause<E>], pattern: &CausePattern) -> bool {
    causes.iter().any(|cause| {
        is(pattern.client_impacting.as_ref(), &cause.client_impacting)
            && each_like(pattern.services.as_deref(), &cause.services, service_like)
    })
}

fn service_like<E: Entry>(pattern: &ServicePattern, service: &CauseService<E>) -> bool {
    let names = |names: &Vec<String>| names.len() == 1 && names[0] == service.name;
    is(pattern.name.as_deref(), &service.name)
        && pattern.names.as_ref().is_none_or(names)
        && is(pattern.account_id.as_deref(), &service.account_id)
        && is(pattern.r#type.as_deref(), &service.r#type)
        && is(pattern.inferred.as_ref(), &service.inferred)
        && each_like(
            pattern.entity_path.as_deref(),
            &service.entity_path,
            entity_like,
        )
}

fn entity_like(pattern: &EntityPattern, entity: &impl Entry) -> bool {
    is(pattern.name.as_deref(), entity.name())
        && is(pattern.remote.as_ref(), &entity.remote())
        && (pattern.coverage).is_none_or(|coverage| entity.coverage() == Some(coverage))
        && each_like(
            pattern.exceptions.as_deref(),
            entity.exceptions(),
            exception_like,
        )
}

fn exception_like(pattern: &ExceptionPattern, exception: &Exception<'static>) -> bool {
    is(pattern.name.as_deref(), &exception.name)
        && is(pattern.message.as_deref(), &exception.message)
}

fn is<T: PartialEq + ?Sized>(wanted: Option<&T>, is: &T) -> bool {
    wanted.is_none_or(|wanted| wanted == is)
}

/// Whether there are as many, each like its pattern.
fn each_like<P, T>(patterns: Option<&[P]>, them: &[T], like: impl Fn(&P, &T) -> bool) -> bool {
    patterns.is_none_or(|patterns| {
        patterns.len() == them.len() && patterns.iter().zip(them).all(|(p, t)| like(p, t))
    })
}
