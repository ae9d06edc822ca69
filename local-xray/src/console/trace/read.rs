//! Which trace an address names, and its documents.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tracing_xray::{Timestamp, TraceId};

use super::super::parts::trace_address;
use super::super::{Console, Request};
use super::Failure;
use crate::store::{Mark, SummaryQuery, TimeRange, Trace};
use crate::timeline::Timeline;

/// What an address names.
pub(super) enum Named {
    Trace(TraceId),
    /// It is another name for this one, which has an address of its own.
    Elsewhere(TraceId),
}

/// How many of the newest ids are looked at for the newest trace: ids have but seconds.
const LATEST_OF: usize = 100;

/// The trace of `/traces/ID`.
pub(super) fn trace_id(console: &Console, request: &Request) -> Result<Named, Failure> {
    let parts = request.address.parts();
    named(console, parts.get(1).map_or("", String::as_str))
}

/// The trace of a name: an id of X-Ray, or one of W3C, or `latest`.
pub(super) fn named(console: &Console, name: &str) -> Result<Named, Failure> {
    if let Ok(id) = name.parse() {
        return Ok(Named::Trace(id));
    }
    let lower = name.trim().to_ascii_lowercase();
    let id = match lower.as_str() {
        "latest" => Some(latest(console)?),
        lower => lower.parse().ok().or_else(|| of_w3c(lower)),
    };
    match id {
        Some(id) => Ok(Named::Elsewhere(id)),
        None => Err(Failure::BadRequest(format!(
            "{name} is no trace id: write such as 1-67891233-abcdef012345678912345678, or latest"
        ))),
    }
}

/// 32 hex digits, as OpenTelemetry writes an id.
fn of_w3c(name: &str) -> Option<TraceId> {
    let is_id = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = u128::from_str_radix(name, 16).ok().filter(|_| is_id)?;
    Some(TraceId::from_w3c(id))
}

fn latest(console: &Console) -> Result<TraceId, Failure> {
    let query = SummaryQuery {
        start: Timestamp::default(),
        end: Timestamp::from_micros(u64::from(u32::MAX) * 1_000_000),
        range: TimeRange::TraceId,
        limit: LATEST_OF,
        ..SummaryQuery::default()
    };
    let page = console.store.trace_summaries(&query)?;
    let newest = page
        .summaries
        .iter()
        .max_by_key(|summary| summary.start_time);
    newest.map(|summary| summary.id).ok_or_else(|| {
        let command = super::super::command::first_run(&console.surroundings);
        Failure::NotFound(format!("there is no trace yet: run `{command}`"))
    })
}

/// The traces that were read last, as long as nothing is written: who looks at a large trace asks for it
/// with every click, and for its rows as they are reached; who compares two, for both. What was asked for
/// last is last.
#[derive(Default)]
pub(in super::super) struct LastRead(Mutex<Vec<(Mark, Arc<Read>)>>);

/// How many traces are kept, and how many bytes of documents they may have together.
const KEPT_MAX: usize = 3;
const KEPT_BYTES_MAX: usize = 32 << 20;

impl LastRead {
    fn get(&self, mark: Mark, id: TraceId) -> Option<Arc<Read>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |(at, read): &(Mark, Arc<Read>)| *at == mark && read.id == id;
        let place = last.iter().position(known)?;
        last[place..].rotate_left(1);
        last.last().map(|(_, read)| Arc::clone(read))
    }

    fn set(&self, mark: Mark, read: &Arc<Read>) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.retain(|(at, known)| *at == mark && known.id != read.id);
        if read.bytes > KEPT_BYTES_MAX {
            return;
        }
        last.push((mark, Arc::clone(read)));
        let bytes =
            |kept: &[(Mark, Arc<Read>)]| -> usize { kept.iter().map(|(_, read)| read.bytes).sum() };
        while last.len() > KEPT_MAX || bytes(&last) > KEPT_BYTES_MAX {
            last.remove(0);
        }
    }
}

/// A trace as the store has it.
pub(in super::super) struct Read {
    pub(super) id: TraceId,
    pub(super) trace: Trace,
    pub(super) documents: Vec<Value>,
    /// It changes with every document that arrives or takes the place of another.
    pub(super) revision: u64,
    /// How many bytes of documents there are.
    bytes: usize,
    /// How many documents the store had.
    number: i64,
}

impl Read {
    pub(super) fn of(console: &Console, id: TraceId) -> Result<Arc<Self>, Failure> {
        // Before the trace: what comes in between makes the next read it again. The mark does not tell
        // that documents between the first and the last were removed; their number does.
        let mark = console.store.mark()?;
        let number = console.store.document_count(id)?;
        if let Some(read) = console.last_traces.get(mark, id)
            && read.number == number
        {
            return Ok(read);
        }
        let read = Arc::new(Self::from_store(console, id, number)?);
        console.last_traces.set(mark, &read);
        Ok(read)
    }

