//! Where the jobs come from: what the command line names, else the environment.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use checked_json::nearest;
use thiserror::Error;

use super::document::Document;
use super::environment::{Environment, NotUnicode};
use super::variables;

/// A source of jobs.
#[derive(Clone, Debug)]
pub enum Source {
    /// A job file, or a directory of them, named as an argument or by `JOB_FILE`.
    File(PathBuf),
    /// Standard input, named as `-`.
    StandardInput,
    /// An object in S3; all job files beneath the key if that is empty or ends in `/`.
    S3 {
        /// The bucket.
        bucket: String,
        /// The key, or the prefix.
        key: String,
    },
    /// A job file's text, in `JOB_SPEC`.
    Inline(Document),
    /// One job in `JOB_TYPE` and its like.
    Scalars(Document),
}

/// What the names of job files in a directory or beneath a prefix end in.
const EXTENSIONS: [&str; 3] = ["json", "jsonl", "ndjson"];

/// Reads objects of S3; where they are is not known here.
pub trait Fetch {
    /// The keys that begin with `prefix`, all of them.
    fn list(
        &self,
        bucket: &str,
        prefix: &str,
    ) -> impl Future<Output = Result<Vec<String>, FetchError>>;

    /// Writes an object into a file.
    fn fetch(
        &self,
        bucket: &str,
        key: &str,
        into: &mut File,
    ) -> impl Future<Output = Result<(), FetchError>>;
}

