//! What a segment says of itself: annotations, which filters search, and metadata, which they do not.

use maud::{Markup, PreEscaped, html};
use serde_json::Value;

use super::super::Address;
use super::super::parts::Name;
use super::view::View;
use super::{json, links};
use crate::svg::escape;
use crate::term;

/// How much of one namespace of the metadata the page shows.
const METADATA_BYTES_MAX: usize = 50_000;

/// Each annotation, with the way to the traces that share it.
pub(super) fn annotations(view: &View<'_>, document: &Value) -> Markup {
    let Some(annotations) = document["annotations"]
        .as_object()
        .filter(|all| !all.is_empty())
    else {
        return html! {
            p class="quiet" { "No annotations. A program on an X-Ray SDK sets them; filters search them." }
        };
    };
    html! {
        dl class="members" {
            @for (key, value) in annotations {
                dt { (Name(key)) }
                dd {
                    (json::value(value))
                    @if key == "run_id" && let Some(run) = value.as_str() {
                        " " a href=(Address::under("/runs", run)) { "Run" }
                    }
                    @if let Some(term) = term_of(key, value) {
                        @let told = PreEscaped(escape(&term));
                        " " a href=(links::traces_with(view, &term)) title=(told) aria-label={ "Traces with " (told) } { "Filter" }
                    }
                }
            }
        }
    }
}

/// The filter that takes traces with an annotation; none where the language has no words for it.
fn term_of(key: &str, value: &Value) -> Option<String> {
    let keyword = term::annotation(key)?;
    let value = match value {
        Value::String(text) => term::quoted(text),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    Some(format!("{keyword} = {value}"))
}

/// The metadata by its namespaces.
pub(super) fn metadata(download: &str, document: &Value) -> Markup {
    let Some(namespaces) = document["metadata"]
        .as_object()
        .filter(|all| !all.is_empty())
    else {
        return html! {
            p class="quiet" { "No metadata. A program on an X-Ray SDK adds it; it is kept with the segment and not searched." }
        };
    };
    html! {
        @for (namespace, value) in namespaces {
            @let text = json::pretty(value);
            @let (shown, is_all) = json::bounded(&text, METADATA_BYTES_MAX);
            h3 { (Name(namespace)) }
            pre { (shown) }
            @if !is_all { p { "… " a href=(download) { "Download all of it" } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::filter::FilterExpression;

    #[test]
    fn an_annotation_is_a_term_of_its_type() {
        for (key, value, term) in [
            (
                "job",
                json!("a \"b\""),
                Some(r#"annotation.job = "a \"b\"""#),
            ),
            ("attempt", json!(2), Some("annotation.attempt = 2")),
            ("aws.x", json!(true), Some("annotation[aws.x] = true")),
            ("a]", json!(1), None),
            ("list", json!([1]), None),
        ] {
            assert_eq!(term_of(key, &value).as_deref(), term, "{key}");
        }
    }

    proptest! {
        #[test]
        fn any_term_can_be_read(key in any::<String>(), number in any::<f64>(), text in any::<String>()) {
            for value in [json!(number), json!(text)] {
                if let Some(term) = term_of(&key, &value) {
                    prop_assert!(FilterExpression::parse(&term, &|_| None).is_ok(), "{}", term);
                }
            }
        }
    }
}
