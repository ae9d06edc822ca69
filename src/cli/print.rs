//! What the program writes: results to stdout, all else to stderr. A reader that goes away is no
//! error.

#[cfg(feature = "local")]
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
#[cfg(feature = "local")]
use std::ops::ControlFlow;
#[cfg(feature = "local")]
use std::path::Path;

use anyhow::Context as _;

use crate::view::{Style, neutralise};

/// Writes a result.
pub(crate) fn result(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("write to stdout"),
    }
}

/// Writes a result after which others follow, and says to stop when nobody reads any more.
#[cfg(feature = "local")]
pub(crate) fn next_result(text: &str) -> anyhow::Result<ControlFlow<()>> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        written => written
            .context("write to stdout")
            .map(ControlFlow::Continue),
    }
}

/// Whether results are read on a terminal.
#[cfg(any(feature = "schedule", feature = "local"))]
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Writes a long result piece by piece.
pub(crate) fn stream(
    write: impl FnOnce(&mut io::BufWriter<io::StdoutLock<'_>>) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let written = write(&mut stdout);
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("write to stdout"),
    }
}

/// Writes JSON for machines, as a line of its own.
pub(crate) fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    result(&(text + "\n"))
}

/// Writes a drawing into a file; `-` is stdout.
#[cfg(feature = "local")]
pub(crate) fn drawing(file: &Path, text: &str) -> anyhow::Result<()> {
    if file == Path::new("-") {
        return result(text);
    }
    fs::write(file, text).with_context(|| format!("write {}", file.display()))
}

/// Writes a line about what goes on. Nobody may be there to read it.
pub(crate) fn note(line: impl std::fmt::Display) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Writes an error with all its causes, in a line; a cause that was told already is left out.
pub(crate) fn error(error: &anyhow::Error) {
    let mut text = String::from("error");
    for cause in error.chain().map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    foreign(&text);
}

/// Writes lines that may hold text from outside, made harmless for a terminal.
pub(crate) fn foreign(text: &str) {
    for line in text.lines() {
        note(neutralise(line));
    }
}

/// How results look on this stdout: colour only on a terminal that wants it, as wide as it is.
pub(crate) fn style() -> Style {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_terminal = io::stdout().is_terminal();
    Style {
        colour: is_terminal && !set("NO_COLOR") && !set("CI"),
        width: width(),
    }
}

/// The same for a table, of which nothing is cut off in a file or a pipe that names no width.
#[cfg(feature = "schedule")]
pub(crate) fn table_style() -> Style {
    let is_bounded = io::stdout().is_terminal() || std::env::var_os("COLUMNS").is_some();
    match is_bounded {
        true => style(),
        false => Style {
            width: usize::MAX,
            ..style()
        },
    }
}

/// The terminal's columns and rows.
#[cfg(feature = "local")]
pub(crate) fn size() -> (usize, usize) {
    let rows = terminal_size::terminal_size().map(|(_, height)| usize::from(height.0));
    (width(), rows.unwrap_or(24))
}

/// The terminal's columns, else those that CI and scripts ask for.
fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let asked = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(asked).unwrap_or(Style::default().width)
}
