//! What a node or an edge of the map is as a filter expression: the traces that a panel leads to.

use super::super::Address;
use super::super::answer::Failure;
use crate::filter::term::{both, quoted};
use crate::filter::{EntitySelector, LENGTH_MAX};
use crate::map::{Edge, Identity, Map, Node, Outcome};

/// Ways to say it: the most exact one first, shorter ones after it. Each is terms of expressions, one of
/// which has to hold.
#[derive(Debug)]
pub(super) struct Meaning(Vec<Vec<String>>);

impl Meaning {
    /// Where a fold has too many services to be named, they are those of their type that its callers call;
    /// where those are too many, all of their type.
    pub(super) fn of_node(map: &Map, place: usize) -> Self {
        let node = &map.nodes[place];
        let services = selectors(map, node).into_iter();
        let mut ways = vec![
            services
                .map(|service| format!("service({service})"))
                .collect(),
        ];
        if !node.members.is_empty() {
            let edges = map.edges.iter().filter(|edge| edge.to == place);
            ways.push(edges.flat_map(|edge| calls_to_type(map, edge)).collect());
            ways.push(vec![format!("service({})", of_type(node))]);
        }
        Self(ways)
    }

    /// A link leads from a trace to another, which no expression tells of; what it leads to has a name.
    pub(super) fn of_edge(map: &Map, edge: usize) -> Self {
        let edge = &map.edges[edge];
        if edge.is_link {
            return Self::of_node(map, edge.to);
        }
        let [sources, targets] = [edge.from, edge.to].map(|node| selectors(map, &map.nodes[node]));
        let pairs = sources
            .iter()
            .flat_map(|source| targets.iter().map(move |target| (source, target)));
        let pairs = pairs.map(|(source, target)| format!("edge({source}, {target})"));
        let mut ways = vec![pairs.collect()];
        if targets.len() > 1 {
            ways.push(calls_to_type(map, edge));
        }
        Self(ways)
    }

    /// The expression that finds its requests under conditions, among what another expression finds. It is
    /// too long only where the other one leaves no room.
    pub(super) fn expression(&self, conditions: &Conditions, among: &str) -> String {
        let braces = match conditions.test() {
            test if test.is_empty() => String::new(),
            test => format!(" {{ {test} }}"),
        };
        self.fitting(&braces, among).1
    }

    /// What selects its requests within a trace.
    pub(super) fn entity_selectors(&self) -> Vec<EntitySelector> {
        let (terms, _) = self.fitting("", "");
        let terms = terms.iter();
        terms
            .filter_map(|term| EntitySelector::read(term).ok())
            .collect()
    }

    /// The first way that is no longer than an expression may be, as it is written; else the last.
    fn fitting(&self, braces: &str, among: &str) -> (&[String], String) {
        let mut found: (&[String], String) = Default::default();
        for terms in &self.0 {
            found = (terms, written(terms, braces, among));
            if found.1.chars().count() <= LENGTH_MAX {
                break;
            }
        }
        found
    }
}

/// Terms, each with the same braces, and what has to hold with one of them.
fn written(terms: &[String], braces: &str, among: &str) -> String {
    let terms: Vec<String> = terms.iter().map(|term| format!("{term}{braces}")).collect();
    match terms.as_slice() {
        [term] => both(among, term),
        _ if among.trim().is_empty() => terms.join(" OR "),
        _ => both(among, &format!("({})", terms.join(" OR "))),
    }
}

/// All calls from a node to what is of the type of another.
fn calls_to_type(map: &Map, edge: &Edge) -> Vec<String> {
    let target = of_type(&map.nodes[edge.to]);
    let sources = selectors(map, &map.nodes[edge.from]).into_iter();
    sources
        .map(|source| format!("edge({source}, {target})"))
        .collect()
}

fn of_type(node: &Node) -> String {
    let kind = node.services.first().map_or("", |service| &service.kind);
    format!("id(type: {})", quoted(kind))
}

