//! The critical path of a trace: which entities decided when a root ended, and for how long each.
//!
//! A walk back from the root's end, as Jaeger does it: whatever child ended last before the point
//! reached is what its parent waited for; between children the parent itself is at work. The
//! sections tile the root without a gap, so their lengths add up to its duration.
//!
//! A child that its parent did not wait for is not on the path: work that goes on after the parent
//! has ended is asynchronous. Only a child measured by another clock may seem to outlive its parent
//! and still have been waited for, when it is no longer than the parent is.

use std::iter::Rev;
use std::slice;

/// When an entity was at work, in seconds of one epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its start.
    pub start: f64,
    /// Its end; of one in progress, the present moment.
    pub end: f64,
    /// The place of its parent in the slice; none for a root.
    pub parent: Option<usize>,
    /// Whether another machine measured it than measured its parent, as with the segment of a
    /// called service: the clocks may differ.
    pub is_remote: bool,
}

impl Interval {
    fn is_sound(&self) -> bool {
        self.start.is_finite() && self.end.is_finite() && self.start <= self.end
    }

    /// Whether `parent` ended only after this had.
    fn is_awaited_by(&self, parent: &Self) -> bool {
        let fits = self.end - self.start <= parent.end - parent.start;
        self.is_sound()
            && self.end > parent.start
            && (self.end <= parent.end || (self.is_remote && fits && self.start < parent.end))
    }
}

/// A time during which nothing but one entity's own work kept the root from ending.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Section {
    /// The entity's place in the slice.
    pub entity: usize,
    /// From when.
    pub start: f64,
    /// Until when; later than `start`.
    pub end: f64,
}

/// The sections of the critical path of `root`, first to last; empty if there is no such root or it
/// took no time.
///
/// Intervals that are not finite, that end before they start, or whose parents run in a loop are
/// none. Takes the time of sorting the intervals, whatever their nesting.
pub fn critical_path(intervals: &[Interval], root: usize) -> Vec<Section> {
    let Some(of_root) = intervals.get(root).filter(|interval| interval.is_sound()) else {
        return Vec::new();
    };
    let children = Children::of(intervals, root);
    let mut sections = Vec::new();
    let mut open = vec![Walk::of(root, of_root.start, of_root.end, &children)];
    while let Some(walk) = open.last_mut() {
        let next = walk.waiting.by_ref().find_map(|&child| {
            let interval = &intervals[child];
            let (start, end) = (interval.start.max(walk.start), interval.end.min(walk.end));
            // What ends later than the point reached ran beside something that mattered more.
            (start < end && end <= walk.reached).then_some((child, start, end))
        });
        let until = next.map_or(walk.start, |(_, _, end)| end);
        if until < walk.reached {
            sections.push(Section {
                entity: walk.entity,
                start: until,
                end: walk.reached,
            });
        }
        if let Some((child, start, end)) = next {
            walk.reached = start;
            open.push(Walk::of(child, start, end, &children));
        } else {
            open.pop();
        }
    }
    sections.reverse();
    sections
}

/// An entity whose part of the path is being walked, from its end to its start.
struct Walk<'a> {
    entity: usize,
    start: f64,
    end: f64,
    /// The earliest moment that is accounted for.
    reached: f64,
    /// The children that were not looked at, the one that ended last first.
    waiting: Rev<slice::Iter<'a, usize>>,
}

impl<'a> Walk<'a> {
    fn of(entity: usize, start: f64, end: f64, children: &'a Children) -> Self {
        Self {
            entity,
            start,
            end,
            reached: end,
            waiting: children.of_parent(entity).iter().rev(),
        }
    }
}

/// The children that their parents waited for, by parent and end.
struct Children {
    sorted: Vec<usize>,
    /// Where the children of each parent begin in `sorted`, and after the last where they end.
    starts: Vec<usize>,
}

