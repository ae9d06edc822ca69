//! What differs between the rules that a file wants and those on AWS, and the calls that make them
//! the same: decided here, performed by [`crate::eventbridge`].

use std::collections::{BTreeMap, BTreeSet};

use checked_json::{Difference, differences};

use crate::rule::{OWNER_TAG, Rule};

/// The most targets of a rule (quotas of EventBridge; not adjustable).
pub const TARGETS_MAX: usize = 5;

/// The most tags of a rule, that of the owner among them (quotas of EventBridge; not adjustable).
const TAGS_MAX: usize = 50;

/// What is on AWS of what concerns a file: its rules, and those that are tagged with its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remote {
    /// By their names.
    pub rules: BTreeMap<String, RemoteRule>,
    /// How many rules the event bus has in all.
    pub rule_count: usize,
}

/// A rule on AWS.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoteRule {
    /// The rule.
    pub rule: Rule,
    /// The AWS service that made the rule, whose it is alone.
    pub managed_by: Option<String>,
}

/// All that differs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// The rules that differ: those of the file in its order, then those that it no longer has.
    pub rules: Vec<RuleDiff>,
    /// How many are as they are wanted.
    pub unchanged: usize,
}

/// What differs in one rule. At least one side is there.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleDiff {
    /// The rule's name.
    pub name: String,
    /// What is on AWS.
    pub before: Option<Rule>,
    /// What is wanted; nothing where the rule is to go.
    pub after: Option<Rule>,
    /// Whose the rule on AWS is, where it is not of this file.
    pub foreign: Option<Foreign>,
    /// The paths at which the sides differ.
    pub changes: Vec<Difference>,
}

/// Whose a rule is that is not of this file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Nobody's that a tag tells of.
    Untagged,
    /// The schedule file of this name.
    Schedule(String),
    /// This AWS service's, which nobody else may change.
    Managed(String),
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// TagResource with these tags.
    Tag(BTreeMap<String, String>),
    /// UntagResource of these keys.
    Untag(BTreeSet<String>),
    /// PutRule with the rule's tags, which count for a new one alone.
    PutRule,
    /// PutTargets of these ids.
    PutTargets(BTreeSet<String>),
    /// RemoveTargets of these ids.
    RemoveTargets(BTreeSet<String>),
    /// DeleteRule.
    DeleteRule,
}

/// What differs between the rules of a file and those on AWS. A rule that is tagged with the
/// `owner`'s name and is not in the file comes as one to be deleted.
pub fn diff(wanted: &[Rule], remote: &Remote, owner: &str) -> Diff {
    let mut diff = Diff::default();
    for rule in wanted {
        let found = remote.rules.get(&rule.name);
        match RuleDiff::between(found, Some(rule), owner) {
            Some(changed) => diff.rules.push(changed),
            None => diff.unchanged += 1,
        }
    }
    let is_wanted = |name: &String| wanted.iter().any(|rule| rule.name == *name);
    for (name, found) in &remote.rules {
        if found.rule.owner.as_deref() == Some(owner) && !is_wanted(name) {
            diff.rules
                .extend(RuleDiff::between(Some(found), None, owner));
        }
    }
    diff
}

impl RuleDiff {
    fn between(before: Option<&RemoteRule>, after: Option<&Rule>, owner: &str) -> Option<Self> {
        let meaning = |rule: Option<&Rule>| rule.map(Rule::meaning);
        let before_rule = before.map(|found| &found.rule);
        let changes = differences(meaning(before_rule).as_ref(), meaning(after).as_ref());
        if changes.is_empty() {
            return None;
        }
        Some(Self {
            name: before_rule.or(after)?.name.clone(),
            before: before_rule.cloned(),
            after: after.cloned(),
            foreign: before.and_then(|found| found.foreign(owner)),
            changes,
        })
    }

