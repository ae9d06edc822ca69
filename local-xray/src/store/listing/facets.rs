//! What the traces of a list have in common: how many have each service, URL, user, annotation.

use super::counts::Counts;
use crate::assemble::DetailedTrace;
use crate::facts::AnnotationValue;

/// The most bytes of a text that is counted: longer ones nobody chooses from a list.
const TEXT_BYTES_MAX: usize = 250;

/// How many keys of annotations are known; of more, those met first.
const KEYS_MAX: usize = 50;

/// How many traces have each value. What is counted is what a filter would find: of requests those of
/// the root, of services, users and annotations any.
#[derive(Debug, Default)]
pub(crate) struct Facets {
    /// The root's service.
    pub(crate) entry_points: Counts<String>,
    pub(crate) services: Counts<String>,
    pub(crate) methods: Counts<String>,
    /// URLs up to where their query begins, with the sign that begins it.
    pub(crate) urls: Counts<String>,
    pub(crate) statuses: Counts<i64>,
    pub(crate) users: Counts<String>,
    /// By key.
    pub(crate) annotations: Vec<(String, Annotated)>,
}

/// The values of one key of annotations. Those of different types differ.
#[derive(Debug, Default)]
pub(crate) struct Annotated {
    texts: Counts<String>,
    /// The bits of numbers.
    numbers: Counts<u64>,
    booleans: Counts<bool>,
    /// How many traces have the key.
    pub(crate) traces: usize,
    last: usize,
}

impl Facets {
    /// Counts a trace; traces have numbers from 1, in their order.
    pub(super) fn add(&mut self, detailed: &DetailedTrace<'_>, root: Option<usize>, number: usize) {
        let trace = &detailed.trace;
        let add = |counts: &mut Counts<String>, text: &str| {
            if !text.is_empty() && text.len() <= TEXT_BYTES_MAX {
                counts.add(text, number);
            }
        };
        if let Some(root) = root {
            let http = &detailed.facts(root).http;
            if let Some(service) = &trace.entities[root].service {
                add(&mut self.entry_points, &service.name);
            }
            if let Some(method) = &http.method {
                add(&mut self.methods, method);
            }
            if let Some(url) = &http.url {
                add(&mut self.urls, without_query(url));
            }
            if let Some(status) = http.status {
                self.statuses.add(&status, number);
            }
        }
        for (index, entity) in trace.entities.iter().enumerate() {
            let facts = detailed.facts(index);
            let is_node = entity.is_segment() || trace.is_unanswered_call(index);
            if let Some(service) = entity.service.as_ref().filter(|_| is_node) {
                add(&mut self.services, &service.name);
            }
            if let Some(user) = facts.user.as_ref().filter(|_| entity.is_segment()) {
                add(&mut self.users, user);
            }
            for (key, value) in &facts.annotations {
                if let Some(annotated) = self.annotated(key) {
                    annotated.add(value, number);
                }
            }
        }
    }

    fn annotated(&mut self, key: &str) -> Option<&mut Annotated> {
        // They are few.
        let known = self.annotations.iter().position(|(known, _)| known == key);
        let place = match known {
            Some(place) => place,
            None if self.annotations.len() == KEYS_MAX || key.len() > TEXT_BYTES_MAX => {
                return None;
            }
            None => {
                let new = (key.to_owned(), Annotated::default());
                self.annotations.push(new);
                self.annotations.len() - 1
            }
        };
        Some(&mut self.annotations[place].1)
    }
}

impl Annotated {
    fn add(&mut self, value: &AnnotationValue<'_>, trace: usize) {
        self.traces += usize::from(self.last != trace);
        self.last = trace;
        match value {
            AnnotationValue::Text(text) if text.len() > TEXT_BYTES_MAX => {}
            AnnotationValue::Text(text) => self.texts.add(&**text, trace),
            // The sum makes -0 and 0 the same.
            AnnotationValue::Number(number) => self.numbers.add(&(number + 0.0).to_bits(), trace),
            AnnotationValue::Boolean(boolean) => self.booleans.add(boolean, trace),
        }
    }

    /// How many different values are known.
    pub(crate) fn len(&self) -> usize {
        self.texts.len() + self.numbers.len() + self.booleans.len()
    }

    /// Whether some values were left out.
    pub(crate) fn is_cut(&self) -> bool {
        self.texts.is_cut() || self.numbers.is_cut()
    }

    /// The values with how many traces have each, the most frequent first.
    pub(crate) fn by_frequency(&self) -> Vec<(AnnotationValue<'_>, usize)> {
        let texts = self.texts.by_frequency().into_iter();
        let texts = texts.map(|(text, traces)| (AnnotationValue::Text(text.into()), traces));
        let numbers = self.numbers.by_frequency().into_iter();
        let numbers = numbers.map(|(&bits, traces)| {
            let number = f64::from_bits(bits);
            (AnnotationValue::Number(number), traces)
        });
        let booleans = self.booleans.by_frequency().into_iter();
        let booleans =
            booleans.map(|(&boolean, traces)| (AnnotationValue::Boolean(boolean), traces));
        let mut all: Vec<_> = texts.chain(numbers).chain(booleans).collect();
        // A stable sort: equals stay in the order of their values.
        all.sort_by_key(|&(_, traces)| std::cmp::Reverse(traces));
        all
    }
}

/// A URL up to where its query or fragment begins, with the sign that begins it: what follows differs
/// from request to request, and may be secret.
fn without_query(url: &str) -> &str {
    match url.find(['?', '#']) {
        Some(place) => &url[..=place],
        None => url,
    }
}
