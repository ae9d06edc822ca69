//! The services and edges of a trace, as the graph draws them.

use std::collections::HashMap;

use super::super::ast::Selector;
use super::Evaluation;
use super::node::Node;
use crate::outline::{Kind, Service};

/// The type of whoever called a root. As a client is named after the service it calls, only who
/// asks for the type means it.
pub(super) const CLIENT: &str = "client";

impl<'t, 'a> Evaluation<'t, 'a> {
    /// Whether any segment or call of such a service passes.
    pub(super) fn any_service(
        &self,
        service: &Selector,
        mut passes: impl FnMut(&Node<'_, 't, 'a>) -> bool,
    ) -> bool {
        let mut nodes = self.nodes().filter(|&node| self.selects(service, node));
        nodes.any(|node| passes(&self.seen_by_itself(node)))
            || is_client(service, false)
                && self.roots().any(|root| {
                    self.selects_client(service, root) && passes(&self.seen_by_itself(root))
                })
    }

    /// Whether any call between such services passes, in the view that the graph takes for its
    /// edges.
    pub(super) fn any_edge(
        &self,
        source: &Selector,
        target: &Selector,
        mut passes: impl FnMut(&Node<'_, 't, 'a>) -> bool,
    ) -> bool {
        let trace = self.trace();
        let mut calls = self.nodes().filter_map(|node| {
            if !self.selects(target, node) {
                return None;
            }
            let (caller, view) = match (trace.entities[node].is_segment(), trace.parents[node]) {
                (true, None) => return None,
                (true, Some(parent)) if trace.entities[parent].is_segment() => (parent, node),
                (true, Some(parent)) => (parent, parent),
                (false, _) => (node, node),
            };
            let owner = trace.owners[caller]?;
            let evaluation = self;
            self.selects(source, owner).then_some(Node {
                evaluation,
                view,
                node,
            })
        });
        calls.any(|call| passes(&call))
            || is_client(source, true)
                && self.roots().any(|root| {
                    self.selects_client(source, root)
                        && self.selects(target, root)
                        && passes(&self.seen_by_itself(root))
                })
    }

    /// What is a node of the graph: segments, and calls that nobody answered.
    fn nodes(&self) -> impl Iterator<Item = usize> {
        let trace = self.trace();
        (0..trace.entities.len()).filter(|&index| match trace.entities[index].kind {
            Kind::Segment => true,
            Kind::Call => trace.is_unanswered_call(index),
            Kind::Local => false,
        })
    }

    pub(super) fn seen_by_itself(&self, node: usize) -> Node<'_, 't, 'a> {
        Node {
            evaluation: self,
            view: node,
            node,
        }
    }

    fn selects(&self, selector: &Selector, node: usize) -> bool {
        let Some(service) = &self.trace().entities[node].service else {
            return false;
        };
        let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|w| w == is);
        same(&selector.name, &service.name)
            && same(&selector.kind, &service.kind)
            && (selector.account.as_ref())
                .is_none_or(|account| self.account(service) == Some(account))
    }

    fn selects_client(&self, selector: &Selector, root: usize) -> bool {
        let service = &self.trace().entities[root].service;
        selector.account.is_none()
            && service.as_ref().is_some_and(|service| {
                selector
                    .name
                    .as_ref()
                    .is_none_or(|name| *name == service.name)
            })
    }

    /// A service's account. Where it is unknown, it is that of the services of that name and type
    /// whose account is known, if they have but one: as in the graph.
    pub(super) fn account(&self, service: &'t Service<'a>) -> Option<&'t str> {
        if !service.account.is_empty() {
            return Some(&service.account);
        }
        let accounts = self.accounts.get_or_init(|| {
            let mut accounts = HashMap::new();
            for node in self.nodes() {
                let Some(service) = &self.trace().entities[node].service else {
                    continue;
                };
                if service.account.is_empty() {
                    continue;
                }
                let known = Some(&*service.account);
                let account = accounts
                    .entry((&*service.name, &*service.kind))
                    .or_insert(known);
                if *account != known {
                    *account = None;
                }
            }
            accounts
        });
        *accounts.get(&(&*service.name, &*service.kind))?
    }
}

/// Whether a client is meant: where its type is asked for, and as the source of edges also where
/// nothing is asked for.
fn is_client(selector: &Selector, or_any: bool) -> bool {
    selector.kind.as_deref() == Some(CLIENT) || or_any && *selector == Selector::default()
}