    /// The calls that make the rule what is wanted, in an order in which each that is the last one
    /// leaves a rule that is known to be this file's and that fires nothing that was not wanted
    /// before or after.
    pub fn steps(&self) -> Vec<Step> {
        match (&self.before, &self.after) {
            (None, Some(after)) => {
                let targets = target_steps(&Rule::default(), after);
                [Step::PutRule].into_iter().chain(targets).collect()
            }
            (Some(before), Some(after)) => update(before, after),
            (Some(before), None) => {
                let ids: BTreeSet<_> = before.targets.keys().cloned().collect();
                let remove = (!ids.is_empty()).then_some(Step::RemoveTargets(ids));
                remove.into_iter().chain([Step::DeleteRule]).collect()
            }
            (None, None) => Vec::new(),
        }
    }
}

impl RemoteRule {
    fn foreign(&self, owner: &str) -> Option<Foreign> {
        match (&self.managed_by, &self.rule.owner) {
            (Some(service), _) => Some(Foreign::Managed(service.clone())),
            (None, Some(own)) if own == owner => None,
            (None, Some(other)) => Some(Foreign::Schedule(other.clone())),
            (None, None) => Some(Foreign::Untagged),
        }
    }
}

fn update(before: &Rule, after: &Rule) -> Vec<Step> {
    let mut steps = Vec::new();
    // The tag of the owner comes first: what is cut off afterwards is known to be ours.
    let mut tags = after.tags.clone();
    tags.retain(|key, value| before.tags.get(key) != Some(value));
    if before.owner != after.owner {
        tags.extend(
            after
                .owner
                .clone()
                .map(|owner| (OWNER_TAG.to_owned(), owner)),
        );
    }
    let gone = before
        .tags
        .keys()
        .filter(|key| !after.tags.contains_key(*key));
    let gone: BTreeSet<_> = gone.cloned().collect();
    // Unless there is no room for both.
    let has_room = 1 + after.tags.len() + gone.len() <= TAGS_MAX;
    let tag = (!tags.is_empty()).then_some(Step::Tag(tags));
    let untag = (!gone.is_empty()).then_some(Step::Untag(gone));
    let (first, second) = match has_room {
        true => (tag, untag),
        false => (untag, tag),
    };
    steps.extend(first.into_iter().chain(second));
    let own = |rule: &Rule| Rule {
        owner: None,
        tags: BTreeMap::new(),
        targets: BTreeMap::new(),
        ..rule.clone()
    };
    let put_rule = (own(before) != own(after)).then_some(Step::PutRule);
    // A rule that is switched on starts what it should from its first firing on, and one that is taken
    // over does not start by the new schedule what somebody else wanted by the old one.
    let is_switched_on = !before.is_enabled() && after.is_enabled();
    let is_taken_over = before.owner != after.owner && after.is_enabled();
    let (first, last) = match is_switched_on || is_taken_over {
        true => (None, put_rule),
        false => (put_rule, None),
    };
    steps.extend(first);
    steps.extend(target_steps(before, after));
    steps.extend(last);
    steps
}

