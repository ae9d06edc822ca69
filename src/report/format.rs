//! The forms that a report is written in, and which name means which.

use std::io::{self, Write};
use std::path::Path;

use super::{RunReport, json, junit, markdown};

/// A form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// All of it, for machines.
    Json,
    /// For people: what failed first, of very many jobs a part.
    Markdown,
    /// For what shows tests: a suite for each job file, a case for each job.
    Junit,
}

/// A name whose end is no form of a report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no report is written as `.{0}`: name it .json, .md or .xml (JUnit)")]
pub(crate) struct FormatError(String);

impl Format {
    /// The form that a path names by its end; one without an extension, such as `-` or a device,
    /// is JSON.
    ///
    /// # Errors
    /// It has another extension.
    pub(crate) fn of(path: &Path) -> Result<Self, FormatError> {
        let Some(extension) = path.extension() else {
            return Ok(Self::Json);
        };
        let extension = extension.to_string_lossy();
        match extension.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "md" => Ok(Self::Markdown),
            "xml" => Ok(Self::Junit),
            _ => Err(FormatError(extension.into_owned())),
        }
    }

    /// The media type of a document in it.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Junit => "application/xml",
        }
    }
}

/// Writes a report, job by job.
///
/// # Errors
/// `out` cannot be written, or the kept reports of jobs cannot be read.
pub(crate) fn write(report: &RunReport, format: Format, out: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Json => json::write(report, out),
        Format::Markdown => markdown::write(report, out),
        Format::Junit => junit::write(report, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_says_the_format() {
        let of = |path: &str| Format::of(Path::new(path)).map_err(|error| error.to_string());
        assert_eq!(of("-"), Ok(Format::Json));
        assert_eq!(of("/dev/stdout"), Ok(Format::Json));
        assert_eq!(of("a.b/runs/R.JSON"), Ok(Format::Json));
        assert_eq!(of("r.md"), Ok(Format::Markdown));
        assert_eq!(of("r.xml"), Ok(Format::Junit));
        assert_eq!(
            of("r.yaml").unwrap_err(),
            "no report is written as `.yaml`: name it .json, .md or .xml (JUnit)"
        );
    }
}
