//! The job files of a run: read, checked whole, every fault of every file told at once.

use std::collections::BTreeMap;

use super::Args;
use super::wanted::Wanted;
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::spec::{self, Document, Environment, Fault, Faults, JobFile, JobKind, Source};

/// Stands for the account while a file is only checked; every account has as many digits. It is the
/// account of a local run.
pub(super) const ACCOUNT_PLACEHOLDER: &str = "000000000000";

/// Stands for the region while a file is only checked and none is known. It is that of a local run.
pub(super) const REGION_PLACEHOLDER: &str = "us-east-1";

/// What templates are expanded with.
pub(super) fn context<'a>(
    wanted: &'a Wanted,
    environment: &'a Environment,
    account: &'a str,
    region: Option<&'a str>,
) -> spec::Context<'a> {
    spec::Context {
        account,
        region,
        start: wanted.start,
        run_id: &wanted.run_id,
        environment,
    }
}

/// Reads what the arguments or the environment name; tells of all that cannot be read.
pub(super) fn read_documents(
    args: &Args,
    wanted: &Wanted,
    environment: &Environment,
) -> anyhow::Result<Result<Vec<Document>, ExitStatus>> {
    #[cfg(feature = "local")]
    if args.local.is_some()
        && let Some(directory) = args.files.iter().find(|path| path.is_dir())
    {
        let directory = directory.display();
        anyhow::bail!(
            "`{directory}` is a directory: write --local={directory} and name a job file"
        );
    }
    // One by one, so that one that cannot be read hides no other.
    let sources: Vec<_> = if args.files.is_empty() {
        vec![Source::find(&[], environment)]
    } else {
        let files = args.files.chunks(1);
        files.map(|file| Source::find(file, environment)).collect()
    };
    let mut documents = Vec::new();
    let mut errors = Vec::new();
    for found in sources {
        let read = found.and_then(|found| found.iter().map(Source::read).collect());
        let read: Result<Vec<Document>, _> = read;
        match read {
            Ok(read) => documents.extend(read),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        return Ok(Ok(documents));
    }
    // Those that can be read are checked all the same: all faults at once.
    let context = context(
        wanted,
        environment,
        ACCOUNT_PLACEHOLDER,
        Some(REGION_PLACEHOLDER),
    );
    if let Err(faults) = load(&documents, &context) {
        print::foreign(&faults.to_string());
    }
    for error in errors {
        print::error(&error.into());
    }
    Ok(Err(ExitStatus::NotStarted))
}

/// Reads all documents and tells the faults of all; jobs and buckets are unique in the run.
pub(super) fn load(
    documents: &[Document],
    context: &spec::Context<'_>,
) -> Result<Vec<JobFile>, Faults> {
    let mut files: Vec<JobFile> = Vec::new();
    let mut faults = Vec::new();
    let mut seen: BTreeMap<(&str, String), String> = BTreeMap::new();
    for document in documents {
        match document.load(context) {
            Ok(file) => {
                // Within a file the file's own check has told it, with the place.
                let mut of_file = BTreeMap::new();
                for (index, job) in file.jobs.iter().enumerate() {
                    let JobKind::CreateBucket(desired) = &job.kind;
                    for (field, value) in
                        [("name", &*job.name), ("bucket", desired.bucket.as_str())]
                    {
                        let key = (field, value.to_owned());
                        if let Some(other) = seen.get(&key) {
                            faults.push(twice(document, index, &key, other));
                        }
                        of_file.insert(key, document.source_name().to_owned());
                    }
                }
                seen.extend(of_file);
                files.push(file);
            }
            Err(Faults(more)) => faults.extend(more),
        }
    }
    if faults.is_empty() {
        Ok(files)
    } else {
        Err(Faults(faults))
    }
}

fn twice(document: &Document, index: usize, key: &(&str, String), other: &str) -> Fault {
    let (field, value) = key;
    Fault {
        source_name: document.source_name().to_owned(),
        position: None,
        field: format!("jobs[{index}].{field}"),
        message: format!("`{value}` stands in a job of {other} already, run it once"),
    }
}

/// Tells the faults of a run that then never begins.
pub(super) fn refuse(faults: &Faults) -> ExitStatus {
    print::foreign(&faults.to_string());
    let count = faults.0.len();
    let noun = if count == 1 { "fault" } else { "faults" };
    print::note(format_args!("error: {count} {noun}; nothing was run"));
    ExitStatus::NotStarted
}

#[cfg(all(test, feature = "local"))]
mod tests {
    use super::*;

    #[test]
    fn a_local_run_is_checked_with_its_own_account_and_region() {
        assert_eq!(ACCOUNT_PLACEHOLDER, crate::local::ACCOUNT);
        assert_eq!(REGION_PLACEHOLDER, crate::local::REGION);
    }
}
