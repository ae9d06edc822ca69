//! Which request meets which fault.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::{FaultKind, FaultPlan};

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) when: When,
    /// How long a slow body takes.
    pub(crate) delay: Duration,
}

/// On which side of the work a request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Nothing was done.
    Before,
    /// The work was done, only its answer is spoiled.
    After,
}

/// The plan in force, and how far it has come.
#[derive(Debug)]
pub(crate) struct Faults {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    plan: FaultPlan,
    /// How many faults are still to come.
    left: Option<u64>,
    /// One stream of chance an operation, so that requests of one do not change what those of
    /// another meet. The names are those of S3's operations, so there are few.
    chances: BTreeMap<String, ChaCha8Rng>,
}

impl Faults {
    pub(crate) fn new(plan: FaultPlan) -> Self {
        Self {
            state: Mutex::new(State::new(plan)),
        }
    }

    /// Begins another plan.
    pub(crate) fn set(&self, plan: FaultPlan) {
        *self.lock() = State::new(plan);
    }

    /// Whether there may be faults to come.
    pub(crate) fn are_possible(&self) -> bool {
        let state = self.lock();
        state.plan.rate > 0.0 && state.left != Some(0)
    }

    /// Decides what the next request of an operation meets.
    pub(crate) fn draw(&self, operation: &str) -> Option<Fault> {
        self.lock().draw(operation)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(plan: FaultPlan) -> Self {
        Self {
            left: plan.count,
            plan,
            chances: BTreeMap::new(),
        }
    }

    fn draw(&mut self, operation: &str) -> Option<Fault> {
        let plan = &self.plan;
        let is_meant = plan.operations.is_empty() || plan.operations.iter().any(|o| o == operation);
        if !is_meant || self.left == Some(0) {
            return None;
        }
        let chance = self
            .chances
            .entry(operation.to_owned())
            .or_insert_with(|| ChaCha8Rng::from_seed(seed(plan.seed, operation)));
        // Every request takes as much chance, whatever comes of it.
        let (is_faulty, kind, is_before) = (
            chance.random::<f64>() < plan.rate,
            chance.random::<u32>(),
            chance.random::<bool>(),
        );
        if !is_faulty {
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        let kinds = match plan.kinds.as_slice() {
            [] => FaultKind::ALL.as_slice(),
            kinds => kinds,
        };
        let kind = kinds[kind as usize % kinds.len()];
        let when = match kind {
            FaultKind::SlowDown | FaultKind::OperationAborted => When::Before,
            FaultKind::SlowBody => When::After,
            _ if is_before => When::Before,
            _ => When::After,
        };
        Some(Fault {
            kind,
            when,
            delay: plan.delay.min(FaultPlan::DELAY_MAX),
        })
    }
}

/// Seed and name folded into one.
fn seed(seed: u64, operation: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    for (at, byte) in operation.bytes().enumerate() {
        let byte_at = &mut bytes[8 + at % 24];
        *byte_at = byte_at.rotate_left(3) ^ byte;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(plan: &FaultPlan, operation: &str, count: usize) -> Vec<Option<Fault>> {
        let faults = Faults::new(plan.clone());
        (0..count).map(|_| faults.draw(operation)).collect()
    }

    #[test]
    fn the_seed_decides() {
        let plan: FaultPlan = "rate=0.5,seed=7".parse().unwrap();
        let other: FaultPlan = "rate=0.5,seed=8".parse().unwrap();
        let first = drawn(&plan, "PutObject", 100);
        assert_eq!(first, drawn(&plan, "PutObject", 100));
        assert_ne!(first, drawn(&other, "PutObject", 100));
        assert_ne!(first, drawn(&plan, "GetObject", 100));
    }

    #[test]
    fn other_operations_do_not_disturb() {
        let plan: FaultPlan = "rate=0.5,seed=7".parse().unwrap();
        let faults = Faults::new(plan.clone());
        let mixed: Vec<_> = (0..50)
            .map(|_| {
                faults.draw("GetObject");
                faults.draw("PutObject")
            })
            .collect();
        assert_eq!(mixed, drawn(&plan, "PutObject", 50));
    }

    #[test]
    fn the_rate_is_the_share() {
        let share = |text: &str| {
            let plan = text.parse().unwrap();
            drawn(&plan, "PutObject", 2000)
                .into_iter()
                .flatten()
                .count()
        };
        assert_eq!(share("rate=0"), 0);
        assert_eq!(share("rate=1"), 2000);
        assert!(
            (500..700).contains(&share("rate=0.3")),
            "{}",
            share("rate=0.3")
        );
    }

    #[test]
    fn half_are_before_the_work_where_both_are_possible() {
        let plan: FaultPlan = "seed=3".parse().unwrap();
        let faults: Vec<Fault> = drawn(&plan, "PutObject", 2000)
            .into_iter()
            .flatten()
            .collect();
        for kind in FaultKind::ALL {
            let of_kind = faults.iter().filter(|fault| fault.kind == kind);
            let all = of_kind.clone().count();
            let before = of_kind.filter(|fault| fault.when == When::Before).count();
            assert!(all > 200, "{kind:?}: {all}");
            match kind {
                FaultKind::SlowDown | FaultKind::OperationAborted => assert_eq!(before, all),
                FaultKind::SlowBody => assert_eq!(before, 0),
                _ => assert!(
                    (all / 3..all * 2 / 3).contains(&before),
                    "{kind:?}: {before}"
                ),
            }
        }
    }

    #[test]
    fn a_plan_ends_and_keeps_to_its_operations() {
        let plan: FaultPlan = "operations=PutObject,count=3".parse().unwrap();
        assert_eq!(drawn(&plan, "GetObject", 10), [None; 10]);
        let faults = drawn(&plan, "PutObject", 10);
        assert_eq!(faults.iter().flatten().count(), 3);
        assert!(faults[..3].iter().all(Option::is_some));
    }
}
