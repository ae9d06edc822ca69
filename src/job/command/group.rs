//! The process group of a program: all that it starts, unless that leaves the group by itself.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout_at};

/// How often a group is looked at while it may still end by itself.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// A process group that is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// The group that `child` was made the leader of.
    pub(super) fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // It fails only when the group is gone, which is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }

    fn is_gone(&self) -> bool {
        self.0
            .is_none_or(|group| test_kill_process_group(group) == Err(rustix::io::Errno::SRCH))
    }

    /// Ends the whole group: SIGTERM, and SIGKILL to what is left after `grace`. True when that
    /// was needed.
    pub(super) async fn terminate(self, child: &mut Child, grace: Duration) -> bool {
        let deadline = Instant::now() + grace;
        self.signal(Signal::TERM);
        // One that is stopped (SIGSTOP) sees SIGTERM only when it goes on.
        self.signal(Signal::CONT);
        // The leader must be waited for: until then it is a zombie, and counts.
        let mut has_ended = timeout_at(deadline, child.wait()).await.is_ok();
        while has_ended && !self.is_gone() {
            if Instant::now() >= deadline {
                has_ended = false;
            } else {
                sleep(LOOK_INTERVAL).await;
            }
        }
        // Dropped, the group is killed, if there is any left.
        !has_ended
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