/// What stands for the services of a node in `service(…)` and `edge(…)`.
fn selectors(map: &Map, node: &Node) -> Vec<String> {
    match node.is_clients() {
        true => vec![of_type(node)],
        false => node
            .services
            .iter()
            .map(|service| selector(map, service))
            .collect(),
    }
}

/// A service by name and type, and by what else it takes to tell it from others of the map.
fn selector(map: &Map, service: &Identity) -> String {
    let Identity {
        name,
        kind,
        account,
    } = service;
    let of_others = map.nodes.iter().flat_map(|node| &node.services);
    let mut namesakes = of_others.filter(|other| other.name == *name && *other != service);
    let mut parts = format!("name: {}", quoted(name));
    match kind.is_empty() {
        true if !namesakes
            .clone()
            .any(|other| !other.kind.is_empty() && other.kind != "client") =>
        {
            return quoted(name);
        }
        _ => parts.push_str(&format!(", type: {}", quoted(kind))),
    }
    if !account.is_empty() && namesakes.any(|other| other.kind == *kind) {
        parts.push_str(&format!(", account.id: {}", quoted(account)));
    }
    format!("id({parts})")
}

/// Which requests are meant: with one of these outcomes, and a response time in milliseconds between these,
/// both among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    /// None means any.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) min_ms: Option<u64>,
    pub(super) max_ms: Option<u64>,
}

impl Conditions {
    /// What the form of a panel says.
    pub(super) fn of(address: &Address) -> Result<Self, Failure> {
        let words = Outcome::ALL.map(Outcome::word);
        if let Some(word) = address.all("status").find(|word| !words.contains(word)) {
            return Err(Failure::unknown_word("status", word, &words));
        }
        let is_asked = |outcome: &Outcome| address.all("status").any(|word| word == outcome.word());
        let number = |key: &str| {
            let text = address.get(key).map(str::trim);
            let refused = |text| format!("{key}={text} is no number of whole milliseconds");
            let number = text.map(|text| text.parse().map_err(|_| refused(text)));
            number.transpose().map_err(Failure::BadRequest)
        };
        Ok(Self {
            outcomes: Outcome::ALL.into_iter().filter(is_asked).collect(),
            min_ms: number("min")?,
            max_ms: number("max")?,
        })
    }

    /// The test of one request. What is in progress has no outcome yet: it passes only where anything does.
    fn test(&self) -> String {
        let mut tests = Vec::new();
        let bounds = [(">=", self.min_ms), ("<=", self.max_ms)];
        for (operator, bound) in bounds {
            let seconds = bound.map(|bound| bound as f64 / 1000.0);
            tests.extend(seconds.map(|seconds| format!("responsetime {operator} {seconds}")));
        }
        let outcome = self.outcome_test();
        if outcome.is_empty() {
            return tests.join(" AND ");
        }
        if tests.is_empty() {
            tests.push("!partial".to_owned());
        }
        match outcome.contains(" OR ") {
            true => tests.insert(0, format!("({outcome})")),
            false => tests.insert(0, outcome),
        }
        tests.join(" AND ")
    }

    /// The map counts a request once, as what mattered most of it. To a filter a throttle is an error,
    /// too, and a fault may be both.
    fn outcome_test(&self) -> String {
        let has = |outcome| self.outcomes.contains(&outcome);
        let failures = match [Outcome::Error, Outcome::Throttle, Outcome::Fault].map(has) {
            [false, false, false] => "",
            [true, false, false] => "error AND !throttle AND !fault",
            [false, true, false] => "throttle AND !fault",
            [false, false, true] => "fault",
            [true, true, false] => "error AND !fault",
            [true, false, true] => "fault OR error AND !throttle",
            [false, true, true] => "fault OR throttle",
            [true, true, true] => "!ok",
        };
        match (has(Outcome::Ok), failures) {
            (false, failures) => failures.to_owned(),
            (true, "") => "ok".to_owned(),
            (true, "!ok") => String::new(),
            (true, failures) => format!("ok OR {failures}"),
        }
    }
}

#[cfg(test)]
mod tests;
