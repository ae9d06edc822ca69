//! Where a segment ran and which resources it used: what stands under `aws`, whatever that is.

use maud::{Markup, html};
use serde_json::Value;

use super::super::parts::Name;
use super::json;
use crate::read::text;

/// The members of a segment that say where it ran, besides `aws`.
const PLAIN: [(&str, &str); 2] = [("origin", "Origin"), ("resource_arn", "Resource ARN")];

/// How many members there are to be shown.
pub(super) fn count(document: &Value) -> usize {
    let plain = PLAIN
        .iter()
        .filter(|(key, _)| text(document, key).is_some());
    let members = |key: &str| document[key].as_object().map_or(0, serde_json::Map::len);
    plain.count() + members("aws") + members("service")
}

pub(super) fn resources(document: &Value) -> Markup {
    if count(document) == 0 {
        return html! {
            p class="quiet" { "No resources: it says neither where it ran nor what of AWS it used." }
        };
    }
    html! {
        dl class="members" {
            @for (key, title) in PLAIN {
                @if let Some(told) = text(document, key) { dt { (title) } dd { (Name(told)) } }
            }
        }
        @for (key, title) in [("aws", "AWS"), ("service", "Service")] {
            @if document[key].as_object().is_some_and(|members| !members.is_empty()) {
                h3 { (title) }
                (json::members(&document[key], &[]))
            }
        }
    }
}