/// Why S3 gave no object.
pub type FetchError = Box<dyn std::error::Error + Send + Sync>;

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
    /// A scheduled task has nothing on its standard input.
    #[error("JOB_FILE is `-`: name a file or an s3:// URL; only an argument may be standard input")]
    StandardInputInVariable,
    /// Standard input is named twice.
    #[error("`-` stands twice: standard input can be read once")]
    StandardInputTwice,
    /// A URL without a bucket.
    #[error("`{0}` has no bucket, write `s3://bucket/key`")]
    NoBucket(String),
    /// No file with jobs in a directory.
    #[error("no job files in {}: it has no *.json, *.jsonl or *.ndjson", .0.display())]
    EmptyDirectory(PathBuf),
    /// No object with jobs beneath a prefix.
    #[error("no job files beneath {0}: it has no *.json, *.jsonl or *.ndjson")]
    EmptyPrefix(String),
    /// No such file.
    #[error("read job file {}: no such file{}", path.display(), did_you_mean(near.as_deref()))]
    Missing {
        /// The file.
        path: PathBuf,
        /// A file in the same folder whose name is near.
        near: Option<PathBuf>,
    },
    /// The file cannot be read.
    #[error("read job file {name}")]
    Read {
        /// The file.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// S3 does not give the object.
    #[error("read job file {url}")]
    Fetch {
        /// The object.
        url: String,
        /// What S3 says.
        source: FetchError,
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
    /// No source, two of them in the environment, or one that names nothing.
    pub fn find(
        arguments: &[PathBuf],
        environment: &Environment,
    ) -> Result<Vec<Self>, SourceError> {
        if !arguments.is_empty() {
            if arguments.iter().filter(|path| *path == "-").count() > 1 {
                return Err(SourceError::StandardInputTwice);
            }
            return arguments.iter().map(|path| Self::of_path(path)).collect();
        }
        let spec = environment.get_non_empty("JOB_SPEC")?;
        let file = environment.get_non_empty("JOB_FILE")?;
        let kind = environment.get_non_empty("JOB_TYPE")?;
        match (spec, file, kind) {
            (Some(spec), None, None) => Ok(vec![Self::Inline(Document::new("JOB_SPEC", spec))]),
            (None, Some("-"), None) => Err(SourceError::StandardInputInVariable),
            (None, Some(file), None) => Ok(vec![Self::of_path(Path::new(file))?]),
            (None, None, Some(_)) => Ok(vec![Self::Scalars(variables::document(environment)?)]),
            (None, None, None) => Err(SourceError::None),
            (Some(_), Some(_), _) => Err(two("JOB_SPEC", "JOB_FILE")),
            (Some(_), None, Some(_)) => Err(two("JOB_SPEC", "JOB_TYPE")),
            (None, Some(_), Some(_)) => Err(two("JOB_FILE", "JOB_TYPE")),
        }
    }

    fn of_path(path: &Path) -> Result<Self, SourceError> {
        if path == "-" {
            return Ok(Self::StandardInput);
        }
        let Some(url) = path.to_str().filter(|path| path.starts_with("s3://")) else {
            return Ok(Self::File(path.to_owned()));
        };
        let (bucket, key) = url["s3://".len()..].split_once('/').unwrap_or_default();
        if bucket.is_empty() {
            return Err(SourceError::NoBucket(url.to_owned()));
        }
        Ok(Self::S3 {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The documents of the source, opened; what can be read once only is spooled to a file that
    /// has no name.
    ///
    /// # Errors
    /// Every file or object that is missing or cannot be read.
    pub async fn open(&self, fetch: &impl Fetch) -> Result<Vec<Document>, Vec<SourceError>> {
        let all = match self {
            Self::Inline(document) | Self::Scalars(document) => vec![Ok(document.clone())],
            Self::StandardInput => {
                vec![beside("-", || spool("-", io::stdin().lock())).await]
            }
            Self::File(path) if path.is_dir() => match job_files(path) {
                Ok(paths) => paths.iter().map(|path| open_file(path)).collect(),
                Err(error) => vec![Err(error)],
            },
            Self::File(path) if path.is_file() || !path.exists() => vec![open_file(path)],
            Self::File(path) => {
                let (name, path) = (path.display().to_string(), path.clone());
                vec![beside(&name, move || open_file(&path)).await]
            }
            Self::S3 { bucket, key } if key.is_empty() || key.ends_with('/') => {
                open_prefix(fetch, bucket, key).await
            }
            Self::S3 { bucket, key } => vec![open_object(fetch, bucket, key).await],
        };
        let mut errors = Vec::new();
        let mut documents = Vec::new();
        for opened in all {
            match opened {
                Ok(document) => documents.push(document),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            Ok(documents)
        } else {
            Err(errors)
        }
    }
}

fn two(first: &'static str, second: &'static str) -> SourceError {
    SourceError::Two { first, second }
}

fn open_file(path: &Path) -> Result<Document, SourceError> {
    let name = path.display().to_string();
    let unreadable = |source| SourceError::Read {
        name: name.clone(),
        source,
    };
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SourceError::Missing {
            path: path.to_owned(),
            near: nearest_file(path),
        },
        _ => unreadable(source),
    })?;
    if file.metadata().map_err(unreadable)?.is_file() {
        Ok(Document::of_file(name, file))
    } else {
        spool(&name, file) // a pipe gives its bytes once
    }
}

/// Reads what may never end in a thread of its own, which nobody waits for when the run is stopped.
async fn beside(
    name: &str,
    read: impl FnOnce() -> Result<Document, SourceError> + Send + 'static,
) -> Result<Document, SourceError> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let unreadable = |source| SourceError::Read {
        name: name.to_owned(),
        source,
    };
    std::thread::Builder::new()
        .name("job-file".to_owned())
        .spawn(move || sender.send(read()))
        .map_err(unreadable)?;
    receiver
        .await
        .map_err(|_| unreadable(io::Error::other("its reader ended")))?
}

/// Copies what can be read once into a file.
fn spool(name: &str, mut reader: impl io::Read) -> Result<Document, SourceError> {
    let no_file = |error: io::Error| {
        let place = std::env::temp_dir();
        let mend = "mount a volume there, or set TMPDIR";
        io::Error::other(format!(
            "make a temporary file in {}: {error}: {mend}",
            place.display()
        ))
    };
    let spooled = tempfile::tempfile().map_err(no_file).and_then(|mut file| {
        io::copy(&mut reader, &mut file)?;
        Ok(file)
    });
    match spooled {
        Ok(file) => Ok(Document::of_file(name, file)),
        Err(source) => Err(SourceError::Read {
            name: name.to_owned(),
            source,
        }),
    }
}

/// The job files beneath a directory, sorted by path; hidden files and folders are left out, and so
/// are links to folders.
fn job_files(directory: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let mut files = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |source| SourceError::Read {
            name: folder.display().to_string(),
            source,
        };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            if entry.file_type().map_err(unreadable)?.is_dir() {
                folders.push(path);
            } else if is_job_file(&path) && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort_unstable();
    if files.is_empty() {
        return Err(SourceError::EmptyDirectory(directory.to_owned()));
    }
    Ok(files)
}

fn is_job_file(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

async fn open_prefix(
    fetch: &impl Fetch,
    bucket: &str,
    prefix: &str,
) -> Vec<Result<Document, SourceError>> {
    let url = format!("s3://{bucket}/{prefix}");
    let keys = match fetch.list(bucket, prefix).await {
        Ok(keys) => keys,
        Err(source) => return vec![Err(SourceError::Fetch { url, source })],
    };
    let is_hidden = |key: &String| {
        let beneath = key.strip_prefix(prefix).unwrap_or(key);
        beneath.split('/').any(|part| part.starts_with('.'))
    };
    let mut keys: Vec<_> = keys
        .into_iter()
        .filter(|key| is_job_file(Path::new(key)) && !is_hidden(key))
        .collect();
    keys.sort_unstable();
    if keys.is_empty() {
        return vec![Err(SourceError::EmptyPrefix(url))];
    }
    let mut documents = Vec::new();
    for key in keys {
        documents.push(open_object(fetch, bucket, &key).await);
    }
    documents
}

async fn open_object(fetch: &impl Fetch, bucket: &str, key: &str) -> Result<Document, SourceError> {
    let url = format!("s3://{bucket}/{key}");
    let mut file = match tempfile::tempfile() {
        Ok(file) => file,
        Err(source) => return Err(SourceError::Read { name: url, source }),
    };
    match fetch.fetch(bucket, key, &mut file).await {
        Ok(()) => Ok(Document::of_file(url, file)),
        Err(source) => Err(SourceError::Fetch { url, source }),
    }
}

/// The file in the folder of `path` whose name is nearest to it.
pub(crate) fn nearest_file(path: &Path) -> Option<PathBuf> {
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
mod tests;
