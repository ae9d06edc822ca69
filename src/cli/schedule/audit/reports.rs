//! The runs that left reports under a prefix in S3.

use std::io::{Read as _, Seek as _};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context as _;
use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};
use scheduler::audit::{End, Run, Source};
use serde::Deserialize;
use tokio::task::JoinSet;

use crate::aws::S3Clients;
use crate::aws::fetch::Objects;
use crate::spec::Fetch as _;

/// The most reports that are read at once.
const READ_MAX: usize = 16;

/// Where reports are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Prefix {
    bucket: String,
    prefix: String,
}

/// Why a text is no prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write s3://bucket/prefix")]
pub(super) struct PrefixError;

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let rest = text.strip_prefix("s3://").ok_or(PrefixError)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(PrefixError);
        }
        // The name of a report is often given as a whole.
        let prefix = prefix.split('{').next().unwrap_or_default();
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

/// What an audit needs of a report.
#[derive(Deserialize)]
struct Report {
    run_id: String,
    #[serde(default)]
    shard: Option<String>,
    started_at: DateTime<Utc>,
    duration_ms: f64,
    exit_code: u8,
    #[serde(default)]
    plan: bool,
}

/// The runs whose reports were written since a moment. What is no report is passed over.
pub(super) async fn read(
    prefix: &Prefix,
    config: &SdkConfig,
    since: DateTime<Utc>,
) -> anyhow::Result<Vec<Run>> {
    let objects = Arc::new(Objects::new(Some(S3Clients::untraced(config))));
    let url = format!("s3://{}/{}", prefix.bucket, prefix.prefix);
    let listed = objects
        .list_since(&prefix.bucket, &prefix.prefix, since.into())
        .await;
    let listed = listed.map_err(anyhow::Error::from_boxed);
    let mut keys = listed.with_context(|| format!("list the reports in {url}"))?;
    keys.retain(|key| key.ends_with(".json"));
    let mut runs = Vec::new();
    let mut reading = JoinSet::new();
    let mut keys = keys.into_iter();
    loop {
        while reading.len() < READ_MAX
            && let Some(key) = keys.next()
        {
            let (objects, bucket) = (Arc::clone(&objects), prefix.bucket.clone());
            reading.spawn(async move { one(&objects, &bucket, key).await });
        }
        match reading.join_next().await {
            Some(read) => runs.extend(read.context("read a report")??),
            None => return Ok(runs),
        }
    }
}

async fn one(objects: &Objects, bucket: &str, key: String) -> anyhow::Result<Option<Run>> {
    let mut file = tempfile::tempfile().context("make a temporary file")?;
    let fetched = objects.fetch(bucket, &key, &mut file).await;
    let fetched = fetched.map_err(anyhow::Error::from_boxed);
    // It may have gone since it was listed.
    if fetched
        .as_ref()
        .is_err_and(|error| error.to_string().contains("NoSuchKey"))
    {
        return Ok(None);
    }
    fetched.with_context(|| format!("read report s3://{bucket}/{key}"))?;
    let mut text = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut text)?;
    Ok(run(&text, format!("s3://{bucket}/{key}")))
}

/// The run of a report, if it is one and no plan.
fn run(text: &[u8], name: String) -> Option<Run> {
    let report: Report = serde_json::from_slice(text).ok()?;
    if report.plan {
        return None;
    }
    let duration = TimeDelta::try_milliseconds(report.duration_ms as i64)?;
    let end = report.started_at.checked_add_signed(duration)?;
    Some(Run {
        run_id: base(&report.run_id, report.shard.as_deref()),
        shard: report.shard,
        started_at: report.started_at,
        ended_at: Some(end),
        end: match report.exit_code {
            0 => End::Done,
            code => End::Code(code),
        },
        source: Source::Report(name),
    })
}

/// The id without the part of a shard that a run appends.
pub(super) fn base(run_id: &str, shard: Option<&str>) -> String {
    let part = shard.map(|shard| format!("/{shard}"));
    let base = part.and_then(|part| run_id.strip_suffix(part.as_str()));
    base.unwrap_or(run_id).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_may_be_the_name_of_a_report() {
        let parse = |text: &str| text.parse::<Prefix>().map(|at| (at.bucket, at.prefix));
        let at = |bucket: &str, prefix: &str| Ok((bucket.to_owned(), prefix.to_owned()));
        assert_eq!(parse("s3://acme/runs/{run_id}.json"), at("acme", "runs/"));
        assert_eq!(parse("s3://acme"), at("acme", ""));
        assert_eq!(parse("acme/runs"), Err(PrefixError));
        assert_eq!(parse("s3:///runs"), Err(PrefixError));
    }

    #[test]
    fn a_report_is_a_run_and_a_plan_is_none() {
        let text = r#"{"run_id": "abc/1/2", "shard": "1/2", "started_at": "2026-01-01T00:00:00Z",
            "duration_ms": 1500.5, "exit_code": 1, "totals": {}, "jobs": []}"#;
        let found = run(text.as_bytes(), "s3://b/k".to_owned()).unwrap();
        assert_eq!(
            (found.run_id.as_str(), found.shard.as_deref()),
            ("abc", Some("1/2"))
        );
        assert_eq!(found.end, End::Code(1));
        assert_eq!(
            (found.ended_at.unwrap() - found.started_at).num_milliseconds(),
            1500
        );
        let plan = text.replace("\"totals\"", "\"plan\": true, \"totals\"");
        assert_eq!(run(plan.as_bytes(), String::new()), None);
        assert_eq!(run(b"{}", String::new()), None);
        for absurd in ["-1e300", "1e18", "9e99"] {
            let text = text.replace("1500.5", absurd);
            assert_eq!(run(text.as_bytes(), String::new()), None, "{absurd}");
        }
    }
}
