//! When to stop: signals, and how far the stopping has come.

use tokio::sync::watch;

/// How far the stopping of a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// It has not begun.
    #[default]
    Running,
    /// No new attempts; those that run may finish.
    Draining,
    /// Everything ends now.
    Cut,
}

/// Moves the phase forward, never back.
#[derive(Clone, Debug)]
pub(crate) struct StopSource(watch::Sender<Phase>);

/// Sees the phase.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<Phase>);

/// A phase that somebody moves and others see.
pub(crate) fn stop() -> (StopSource, Stop) {
    let (source, stop) = watch::channel(Phase::Running);
    (StopSource(source), Stop(stop))
}

impl StopSource {
    /// Moves on to `phase`, unless it is past it.
    pub(crate) fn advance(&self, phase: Phase) {
        self.0.send_if_modified(|current| {
            let is_later = phase > *current;
            *current = phase.max(*current);
            is_later
        });
    }
}

impl Stop {
    /// The phase now.
    pub(crate) fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Waits until the phase is `phase` or later. Never ends when the source is gone before.
    pub(crate) async fn reached(&self, phase: Phase) {
        let mut phases = self.0.clone();
        if phases.wait_for(|current| *current >= phase).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits until a deadline; for ever without one.
pub(crate) async fn at(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Waits for SIGTERM or SIGINT, and again: the first drains, the second cuts.
///
/// # Errors
/// The signals cannot be caught.
pub(crate) fn watch_signals(source: StopSource) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        for phase in [Phase::Draining, Phase::Cut] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            source.advance(phase);
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_phase_is_reached_once_and_never_left() {
        let (source, stop) = stop();
        assert_eq!(stop.phase(), Phase::Running);
        source.advance(Phase::Cut);
        source.advance(Phase::Draining);
        assert_eq!(stop.phase(), Phase::Cut);
        stop.reached(Phase::Draining).await;
    }
}
