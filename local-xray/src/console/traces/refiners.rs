//! What the traces of a list can be narrowed by: each value is a link that writes its term into the filter,
//! so that people learn the language, or takes it out again.

use std::hash::{DefaultHasher, Hash, Hasher};

use maud::{Markup, html};

use super::super::Address;
use super::super::parts::{self, Name, clipped};
use super::list::{path, plain};
use crate::facts::AnnotationValue;
use crate::filter::{FilterExpression, term};
use crate::store::{Annotated, Counts, Group, Listing, parse_filter};

/// Values of a refiner that are shown at once, and those on demand.
const VALUES_MAX: usize = 8;
const MORE_MAX: usize = 40;

/// Keys of annotations that are shown at once.
const KEYS_MAX: usize = 6;

/// The longest a value is told, in characters.
const LABEL_CHARS_MAX: usize = 60;

/// The statuses, in words, with the terms that find them. Several may hold for one trace.
const STATUSES: [(&str, &str, &str); 5] = [
    ("ok", "ok", "ok AND !partial"),
    ("error", "error", "error"),
    ("throttle", "throttle", "throttle"),
    ("fault", "fault", "fault"),
    // No term tells what is still to come from what never came.
    ("in progress", "in progress or parts missing", "partial"),
];

/// Annotations with names of their own.
const NAMED: [(&str, &str); 2] = [("job", "Job"), ("run_id", "Run")];

/// Annotations that are worth more than others.
const TELLING: [&str; 2] = ["outcome", "bucket"];

/// What is counted by asking: statuses, then the groups of the store.
pub(super) struct Choices {
    choices: Vec<Choice>,
    /// The expression of each.
    pub(super) expressions: Vec<FilterExpression>,
}

struct Choice {
    label: Label,
    term: String,
}

/// How a value is told.
#[derive(Clone, Debug, PartialEq)]
enum Label {
    /// A status, and how it is called.
    Status(&'static str, &'static str),
    Text(String),
}

/// The values of one property of traces.
#[derive(Debug)]
pub(super) struct Refiner {
    title: String,
    values: Vec<Value>,
    /// Whether there are values that nobody counted.
    is_cut: bool,
}

#[derive(Debug)]
struct Value {
    label: Label,
    term: String,
    traces: usize,
}

impl Choices {
    pub(super) fn of(groups: &[Group]) -> Self {
        let statuses = STATUSES.into_iter().map(|(status, words, term)| Choice {
            label: Label::Status(status, words),
            term: term.to_owned(),
        });
        // A group of all traces narrows nothing.
        let narrowing = groups
            .iter()
            .filter(|group| group.filter_expression.is_some());
        let narrowing = narrowing.map(|group| Choice {
            term: format!("group.name = {}", term::quoted(&group.group_name)),
            label: Label::Text(group.group_name.clone()),
        });
        let readable = statuses.chain(narrowing).filter_map(|choice| {
            let expression = parse_filter(groups, &choice.term).ok()?;
            Some((choice, expression))
        });
        let (choices, expressions) = readable.unzip();
        Self {
            choices,
            expressions,
        }
    }

    /// The choices with how many traces match each.
    fn refiners(self, tallies: &[usize]) -> [Refiner; 2] {
        let values = self.choices.into_iter().zip(tallies);
        let values = values.map(|(Choice { label, term }, &traces)| Value {
            label,
            term,
            traces,
        });
        // Those that nothing matches lead nowhere.
        let values = values.filter(|value| value.traces > 0);
        let (statuses, groups) = values.partition(|value| matches!(value.label, Label::Status(..)));
        [
            refiner("Status", statuses, false),
            refiner("Group", groups, false),
        ]
    }
}

fn refiner(title: &str, values: Vec<Value>, is_cut: bool) -> Refiner {
    Refiner {
        title: title.to_owned(),
        values,
        is_cut,
    }
}

