//! Writing rules: one call a step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_eventbridge::error::BuildError;
use aws_sdk_eventbridge::types::{RuleState, Tag};

use super::EventBridge;
use super::target::to_sdk;
use crate::calls::RemoteError;
use crate::diff::{RuleDiff, Step};
use crate::rule::{OWNER_TAG, Rule};

/// The code with which EventBridge answers for a target that others write at the same time.
const CONCURRENT: &str = "ConcurrentModificationException";

/// How often targets are written that others write at the same time.
const CONCURRENT_ATTEMPTS_MAX: u32 = 5;

impl EventBridge {
    /// Makes one call of a diff.
    ///
    /// # Errors
    /// What EventBridge says; of targets also what it says of single ones in an answer that is no
    /// error.
    pub async fn perform(&self, diff: &RuleDiff, step: &Step) -> Result<(), Vec<RemoteError>> {
        let name = diff.name.as_str();
        let one = |result: Result<(), RemoteError>| result.map_err(|error| vec![error]);
        match (step, &diff.after) {
            (Step::Tag(tags), _) => one(self.tag(name, tags).await),
            (Step::Untag(keys), _) => one(self.untag(name, keys).await),
            (Step::RemoveTargets(ids), _) => self.remove_targets(name, ids).await,
            (Step::DeleteRule, _) => one(self.delete(name).await),
            (Step::PutRule, Some(rule)) => one(self.put_rule(rule).await),
            (Step::PutTargets(ids), Some(rule)) => self.put_targets(rule, ids).await,
            // Nothing is wanted, so nothing is written.
            (Step::PutRule | Step::PutTargets(_), None) => Ok(()),
        }
    }

    async fn put_rule(&self, rule: &Rule) -> Result<(), RemoteError> {
        let name = rule.name.as_str();
        let unsendable = |error| unsendable("PutRule", name, &error);
        // Of a rule that is there, EventBridge ignores tags; one that went meanwhile is made anew.
        let owner = rule
            .owner
            .clone()
            .map(|owner| (OWNER_TAG.to_owned(), owner));
        let all: BTreeMap<_, _> = rule.tags.clone().into_iter().chain(owner).collect();
        let tags = tags(&all).map_err(unsendable)?;
        let description = (!rule.description.is_empty()).then(|| rule.description.clone());
        let call = self
            .client
            .put_rule()
            .name(name)
            .set_schedule_expression(rule.schedule.clone())
            .state(RuleState::from(rule.state.as_str()))
            .set_description(description)
            .set_tags(Some(tags));
        let sent = call.send().await;
        sent.map(drop)
            .map_err(|error| RemoteError::of_sdk("PutRule", Some(name), &error))
    }

    async fn put_targets(
        &self,
        rule: &Rule,
        ids: &BTreeSet<String>,
    ) -> Result<(), Vec<RemoteError>> {
        let name = rule.name.as_str();
        let mut targets = Vec::new();
        for (id, target) in rule.targets.iter().filter(|(id, _)| ids.contains(*id)) {
            let target = to_sdk(id, target);
            targets.push(target.map_err(|error| vec![unsendable("PutTargets", name, &error)])?);
        }
        self.with_entries(
            "PutTargets",
            name,
            targets,
            |targets| {
                let call = self
                    .client
                    .put_targets()
                    .rule(name)
                    .set_targets(Some(targets));
                async move {
                    let answer = call.send().await;
                    let answer = answer
                        .map_err(|error| RemoteError::of_sdk("PutTargets", Some(name), &error))?;
                    let entries = answer.failed_entries.unwrap_or_default();
                    let failed = entries.into_iter().map(|entry| {
                        FailedEntry::new(entry.target_id, entry.error_code, entry.error_message)
                    });
                    Ok((answer.failed_entry_count, failed.collect()))
                }
            },
            |target| target.id.as_str(),
        )
        .await
    }

