//! What the rules of several sub-resources share: ids that S3 makes, a filter by prefix and tags, a
//! switch that is on.

#[cfg(test)]
pub(super) mod testing;

use std::collections::BTreeMap;

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::Tag;
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most characters of a rule's id.
const ID_MAX: usize = 255;
/// The most bytes of a key, and so of a prefix.
const PREFIX_MAX: usize = 1024;

/// A switch that is on unless told.
pub(super) fn on() -> bool {
    true
}

/// Which objects a rule applies to; all of them when it is empty.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectFilter {
    /// Only objects whose keys begin with it; at most 1,024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) prefix: Option<String>,
    /// Only objects that have all these tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
}

impl ObjectFilter {
    /// The filter that S3 spells as one prefix, one tag, or several of them within `And`.
    pub(super) fn of(
        prefix: Option<String>,
        tag: Option<Tag>,
        and: Option<(Option<String>, Option<Vec<Tag>>)>,
    ) -> Self {
        let (and_prefix, and_tags) = and.unwrap_or_default();
        let tags = tag.into_iter().chain(and_tags.into_iter().flatten());
        Self {
            prefix: prefix.or(and_prefix),
            tags: tags.map(|tag| (tag.key, tag.value)).collect(),
        }
        .canonical()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.prefix.is_none() && self.tags.is_empty()
    }

    /// An empty prefix is none.
    pub(super) fn canonical(mut self) -> Self {
        self.prefix = self.prefix.filter(|prefix| !prefix.is_empty());
        self
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        check_prefix(checks, self.prefix.as_deref());
        check_tags(checks, &self.tags);
    }

    pub(super) fn sdk_tags(&self) -> Result<Vec<Tag>, BuildError> {
        sdk_tags(&self.tags)
    }
}

/// Tags as the SDK has them.
pub(super) fn sdk_tags(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, BuildError> {
    let tags = tags.iter();
    tags.map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// Checks the field `prefix`.
pub(super) fn check_prefix(checks: &mut Checks, prefix: Option<&str>) {
    let len = prefix.map_or(0, str::len);
    if len > PREFIX_MAX {
        checks.field("prefix", |checks| {
            checks.fault(format!("has {len} bytes, a key has at most {PREFIX_MAX}"));
        });
    }
}

/// Checks the field `tags` of a filter.
pub(super) fn check_tags(checks: &mut Checks, tags: &BTreeMap<String, String>) {
    checks.field("tags", |checks| {
        for (key, value) in tags {
            if key.is_empty() || key.chars().count() > 128 {
                checks.fault(format!("the key `{key}` must have 1 to 128 characters"));
            }
            if value.chars().count() > 256 {
                checks.fault(format!("the value of `{key}` has more than 256 characters"));
            }
        }
    });
}

/// Checks how many rules there are, in the list that is looked at.
pub(super) fn check_count(checks: &mut Checks, len: usize, max: usize) {
    if len == 0 {
        checks.fault("is empty: S3 takes at least one; to have none, write \"absent\"");
    }
    if len > max {
        checks.fault(format!("has {len}, S3 takes at most {max}"));
    }
}

/// Checks the ids in the list that is looked at.
pub(super) fn check_ids<'a>(checks: &mut Checks, ids: impl Iterator<Item = Option<&'a str>>) {
    check_ids_among(checks, "", ids, &mut BTreeMap::new());
}

/// Checks the ids in the list that is looked at, which differ from those of other lists, too: `seen`
/// has the name of its list and the index of each.
pub(super) fn check_ids_among<'a>(
    checks: &mut Checks,
    list: &'a str,
    ids: impl Iterator<Item = Option<&'a str>>,
    seen: &mut BTreeMap<&'a str, (&'a str, usize)>,
) {
    for (index, id) in ids.enumerate() {
        let Some(id) = id else { continue };
        checks.element(index, |checks| {
            checks.field("id", |checks| {
                if id.is_empty() || id.chars().count() > ID_MAX {
                    checks.fault(format!(
                        "must have 1 to {ID_MAX} characters; leave it out, and S3 makes one"
                    ));
                }
                if let Some((list, first)) = seen.insert(id, (list, index)) {
                    checks.fault(format!(
                        "`{id}` is the id of {list}[{first}] as well: ids must differ"
                    ));
                }
            });
        });
    }
}

/// Gives the rules without an id the one that S3 has made for the same rule.
pub(super) fn adopt_ids<R: Clone + PartialEq>(
    rules: &mut [R],
    there: &[R],
    id_of: impl Fn(&mut R) -> &mut Option<String>,
) {
    let given: Vec<_> = rules.iter_mut().filter_map(|r| id_of(r).clone()).collect();
    let made = there.iter().cloned().filter_map(|mut rule| {
        let id = id_of(&mut rule).take()?;
        (!given.contains(&id)).then_some((rule, id))
    });
    let mut made: Vec<_> = made.collect();
    for rule in rules {
        if id_of(rule).is_none()
            && let Some(same) = made.iter().position(|(other, _)| other == rule)
        {
            *id_of(rule) = Some(made.remove(same).1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rule = (Option<String>, &'static str);

    fn rule(id: &str, content: &'static str) -> Rule {
        (Some(id.to_owned()), content)
    }

    #[test]
    fn ids_that_s3_made_are_adopted_once_each() {
        let there = [rule("x", "a"), rule("y", "a"), rule("mine", "b")];
        let mut rules = [
            (None, "a"),
            rule("mine", "c"),
            (None, "a"),
            (None, "a"),
            (None, "b"),
        ];
        adopt_ids(&mut rules, &there, |rule| &mut rule.0);
        let wanted = [
            rule("x", "a"),
            rule("mine", "c"),
            rule("y", "a"),
            (None, "a"),
            // The id of the rule that is there is wanted for another one.
            (None, "b"),
        ];
        assert_eq!(rules, wanted);
    }

    #[test]
    fn ids_are_checked() {
        let long = "i".repeat(256);
        let ids = [Some("a"), None, Some(""), Some("a"), Some(&long)];
        let mut checks = Checks::default();
        checks.field("rules", |checks| check_ids(checks, ids.into_iter()));
        let faults = checks.into_faults();
        let paths: Vec<_> = faults.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["rules[2].id", "rules[3].id", "rules[4].id"]);
        assert_eq!(faults[1].1, "`a` is the id of [0] as well: ids must differ");
    }

    #[test]
    fn filters_are_checked() {
        let filter = ObjectFilter {
            prefix: Some("p".repeat(1025)),
            tags: [
                (String::new(), String::new()),
                ("k".to_owned(), "v".repeat(257)),
            ]
            .into(),
        };
        let mut checks = Checks::default();
        filter.check(&mut checks);
        let faults = checks.into_faults();
        let paths: Vec<_> = faults.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["prefix", "tags", "tags"]);
    }
}
