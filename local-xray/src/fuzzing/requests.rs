//! Requests to the API, from their bytes to those of the answers.

use std::path::Path;
use std::time::Duration;

use axum::body::to_bytes;
use axum::http::StatusCode;
use rusqlite::Connection;
use serde_json::Value;
use tokio::runtime::Runtime;
use tracing_xray::{Clock, ManualClock, Timestamp};

use crate::api;
use crate::store::Store;

/// How many requests of an input are sent.
const REQUESTS_MAX: usize = 16;

/// What lies between two requests, so that quotas and cooldowns come to an end.
const PAUSE: Duration = Duration::from_secs(7);

/// Copies of all tables as they were at first.
struct Pristine {
    /// The SQL that makes the tables so again.
    restore: String,
}

/// The API over a store that is as new for every input.
pub struct Requests {
    store: Store,
    pristine: Pristine,
    runtime: Runtime,
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").finish_non_exhaustive()
    }
}

impl Requests {
    /// The API over a new store in this directory.
    ///
    /// # Panics
    /// There can be no store.
    pub fn open(dir: &Path) -> Self {
        let store = Store::open(dir).unwrap_or_else(|error| panic!("{error}"));
        let pristine = store.write(|transaction| Pristine::keep(transaction));
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        Self {
            store,
            pristine: pristine.unwrap_or_else(|error| panic!("{error}")),
            runtime: runtime.unwrap_or_else(|error| panic!("{error}")),
        }
    }

    /// Sends each line as a request: a path, a blank, a body.
    ///
    /// # Panics
    /// An answer is not what any request must get.
    pub fn send(&mut self, lines: &[u8]) {
        let restored = self
            .store
            .write(|transaction| transaction.execute_batch(&self.pristine.restore));
        restored.unwrap_or_else(|error| panic!("{error}"));
        let clock = ManualClock::at(Timestamp::from_micros(1_763_790_000_000_000));
        for line in lines.split(|byte| *byte == b'\n').take(REQUESTS_MAX) {
            let mut parts = line.splitn(2, |byte| *byte == b' ');
            let path = parts.next().and_then(|path| str::from_utf8(path).ok());
            let body = parts.next().unwrap_or_default();
            if let Some(path) = path {
                self.request(&clock, path, body);
            }
            clock.advance(PAUSE);
        }
    }

    /// Sends a request, and once more for what its answer says is the next page.
    fn request(&self, clock: &ManualClock, path: &str, body: &[u8]) {
        let Some(answer) = self.answer(clock, path, body) else {
            return;
        };
        let request: Option<Value> = serde_json::from_slice(body).ok();
        if let (Some(next), Some(mut request)) = (answer.get("NextToken"), request) {
            request["NextToken"] = next.clone();
            let page = self.answer(clock, path, request.to_string().as_bytes());
            assert!(page.is_some(), "{path} {request} is refused");
        }
    }

    /// What a request is answered, unless it is refused.
    fn answer(&self, clock: &ManualClock, path: &str, body: &[u8]) -> Option<Value> {
        let clock = Clock::Manual(clock.clone());
        let answer = api::post(self.store.clone(), clock, path, body)?;
        let (head, body) = self.runtime.block_on(answer).into_parts();
        let body = self.runtime.block_on(to_bytes(body, usize::MAX));
        let body = body.unwrap_or_else(|error| panic!("{path}: {error}"));
        let body: Value = serde_json::from_slice(&body)
            .unwrap_or_else(|error| panic!("{path}: {error} in {body:?}"));
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header("content-type"), Some("application/json"), "{path}");
        assert!(body.is_object(), "{path}: {body}");
        if head.status == StatusCode::OK {
            return Some(body);
        }
        assert!(
            head.status.is_client_error(),
            "{path}: {} {body}",
            head.status
        );
        let kind = header("x-amzn-errortype").unwrap_or_default();
        assert!(kind.ends_with("Exception"), "{path}: {kind} {body}");
        let message = body["Message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{path}: {kind} {body}");
        None
    }
}

impl Pristine {
    fn keep(connection: &Connection) -> Result<Self, rusqlite::Error> {
        let mut tables = connection.prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )?;
        let tables = tables.query_map([], |row| row.get::<_, String>(0))?;
        let mut restore = String::new();
        for table in tables.collect::<Result<Vec<_>, _>>()? {
            let copy = format!("CREATE TABLE pristine_{table} AS SELECT * FROM {table}");
            connection.execute_batch(&copy)?;
            restore += &format!(
                "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM pristine_{table};"
            );
        }
        Ok(Self { restore })
    }
}