    async fn remove_targets(
        &self,
        name: &str,
        ids: &BTreeSet<String>,
    ) -> Result<(), Vec<RemoteError>> {
        let ids: Vec<String> = ids.iter().cloned().collect();
        self.with_entries(
            "RemoveTargets",
            name,
            ids,
            |ids| {
                let call = self.client.remove_targets().rule(name).set_ids(Some(ids));
                async move {
                    let answer = call.send().await;
                    let answer = answer.map_err(|error| {
                        RemoteError::of_sdk("RemoveTargets", Some(name), &error)
                    })?;
                    let entries = answer.failed_entries.unwrap_or_default();
                    let failed = entries.into_iter().map(|entry| {
                        FailedEntry::new(entry.target_id, entry.error_code, entry.error_message)
                    });
                    Ok((answer.failed_entry_count, failed.collect()))
                }
            },
            String::as_str,
        )
        .await
    }

    /// Writes entries of which single ones may fail; those that others write at the same time are
    /// tried again.
    async fn with_entries<T: Clone, F>(
        &self,
        operation: &'static str,
        rule: &str,
        mut entries: Vec<T>,
        send: impl Fn(Vec<T>) -> F,
        id_of: impl Fn(&T) -> &str,
    ) -> Result<(), Vec<RemoteError>>
    where
        F: Future<Output = Result<(i32, Vec<FailedEntry>), RemoteError>>,
    {
        let mut attempt = 1;
        loop {
            let (count, failed) = send(entries.clone()).await.map_err(|error| vec![error])?;
            if count == 0 && failed.is_empty() {
                return Ok(());
            }
            let may_pass =
                failed.iter().all(|entry| entry.code == CONCURRENT) && !failed.is_empty();
            if !may_pass || attempt == CONCURRENT_ATTEMPTS_MAX {
                return Err(told(operation, rule, count, &failed));
            }
            entries.retain(|entry| failed.iter().any(|failed| failed.id == id_of(entry)));
            tokio::time::sleep(Duration::from_millis(100) * 2_u32.pow(attempt)).await;
            attempt += 1;
        }
    }

    async fn tag(&self, name: &str, all: &BTreeMap<String, String>) -> Result<(), RemoteError> {
        let all = tags(all).map_err(|error| unsendable("TagResource", name, &error))?;
        let call = self
            .client
            .tag_resource()
            .resource_arn(self.place.rule(name));
        let sent = call.set_tags(Some(all)).send().await;
        sent.map(drop)
            .map_err(|error| RemoteError::of_sdk("TagResource", Some(name), &error))
    }

    async fn untag(&self, name: &str, keys: &BTreeSet<String>) -> Result<(), RemoteError> {
        let call = self
            .client
            .untag_resource()
            .resource_arn(self.place.rule(name));
        let keys = keys.iter().cloned().collect();
        let sent = call.set_tag_keys(Some(keys)).send().await;
        sent.map(drop)
            .map_err(|error| RemoteError::of_sdk("UntagResource", Some(name), &error))
    }

    async fn delete(&self, name: &str) -> Result<(), RemoteError> {
        let sent = self.client.delete_rule().name(name).send().await;
        sent.map(drop)
            .map_err(|error| RemoteError::of_sdk("DeleteRule", Some(name), &error))
    }
}

/// What became of one entry of a call.
struct FailedEntry {
    id: String,
    code: String,
    message: String,
}

impl FailedEntry {
    fn new(id: Option<String>, code: Option<String>, message: Option<String>) -> Self {
        Self {
            id: id.unwrap_or_default(),
            code: code.unwrap_or_default(),
            message: message.unwrap_or_default(),
        }
    }
}

fn told(
    operation: &'static str,
    rule: &str,
    count: i32,
    failed: &[FailedEntry],
) -> Vec<RemoteError> {
    if failed.is_empty() {
        let message = format!("{count} targets failed, and EventBridge does not say which");
        return vec![RemoteError::said(
            operation,
            rule,
            "FailedEntries",
            &message,
        )];
    }
    let tell = |entry: &FailedEntry| {
        let of = format!("{rule}/{}", entry.id);
        RemoteError::said(operation, &of, &entry.code, &entry.message)
    };
    failed.iter().map(tell).collect()
}

fn unsendable(operation: &'static str, name: &str, error: &BuildError) -> RemoteError {
    RemoteError::said(operation, name, "not sent", &error.to_string())
}

/// Tags as AWS takes them.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, BuildError> {
    let tags = tags.iter();
    tags.map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}
