//! The order of the calls of a rule, followed on a model of EventBridge: wherever they are cut off,
//! the rule is ours, holds what was or is wanted, and the rest follows from what is left.

use std::collections::BTreeMap;

use proptest::prelude::*;
use scheduler::diff::{Diff, Remote, RemoteRule, Step, TARGETS_MAX, diff};
use scheduler::rule::{DISABLED, ENABLED, OWNER_TAG, Rule, Target};

const OURS: &str = "ours";

fn rule(owner: Option<&'static str>) -> impl Strategy<Value = Rule> {
    let ids = proptest::sample::subsequence(vec!["a", "b", "c", "d", "e", "f", "g"], 0..=5);
    let clusters = proptest::collection::vec("[xy]", 5);
    let tags = proptest::collection::btree_map("[kl]", "[12]", 0..3);
    let state = proptest::sample::select(vec![ENABLED, DISABLED]);
    let schedule = proptest::sample::select(vec!["rate(1 hour)", "rate(2 hours)"]);
    (ids, clusters, tags, state, schedule).prop_map(
        move |(ids, clusters, tags, state, schedule)| {
            let target = |(id, cluster): (&str, String)| {
                let target = Target {
                    cluster,
                    ..Target::default()
                };
                (id.to_owned(), target)
            };
            Rule {
                name: "r".to_owned(),
                owner: owner.map(str::to_owned),
                schedule: Some(schedule.to_owned()),
                state: state.to_owned(),
                tags,
                targets: ids.into_iter().zip(clusters).map(target).collect(),
                ..Rule::default()
            }
        },
    )
}

fn owner() -> impl Strategy<Value = Option<&'static str>> {
    proptest::sample::select(vec![None, Some(OURS), Some("theirs")])
}

fn before() -> impl Strategy<Value = Option<Rule>> {
    proptest::option::of(owner().prop_flat_map(rule))
}

fn found(rule: Option<&Rule>, wanted: &[Rule]) -> Diff {
    let rules = rule.map(|rule| {
        let found = RemoteRule {
            rule: rule.clone(),
            managed_by: None,
        };
        ("r".to_owned(), found)
    });
    let remote = Remote {
        rule_count: rules.iter().len(),
        rules: rules.into_iter().collect(),
    };
    diff(wanted, &remote, OURS)
}

/// What EventBridge has after a call, or why it refuses it.
fn after_step(
    step: &Step,
    now: Option<Rule>,
    wanted: Option<&Rule>,
) -> Result<Option<Rule>, String> {
    let is_new = now.is_none();
    let mut rule = match (now, step) {
        (Some(rule), _) => rule,
        (None, Step::PutRule) => Rule::default(),
        (None, _) => return Err(format!("{step:?} of a rule that is not there")),
    };
    match (step, wanted) {
        (Step::Tag(tags), _) => {
            for (key, value) in tags {
                match key == OWNER_TAG {
                    true => rule.owner = Some(value.clone()),
                    false => drop(rule.tags.insert(key.clone(), value.clone())),
                }
            }
        }
        (Step::Untag(keys), _) => rule.tags.retain(|key, _| !keys.contains(key)),
        (Step::PutRule, Some(wanted)) => {
            let (owner, tags) = match is_new {
                true => (wanted.owner.clone(), wanted.tags.clone()),
                false => (rule.owner, rule.tags),
            };
            rule = Rule {
                owner,
                tags,
                targets: rule.targets,
                ..wanted.clone()
            };
        }
        (Step::PutTargets(ids), Some(wanted)) => {
            for id in ids {
                let target = wanted.targets.get(id).ok_or("a target nobody wants")?;
                rule.targets.insert(id.clone(), target.clone());
            }
            if rule.targets.len() > TARGETS_MAX {
                return Err("too many targets".to_owned());
            }
        }
        (Step::RemoveTargets(ids), _) => rule.targets.retain(|id, _| !ids.contains(id)),
        (Step::DeleteRule, None) if rule.targets.is_empty() => return Ok(None),
        (step, _) => return Err(format!("{step:?} here")),
    }
    Ok(Some(rule))
}

/// All that the calls that are still to be made lead to.
fn finished(mut now: Option<Rule>, wanted: Option<&Rule>) -> Result<Option<Rule>, String> {
    let all: Vec<Rule> = wanted.cloned().into_iter().collect();
    for rule in found(now.as_ref(), &all).rules {
        for step in rule.steps() {
            now = after_step(&step, now, wanted)?;
        }
    }
    Ok(now)
}

fn is_empty(step: &Step) -> bool {
    match step {
        Step::Tag(tags) => tags.is_empty(),
        Step::Untag(ids) | Step::PutTargets(ids) | Step::RemoveTargets(ids) => ids.is_empty(),
        Step::PutRule | Step::DeleteRule => false,
    }
}

/// What a rule starts now.
fn started(rule: Option<&Rule>) -> BTreeMap<String, Target> {
    let enabled = rule.filter(|rule| rule.is_enabled());
    enabled.map(|rule| rule.targets.clone()).unwrap_or_default()
}

proptest! {
    #[test]
    fn wherever_the_calls_end_the_rest_can_follow(
        before in before(), wanted in proptest::option::of(rule(Some(OURS))),
    ) {
        // A rule of others goes nowhere unless the file has it.
        let before = before.filter(|rule| wanted.is_some() || rule.owner.as_deref() == Some(OURS));
        let all: Vec<Rule> = wanted.clone().into_iter().collect();
        let mut now = before.clone();
        for step in found(now.as_ref(), &all).rules.iter().flat_map(|rule| rule.steps()) {
            prop_assert!(!is_empty(&step), "{step:?}");
            now = after_step(&step, now, wanted.as_ref()).map_err(TestCaseError::fail)?;
            let owner = now.as_ref().map(|rule| rule.owner.as_deref());
            prop_assert!(owner.is_none_or(|owner| owner == Some(OURS)), "{owner:?}");
            for (id, target) in started(now.as_ref()) {
                let is_known = [started(before.as_ref()), started(wanted.as_ref())]
                    .iter()
                    .any(|side| side.get(&id) == Some(&target));
                prop_assert!(is_known, "{step:?} starts {id}");
            }
            let end = finished(now.clone(), wanted.as_ref()).map_err(TestCaseError::fail)?;
            prop_assert_eq!(&end, &wanted, "after {:?}", step);
        }
        prop_assert_eq!(&now, &wanted);
        prop_assert!(found(now.as_ref(), &all).rules.is_empty());
    }
}
