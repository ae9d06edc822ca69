//! Root causes: the ways from the root of a trace down to what failed or took the time.
//!
//! AWS has thresholds here that it does not document; ours compute by rule. The way of the response
//! time follows the longest entity down while it covers half of the root's time; each deepest
//! failed entity is a cause of failure.
//!
//! Each cause tells the whole of its way with the exceptions on it, so causes of one trace tell much
//! of it over and over: how much text they hold is bounded. Filters compare with what is listed.

use serde::Serialize;

use crate::assemble::{DetailedTrace, Trace};
use crate::facts;
use crate::outline::{Kind, Outcome, Service};

use super::ServiceId;

/// The least share of the root's time that a step of the response time's way covers.
const COVERAGE_MIN: f64 = 0.5;

/// The most causes of one kind that a summary lists.
const CAUSES_MAX: usize = 100;

/// How many bytes of text the causes of one kind hold before no further one is listed: ways share
/// their beginnings, and each tells all of its own.
const CAUSES_BYTES_MAX: usize = 1 << 20;

/// How many exceptions of an entity are listed.
const EXCEPTIONS_MAX: usize = 10;

/// The most characters of an exception's name, and of its message.
const EXCEPTION_CHARS_MAX: usize = 1000;

/// How many bytes of exceptions the causes of one kind hold before further entities list none.
const EXCEPTIONS_BYTES_MAX: usize = 64 << 10;

