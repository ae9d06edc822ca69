//! Names the commit that the program is built from, as `XRAY_ECS_VERSION`: `0.1.0 (04561a2 2026-11-28)`.
//!
//! `XRAY_ECS_COMMIT` and `XRAY_ECS_COMMIT_DATE` say it where there is no git, as in the build of an image;
//! else git does. Where nobody does, the version stands alone.

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

const COMMIT: &str = "XRAY_ECS_COMMIT";
const DATE: &str = "XRAY_ECS_COMMIT_DATE";

/// The characters of a hash that are shown, as git does in a small repository.
const SHORT: usize = 7;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={COMMIT}");
    println!("cargo::rerun-if-env-changed={DATE}");
    let version = variable("CARGO_PKG_VERSION").unwrap_or_default();
    let commit = match named_by_environment() {
        Ok(Some(commit)) => Some(commit),
        Ok(None) => variable("CARGO_MANIFEST_DIR").and_then(|dir| named_by_git(Path::new(&dir))),
        Err(fault) => {
            println!("cargo::error={fault}");
            return ExitCode::FAILURE;
        }
    };
    let version = match commit {
        Some(Commit { hash, date }) => format!("{version} ({hash:.SHORT$} {date})"),
        None => version,
    };
    println!("cargo::rustc-env=XRAY_ECS_VERSION={version}");
    ExitCode::SUCCESS
}

struct Commit {
    hash: String,
    /// Such as 2026-11-28.
    date: String,
}

/// A variable that is set to more than nothing: an image's build argument that nobody gives is empty.
fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}

fn named_by_environment() -> Result<Option<Commit>, String> {
    let (hash, date) = match (variable(COMMIT), variable(DATE)) {
        (Some(hash), Some(date)) => (hash, date),
        (None, None) => return Ok(None),
        (Some(_), None) => {
            return Err(format!("{COMMIT} is set without {DATE}: set both, or none"));
        }
        (None, Some(_)) => {
            return Err(format!("{DATE} is set without {COMMIT}: set both, or none"));
        }
    };
    let mut faults = Vec::new();
    if !is_hash(&hash) {
        faults.push(format!(
            "{COMMIT} `{}` is no commit's hash: give {SHORT} to 64 hexadecimal digits",
            hash.escape_default()
        ));
    }
    if !is_date(&date) {
        faults.push(format!(
            "{DATE} `{}` is no date: give the commit's as 2026-11-28 (git show --no-patch --format=%cs)",
            date.escape_default()
        ));
    }
    match faults.is_empty() {
        true => Ok(Some(Commit {
            hash: hash.to_ascii_lowercase(),
            date,
        })),
        false => Err(faults.join("; ")),
    }
}

fn is_hash(text: &str) -> bool {
    (SHORT..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it looks like 2026-11-28.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else {
        return false;
    };
    let number = |digits: &str, len: usize| {
        let is_number = digits.len() == len && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u16>().ok()).flatten()
    };
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}

/// The commit of the work tree whose top is `dir`. A copy inside another repository has none: that
/// one's commit is not ours.
fn named_by_git(dir: &Path) -> Option<Commit> {
    if !dir.join(".git").exists() {
        return None; // and git need not be there
    }
    watch(dir);
    let shown = git(dir, &["show", "--no-patch", "--format=%H %cs", "HEAD"])?;
    let (hash, date) = shown.split_once(' ')?;
    Some(Commit {
        hash: hash.to_owned(),
        date: date.to_owned(),
    })
}

/// Has this run again when another commit is checked out or made. All paths come from git: in a
/// linked work tree `.git` is a file.
fn watch(dir: &Path) {
    let reference = git(dir, &["symbolic-ref", "--quiet", "HEAD"]); // none in a detached one
    for name in ["HEAD", "packed-refs"]
        .into_iter()
        .chain(reference.as_deref())
    {
        let Some(path) = git(dir, &["rev-parse", "--git-path", name]) else {
            continue;
        };
        let path = dir.join(path);
        // To cargo a file that is not there has always changed; a branch that is only packed gets its
        // file, and so changes its directory, with the next commit.
        let watched = match name {
            "packed-refs" => Some(path.as_path()).filter(|path| path.exists()),
            _ => path.ancestors().find(|path| path.exists()),
        };
        if let Some(path) = watched {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
}

/// What git says, in a line, of the repository in `dir` alone.
fn git(dir: &Path, args: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    // In a container the checkout may be another user's; we only read.
    command.args(["-c", "safe.directory=*"]);
    command.args(args).current_dir(dir);
    // A hook of git that builds has these set to its own repository.
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_COMMON_DIR",
        "GIT_INDEX_FILE",
    ] {
        command.env_remove(name);
    }
    // It looks no further than `dir`.
    if let Some(above) = dir.parent() {
        command.env("GIT_CEILING_DIRECTORIES", above);
    }
    let output = command.output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !line.is_empty()).then_some(line)
}