/// All refiners that have a value, in their order.
pub(super) fn of(listing: &Listing, choices: Choices) -> Vec<Refiner> {
    let facets = &listing.facets;
    let [statuses, groups] = choices.refiners(&listing.tallies);
    let equal = |keyword: &'static str| {
        move |text: &String| Some(format!("{keyword} = {}", term::quoted(text)))
    };
    let mut refiners = vec![
        statuses,
        texts("Entry point", &facets.entry_points, equal("name")),
        texts("Service", &facets.services, |name| {
            Some(format!("service({})", term::quoted(name)))
        }),
    ];
    let annotations = facets.annotations.iter();
    let mut annotations: Vec<(&str, &Annotated)> = annotations
        .map(|(key, annotated)| (key.as_str(), annotated))
        .collect();
    annotations
        .sort_by_key(|(key, annotated)| (telling(key), std::cmp::Reverse(annotated.traces), *key));
    annotations.retain(|(key, annotated)| divides(key, annotated));
    let is_named = |key: &str| NAMED.iter().any(|(named, _)| *named == key);
    let (named, others): (Vec<_>, Vec<_>) =
        annotations.into_iter().partition(|(key, _)| is_named(key));
    refiners.extend(
        named
            .into_iter()
            .filter_map(|(key, of)| annotation(key, of)),
    );
    refiners.push(urls(&facets.urls));
    refiners.push(texts("Method", &facets.methods, equal("http.method")));
    refiners.push(refiner(
        "HTTP status",
        values(&facets.statuses, |status| {
            let term = format!("http.status = {status}");
            Some((status.to_string(), term))
        }),
        facets.statuses.is_cut(),
    ));
    refiners.push(texts("User", &facets.users, equal("user")));
    refiners.push(groups);
    refiners.extend(
        others
            .into_iter()
            .filter_map(|(key, of)| annotation(key, of)),
    );
    refiners.retain(|refiner| !refiner.values.is_empty());
    refiners
}

/// How early an annotation is named.
fn telling(key: &str) -> usize {
    let mut known = NAMED.iter().map(|(key, _)| *key).chain(TELLING);
    let place = known.position(|known| known == key);
    place.unwrap_or(NAMED.len() + TELLING.len())
}

/// Whether choosing one of its values leaves more than a trace or two: an id divides nothing.
fn divides(key: &str, annotated: &Annotated) -> bool {
    telling(key) < NAMED.len()
        || annotated.len() <= VALUES_MAX
        || (!annotated.is_cut() && annotated.len() * 2 <= annotated.traces)
}

fn texts(
    title: &str,
    counts: &Counts<String>,
    term: impl Fn(&String) -> Option<String>,
) -> Refiner {
    let values = values(counts, |text| {
        Some((text.clone(), term(text).filter(|_| is_typeable(text))?))
    });
    refiner(title, values, counts.is_cut())
}

fn values<K: Hash + Ord>(
    counts: &Counts<K>,
    told: impl Fn(&K) -> Option<(String, String)>,
) -> Vec<Value> {
    let counted = counts.by_frequency().into_iter();
    counted
        .filter_map(|(value, traces)| {
            let (text, term) = told(value)?;
            let label = Label::Text(text);
            Some(Value {
                label,
                term,
                traces,
            })
        })
        .collect()
}

/// None for a key that the language cannot hold.
fn annotation(key: &str, annotated: &Annotated) -> Option<Refiner> {
    let keyword = term::annotation(key)?;
    let named = NAMED.iter().find(|(named, _)| *named == key);
    let title = named.map_or(key, |(_, title)| title);
    let counted = annotated.by_frequency().into_iter();
    let values = counted.filter_map(|(value, traces)| {
        let written = match &value {
            AnnotationValue::Text(text) if !is_typeable(text) => return None,
            AnnotationValue::Text(text) => term::quoted(text),
            AnnotationValue::Number(number) => term::number(*number),
            AnnotationValue::Boolean(boolean) => boolean.to_string(),
        };
        Some(Value {
            label: Label::Text(plain(&value)),
            term: format!("{keyword} = {written}"),
            traces,
        })
    });
    Some(refiner(title, values.collect(), annotated.is_cut()))
}

/// URLs, by their paths where all are of one host.
fn urls(counts: &Counts<String>) -> Refiner {
    let mut refiner = texts("URL", counts, |url| Some(url_term(url)));
    let known = counts.by_frequency();
    let host = |url: &str| url.len() - path(url).len();
    let is_shared = known.windows(2).all(|pair| {
        let (one, other) = (pair[0].0, pair[1].0);
        one.get(..host(one)) == other.get(..host(other))
    });
    for value in refiner.values.iter_mut().filter(|_| is_shared) {
        if let Label::Text(url) = &mut value.label {
            *url = path(url).to_owned();
        }
    }
    refiner
}

/// What is cut off at its query has more behind it.
fn url_term(url: &str) -> String {
    let operator = match url.ends_with(['?', '#']) {
        true => "BEGINSWITH",
        false => "=",
    };
    format!("http.url {operator} {}", term::quoted(url))
}

/// An input of one line can hold it.
fn is_typeable(text: &str) -> bool {
    !text.contains(char::is_control)
}

