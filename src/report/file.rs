//! A report as a file: it appears whole or not at all, except where only a device or pipe is.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Format, RunReport, write};

/// What a new file lets others do, less the umask.
const MODE: u32 = 0o666;

/// Writes the report to a temporary file beside `path`, which then takes its name. A device or a
/// pipe is written as it is; so is a file whose name cannot be taken over, such as one that is
/// mounted alone.
///
/// # Errors
/// It cannot be written, or the kept reports of jobs cannot be read.
pub(crate) fn write_file(report: &RunReport, format: Format, path: &Path) -> io::Result<()> {
    if is_stream(path) {
        return write_to(report, format, &OpenOptions::new().append(true).open(path)?);
    }
    let path = &target(path);
    let written = match beside(path) {
        Ok(file) => {
            write_to(report, format, file.as_file())?;
            file.as_file().sync_all()?;
            file.persist(path).map(drop).map_err(|failed| failed.error)
        }
        Err(error) => Err(error),
    };
    match written {
        Err(_) if path.exists() => {
            let file = OpenOptions::new().write(true).truncate(true).open(path)?;
            write_to(report, format, &file)
        }
        written => written,
    }
}

/// That a report can be written there, before anything is done that it would tell. Leaves nothing.
///
/// # Errors
/// It cannot.
pub(crate) fn check_file(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(found) if found.file_type().is_fifo() => Ok(()), // to open it would wait for its reader
        Ok(_) => OpenOptions::new().append(true).open(path).map(drop),
        Err(_) => beside(path).map(drop),
    }
}

/// Where links lead: a report takes the place of the file, not of the link.
fn target(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// A device, a pipe, or what another path of this process leads to, such as `/dev/stdout`: others
/// write there as well.
fn is_stream(path: &Path) -> bool {
    let is_other_than_file = path.metadata().is_ok_and(|found| !found.is_file());
    is_other_than_file || path.starts_with("/dev") || path.starts_with("/proc")
}

fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let dir = match path.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    let mode = path
        .metadata()
        .map_or(MODE, |found| found.permissions().mode());
    tempfile::Builder::new()
        .prefix(".report-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(dir)
}

fn write_to(report: &RunReport, format: Format, file: &File) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    write(report, format, &mut out)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::report::samples;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_report_takes_the_place_of_the_one_before_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.json");
        check_file(&path).unwrap();
        assert!(names(dir.path()).is_empty());
        fs::write(&path, "the one before").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let before = File::open(&path).unwrap();
        std::os::unix::fs::symlink("r.json", dir.path().join("link")).unwrap();
        check_file(&path).unwrap();
        write_file(&samples::run(), Format::Json, &dir.path().join("link")).unwrap();
        assert_eq!(names(dir.path()), ["link", "r.json"]);
        assert!(fs::read_to_string(&path).unwrap().ends_with("}\n"));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        // Who reads the old one still does.
        assert_eq!(io::read_to_string(before).unwrap(), "the one before");
        assert!(dir.path().join("link").is_symlink());
    }

    #[test]
    fn a_report_that_cannot_be_written_leaves_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("missing/r.json");
        assert!(check_file(&path).is_err());
        assert!(write_file(&samples::run(), Format::Json, &path).is_err());
        assert!(check_file(dir.path()).is_err());
        assert!(write_file(&samples::run(), Format::Json, dir.path()).is_err());
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn a_pipe_is_written_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        check_file(&path).unwrap();
        let reader = {
            let path = path.clone();
            std::thread::spawn(move || fs::read_to_string(path).unwrap())
        };
        write_file(&samples::run(), Format::Json, &path).unwrap();
        assert!(reader.join().unwrap().contains("\"run_id\""));
        assert_eq!(names(dir.path()), ["pipe"]);
        write_file(&samples::run(), Format::Json, Path::new("/dev/null")).unwrap();
    }
}
