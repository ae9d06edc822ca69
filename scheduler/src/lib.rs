//! Schedules as code: EventBridge rules for ECS tasks, wanted in a file and made true on AWS.
//!
//! The crate holds no code yet. What it will hold, each a file of its own: the schedule file and
//! EventBridge's six-field cron with its next firings, both pure; the remote side behind one model
//! that wanted and remote share, so that a second backend (EventBridge Scheduler) can stand beside
//! rules; a semantic diff and its apply; RunTask with a rule's own parameters; and an audit that
//! finds the firings that left no report. It knows EventBridge and ECS, never a job.
