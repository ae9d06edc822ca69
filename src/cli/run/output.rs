//! Where the report of a run goes: standard output, files, objects in S3.

use std::fmt;
use std::io::{BufWriter, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, anyhow};
use aws_sdk_s3::primitives::{ByteStream, Length};

use super::place::Place;
use crate::aws::told;
use crate::cli::print;
use crate::progress;
use crate::report::{self, Format, FormatError, RunReport};

/// Stands for the run's id in the name of a report.
const RUN_ID: &str = "{run_id}";

/// A place for the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Standard output, as JSON, instead of the table.
    Stdout,
    /// A file; `{run_id}` in its name is the run's id.
    File { path: String, format: Format },
    /// An object; `{run_id}` in its key is the run's id.
    S3 {
        bucket: String,
        key: String,
        format: Format,
    },
}

/// Why a text names no place for a report.
#[derive(Debug, thiserror::Error)]
pub(super) enum OutputError {
    #[error("report `{0}`: no object is named, write s3://bucket/key.json")]
    NoKey(String),
    #[error("report `{0}`: of templates a report's name takes {{run_id}} alone")]
    Template(String),
    #[error("report `{name}`")]
    Format { name: String, source: FormatError },
}

impl FromStr for Output {
    type Err = OutputError;

    fn from_str(text: &str) -> Result<Self, OutputError> {
        if text == "-" {
            return Ok(Self::Stdout);
        }
        let unknown = text.replace(RUN_ID, "");
        if unknown.contains(['{', '}']) {
            return Err(OutputError::Template(text.to_owned()));
        }
        let format = |name: &str| {
            Format::of(Path::new(name)).map_err(|source| OutputError::Format {
                name: text.to_owned(),
                source,
            })
        };
        let Some(object) = text.strip_prefix("s3://") else {
            let format = format(text)?;
            let path = text.to_owned();
            return Ok(Self::File { path, format });
        };
        match object.split_once('/') {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(Self::S3 {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                format: format(key)?,
            }),
            _ => Err(OutputError::NoKey(text.to_owned())),
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("to stdout"),
            Self::File { path, .. } => f.write_str(path),
            Self::S3 { bucket, key, .. } => write!(f, "s3://{bucket}/{key}"),
        }
    }
}

impl Output {
    /// That the report can be written, before anything is done that it would tell; an object can
    /// only be tried.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(super) fn check(&self, run_id: &str) -> anyhow::Result<()> {
        let Self::File { path, .. } = self else {
            return Ok(());
        };
        let path = file_path(path, run_id);
        report::check_file(&path).with_context(|| {
            let path = path.display();
            format!("write report {path}: name a file that can be written, or `-`")
        })
    }

    /// Writes the report there.
    ///
    /// # Errors
    /// It cannot be written, which the caller tells.
    pub(super) async fn write(&self, report: &RunReport, place: &Place) -> anyhow::Result<()> {
        let written = match self {
            Self::Stdout => print::stream(|stdout| report::write(report, Format::Json, stdout)),
            Self::File { path, format } => {
                let path = file_path(path, &report.run_id);
                report::write_file(report, *format, &path).map_err(Into::into)
            }
            Self::S3 {
                bucket,
                key,
                format,
            } => {
                let key = key.replace(RUN_ID, &report.run_id);
                put(report, *format, place, bucket, &key).await
            }
        };
        written.with_context(|| format!("write report {self}"))
    }
}

/// The run's id may hold what a file's name may not.
fn file_path(path: &str, run_id: &str) -> PathBuf {
    path.replace(RUN_ID, &run_id.replace(['/', ':'], "-"))
        .into()
}

/// Puts the report from a temporary file, since it may be long.
async fn put(
    report: &RunReport,
    format: Format,
    place: &Place,
    bucket: &str,
    key: &str,
) -> anyhow::Result<()> {
    let region = place.region.as_deref();
    let region = region.ok_or_else(|| anyhow!("no AWS region: set AWS_REGION"))?;
    let client = place.s3_clients().of_region(region);
    let spool = tempfile::NamedTempFile::new().context("make a temporary file")?;
    let mut writer = BufWriter::new(spool.as_file());
    report::write(report, format, &mut writer)?;
    writer.flush()?;
    drop(writer);
    let len = spool.as_file().stream_position()?;
    let body = ByteStream::read_from()
        .path(spool.path())
        .length(Length::Exact(len))
        .build()
        .await?;
    client
        .put_object()
        .bucket(bucket)
        .key(key)
        .set_expected_bucket_owner(place.account.clone())
        .content_type(format.media_type())
        .body(body)
        .send()
        .await
        .map_err(|error| anyhow!("{}", told(&error)))?;
    Ok(())
}

/// The result of the run, on standard output.
pub(super) fn result(report: &RunReport, mode: progress::Mode) -> anyhow::Result<()> {
    print::result(&mode.result(report, print::style())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_goes_where_its_name_says() {
        let parse = |text: &str| text.parse::<Output>().map_err(|error| error.to_string());
        assert_eq!(parse("-"), Ok(Output::Stdout));
        let object = parse("s3://acme/runs/{run_id}.md").unwrap();
        assert!(matches!(&object, Output::S3 { bucket, key, .. }
            if bucket == "acme" && key == "runs/{run_id}.md"));
        assert_eq!(object.to_string(), "s3://acme/runs/{run_id}.md");
        assert!(
            parse("s3://acme")
                .unwrap_err()
                .contains("no object is named")
        );
        assert_eq!(
            file_path("a-{run_id}.json", "r/1/2"),
            PathBuf::from("a-r-1-2.json")
        );
    }
}
