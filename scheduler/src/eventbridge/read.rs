//! Reading rules.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eventbridge::types::Rule as SdkRule;
use serde_json::Value;

use super::EventBridge;
use super::target::of_sdk;
use crate::calls::{RemoteError, concurrently};
use crate::diff::{Remote, RemoteRule};
use crate::rule::{OWNER_TAG, Rule, Target};

impl EventBridge {
    /// The rules of these names, and those that are tagged with the `owner`'s name.
    ///
    /// # Errors
    /// The first call that failed.
    pub async fn read(&self, names: &[&str], owner: &str) -> Result<Remote, RemoteError> {
        let names: BTreeSet<&str> = names.iter().copied().collect();
        let all = self.list().await?;
        let rule_count = all.len();
        // A rule of neither may be the owner's only if it is a schedule that nobody else manages.
        let may_concern = |rule: &SdkRule| {
            let name = rule.name.as_deref().unwrap_or_default();
            names.contains(name)
                || (rule.schedule_expression.is_some() && rule.managed_by.is_none())
        };
        let concerned = all.into_iter().filter(may_concern).collect();
        let is_wanted = |rule: &Rule| {
            names.contains(rule.name.as_str()) || rule.owner.as_deref() == Some(owner)
        };
        let rules = self.with_details(concerned, is_wanted).await?;
        Ok(Remote { rules, rule_count })
    }

    /// Every rule that has a schedule and that no AWS service manages.
    ///
    /// # Errors
    /// The first call that failed.
    pub async fn read_schedules(&self) -> Result<Remote, RemoteError> {
        let all = self.list().await?;
        let rule_count = all.len();
        let is_schedule =
            |rule: &SdkRule| rule.schedule_expression.is_some() && rule.managed_by.is_none();
        let schedules = all.into_iter().filter(is_schedule).collect();
        let rules = self.with_details(schedules, |_| true).await?;
        Ok(Remote { rules, rule_count })
    }

    /// All rules of the default bus.
    async fn list(&self) -> Result<Vec<SdkRule>, RemoteError> {
        let mut rules = Vec::new();
        let mut token = None;
        loop {
            let page = self.client.list_rules().set_next_token(token).send().await;
            let page = page.map_err(|error| RemoteError::of_sdk("ListRules", None, &error))?;
            rules.extend(page.rules.unwrap_or_default());
            token = page.next_token;
            if token.is_none() {
                return Ok(rules);
            }
        }
    }

    /// The rules that are `wanted` when their tags are known, with their targets.
    async fn with_details(
        &self,
        rules: Vec<SdkRule>,
        is_wanted: impl Fn(&Rule) -> bool,
    ) -> Result<BTreeMap<String, RemoteRule>, RemoteError> {
        let tagged = concurrently(rules, |rule| {
            let this = self.clone();
            async move {
                let name = rule.name.as_deref().unwrap_or_default();
                let tags = unless_gone(this.tags(name).await)?;
                Ok(tags.map(|tags| of_rule(rule, tags)))
            }
        });
        let tagged: Vec<Option<RemoteRule>> = tagged.await.into_iter().collect::<Result<_, _>>()?;
        let tagged = tagged.into_iter().flatten();
        let wanted = tagged.filter(|found| is_wanted(&found.rule));
        let whole = concurrently(wanted.collect(), |mut found: RemoteRule| {
            let this = self.clone();
            async move {
                let targets = unless_gone(this.targets(&found.rule.name).await)?;
                Ok(targets.map(|targets| {
                    found.rule.targets = targets;
                    (found.rule.name.clone(), found)
                }))
            }
        });
        let whole = whole.await.into_iter().filter_map(Result::transpose);
        whole.collect()
    }

    async fn tags(&self, name: &str) -> Result<BTreeMap<String, String>, RemoteError> {
        let arn = self.place.rule(name);
        let answer = self
            .client
            .list_tags_for_resource()
            .resource_arn(arn)
            .send()
            .await;
        let answer = answer
            .map_err(|error| RemoteError::of_sdk("ListTagsForResource", Some(name), &error))?;
        let tags = answer.tags.unwrap_or_default();
        Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    async fn targets(&self, name: &str) -> Result<BTreeMap<String, Target>, RemoteError> {
        let rule_arn = self.place.rule(name);
        let mut targets = BTreeMap::new();
        let mut token = None;
        loop {
            let page = self
                .client
                .list_targets_by_rule()
                .rule(name)
                .set_next_token(token);
            let page = page.send().await;
            let page =
                page.map_err(|error| RemoteError::of_sdk("ListTargetsByRule", Some(name), &error))?;
            for target in page.targets.unwrap_or_default() {
                targets.insert(target.id.clone(), of_sdk(target, &rule_arn));
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(targets);
            }
        }
    }
}

/// A rule may go between the call that lists it and those that ask for more of it.
fn unless_gone<T>(answer: Result<T, RemoteError>) -> Result<Option<T>, RemoteError> {
    match answer {
        Err(error) if error.code.as_deref() == Some("ResourceNotFoundException") => Ok(None),
        answer => answer.map(Some),
    }
}

fn of_rule(rule: SdkRule, mut tags: BTreeMap<String, String>) -> RemoteRule {
    let owner = tags.remove(OWNER_TAG);
    // Those that AWS itself sets cannot be changed.
    tags.retain(|key, _| !key.starts_with("aws:"));
    let event_pattern = rule
        .event_pattern
        .map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
    RemoteRule {
        managed_by: rule.managed_by,
        rule: Rule {
            name: rule.name.unwrap_or_default(),
            owner,
            schedule: rule.schedule_expression,
            event_pattern,
            state: rule
                .state
                .map(|state| state.as_str().to_owned())
                .unwrap_or_default(),
            description: rule.description.unwrap_or_default(),
            role: rule.role_arn,
            tags,
            targets: BTreeMap::new(),
        },
    }
}
