//! Where the daemon logs and how much: the levels of the official daemon, and a file that is replaced
//! before it grows without end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What the daemon logs when nobody says otherwise: its own life, and what is wrong. Where there is
/// no metadata service the SDK says so at length.
pub(super) const FILTER_DEFAULT: &str = "warn,xray_daemon=info,xray_ecs=info,aws_config=error";

/// The size at which the official daemon, too, begins a new file.
const ROTATED_AT: u64 = 50 << 20;

/// A level of the official daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogLevel {
    Dev,
    Debug,
    Info,
    Warn,
    Error,
}

impl LogLevel {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "dev" => Self::Dev,
            "debug" => Self::Debug,
            "info" | "prod" => Self::Info,
            "warn" => Self::Warn,
            "error" => Self::Error,
            _ => {
                let known = ["dev", "debug", "info", "prod", "warn", "error"];
                let suggestion = checked_json::suggestion(text, &known);
                return Err(format!("unknown log level `{text}`{suggestion}"));
            }
        })
    }

    /// The same as a filter. What signs requests never says more than warnings: it would tell
    /// session tokens.
    pub(super) fn filter(self) -> &'static str {
        match self {
            Self::Dev => "warn,xray_daemon=trace,xray_ecs=trace,aws_config=info,hyper_util=debug",
            Self::Debug => "warn,xray_daemon=debug,xray_ecs=debug",
            Self::Info => FILTER_DEFAULT,
            Self::Warn => "warn,aws_config=error",
            Self::Error => "error",
        }
    }
}

/// A log file. When it is full it gets the name `FILE.1`, in the place of the last one.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    len: u64,
    /// `u64::MAX` to let it grow.
    len_max: u64,
}

impl LogFile {
    /// Opens the file, to write at its end.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn open(path: &Path, rotates: bool) -> io::Result<Self> {
        Self::open_with(path, if rotates { ROTATED_AT } else { u64::MAX })
    }

    fn open_with(path: &Path, len_max: u64) -> io::Result<Self> {
        let file = append_to(path)?;
        Ok(Self {
            len: file.metadata()?.len(),
            path: path.to_owned(),
            file,
            len_max,
        })
    }

    fn rotate(&mut self) -> io::Result<()> {
        let mut old = self.path.clone().into_os_string();
        old.push(".1");
        fs::rename(&self.path, old)?;
        self.file = append_to(&self.path)?;
        self.len = 0;
        Ok(())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// A line comes whole, in one call.
impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.len > 0 && self.len.saturating_add(line.len() as u64) > self.len_max {
            // Where there can be no new file, the old one is better than nothing; and it is tried
            // again only after as much as a file holds.
            if self.rotate().is_err() {
                self.len = 0;
            }
        }
        let written = self.file.write(line)?;
        self.len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_official_daemon() {
        assert_eq!(LogLevel::parse("PROD"), Ok(LogLevel::Info));
        assert_eq!(
            LogLevel::parse("warning").unwrap_err(),
            "unknown log level `warning`, known are `dev`, `debug`, `info`, `prod`, `warn`, `error`"
        );
        for level in ["dev", "debug", "info", "warn", "error"] {
            let filter = LogLevel::parse(level).unwrap().filter();
            assert!(crate::telemetry::parse_filter(Some(filter)).is_ok());
        }
    }

    #[test]
    fn a_full_file_is_kept_and_the_one_before_it_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        fs::write(&path, "of before\n").unwrap();
        let mut log = LogFile::open_with(&path, 20).unwrap();
        for line in [
            "line 1\n",
            "line 2\n",
            "line 3\n",
            "line 4\n",
            "a line that is longer\n",
            "5\n",
        ] {
            log.write_all(line.as_bytes()).unwrap();
        }
        let read = |name| fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(read("x.log"), "5\n");
        assert_eq!(read("x.log.1"), "a line that is longer\n");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 2);
    }

    #[test]
    fn a_file_that_cannot_be_renamed_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        fs::create_dir(dir.path().join("x.log.1")).unwrap();
        let mut log = LogFile::open_with(&path, 10).unwrap();
        (0..5).for_each(|_| log.write_all(b"line\n").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "line\n".repeat(5));
    }
}