/// The most entities on a way; longer ones are no reading.
const WAY_LEN_MAX: usize = 1000;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Cause<E> {
    pub(crate) services: Vec<CauseService<E>>,
    pub(crate) client_impacting: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CauseService<E> {
    pub(crate) name: String,
    names: [String; 1],
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) account_id: String,
    /// Never absent here, so that readers can compare it.
    pub(crate) r#type: String,
    pub(crate) inferred: bool,
    pub(crate) entity_path: Vec<E>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CoverageEntry {
    pub(crate) name: String,
    pub(crate) coverage: f64,
    pub(crate) remote: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ExceptionEntry {
    pub(crate) name: String,
    pub(crate) exceptions: Vec<facts::Exception<'static>>,
    pub(crate) remote: bool,
}

/// Where the root's response time went. A root in progress has no response time yet.
pub(crate) fn response_time(detailed: &DetailedTrace<'_>) -> Option<Cause<CoverageEntry>> {
    let trace = &detailed.trace;
    let root = *trace.roots().first()?;
    let whole = trace.entities[root].duration_us()?;
    let coverage = |index: usize| {
        let time = trace.entities[index].duration_us().unwrap_or_default();
        let share = match whole {
            _ if index == root => 1.0,
            0 => 0.0,
            _ => (time as f64 / whole as f64).min(1.0),
        };
        (share * 1000.0).round() / 1000.0
    };
    let children = children(trace);
    // Of equals the earliest.
    let longest_under = |index: usize| {
        let children = children[index].iter().rev().copied();
        children.max_by_key(|&child| trace.entities[child].duration_us())
    };
    let next = |&index: &usize| longest_under(index).filter(|&next| coverage(next) >= COVERAGE_MIN);
    let path: Vec<_> = std::iter::successors(Some(root), next)
        .take(WAY_LEN_MAX)
        .collect();
    let entry = |index: usize, remote| CoverageEntry {
        name: name(detailed, index),
        coverage: coverage(index),
        remote,
    };
    Some(Cause {
        services: services(trace, &path, entry)?,
        client_impacting: true,
    })
}

/// What hangs directly under each entity, subsegments and segments alike, by their start.
fn children(trace: &Trace<'_>) -> Vec<Vec<usize>> {
    let mut children = vec![Vec::new(); trace.entities.len()];
    let mut order: Vec<_> = (0..trace.entities.len()).collect();
    order.sort_by_key(|&index| (trace.entities[index].start, index));
    for index in order {
        if let Some(parent) = trace.parents[index] {
            children[parent].push(index);
        }
    }
    children
}

/// The ways to the deepest entities that ended with one of these outcomes.
pub(crate) fn failures(
    detailed: &DetailedTrace<'_>,
    outcomes: &[Outcome],
) -> Vec<Cause<ExceptionEntry>> {
    let trace = &detailed.trace;
    let failed = |index: &usize| outcomes.contains(&trace.entities[*index].outcome);
    if !(0..trace.entities.len()).any(|index| failed(&index)) {
        return Vec::new();
    }
    let mut failures = reached(trace);
    failures.retain(failed);
    let mut above_failed = vec![false; trace.entities.len()];
    for &index in &failures {
        let mut above = trace.parents[index];
        // What is above an entity that is marked is marked.
        while let Some(parent) = above.filter(|&parent| !above_failed[parent]) {
            above_failed[parent] = true;
            above = trace.parents[parent];
        }
    }
    let root_failed = trace.roots().first().is_some_and(failed);
    let mut exceptions_bytes = 0;
    let mut entry = |index: usize, remote| {
        let exceptions = if exceptions_bytes < EXCEPTIONS_BYTES_MAX {
            exceptions(detailed, index)
        } else {
            Vec::new()
        };
        let lens = exceptions.iter().map(|e| e.name.len() + e.message.len());
        exceptions_bytes += lens.sum::<usize>();
        ExceptionEntry {
            name: name(detailed, index),
            exceptions,
            remote,
        }
    };
    let deepest = failures.into_iter().filter(|&index| !above_failed[index]);
    let mut causes = Vec::new();
    let mut bytes = 0;
    for index in deepest.take(CAUSES_MAX) {
        if bytes >= CAUSES_BYTES_MAX {
            break;
        }
        if let Some(services) = services(trace, &way_from_top(trace, index), &mut entry) {
            bytes += services.iter().map(CauseService::text_len).sum::<usize>();
            causes.push(Cause {
                services,
                client_impacting: root_failed,
            });
        }
    }
    causes
}

/// The entities that a failure leads up from to the top of the trace, each before what is under
/// it, by their start. What ran on its own is not among them, nor what hangs too deep or in a
/// circle.
fn reached(trace: &Trace<'_>) -> Vec<usize> {
    let children = children(trace);
    let mut tops: Vec<_> = (0..trace.entities.len())
        .filter(|&index| trace.parents[index].is_none())
        .collect();
    tops.sort_by_key(|&index| (trace.entities[index].start, index));
    let mut reached = Vec::with_capacity(trace.entities.len());
    let mut waiting: Vec<_> = tops.into_iter().rev().map(|top| (top, 1)).collect();
    while let Some((index, way_len)) = waiting.pop() {
        reached.push(index);
        let next = children[index].iter().rev().copied();
        let next = next.filter(|&child| way_len < WAY_LEN_MAX && !ran_on_its_own(trace, child));
        waiting.extend(next.map(|child| (child, way_len + 1)));
    }
    reached
}

/// Whether a segment that hangs under a segment, rather than under a call, outlives it: it was
/// invoked asynchronously, and what becomes of it is no failure of its invoker.
fn ran_on_its_own(trace: &Trace<'_>, index: usize) -> bool {
    let entity = &trace.entities[index];
    let invoker = trace.parents[index].map(|parent| &trace.entities[parent]);
    let invoker = invoker.filter(|invoker| entity.is_segment() && invoker.is_segment());
    invoker
        .and_then(|invoker| invoker.end)
        .is_some_and(|end| entity.end > Some(end))
}

/// The entities from the top of the trace down to one that is reached from there.
fn way_from_top(trace: &Trace<'_>, index: usize) -> Vec<usize> {
    let up = std::iter::successors(Some(index), |&index| trace.parents[index]);
    let mut way: Vec<_> = up.collect();
    way.reverse();
    way
}

/// Groups a way by the services it passes; at a call that nobody answered it ends in the service
/// called. A way that starts at no segment passes no known service.
fn services<E>(
    trace: &Trace<'_>,
    way: &[usize],
    mut entry: impl FnMut(usize, bool) -> E,
) -> Option<Vec<CauseService<E>>> {
    let mut services: Vec<CauseService<E>> = Vec::new();
    for &index in way {
        let entity = &trace.entities[index];
        if entity.is_segment() {
            services.push(CauseService::new(entity.service.as_ref()?, false));
        }
        let remote = entity.kind == Kind::Call;
        services.last_mut()?.entity_path.push(entry(index, remote));
    }
    let last = *way.last()?;
    if trace.is_unanswered_call(last) {
        let mut inferred = CauseService::new(trace.entities[last].service.as_ref()?, true);
        inferred.entity_path.push(entry(last, false));
        services.push(inferred);
    }
    Some(services)
}

impl<E> CauseService<E> {
    fn new(service: &Service<'_>, inferred: bool) -> Self {
        let ServiceId {
            name,
            names,
            account_id,
            r#type,
        } = service.into();
        Self {
            name,
            names,
            account_id,
            r#type,
            inferred,
            entity_path: Vec::new(),
        }
    }
}

impl CauseService<ExceptionEntry> {
    /// How many bytes of text it holds, without the exceptions.
    fn text_len(&self) -> usize {
        let entities: usize = self.entity_path.iter().map(|e| e.name.len()).sum();
        2 * self.name.len() + self.account_id.len() + self.r#type.len() + entities
    }
}

fn name(detailed: &DetailedTrace<'_>, index: usize) -> String {
    detailed.facts(index).name.to_string()
}

fn exceptions(detailed: &DetailedTrace<'_>, index: usize) -> Vec<facts::Exception<'static>> {
    let exceptions = detailed.facts(index).exceptions.iter();
    let exceptions = exceptions.map(|exception| facts::Exception {
        name: shortened(&exception.name).into(),
        message: shortened(&exception.message).into(),
    });
    exceptions.take(EXCEPTIONS_MAX).collect()
}

/// A text, or its first characters and `…`.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(EXCEPTION_CHARS_MAX) {
        None => text.to_owned(),
        Some(_) => {
            let start = text.chars().take(EXCEPTION_CHARS_MAX - 1);
            start.chain(['…']).collect()
        }
    }
}
