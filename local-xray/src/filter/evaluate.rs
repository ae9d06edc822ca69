//! Whether a trace is one that an expression means.
//!
//! At the top an expression looks at what the trace's summary says; in the braces of a service at
//! one segment, or one call that nobody answered, of that service; in those of an edge at one call,
//! as its caller saw it.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::ast::{Causes, Expr, Selector, Term, Test};
use super::{EntitySelector, FilterExpression};
use crate::assemble::{DetailedTrace, Trace};
use crate::outline::Outcome;
use crate::summary::cause::{self, Cause, CoverageEntry, ExceptionEntry};

mod causes;
mod node;
mod services;
mod subject;

use node::Node;
use subject::holds;

impl FilterExpression {
    /// Whether the trace is one of those meant.
    pub(crate) fn matches(&self, detailed: &DetailedTrace<'_>) -> bool {
        let Some(expression) = &self.expression else {
            return true;
        };
        let evaluation = Evaluation::new(detailed);
        let mut groups = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let holds = group
                .as_ref()
                .is_none_or(|group| evaluation.holds(group, &groups));
            groups.push(holds);
        }
        evaluation.holds(expression, &groups)
    }

    /// Whether it looks at facts; else outlines are all it needs.
    pub(crate) fn looks_at_facts(&self) -> bool {
        let mut looks = false;
        let groups = self.groups.iter().flatten();
        for expression in groups.chain(&self.expression) {
            expression.each(&mut |term| looks |= term_looks_at_facts(term));
        }
        looks
    }
}

fn term_looks_at_facts(term: &Term) -> bool {
    let filter_looks = |filter: &Option<Expr<Test>>| {
        let mut looks = false;
        if let Some(filter) = filter {
            filter.each(&mut |test| looks |= subject::looks_at_facts(test));
        }
        looks
    };
    match term {
        Term::Test(test) => subject::looks_at_facts(test),
        Term::Service { filter, .. } | Term::Edge { filter, .. } => filter_looks(filter),
        Term::RootCause { .. } | Term::RootCauseJson { .. } => true,
        Term::Group { .. } => false,
    }
}

impl EntitySelector {
    /// Whether it looks at facts; else outlines are all it needs.
    pub(crate) fn looks_at_facts(&self) -> bool {
        term_looks_at_facts(&self.0)
    }

    /// The entities of a trace that are selected, in their order: segments and calls that nobody
    /// answered for services; for edges the callers' calls, each once however many answered it.
    pub(crate) fn entities(&self, detailed: &DetailedTrace<'_>) -> Vec<usize> {
        let evaluation = Evaluation::new(detailed);
        let mut entities = Vec::new();
        let mut see = |node: &Node<'_, '_, '_>, filter: &Option<Expr<Test>>| {
            if passes(filter.as_ref(), node) {
                entities.push(node.view);
            }
            false
        };
        match &self.0 {
            Term::Service { service, filter } => {
                evaluation.any_service(service, |node| see(node, filter));
            }
            Term::Edge {
                source,
                target,
                filter,
            } => {
                evaluation.any_edge(source, target, |node| see(node, filter));
            }
            _ => {}
        }
        entities.sort_unstable();
        entities.dedup();
        entities
    }
}

/// Every edge, which is what the API takes where no selector is given.
impl Default for EntitySelector {
    fn default() -> Self {
        Self(Term::Edge {
            source: Selector::default(),
            target: Selector::default(),
            filter: None,
        })
    }
}

impl<T> Expr<T> {
    /// Whether it holds, given which terms hold.
    fn holds(&self, term: &mut impl FnMut(&T) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(term)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(term)),
            Self::Not(negated) => !negated.holds(term),
            Self::Term(this) => term(this),
        }
    }

    /// Every term in it.
    fn each(&self, see: &mut impl FnMut(&T)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each(see)),
            Self::Not(negated) => negated.each(see),
            Self::Term(term) => see(term),
        }
    }
}

