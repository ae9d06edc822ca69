//! Faults on order: a plan says how often which answers go wrong, and every such answer goes
//! wrong in a way that S3 and the network between are known for.

mod draw;
mod text;

use std::time::Duration;

pub(crate) use draw::{Fault, Faults, When};
pub use text::FaultPlanError;

/// Which answers of a local S3 go wrong, and how. The plan and the order in which the requests of
/// an operation arrive decide it: the same requests meet the same faults.
///
/// As text, for a command line:
/// `rate=0.3,kinds=slow_down+half_answer,operations=PutBucketPolicy+CreateBucket,seed=7,count=100`.
/// What is left out of the text is: every answer, all kinds, all operations, seed 0, for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultPlan {
    /// Share of the answers that go wrong, 0 to 1: 0 or less is none, 1 or more is all of them.
    pub rate: f64,
    /// The kinds to choose from, each as often as the others; empty for all kinds.
    pub kinds: Vec<FaultKind>,
    /// The operations whose answers may go wrong, such as `PutBucketTagging`; empty for all.
    pub operations: Vec<String>,
    /// Decides which answers go wrong.
    pub seed: u64,
    /// After this many faults all is well; none for no end.
    pub count: Option<u64>,
    /// How long [`FaultKind::SlowBody`] holds an answer up.
    pub delay: Duration,
}

/// How an answer goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// 500 `InternalError`, before or after the work.
    InternalError,
    /// 503 `SlowDown`; nothing was done.
    SlowDown,
    /// 409 `OperationAborted`; nothing was done.
    OperationAborted,
    /// The connection is reset before the first byte of the answer, before or after the work.
    ConnectionReset,
    /// The true answer, but its body trickles.
    SlowBody,
    /// The head and half of the body, then the connection ends. Before the work it is an error
    /// that is cut off, after it the true answer. An answer without a body resets the connection.
    HalfAnswer,
    /// What stands where XML should is none: with status 200 instead of an answer that has a body
    /// of XML or JSON, otherwise, and always when nothing was done, with status 500.
    WrongXml,
}

impl FaultKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::InternalError,
        Self::SlowDown,
        Self::OperationAborted,
        Self::ConnectionReset,
        Self::SlowBody,
        Self::HalfAnswer,
        Self::WrongXml,
    ];

    /// The word for it in the text of a plan.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InternalError => "internal_error",
            Self::SlowDown => "slow_down",
            Self::OperationAborted => "operation_aborted",
            Self::ConnectionReset => "connection_reset",
            Self::SlowBody => "slow_body",
            Self::HalfAnswer => "half_answer",
            Self::WrongXml => "wrong_xml",
        }
    }
}

impl FaultPlan {
    /// The longest [`FaultPlan::delay`]: one minute; more is cut to it.
    pub const DELAY_MAX: Duration = Duration::from_secs(60);

    const DELAY_DEFAULT: Duration = Duration::from_millis(500);

    /// No faults at all.
    pub fn none() -> Self {
        Self {
            rate: 0.0,
            ..Self::always()
        }
    }

    /// Every answer goes wrong, in any way.
    pub fn always() -> Self {
        Self {
            rate: 1.0,
            kinds: Vec::new(),
            operations: Vec::new(),
            seed: 0,
            count: None,
            delay: Self::DELAY_DEFAULT,
        }
    }
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self::none()
    }
}
