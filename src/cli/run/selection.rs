//! Which of the jobs are run: those that `--only` names, in the part that `--shard` gives.

use std::sync::Arc;

use anyhow::bail;
use checked_json::nearest;
use tracing_xray::sampling::{LetterCase, wildcard_match};

use crate::runner::Job;
use crate::shard::Shard;
use crate::spec::Checked;

/// A choice among the jobs, by their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    /// Names, with `*` for any run of characters and `?` for one; none: all jobs.
    only: Vec<String>,
    shard: Option<Shard>,
}

impl Selection {
    pub(super) fn new(only: &[String], shard: Option<Shard>) -> Self {
        let only = only.to_vec();
        Self { only, shard }
    }

    /// The chosen jobs, in the order of the files. One that cannot be read again is chosen: its
    /// failure must be told.
    pub(super) fn jobs(&self, checked: &Checked) -> impl Iterator<Item = Job> + Send {
        let selection = self.clone();
        let jobs = checked.files.clone().into_iter().flat_map(|file| {
            file.jobs().map(move |spec| Job {
                file: Arc::clone(&file.name),
                spec: spec.map(Arc::new),
            })
        });
        jobs.filter(move |job| match &job.spec {
            Ok(spec) => selection.holds(&spec.name),
            Err(_) => true,
        })
    }

    /// How many jobs are chosen.
    ///
    /// # Errors
    /// A name that no job has. A shard may be empty.
    pub(super) fn count(&self, checked: &Checked) -> anyhow::Result<usize> {
        if self.only.is_empty() && self.shard.is_none() {
            return Ok(checked.job_count());
        }
        let jobs = || checked.files.iter().flat_map(|file| file.jobs());
        let names = || jobs().filter_map(|job| job.ok().map(|spec| spec.name));
        let unmatched = self.unmatched(names());
        if let Some(first) = unmatched.first() {
            let quoted: Vec<_> = unmatched.iter().map(|name| format!("`{name}`")).collect();
            let all: Vec<String> = names().collect();
            let near = nearest(first, all.iter().map(String::as_str));
            let near = near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
            bail!("--only: no job is named {}{near}", quoted.join(", "));
        }
        Ok(names().filter(|name| self.holds(name)).count())
    }

    fn holds(&self, job: &str) -> bool {
        let names = |pattern: &String| wildcard_match(pattern, job, LetterCase::Exact);
        let is_named = self.only.is_empty() || self.only.iter().any(names);
        is_named && self.shard.is_none_or(|shard| shard.holds(job))
    }

    /// The patterns that name none of the jobs.
    fn unmatched(&self, jobs: impl Iterator<Item = String>) -> Vec<&str> {
        let mut unmatched: Vec<&str> = self.only.iter().map(String::as_str).collect();
        for job in jobs {
            if unmatched.is_empty() {
                break;
            }
            unmatched.retain(|pattern| !wildcard_match(pattern, &job, LetterCase::Exact));
        }
        unmatched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_run_when_it_is_named_and_in_the_shard() {
        let only = ["logs".to_owned(), "data-*".to_owned(), "x".to_owned()];
        let selection = Selection::new(&only, None);
        assert!(selection.holds("logs") && selection.holds("data-1") && !selection.holds("log"));
        let jobs = ["logs", "data-7", "y"].map(str::to_owned);
        assert_eq!(selection.unmatched(jobs.into_iter()), ["x"]);
        let shard = "1/2".parse::<Shard>().unwrap();
        let of_shard = Selection::new(&[], Some(shard));
        assert_eq!(of_shard.holds("logs"), shard.holds("logs"));
        assert!(Selection::default().holds("any"));
    }
}
