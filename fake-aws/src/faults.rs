//! Failing on order: what goes wrong with which call, and the log of all calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::protocol::{ApiError, Service};

/// The name by which EventBridge's invocation of a target is ordered to fail: see [`When::invocation`].
const INVOCATION: &str = "Invoke";

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The call is refused and has no effect.
    Error {
        /// The HTTP status: 400 for most errors, 500 for those of the service.
        status: u16,
        /// Such as `ConcurrentModificationException`.
        code: String,
        /// The text beside it.
        message: String,
    },
    /// The connection is closed before anything is done, and nothing is answered.
    Reset,
    /// All is done, but the connection is closed instead of answering.
    LostAnswer,
    /// The call is served after a pause.
    Delay(Duration),
    /// PutTargets and RemoveTargets answer 200, but one target is told in `FailedEntries` and is left
    /// as it was.
    FailedEntry {
        /// The id of the target.
        id: String,
        /// Such as `ConcurrentModificationException`.
        code: String,
        /// The text beside it.
        message: String,
    },
    /// RunTask answers 200, but that many of the wanted tasks are told in `failures` and do not start.
    Placement {
        /// How many; more than wanted stands for all.
        count: usize,
        /// Such as `RESOURCE:MEMORY`.
        reason: String,
    },
}

impl Fault {
    /// An error of the client's making: status 400.
    pub fn error(code: &str, message: &str) -> Self {
        Self::Error {
            status: 400,
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    /// Too many calls: `ThrottlingException`, which SDKs send again.
    pub fn throttling() -> Self {
        Self::error("ThrottlingException", "Rate exceeded")
    }

    /// The service fails: status 500, which SDKs send again.
    pub fn internal() -> Self {
        Self::Error {
            status: 500,
            code: "InternalException".to_owned(),
            message: "This exception occurs due to unexpected causes.".to_owned(),
        }
    }

    /// The caller may not: `AccessDeniedException`.
    pub fn access_denied() -> Self {
        Self::error(
            "AccessDeniedException",
            "User: arn:aws:iam::000000000000:user/test is not authorized to perform this operation",
        )
    }

    /// One target of PutTargets or RemoveTargets fails.
    pub fn failed_entry(id: &str, code: &str, message: &str) -> Self {
        Self::FailedEntry {
            id: id.to_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    /// The error that it refuses a call with, if it does.
    pub(crate) fn refusal(&self) -> Option<ApiError> {
        match self {
            Self::Error {
                status,
                code,
                message,
            } => Some(ApiError {
                status: *status,
                code: code.clone(),
                message: message.clone(),
            }),
            _ => None,
        }
    }

    /// Tasks of a RunTask find no place.
    pub fn placement(count: usize, reason: &str) -> Self {
        Self::Placement {
            count,
            reason: reason.to_owned(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    Operation(String),
    Writes,
    Any,
}

type Predicate = Arc<dyn Fn(&Value) -> bool + Send + Sync>;

/// Which calls a fault is for: the next one, of those that are meant, unless told otherwise.
#[derive(Clone)]
pub struct When {
    which: Which,
    body: Option<Predicate>,
    nth: usize,
    times: usize,
}

impl When {
    fn new(which: Which) -> Self {
        Self {
            which,
            body: None,
            nth: 1,
            times: 1,
        }
    }

    /// Calls of one operation, such as `PutRule`.
    pub fn operation(name: &str) -> Self {
        Self::new(Which::Operation(name.to_owned()))
    }

    /// Calls of all operations that change something: all but Describe, Get and List.
    pub fn writes() -> Self {
        Self::new(Which::Writes)
    }

    /// Every call.
    pub fn any() -> Self {
        Self::new(Which::Any)
    }

    /// EventBridge's own RunTask for a target when a rule fires. That is no call of a client: it is
    /// neither logged nor meant by [`When::writes`] and [`When::any`]. [`Fault::Error`] and
    /// [`Fault::Placement`] make sense here, the others do nothing.
    pub fn invocation() -> Self {
        Self::operation(INVOCATION)
    }

    /// Of those calls, only the ones with such a body. It is asked while the fake stands still, so it
    /// must not ask the fake anything.
    #[must_use]
    pub fn with(mut self, body: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.body = Some(Arc::new(body));
        self
    }

    /// The nth of those calls from now on; 1 is the next.
    #[must_use]
    pub fn nth(mut self, nth: usize) -> Self {
        self.nth = nth.max(1);
        self
    }

    /// So many in a row.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// All of them from there on.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    fn means(&self, operation: &str, body: &Value) -> bool {
        let named = match &self.which {
            Which::Operation(name) => name == operation,
            Which::Writes => operation != INVOCATION && writes(operation),
            Which::Any => operation != INVOCATION,
        };
        named && self.body.as_ref().is_none_or(|body_is| body_is(body))
    }
}

impl From<&str> for When {
    fn from(operation: &str) -> Self {
        Self::operation(operation)
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When")
            .field("which", &self.which)
            .field("nth", &self.nth)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// A call as it arrived.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whose operation it is.
    pub service: Service,
    /// Such as `PutRule`.
    pub operation: String,
    /// The request: JSON, or the parameters of a query.
    pub body: Value,
    /// The access key that signed it.
    pub access_key: String,
    /// What was answered; nothing when a fault closed the connection.
    pub status: Option<u16>,
}

impl Call {
    /// Whether its operation changes something.
    pub fn is_write(&self) -> bool {
        writes(&self.operation)
    }
}

fn writes(operation: &str) -> bool {
    let reads = ["Describe", "Get", "List"];
    !reads.iter().any(|prefix| operation.starts_with(prefix))
}

#[derive(Debug)]
struct Order {
    when: When,
    fault: Fault,
    seen: usize,
}

/// What is ordered, and what was called.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    orders: Vec<Order>,
    calls: Vec<Call>,
}

impl Faults {
    pub(crate) fn order(&mut self, when: When, fault: Fault) {
        self.orders.push(Order {
            when,
            fault,
            seen: 0,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.orders.clear();
    }

    /// The fault of this call: the oldest order that means it. Every order counts it.
    pub(crate) fn decide(&mut self, operation: &str, body: &Value) -> Option<Fault> {
        let mut found = None;
        for order in &mut self.orders {
            if !order.when.means(operation, body) {
                continue;
            }
            order.seen += 1;
            if order.seen >= order.when.nth && found.is_none() {
                found = Some(order.fault.clone());
            }
        }
        self.orders
            .retain(|order| order.seen < (order.when.nth - 1).saturating_add(order.when.times));
        found
    }

    /// The fault of an invocation that EventBridge makes.
    pub(crate) fn decide_invocation(&mut self, body: &Value) -> Option<Fault> {
        self.decide(INVOCATION, body)
    }

    /// Logs a call, and tells its place in the log.
    pub(crate) fn log(&mut self, call: Call) -> usize {
        self.calls.push(call);
        self.calls.len() - 1
    }

    pub(crate) fn answered(&mut self, place: usize, status: u16) {
        if let Some(call) = self.calls.get_mut(place) {
            call.status = Some(status);
        }
    }

    pub(crate) fn calls(&self) -> &[Call] {
        &self.calls
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hits(when: When, calls: &[(&str, Value)]) -> Vec<bool> {
        let mut faults = Faults::default();
        faults.order(when, Fault::Reset);
        calls
            .iter()
            .map(|(operation, body)| faults.decide(operation, body).is_some())
            .collect()
    }

    #[test]
    fn orders_mean_the_calls_they_name() {
        let calls = [
            ("PutRule", json!({"Name": "a"})),
            ("ListRules", json!({})),
            ("PutRule", json!({"Name": "b"})),
            ("PutTargets", json!({"Rule": "a"})),
            ("Invoke", json!({})),
        ];
        let (yes, no) = (true, false);
        for (when, expected) in [
            (When::from("PutRule"), [yes, no, no, no, no]),
            (When::from("PutRule").times(2), [yes, no, yes, no, no]),
            (When::from("PutRule").nth(2), [no, no, yes, no, no]),
            (When::writes().nth(3), [no, no, no, yes, no]),
            (When::writes().nth(2).always(), [no, no, yes, yes, no]),
            (When::any().times(9), [yes, yes, yes, yes, no]),
            (
                When::writes().with(|body| body["Name"] == "b"),
                [no, no, yes, no, no],
            ),
            (When::invocation(), [no, no, no, no, yes]),
        ] {
            assert_eq!(hits(when.clone(), &calls), expected, "{when:?}");
        }
    }

    #[test]
    fn the_oldest_order_wins_and_the_others_count() {
        let mut faults = Faults::default();
        faults.order(When::any(), Fault::Reset);
        faults.order(When::any().nth(2), Fault::LostAnswer);
        let body = json!({});
        assert_eq!(faults.decide("PutRule", &body), Some(Fault::Reset));
        assert_eq!(faults.decide("PutRule", &body), Some(Fault::LostAnswer));
        assert_eq!(faults.decide("PutRule", &body), None);
    }
}
