//! The job files of a run: read, checked whole, every fault of every file told at once.

use super::place::Place;
use super::wanted::Wanted;
use super::{Args, Surroundings};
use crate::aws;
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::spec::{
    self, Checked, CheckedFile, Document, Faults, Fetch, JobKind, JobSpec, Source, SourceError,
};

/// Stands for the account while a file is only checked; every account has as many digits. It is the
/// account of a local run.
pub(super) const ACCOUNT_PLACEHOLDER: &str = "000000000000";

/// Stands for the region while a file is only checked and none is known. It is that of a local run.
pub(super) const REGION_PLACEHOLDER: &str = "us-east-1";

/// What templates are expanded with.
pub(super) fn context(
    around: &Surroundings<'_>,
    wanted: &Wanted,
    account: &str,
    region: Option<&str>,
) -> spec::Context {
    spec::Context {
        account: account.into(),
        region: region.map(Into::into),
        start: wanted.date,
        run_id: wanted.run_id.as_str().into(),
        environment: around.environment.clone(),
        kinds: around.kinds.clone(),
    }
}

/// Opens the sources; tells of all that cannot be read, and then answers nothing.
pub(super) async fn open(
    args: &Args,
    around: &Surroundings<'_>,
    wanted: &Wanted,
    sources: &[Source],
    fetch: &impl Fetch,
) -> Option<Vec<Document>> {
    let mut documents = Vec::new();
    let mut errors = Vec::new();
    // One by one, so that one that cannot be read hides no other.
    for source in sources {
        match source.open(fetch).await {
            Ok(opened) => documents.extend(opened),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() {
        return Some(documents);
    }
    // Those that can be read are checked all the same: all faults at once.
    let context = context(
        around,
        wanted,
        ACCOUNT_PLACEHOLDER,
        Some(REGION_PLACEHOLDER),
    );
    if let Err(faults) = spec::load(&documents, &context) {
        print::foreign(&faults.to_string());
    }
    for error in errors {
        let hint = state_hint(args, &error);
        print::error(&error.into());
        if let Some(hint) = hint {
            print::note(hint);
        }
    }
    None
}

/// The first job that runs a program.
pub(super) fn first_command(checked: &Checked) -> Option<String> {
    let is_command = |job: &JobSpec| matches!(job.kind, JobKind::Command(_));
    jobs(checked).find(is_command).map(|job| job.name)
}

/// The account that must own every bucket. No bucket job has a chance without credentials, and each
/// would tell it anew; without bucket jobs nobody needs any.
///
/// # Errors
/// There are no credentials, or STS does not say whose they are.
pub(super) async fn find_account(
    place: &Place,
    wanted: &Wanted,
    checked: &Checked,
) -> anyhow::Result<Option<String>> {
    if place.account.is_some() {
        return Ok(place.account.clone()); // a local one
    }
    let mut buckets = jobs(checked).filter_map(|job| match job.kind {
        JobKind::CreateBucket(desired) => Some(desired),
        JobKind::Command(_) | JobKind::Custom(_) => None,
    });
    let first = buckets.next();
    if first.is_none() && !wanted.uses_s3() && !checked.uses_account() {
        return Ok(None);
    }
    if let Some(account) = aws::credentials(&place.config, aws::OR_LOCAL).await? {
        return Ok(Some(account));
    }
    let region = first.as_ref().map(|desired| desired.region.as_str());
    aws::account(&place.config, region).await.map(Some)
}

/// The jobs of all files.
fn jobs(checked: &Checked) -> impl Iterator<Item = JobSpec> {
    let jobs = checked.files.iter().flat_map(CheckedFile::jobs);
    jobs.filter_map(Result::ok)
}

/// An empty directory after `--local` is likely meant to be its own.
fn state_hint(args: &Args, error: &SourceError) -> Option<String> {
    let SourceError::EmptyDirectory(directory) = error else {
        return None;
    };
    let directory = directory.display();
    args.is_local()
        .then(|| format!("for the state of a local run write --local={directory}"))
}

/// Tells the faults of a run that then never begins.
pub(super) fn refuse(faults: &Faults) -> ExitStatus {
    print::foreign(&faults.to_string());
    let count = faults.count();
    let noun = if count == 1 { "fault" } else { "faults" };
    print::note(format_args!("error: {count} {noun}; nothing was run"));
    ExitStatus::NotStarted
}

#[cfg(test)]
#[cfg(feature = "local")]
mod tests {
    use super::*;

    #[test]
    fn a_local_run_is_checked_with_its_own_account_and_region() {
        assert_eq!(ACCOUNT_PLACEHOLDER, crate::local::ACCOUNT);
        assert_eq!(REGION_PLACEHOLDER, crate::local::REGION);
    }
}
