//! Ctrl-C while tasks are watched: on a terminal it asks whether to stop them, elsewhere it does.

use std::io::{self, BufRead as _, IsTerminal as _};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::cli::print;
use crate::view::count;

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Stop the tasks, and see them end.
    Stop,
    /// Leave, whatever they do.
    Leave,
}

/// Catches SIGINT and SIGTERM.
pub(super) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    /// The answer that is waited for.
    asking: Option<oneshot::Receiver<bool>>,
    has_stopped: bool,
}

impl Interrupts {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            asking: None,
            has_stopped: false,
        })
    }

    /// Waits until somebody wants something. The second time, or a signal in place of an answer, is
    /// to leave.
    pub(super) async fn next(&mut self, tasks: usize) -> Interrupt {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => {
                    if self.has_stopped || self.asking.is_some() {
                        return Interrupt::Leave;
                    }
                    if !io::stdin().is_terminal() {
                        return self.stop();
                    }
                    let tasks = count(tasks as u64, "task");
                    print::note(format_args!("\nStop {tasks}? [y/N] (Ctrl-C again leaves them running)"));
                    self.asking = Some(ask());
                }
                _ = self.terminate.recv() => match self.has_stopped {
                    true => return Interrupt::Leave,
                    false => return self.stop(),
                },
                yes = answer(&mut self.asking) => {
                    self.asking = None;
                    if yes {
                        return self.stop();
                    }
                    print::note("they run on");
                }
            }
        }
    }

    fn stop(&mut self) -> Interrupt {
        self.has_stopped = true;
        Interrupt::Stop
    }
}

/// The answer; waits for ever where nobody was asked.
async fn answer(asking: &mut Option<oneshot::Receiver<bool>>) -> bool {
    match asking {
        Some(asking) => asking.await.unwrap_or_default(),
        None => std::future::pending().await,
    }
}

/// Waits for the answer on a thread of its own, which the program does not wait for at its end:
/// perhaps nobody answers.
fn ask() -> oneshot::Receiver<bool> {
    let (sender, answer) = oneshot::channel();
    std::thread::spawn(move || sender.send(is_yes()));
    answer
}

fn is_yes() -> bool {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
}
