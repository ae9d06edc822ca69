//! What of a timeline has rows: where it is folded, and what people open and close.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Timeline;

/// What does not get a row of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// How many siblings of one name and action have rows of their own. Those that went wrong come
    /// before those that went well.
    pub alike_max: usize,
    /// How many levels are shown; none: all.
    pub level_max: Option<usize>,
}

impl Default for Fold {
    /// 40 alike siblings, all levels.
    fn default() -> Self {
        Self {
            alike_max: 40,
            level_max: None,
        }
    }
}

/// What has rows where people open and close parts of a timeline. Entities are told by their places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    /// What holds where nothing else is said.
    pub(crate) fold: Fold,
    /// Only this entity and what is beneath it, on an axis of its own; none: the whole trace.
    pub(crate) root: Option<usize>,
    /// They show their children at whatever level.
    pub(crate) open: BTreeSet<usize>,
    /// They hide their children, whatever else is said.
    pub(crate) closed: BTreeSet<usize>,
    /// The parents whose alike children have rows of their own; none: the roots.
    pub(crate) unfolded: BTreeSet<Option<usize>>,
    /// They have rows whatever level or fold would hide them.
    pub(crate) revealed: BTreeSet<usize>,
}

/// A timeline with what is chosen of it.
pub(super) struct Shown<'t, 'a> {
    pub(super) timeline: &'t Timeline<'a>,
    pub(super) choice: &'t Choice,
    /// What is revealed, and all that it hangs from.
    pub(super) on_way: Vec<bool>,
    axis: Range<f64>,
}

impl<'t, 'a> Shown<'t, 'a> {
    pub(super) fn of(timeline: &'t Timeline<'a>, choice: &'t Choice) -> Self {
        let mut on_way = vec![false; timeline.entities.len()];
        for &revealed in &choice.revealed {
            let mut next = Some(revealed);
            while let Some(index) = next.filter(|&index| !on_way[index]) {
                on_way[index] = true;
                next = timeline.entities[index].parent;
            }
        }
        Self {
            timeline,
            choice,
            on_way,
            axis: timeline.axis(choice.root),
        }
    }

    /// Whether an entity at a depth shows its children.
    pub(super) fn opens(&self, index: usize, depth: usize) -> bool {
        let Choice {
            fold, open, closed, ..
        } = self.choice;
        let level_max = fold.level_max.unwrap_or(usize::MAX).max(1);
        let children = &self.timeline.children[index];
        let is_wanted = || {
            depth + 1 < level_max
                || open.contains(&index)
                || children.iter().any(|&child| self.on_way[child])
        };
        !closed.contains(&index) && is_wanted()
    }

    /// Where a time lies on the axis, from 0 to 1; all 0 when everything happened in one moment.
    pub(super) fn share(&self, time: f64) -> f64 {
        let share = (time - self.axis.start) / (self.axis.end - self.axis.start);
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    pub(super) fn bar(&self, start: Option<f64>, end: Option<f64>) -> Option<Range<f64>> {
        let from = self.share(start?);
        let until = self.share(end.unwrap_or(self.timeline.now));
        Some(from..until.max(from))
    }
}
