//! The checks of a rule.

use std::collections::BTreeMap;

use super::super::{FileFields, RuleFields};
use super::{Findings, Tagged, tags, target, target_id};
use crate::expression::{Expression, ExpressionError};
use crate::rule::{DISABLED, ENABLED, Rule};

/// The rules of a file, and everything that is wrong with them.
pub(in crate::file) fn rules(fields: &FileFields, findings: &mut Findings<'_>) -> Vec<Rule> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rules = Vec::new();
    tags(&fields.tags, "tags", Tagged::Rule, findings);
    let all = fields.rules.as_deref().unwrap_or_default();
    for (index, rule) in all.iter().enumerate() {
        if let Some(name) = rule.name.as_deref()
            && let Some(first) = names.insert(name, index)
        {
            findings.twice(
                format!("rules[{index}].name"),
                format!("rules[{first}].name"),
                format!(
                    "rule `{name}` stands in line {{line}} already, give the rule a name of its own"
                ),
            );
        }
        rules.push(of_fields(rule, index, fields, findings));
    }
    rules
}

fn of_fields(
    fields: &RuleFields,
    index: usize,
    file: &FileFields,
    findings: &mut Findings<'_>,
) -> Rule {
    let path = format!("rules[{index}]");
    let mut rule = Rule {
        name: fields.name.clone().unwrap_or_default(),
        owner: file.name.clone(),
        schedule: fields.schedule.clone(),
        state: match fields.enabled {
            Some(false) => DISABLED.to_owned(),
            _ => ENABLED.to_owned(),
        },
        description: fields.description.clone().unwrap_or_default(),
        tags: file.tags.clone(),
        ..Rule::default()
    };
    rule.tags.extend(fields.tags.clone());
    // Those of the file were looked at once.
    tags(
        &fields.tags,
        &format!("{path}.tags"),
        Tagged::Rule,
        findings,
    );
    if rule.tags.len() > 49 && fields.tags.len() <= 49 && file.tags.len() <= 49 {
        let count = rule.tags.len();
        let message =
            format!("{count} tags with those of the file, EventBridge takes 49 beside our own");
        findings.fault(format!("{path}.tags"), message);
    }
    if let Some(schedule) = &fields.schedule {
        match Expression::parse(schedule) {
            Ok(expression) => {
                for warning in expression.warnings(findings.now) {
                    findings.warn(&rule, format_args!("{schedule}: {warning}"));
                }
                if let Some(error) = expression.never_fires() {
                    findings.fault(format!("{path}.schedule"), with_caret(&error));
                }
            }
            Err(error) => findings.fault(format!("{path}.schedule"), with_caret(&error)),
        }
    }
    let mut firsts: BTreeMap<&str, usize> = BTreeMap::new();
    for (target_index, target) in fields.targets.iter().flatten().enumerate() {
        let id = target_id(target.id.as_deref());
        let at = (index, target_index);
        if let Some(first) = firsts.insert(id, target_index) {
            findings.twice(
                format!("{path}.targets[{target_index}].id"),
                format!("{path}.targets[{first}]"),
                format!("target `{id}` stands in line {{line}} already, give the target an id of its own"),
            );
        }
        let made = target::of_fields(target, id, at, &rule, findings);
        rule.targets.insert(id.to_owned(), made);
    }
    rule
}

/// The error with the expression and what is wrong in it, as further lines.
fn with_caret(error: &ExpressionError) -> String {
    let caret = error.caret();
    let lines = caret.lines().map(|line| format!("\n    {line}"));
    format!("no schedule of EventBridge{}", lines.collect::<String>())
}
