//! Schedules as code: EventBridge rules for ECS tasks, wanted in a file and made true on AWS.
//!
//! ```text
//! text ─► file: read, check ─► Rule ─┐
//!                                    ├─► diff ─► steps ─► apply ─► EventBridge
//! EventBridge ─► Remote ─► Rule ─────┘
//! Rule, target ─► run_task ─► ECS, CloudWatch Logs
//! Rule, reports, traces ─► audit
//! ```
//! [`rule`] is the one model that the wanted and the remote side share, in a form in which what means
//! the same is equal: a second backend speaks the same. Pure are [`expression`], [`mod@file`], [`diff`],
//! [`verify`] and [`audit`]; only [`eventbridge`], [`apply`], [`run_task`] and [`ecs`] wait for
//! something. It knows EventBridge and ECS, never a job.

pub mod apply;
pub mod audit;
pub mod calls;
pub mod diff;
pub mod ecs;
pub mod eventbridge;
pub mod expression;
pub mod file;
pub mod input;
pub mod place;
pub mod preview;
pub mod rule;
pub mod run_task;
pub mod verify;