/// New targets before old ones go, so that no firing finds none; unless there is no room for both.
fn target_steps(before: &Rule, after: &Rule) -> Vec<Step> {
    let is_new = |(id, target): &(&String, _)| before.targets.get(*id) != Some(*target);
    let put = after.targets.iter().filter(is_new);
    let put: BTreeSet<String> = put.map(|(id, _)| id.clone()).collect();
    let gone = before
        .targets
        .keys()
        .filter(|id| !after.targets.contains_key(*id));
    let gone: BTreeSet<String> = gone.cloned().collect();
    let all = before.targets.keys().chain(after.targets.keys());
    let has_room = all.collect::<BTreeSet<_>>().len() <= TARGETS_MAX;
    let put = (!put.is_empty()).then_some(Step::PutTargets(put));
    let remove = (!gone.is_empty()).then_some(Step::RemoveTargets(gone));
    let (first, second) = match has_room {
        true => (put, remove),
        false => (remove, put),
    };
    first.into_iter().chain(second).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{DISABLED, ENABLED, Target};

    fn rule(state: &str, targets: &[&str]) -> Rule {
        let target = |id: &&str| ((*id).to_owned(), Target::default());
        Rule {
            name: "nightly".to_owned(),
            owner: Some("ours".to_owned()),
            schedule: Some("rate(1 hour)".to_owned()),
            state: state.to_owned(),
            targets: targets.iter().map(target).collect(),
            ..Rule::default()
        }
    }

    fn remote(rule: Rule) -> Remote {
        let found = RemoteRule {
            rule,
            managed_by: None,
        };
        Remote {
            rules: [("nightly".to_owned(), found)].into(),
            rule_count: 1,
        }
    }

    fn ids(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn steps(before: Rule, after: Rule) -> Vec<Step> {
        let diff = diff(&[after], &remote(before), "ours");
        diff.rules.iter().flat_map(RuleDiff::steps).collect()
    }

    #[test]
    fn what_is_as_wanted_differs_in_nothing() {
        let rule = rule(ENABLED, &["a"]);
        let diff = diff(std::slice::from_ref(&rule), &remote(rule.clone()), "ours");
        assert_eq!((diff.rules.len(), diff.unchanged), (0, 1));
    }

    #[test]
    fn a_new_rule_is_ours_from_its_first_moment() {
        let diff = diff(&[rule(ENABLED, &["a"])], &Remote::default(), "ours");
        let wanted = [Step::PutRule, Step::PutTargets(ids(&["a"]))];
        assert_eq!(diff.rules[0].steps(), wanted);
        assert_eq!(diff.rules[0].foreign, None);
    }

    #[test]
    fn a_rule_is_switched_off_first_and_on_last() {
        let on = || rule(ENABLED, &["a"]);
        let off = || rule(DISABLED, &["b"]);
        let put = |id| Step::PutTargets(ids(&[id]));
        let gone = |id| Step::RemoveTargets(ids(&[id]));
        assert_eq!(steps(on(), off()), [Step::PutRule, put("b"), gone("a")]);
        assert_eq!(steps(off(), on()), [put("a"), gone("b"), Step::PutRule]);
    }

    #[test]
    fn without_room_for_both_old_targets_go_first() {
        let before = rule(ENABLED, &["a", "b", "c", "d", "e"]);
        let after = rule(ENABLED, &["a", "b", "c", "d", "f"]);
        let wanted = [
            Step::RemoveTargets(ids(&["e"])),
            Step::PutTargets(ids(&["f"])),
        ];
        assert_eq!(steps(before, after), wanted);
    }

    #[test]
    fn a_rule_that_is_taken_over_is_tagged_first() {
        let mut before = rule(ENABLED, &["a"]);
        before.owner = Some("theirs".to_owned());
        before.tags.insert("old".to_owned(), "1".to_owned());
        before.schedule = Some("rate(2 hours)".to_owned());
        let diff = diff(&[rule(ENABLED, &["a"])], &remote(before), "ours");
        let theirs = Foreign::Schedule("theirs".to_owned());
        assert_eq!(diff.rules[0].foreign, Some(theirs));
        let steps = diff.rules[0].steps();
        let owner = BTreeMap::from([(OWNER_TAG.to_owned(), "ours".to_owned())]);
        assert_eq!(
            steps,
            [Step::Tag(owner), Step::Untag(ids(&["old"])), Step::PutRule]
        );
    }

    #[test]
    fn what_the_file_no_longer_has_goes_only_when_it_is_ours() {
        let gone = diff(&[], &remote(rule(ENABLED, &["a"])), "ours");
        let wanted = [Step::RemoveTargets(ids(&["a"])), Step::DeleteRule];
        assert_eq!(gone.rules[0].steps(), wanted);
        let empty = diff(&[], &remote(rule(ENABLED, &[])), "ours");
        assert_eq!(empty.rules[0].steps(), [Step::DeleteRule]);
        let theirs = diff(&[], &remote(rule(ENABLED, &["a"])), "theirs");
        assert_eq!(theirs.rules, []);
    }
}
