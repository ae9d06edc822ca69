//! Schedules as code: EventBridge rules for ECS tasks, wanted in a file and made true on AWS.
//!
//! So far it holds [`expression`]: EventBridge's six-field cron and its rates, with their next
//! firings. What it will hold, each a file of its own: the schedule file; the remote side behind
//! one model that wanted and remote share, so that a second backend (EventBridge Scheduler) can
//! stand beside rules; a semantic diff and its apply; RunTask with a rule's own parameters; and an
//! audit that finds the firings that left no report. It knows EventBridge and ECS, never a job.

pub mod expression;
