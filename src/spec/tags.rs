//! Tags of a bucket and the rules of S3 for them (S3 user guide, "Using cost allocation S3 bucket
//! tags"; S3 API reference, "PutBucketTagging").

use std::collections::BTreeMap;

use super::fault::FaultLog;
use super::node::Node;
use super::options::Text;

/// The most tags of a bucket.
pub(super) const TAGS_MAX: usize = 50;

/// Tags, their values not yet expanded.
#[derive(Clone, Debug)]
pub(super) struct Tags<'a> {
    pub(super) node: Node<'a>,
    pub(super) values: BTreeMap<&'a str, Text<'a>>,
}

impl<'a> Tags<'a> {
    pub(super) fn read(node: &Node<'a>, log: &mut FaultLog<'_>) -> Option<Self> {
        let fields = node.object(log, None)?;
        let mut values = BTreeMap::new();
        for (key, node) in fields.entries() {
            if let Some(fault) = tag_key_fault(key) {
                node.fault(log, fault);
            }
            if let Some(text) = Text::read(node, log) {
                values.insert(key, text);
            }
        }
        let node = node.clone();
        Some(Self { node, values })
    }

    /// A tag of the job wins over the default of the same key.
    pub(super) fn merged(job: Option<Self>, defaults: Option<&Self>) -> Option<Self> {
        let Some(mut tags) = job else {
            return defaults.cloned();
        };
        for (key, text) in defaults.iter().flat_map(|tags| &tags.values) {
            tags.values.entry(key).or_insert_with(|| text.clone());
        }
        Some(tags)
    }
}

/// The rules of S3 for a tag's key.
fn tag_key_fault(key: &str) -> Option<String> {
    let len = key.chars().count();
    if !(1..=128).contains(&len) {
        return Some(format!("tag key has {len} characters, S3 takes 1 to 128"));
    }
    if key
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
    {
        return Some(format!(
            "tag key `{key}` begins with `aws:`, which AWS reserves"
        ));
    }
    illegal_tag_character(key).map(|c| {
        format!(
            "tag key `{}` has `{}`, {TAG_CHARACTERS}",
            key.escape_debug(),
            c.escape_debug()
        )
    })
}

/// The rules of S3 for a tag's value.
pub(super) fn tag_value_fault(value: &str) -> Option<String> {
    let len = value.chars().count();
    if len > 256 {
        return Some(format!(
            "tag value has {len} characters, S3 takes at most 256"
        ));
    }
    illegal_tag_character(value)
        .map(|c| format!("tag value has `{}`, {TAG_CHARACTERS}", c.escape_debug()))
}

const TAG_CHARACTERS: &str = "S3 takes letters, digits, spaces and `+ - = . _ : / @`";

fn illegal_tag_character(text: &str) -> Option<char> {
    let is_legal = |c: char| {
        c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "+-=._:/@".contains(c)
    };
    text.chars().find(|&c| !is_legal(c))
}