    fn from_store(console: &Console, id: TraceId, number: i64) -> Result<Self, Failure> {
        let Some(trace) = console.store.batch_get_traces(&[id])?.pop() else {
            return Err(Failure::NotFound(format!(
                "trace {id} is not in this store: it has not arrived, or was removed since; reload this page \
                 to look again, or see /traces for those that are here"
            )));
        };
        let texts = || trace.documents();
        let documents = texts().filter_map(|text| serde_json::from_str(text).ok());
        let documents = documents.filter(Value::is_object).collect();
        Ok(Self {
            id,
            documents,
            revision: revision(texts()),
            bytes: texts().map(str::len).sum(),
            number,
            trace,
        })
    }

    /// The trace of a path beneath that of its page.
    pub(super) fn named(console: &Console, request: &Request) -> Result<Arc<Self>, Failure> {
        match trace_id(console, request)? {
            Named::Trace(id) => Self::of(console, id),
            Named::Elsewhere(id) => Err(Failure::NotFound(format!(
                "there is nothing here: the trace is at {}",
                trace_address(id)
            ))),
        }
    }

    pub(super) fn timeline(&self, now: Timestamp) -> Timeline<'_> {
        Timeline::read(&self.documents, now.as_secs_f64())
    }
}

fn revision<'a>(texts: impl Iterator<Item = &'a str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    texts.for_each(|text| text.hash(&mut hasher));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::watch;

    use super::super::super::Surroundings;
    use super::*;
    use crate::store::{Retention, Store};

    #[test]
    fn a_revision_tells_texts_of_one_length_apart() {
        let of = |texts: &[&str]| revision(texts.iter().copied());
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        for other in [&["ab", "d"][..], &["a", "bc"], &["abc"]] {
            assert_ne!(of(&["ab", "c"]), of(other), "{other:?}");
        }
    }

    #[test]
    fn a_trace_that_was_removed_between_others_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let ids = [1, 2, 3].map(|number| format!("1-6921a2b0-{number:024x}"));
        // The second ended long before the others.
        for (id, start) in ids
            .iter()
            .zip([1_763_790_000, 1_763_000_000, 1_763_790_000])
        {
            let document = format!(
                r#"{{"id": "1111111111111111", "trace_id": "{id}", "name": "n",
                    "start_time": {start}, "end_time": {start}.5}}"#
            );
            let received = Timestamp::from_micros(start * 1_000_000);
            store.put_trace_segments(&[document], received).unwrap();
        }
        let (_stop, stopped) = watch::channel(false);
        let console = Console::new(store, Surroundings::default(), stopped);
        let read = || Read::of(&console, ids[1].parse().unwrap());
        let (mark, first) = (console.store.mark().unwrap(), read().unwrap());
        assert!(Arc::ptr_eq(&first, &read().unwrap()));
        let now = Timestamp::from_micros(1_763_790_001_000_000);
        let retention = Retention {
            age: Duration::from_secs(3600),
            ..Retention::default()
        };
        assert_eq!(console.store.enforce(retention, now, || true).unwrap(), 1);
        assert_eq!(console.store.mark().unwrap(), mark);
        assert!(matches!(read(), Err(Failure::NotFound(_))));
    }

    #[test]
    fn the_last_traces_are_kept_until_something_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let ids = [1, 2, 3, 4].map(|number| format!("1-6921a2b0-{number:024x}"));
        let put = |store: &Store, id: &str| {
            let document = format!(
                r#"{{"id": "1111111111111111", "trace_id": "{id}", "name": "n",
                    "start_time": 1763790000, "end_time": 1763790001}}"#
            );
            let received = Timestamp::from_micros(1_763_790_001_000_000);
            store.put_trace_segments(&[document], received).unwrap();
        };
        ids.iter().for_each(|id| put(&store, id));
        let (_stop, stopped) = watch::channel(false);
        let console = Console::new(store, Surroundings::default(), stopped);
        let read = |at: usize| Read::of(&console, ids[at].parse().unwrap()).unwrap();
        let [first, second, third] = [read(0), read(1), read(2)];
        // The first is asked for again, so that the fourth takes the place of the second.
        assert!(Arc::ptr_eq(&first, &read(0)));
        let fourth = read(3);
        for (at, known) in [(0, &first), (2, &third), (3, &fourth)] {
            assert!(Arc::ptr_eq(known, &read(at)), "{at}");
        }
        assert!(!Arc::ptr_eq(&second, &read(1)));
        put(&console.store, "1-6921a2b0-0000000000000000000000ff");
        assert!(!Arc::ptr_eq(&fourth, &read(3)));
    }

    #[test]
    fn an_id_of_w3c_is_32_hex_digits() {
        let id = of_w3c("6921a2b0000000000000000000000001").map(|id| id.to_string());
        assert_eq!(id.as_deref(), Some("1-6921a2b0-000000000000000000000001"));
        for name in ["", "+921a2b0000000000000000000000001", "6921a2b0"] {
            assert_eq!(of_w3c(name), None, "{name}");
        }
    }
}