impl Children {
    fn of(intervals: &[Interval], root: usize) -> Self {
        let parent = |child: usize| {
            let parent = intervals[child].parent?;
            // The root is nobody's child, whatever it says: the walk would never end.
            let is_child = child != root && intervals[child].is_awaited_by(intervals.get(parent)?);
            is_child.then_some(parent)
        };
        let mut sorted: Vec<(usize, usize)> = (0..intervals.len())
            .filter_map(|child| Some((parent(child)?, child)))
            .collect();
        sorted.sort_by(|&(a_parent, a), &(b_parent, b)| {
            let (of_a, of_b) = (&intervals[a], &intervals[b]);
            // Of those that end at once the longest is taken: it comes last.
            a_parent
                .cmp(&b_parent)
                .then(of_a.end.total_cmp(&of_b.end))
                .then(of_b.start.total_cmp(&of_a.start))
                .then(a.cmp(&b))
        });
        let mut starts = vec![0; intervals.len() + 1];
        for (parent, _) in &sorted {
            starts[parent + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        Self {
            sorted: sorted.into_iter().map(|(_, child)| child).collect(),
            starts,
        }
    }

    fn of_parent(&self, parent: usize) -> &[usize] {
        &self.sorted[self.starts[parent]..self.starts[parent + 1]]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval(start: f64, end: f64, parent: Option<usize>) -> Interval {
        Interval {
            start,
            end,
            parent,
            is_remote: false,
        }
    }

    /// `0:0-10 1:10-30`: entity, start and end of each section.
    fn path(intervals: &[Interval]) -> String {
        let sections = critical_path(intervals, 0);
        let text = sections
            .iter()
            .map(|section| format!("{}:{}-{}", section.entity, section.start, section.end));
        text.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn children_one_after_the_other_are_all_on_the_path() {
        let intervals = [
            interval(0.0, 100.0, None),
            interval(10.0, 30.0, Some(0)),
            interval(30.0, 90.0, Some(0)),
            interval(40.0, 80.0, Some(2)),
        ];
        assert_eq!(
            path(&intervals),
            "0:0-10 1:10-30 2:30-40 3:40-80 2:80-90 0:90-100"
        );
    }

    #[test]
    fn of_children_at_once_the_last_to_end_counts_and_then_what_ended_before_it_began() {
        let intervals = [
            interval(0.0, 100.0, None),
            interval(0.0, 40.0, Some(0)),
            interval(20.0, 60.0, Some(0)),
            interval(50.0, 90.0, Some(0)),
        ];
        assert_eq!(path(&intervals), "1:0-40 0:40-50 3:50-90 0:90-100");
        let both_end_at_once = [
            interval(0.0, 9.0, None),
            interval(8.0, 9.0, Some(0)),
            interval(1.0, 9.0, Some(0)),
        ];
        assert_eq!(path(&both_end_at_once), "0:0-1 2:1-9");
    }

    #[test]
    fn what_goes_on_after_its_parent_was_not_waited_for() {
        let intervals = [
            interval(0.0, 100.0, None),
            interval(10.0, 50.0, Some(0)),
            interval(60.0, 160.0, Some(0)),
            interval(70.0, 80.0, Some(2)),
        ];
        assert_eq!(path(&intervals), "0:0-10 1:10-50 0:50-100");
    }

    #[test]
    fn another_machine_s_clock_may_run_ahead_or_behind() {
        let remote = |start, end| Interval {
            is_remote: true,
            ..interval(start, end, Some(0))
        };
        let root = interval(0.0, 100.0, None);
        assert_eq!(path(&[root, remote(5.0, 103.0)]), "0:0-5 1:5-100");
        assert_eq!(path(&[root, remote(-5.0, 93.0)]), "1:0-93 0:93-100");
        // Its last call ends with it, so it is cut off where the root ends.
        let call = interval(90.0, 102.0, Some(1));
        assert_eq!(
            path(&[root, remote(5.0, 103.0), call]),
            "0:0-5 1:5-90 2:90-100"
        );
        // Longer than the root: nobody can have waited for it.
        assert_eq!(path(&[root, remote(5.0, 113.0)]), "0:0-100");
        assert_eq!(path(&[root, remote(100.0, 113.0)]), "0:0-100");
    }

    #[test]
    fn what_has_no_sound_times_is_not_there() {
        let intervals = [
            interval(0.0, 10.0, None),
            interval(5.0, 4.0, Some(0)),
            interval(f64::NAN, 9.0, Some(0)),
            interval(2.0, f64::INFINITY, Some(0)),
            interval(3.0, 9.0, Some(77)),
            interval(5.0, 5.0, Some(0)),
        ];
        assert_eq!(path(&intervals), "0:0-10");
        assert_eq!(path(&[]), "");
        assert_eq!(path(&[interval(1.0, 0.0, None)]), "");
    }

    #[test]
    fn loops_of_parents_end() {
        let intervals = [
            interval(0.0, 10.0, Some(1)),
            interval(2.0, 8.0, Some(0)),
            interval(0.0, 9.0, Some(2)),
        ];
        assert_eq!(path(&intervals), "0:0-2 1:2-8 0:8-10");
    }

    #[test]
    fn a_hundred_thousand_in_one_chain_and_in_one_row_are_walked() {
        let all = 100_000;
        let nested: Vec<Interval> = (0..all)
            .map(|i: usize| interval(i as f64, (2 * all - i) as f64, i.checked_sub(1)))
            .collect();
        assert_eq!(critical_path(&nested, 0).len(), 2 * all - 1);
        let at_once: Vec<Interval> = (0..all)
            .map(|i| interval(0.0, i as f64, (i < all - 1).then_some(all - 1)))
            .collect();
        assert_eq!(critical_path(&at_once, all - 1).len(), 2);
    }

    fn any_intervals() -> impl Strategy<Value = Vec<Interval>> {
        let one = (0..40_u32, 0..20_u32, 0..12_usize, any::<bool>());
        proptest::collection::vec(one, 1..12).prop_map(|all| {
            let intervals = all
                .into_iter()
                .map(|(start, length, parent, is_remote)| Interval {
                    is_remote,
                    ..interval(f64::from(start), f64::from(start + length), Some(parent))
                });
            intervals.collect()
        })
    }

    proptest! {
        #[test]
        fn sections_tile_the_root_and_lie_within_their_entities(intervals in any_intervals()) {
            let sections = critical_path(&intervals, 0);
            let mut reached = intervals[0].start;
            for section in &sections {
                let entity = &intervals[section.entity];
                prop_assert_eq!(section.start, reached);
                prop_assert!(section.start < section.end);
                prop_assert!(entity.start <= section.start && section.end <= entity.end);
                reached = section.end;
            }
            prop_assert_eq!(reached, intervals[0].end);
        }
    }
}