/// The refiners, each value a link to the list with its term, or without it where the filter has it.
pub(super) fn markup(refiners: &[Refiner], address: &Address, filter: &str) -> Markup {
    let address = address.without(&["page"]);
    let shown = refiners.len().min(first_beyond(refiners));
    html! {
        details id="refine" {
            summary { "Refine" }
            @for refiner in &refiners[..shown] { (one(refiner, &address, filter)) }
            @if shown < refiners.len() {
                details id="refine-more" class="more" {
                    summary { (parts::count(refiners.len() - shown, "more annotation")) }
                    @for refiner in &refiners[shown..] { (one(refiner, &address, filter)) }
                }
            }
        }
    }
}

/// Where annotations end that are shown at once: they come last.
fn first_beyond(refiners: &[Refiner]) -> usize {
    let fixed = refiners.iter().rposition(|refiner| {
        let title = refiner.title.as_str();
        matches!(
            title,
            "Status" | "Service" | "URL" | "Method" | "HTTP status" | "User" | "Group"
        )
    });
    fixed.map_or(0, |place| place + 1) + KEYS_MAX
}

fn one(refiner: &Refiner, address: &Address, filter: &str) -> Markup {
    let values = &refiner.values;
    let (first, more) = values.split_at(values.len().min(VALUES_MAX));
    let more = &more[..more.len().min(MORE_MAX)];
    let left_out = values.len() - first.len() - more.len();
    let list = |values: &[Value]| {
        html! {
            ul { @for value in values { li { (link(&refiner.title, value, address, filter)) } } }
        }
    };
    html! {
        section class="refiner" {
            h2 { (Name(&clipped(&refiner.title, LABEL_CHARS_MAX))) }
            (list(first))
            @if !more.is_empty() {
                details id={ "more-" (hash(&refiner.title)) } class="more" {
                    summary { (more.len()) " more" }
                    (list(more))
                    @if left_out > 0 || refiner.is_cut { p class="quiet" { "and others: type them" } }
                }
            }
        }
    }
}

fn link(title: &str, value: &Value, address: &Address, filter: &str) -> Markup {
    let rest = term::without(filter, &value.term);
    let is_chosen = rest.is_some();
    let filter = rest.unwrap_or_else(|| term::both(filter, &value.term));
    html! {
        a id={ "refine-" (hash(&(title, &value.term))) } href=(address.with("filter", filter)) data-place
            aria-current=[is_chosen.then_some("true")] title=(value.term)
        {
            span class="label" {
                @if is_chosen { span class="chosen" aria-hidden="true" { "✕ " } span class="unseen" { "Without " } }
                @match &value.label {
                    Label::Status(status, words) => (parts::signed(status, words)),
                    Label::Text(text) if text.trim().is_empty() => span class="quiet" { (term::quoted(text)) },
                    Label::Text(text) => (Name(&clipped(text, LABEL_CHARS_MAX))),
                }
            }
            " " span class="traces-number" { (value.traces) }
        }
    }
}

/// For ids, which have to stay while counts and places change.
fn hash(of: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    format!("{:x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_of_statuses_are_expressions() {
        let choices = Choices::of(&[]);
        assert_eq!(choices.expressions.len(), STATUSES.len());
    }

    #[test]
    fn a_url_that_was_cut_begins_so() {
        assert_eq!(url_term("http://a/b"), r#"http.url = "http://a/b""#);
        assert_eq!(
            url_term("http://a/b?"),
            r#"http.url BEGINSWITH "http://a/b?""#
        );
    }

    #[test]
    fn a_value_is_written_into_the_filter_or_taken_out() {
        let value = Value {
            label: Label::Text("<b>".to_owned()),
            term: r#"user = "<b>""#.to_owned(),
            traces: 3,
        };
        let address = Address::path("/traces")
            .with("page", 2)
            .with("sort", "status");
        for (filter, link) in [
            ("", "filter=user+%3D+%22%3Cb%3E%22"),
            (
                "ok OR fault",
                "filter=%28ok+OR+fault%29+AND+user+%3D+%22%3Cb%3E%22",
            ),
            (r#"ok AND user = "<b>""#, "filter=ok\""),
            (r#"user = "<b>" AND ok"#, "filter=ok\""),
        ] {
            let refiner = refiner("User", Vec::new(), false);
            let markup = super::link(&refiner.title, &value, &address, filter).into_string();
            assert!(markup.contains(link), "{markup}");
            assert!(
                markup.contains("&lt;b&gt;") && !markup.contains("<b>"),
                "{markup}"
            );
            assert_eq!(markup.contains("aria-current"), filter.contains("user"));
        }
    }
}