/// What terms ask of one trace, each found out at most once, and only when asked.
struct Evaluation<'t, 'a> {
    detailed: &'t DetailedTrace<'a>,
    root: OnceCell<Option<usize>>,
    /// Each entity after its owner, in order.
    owned: OnceCell<Vec<(usize, usize)>>,
    /// The one known account of each name and type.
    accounts: OnceCell<HashMap<(&'t str, &'t str), Option<&'t str>>>,
    faults: OnceCell<Vec<Cause<ExceptionEntry>>>,
    errors: OnceCell<Vec<Cause<ExceptionEntry>>>,
    response_time: OnceCell<Option<Cause<CoverageEntry>>>,
}

impl<'t, 'a> Evaluation<'t, 'a> {
    fn new(detailed: &'t DetailedTrace<'a>) -> Self {
        Self {
            detailed,
            root: OnceCell::new(),
            owned: OnceCell::new(),
            accounts: OnceCell::new(),
            faults: OnceCell::new(),
            errors: OnceCell::new(),
            response_time: OnceCell::new(),
        }
    }

    fn trace(&self) -> &'t Trace<'a> {
        &self.detailed.trace
    }

    fn holds(&self, expression: &Expr<Term>, groups: &[bool]) -> bool {
        expression.holds(&mut |term| match term {
            Term::Test(test) => holds(test, self),
            Term::Service { service, filter } => {
                self.any_service(service, |node| passes(filter.as_ref(), node))
            }
            Term::Edge {
                source,
                target,
                filter,
            } => self.any_edge(source, target, |node| passes(filter.as_ref(), node)),
            Term::RootCause {
                causes,
                part,
                filter,
            } => {
                let filter = filter.as_ref();
                match causes {
                    Causes::Fault => causes::any(self.faults(), *part, filter),
                    Causes::Error => causes::any(self.errors(), *part, filter),
                    Causes::ResponseTime => causes::any(self.response_time(), *part, filter),
                }
            }
            Term::RootCauseJson { causes, equal } => {
                let found = causes.iter().all(|pattern| {
                    causes::any_like(self.faults(), pattern)
                        || causes::any_like(self.errors(), pattern)
                        || causes::any_like(self.response_time(), pattern)
                });
                found == *equal
            }
            Term::Group { group, equal, .. } => {
                groups.get(*group).is_some_and(|holds| holds == equal)
            }
        })
    }

    fn root(&self) -> Option<usize> {
        *self.root.get_or_init(|| self.trace().root())
    }

    fn is_root(&self, index: usize) -> bool {
        let entity = &self.trace().entities[index];
        entity.is_segment() && (entity.parent.is_none() || self.root() == Some(index))
    }

    fn roots(&self) -> impl Iterator<Item = usize> {
        (0..self.trace().entities.len()).filter(|&index| self.is_root(index))
    }

    /// What belongs to a segment, itself among it.
    fn owned(&self, segment: usize) -> impl Iterator<Item = usize> {
        let owned = self.owned.get_or_init(|| {
            let owners = self.trace().owners.iter().enumerate();
            let owned = owners.filter_map(|(index, owner)| Some(((*owner)?, index)));
            let mut owned: Vec<_> = owned.collect();
            owned.sort_unstable();
            owned
        });
        let first = owned.partition_point(|&(owner, _)| owner < segment);
        let owned = owned[first..].iter();
        owned
            .take_while(move |&&(owner, _)| owner == segment)
            .map(|&(_, index)| index)
    }

    fn faults(&self) -> &[Cause<ExceptionEntry>] {
        self.faults
            .get_or_init(|| cause::failures(self.detailed, &[Outcome::Fault]))
    }

    fn errors(&self) -> &[Cause<ExceptionEntry>] {
        self.errors
            .get_or_init(|| cause::failures(self.detailed, &[Outcome::Error, Outcome::Throttle]))
    }

    fn response_time(&self) -> &[Cause<CoverageEntry>] {
        let cause = self
            .response_time
            .get_or_init(|| cause::response_time(self.detailed));
        cause.as_slice()
    }
}

fn passes(filter: Option<&Expr<Test>>, node: &Node<'_, '_, '_>) -> bool {
    filter.is_none_or(|filter| filter.holds(&mut |test| holds(test, node)))
}

#[cfg(test)]
mod tests;
