//! Where the jobs come from: files on the command line, else the environment.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::document::Document;
use super::environment::{Environment, NotUnicode};
use super::fault::nearest;

/// A source of jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A job file, named as an argument or by `JOB_FILE`.
    File(PathBuf),
    /// A job file's text, in `JOB_SPEC`.
    Inline(Document),
    /// One job in `JOB_TYPE` and its like.
    Scalars(Document),
}

/// Why no jobs can be read.
#[derive(Debug, Error)]
pub enum SourceError {
    /// Neither arguments nor variables name a job.
    #[error("no job is given: name a job file, or set JOB_FILE, JOB_SPEC or JOB_TYPE")]
    None,
    /// Two variables name jobs.
    #[error("{first} and {second} are both set: unset one of them")]
    Two {
        /// A variable.
        first: &'static str,
        /// Another one.
        second: &'static str,
    },
    /// Standard input is not read.
    #[error("job file `-`: standard input is not supported yet, name a file")]
    StandardInput,
    /// Objects in S3 are not read.
    #[error("job file `{0}`: s3:// is not supported yet, copy it to a file first")]
    S3(String),
    /// Directories are not read.
    #[error("job file {}: directories are not supported yet, name the files in it", .0.display())]
    Directory(PathBuf),
    /// No such file.
    #[error("read job file {}: no such file{}", path.display(), did_you_mean(near.as_deref()))]
    Missing {
        /// The file.
        path: PathBuf,
        /// A file in the same folder whose name is near.
        near: Option<PathBuf>,
    },
    /// The file cannot be read.
    #[error("read job file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not UTF-8.
    #[error("read job file {}: line {line} is not UTF-8, save the file as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first line that is not, counted from 1.
        line: usize,
    },
    /// A variable is not UTF-8.
    #[error(transparent)]
    NotUnicode(#[from] NotUnicode),
    /// The variables of a job cannot be read.
    #[error("read the variables of the job")]
    Variables(#[from] envy::Error),
}

fn did_you_mean(near: Option<&Path>) -> String {
    near.map_or_else(String::new, |near| {
        format!(", did you mean `{}`?", near.display())
    })
}

impl Source {
    /// The sources that `arguments` name; only without any, the one that the environment names.
    ///
    /// # Errors
    /// No source, two of them in the environment, or one that cannot be read yet.
    pub fn find(
        arguments: &[PathBuf],
        environment: &Environment,
    ) -> Result<Vec<Self>, SourceError> {
        if !arguments.is_empty() {
            return arguments.iter().map(|path| Self::file(path)).collect();
        }
        let spec = environment.get_non_empty("JOB_SPEC")?;
        let file = environment.get_non_empty("JOB_FILE")?;
        let kind = environment.get_non_empty("JOB_TYPE")?;
        match (spec, file, kind) {
            (Some(spec), None, None) => Ok(vec![Self::Inline(Document::new("JOB_SPEC", spec))]),
            (None, Some(file), None) => Ok(vec![Self::file(Path::new(file))?]),
            (None, None, Some(_)) => {
                Ok(vec![Self::Scalars(Document::from_variables(environment)?)])
            }
            (None, None, None) => Err(SourceError::None),
            (Some(_), Some(_), _) => Err(two("JOB_SPEC", "JOB_FILE")),
            (Some(_), None, Some(_)) => Err(two("JOB_SPEC", "JOB_TYPE")),
            (None, Some(_), Some(_)) => Err(two("JOB_FILE", "JOB_TYPE")),
        }
    }

    fn file(path: &Path) -> Result<Self, SourceError> {
        if path == "-" {
            return Err(SourceError::StandardInput);
        }
        match path.to_str() {
            Some(url) if url.starts_with("s3://") => Err(SourceError::S3(url.to_owned())),
            _ => Ok(Self::File(path.to_owned())),
        }
    }

    /// The text of the source; reads the file, if it is one.
    ///
    /// # Errors
    /// The file is missing, cannot be read, or is not UTF-8.
    pub fn read(&self) -> Result<Document, SourceError> {
        match self {
            Self::File(path) => read_file(path),
            Self::Inline(document) | Self::Scalars(document) => Ok(document.clone()),
        }
    }
}

fn two(first: &'static str, second: &'static str) -> SourceError {
    SourceError::Two { first, second }
}

fn read_file(path: &Path) -> Result<Document, SourceError> {
    if path.is_dir() {
        return Err(SourceError::Directory(path.to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SourceError::Missing {
            path: path.to_owned(),
            near: nearest_file(path),
        },
        _ => SourceError::Read {
            path: path.to_owned(),
            source,
        },
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Document::new(path.display().to_string(), text)),
        Err(error) => {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.iter().filter(|&&byte| byte == b'\n').count() + 1;
            let path = path.to_owned();
            Err(SourceError::NotUtf8 { path, line })
        }
    }
}

/// The file in the folder of `path` whose name is nearest to it.
fn nearest_file(path: &Path) -> Option<PathBuf> {
    let name = path.file_name().and_then(OsStr::to_str)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let listed = if folder == "" { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(listed).ok()?.flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let names: Vec<String> = files
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    let near = nearest(name, names.iter().map(String::as_str))?;
    Some(folder.join(near))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{ \"bucket\": \"acme-{account}\" }";

    fn find(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Vec<Source>, String> {
        let arguments: Vec<_> = arguments.iter().map(PathBuf::from).collect();
        let environment = variables.iter().copied().collect();
        Source::find(&arguments, &environment).map_err(|error| error.to_string())
    }

    #[test]
    fn arguments_come_before_the_environment() {
        let both = [("JOB_SPEC", "{}"), ("JOB_FILE", "b.json")];
        let files = find(&["a.json", "b.json"], &both).unwrap();
        let wanted = ["a.json", "b.json"].map(|path| Source::File(path.into()));
        assert_eq!(files, wanted);
        assert_eq!(
            find(&[], &both).unwrap_err(),
            "JOB_SPEC and JOB_FILE are both set: unset one of them"
        );
    }

    #[test]
    fn the_environment_names_one_source() {
        let inline = find(&[], &[("JOB_SPEC", "{}"), ("JOB_BUCKET", "x")]).unwrap();
        assert_eq!(inline, [Source::Inline(Document::new("JOB_SPEC", "{}"))]);
        let file = find(&[], &[("JOB_FILE", "jobs/a.json")]).unwrap();
        assert_eq!(file, [Source::File("jobs/a.json".into())]);
        for (variables, wanted) in [
            (&[("JOB_BUCKET", "x")][..], "no job is given"),
            (
                &[("JOB_SPEC", "{}"), ("JOB_TYPE", "x")],
                "JOB_SPEC and JOB_TYPE",
            ),
            (
                &[("JOB_FILE", "a"), ("JOB_TYPE", "x")],
                "JOB_FILE and JOB_TYPE",
            ),
            (
                &[("JOB_FILE", "s3://b/k")],
                "job file `s3://b/k`: s3:// is not supported",
            ),
            (
                &[("JOB_FILE", "-")],
                "job file `-`: standard input is not supported",
            ),
        ] {
            let error = find(&[], variables).unwrap_err();
            assert!(error.starts_with(wanted), "{error}");
        }
    }

    #[test]
    fn files_are_read_or_the_mend_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("buckets.json");
        std::fs::write(&path, TEXT).unwrap();
        let document = Source::File(path.clone()).read().unwrap();
        assert_eq!(document.text(), TEXT);
        assert_eq!(document.source_name(), path.display().to_string());
        assert!(document.uses_account());

        let error = |path: PathBuf| Source::File(path).read().unwrap_err().to_string();
        let missing = error(folder.path().join("bucket.json"));
        assert!(
            missing.contains("bucket.json: no such file, did you mean `"),
            "{missing}"
        );
        assert!(missing.ends_with("buckets.json`?"), "{missing}");
        let missing = error(folder.path().join("other.txt"));
        assert!(missing.ends_with("other.txt: no such file"), "{missing}");
        assert!(error(folder.path().to_owned()).contains("directories are not supported"));
        std::fs::write(&path, b"{\n\"\xff\": 1}").unwrap();
        assert!(error(path).contains("line 2 is not UTF-8"));
    }
}
