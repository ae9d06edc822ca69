//! Asks before something is changed.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, bail};

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was said beforehand.
    Given,
    /// Somebody was asked, and said yes: time has passed meanwhile.
    Yes,
    /// Somebody was asked, and did not say yes.
    No,
}

/// Why a yes is not followed: what it was said to is no longer so.
pub(super) const CHANGED_MEANWHILE: &str =
    "somebody has changed the rules meanwhile: nothing was changed, look at the diff again";

/// Asks on the terminal whether to do this, unless the answer is given.
///
/// # Errors
/// There is nobody to ask.
pub(super) fn confirm(what: &str, is_given: bool) -> anyhow::Result<Answer> {
    if is_given {
        return Ok(Answer::Given);
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        bail!("nobody can be asked whether to {what}: add --yes");
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "Really {what}? [y/N] ")
        .and_then(|()| stderr.flush())
        .context("ask")?;
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .context("read the answer")?;
    Ok(match line.trim() {
        "y" | "Y" | "yes" => Answer::Yes,
        _ => Answer::No,
    })
}
