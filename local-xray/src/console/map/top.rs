//! The requests of a node or an edge that somebody looks for first: the slowest, and the last that failed.

use tracing_xray::{Timestamp, TraceId};

use super::View;
use super::meaning::Meaning;
use crate::map::Outcome;
use crate::outline::{self, Outline};
use crate::store::StoreError;

/// How many of each are shown.
const SHOWN: usize = 5;

/// A finished request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) trace: TraceId,
    pub(super) start: Timestamp,
    pub(super) duration_us: u64,
    pub(super) outcome: Outcome,
}

/// One request of each trace at most.
#[derive(Debug, Default)]
pub(super) struct Top {
    pub(super) slowest: Vec<Request>,
    pub(super) failures: Vec<Request>,
}

impl Top {
    pub(super) fn read(view: &View<'_>, meaning: &Meaning) -> Result<Self, StoreError> {
        let mut top = Self::default();
        let window = (view.window.start, view.window.end);
        let selectors = meaning.entity_selectors();
        let store = &view.console.store;
        store.each_request(window, view.filter(), &selectors, |trace, entity| {
            top.add(trace, entity);
        })?;
        Ok(top)
    }

    fn add(&mut self, trace: TraceId, entity: &Outline<'_>) {
        let Some(duration_us) = entity.duration_us() else {
            return;
        };
        let request = Request {
            trace,
            start: entity.start,
            duration_us,
            outcome: match entity.outcome {
                outline::Outcome::Ok => Outcome::Ok,
                outline::Outcome::Error => Outcome::Error,
                outline::Outcome::Throttle => Outcome::Throttle,
                outline::Outcome::Fault => Outcome::Fault,
            },
        };
        insert(&mut self.slowest, request, |request| request.duration_us);
        if request.outcome != Outcome::Ok {
            insert(&mut self.failures, request, |request| {
                request.start.as_micros()
            });
        }
    }
}

/// Keeps those with the highest value, from the highest.
fn insert(kept: &mut Vec<Request>, request: Request, value: impl Fn(&Request) -> u64) {
    if let Some(same) = kept.iter().position(|known| known.trace == request.trace) {
        if value(&kept[same]) >= value(&request) {
            return;
        }
        kept.remove(same);
    }
    let place = kept.partition_point(|known| value(known) >= value(&request));
    if place < SHOWN {
        kept.insert(place, request);
        kept.truncate(SHOWN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_stay_and_each_trace_stands_once() {
        let mut kept = Vec::new();
        for (number, duration_us) in [
            (1, 5),
            (2, 9),
            (1, 7),
            (1, 6),
            (3, 1),
            (4, 2),
            (5, 3),
            (6, 4),
        ] {
            let request = Request {
                trace: TraceId::from_w3c(number),
                start: Timestamp::from_micros(0),
                duration_us,
                outcome: Outcome::Ok,
            };
            insert(&mut kept, request, |request| request.duration_us);
        }
        let kept: Vec<_> = kept
            .iter()
            .map(|request| (request.trace.to_w3c(), request.duration_us))
            .collect();
        assert_eq!(kept, [(2, 9), (1, 7), (6, 4), (5, 3), (4, 2)]);
    }
}
