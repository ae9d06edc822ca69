//! Where lines are written while bars may stand at the bottom of the terminal.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;

/// Writes whole lines, above the bar where there is one. Clones share it.
#[derive(Clone)]
pub(crate) struct Screen {
    bar: Option<ProgressBar>,
    out: Arc<Mutex<dyn Write + Send>>,
}

impl Screen {
    pub(super) fn new(bar: Option<ProgressBar>, out: impl Write + Send + 'static) -> Self {
        Self {
            bar,
            out: Arc::new(Mutex::new(out)),
        }
    }

    /// Writes lines at once. Nobody may be there to read them.
    pub(crate) fn print(&self, lines: &[u8]) {
        if lines.is_empty() {
            return;
        }
        let write = || {
            let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = out.write_all(lines).and_then(|()| out.flush());
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// For logs, which are written an event at a time.
impl Write for Screen {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.print(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").finish_non_exhaustive()
    }
}
