//! How many traces have each value of something, with a bound to how many values are known.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// How many different values are counted; of more, those met first, in the newest traces. With texts of
/// 250 bytes at most and 50 keys of annotations it is at most 70 MB for one list.
const VALUES_MAX: usize = 5_000;

/// Counts of traces by value.
#[derive(Debug)]
pub(crate) struct Counts<K> {
    known: HashMap<K, Count>,
    /// Whether there were more values than are counted.
    is_cut: bool,
}

#[derive(Debug)]
struct Count {
    traces: usize,
    /// The number of the last trace that has it, which counts once.
    last: usize,
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            is_cut: false,
        }
    }
}

impl<K: Hash + Ord> Counts<K> {
    /// Counts a value of a trace; traces have numbers, in their order.
    pub(super) fn add<V>(&mut self, value: &V, trace: usize)
    where
        K: Borrow<V>,
        V: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(count) = self.known.get_mut(value) {
            count.traces += usize::from(count.last != trace);
            count.last = trace;
        } else if self.known.len() < VALUES_MAX {
            let count = Count {
                traces: 1,
                last: trace,
            };
            self.known.insert(value.to_owned(), count);
        } else {
            self.is_cut = true;
        }
    }

    /// How many different values are known.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether some values were left out.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The values with how many traces have each, the most frequent first.
    pub(crate) fn by_frequency(&self) -> Vec<(&K, usize)> {
        let known = self.known.iter();
        let mut counts: Vec<_> = known.map(|(value, count)| (value, count.traces)).collect();
        counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_counts_once_for_each_value() {
        let mut counts = Counts::<String>::default();
        for (value, trace) in [("b", 1), ("a", 1), ("b", 1), ("b", 2), ("c", 3), ("a", 4)] {
            counts.add(value, trace);
        }
        let counted = counts.by_frequency();
        let counted: Vec<_> = counted.iter().map(|(v, n)| (v.as_str(), *n)).collect();
        assert_eq!(counted, [("a", 2), ("b", 2), ("c", 1)]);
    }

    #[test]
    fn values_beyond_the_bound_are_told_not_counted() {
        let mut counts = Counts::<i64>::default();
        for value in 0..=VALUES_MAX {
            counts.add(&(value as i64), value);
        }
        counts.add(&0, VALUES_MAX + 1);
        assert_eq!((counts.len(), counts.is_cut()), (VALUES_MAX, true));
        assert_eq!(counts.by_frequency()[0], (&0, 2));
    }
}
