//! The tracks of a channel: which vertical line runs left of which, so that none runs over another.
//!
//! A trunk comes in at rows of the left side and leaves at rows of the right side. Where a trunk
//! comes in at the row at which another one leaves, it has to turn off first: its track is left of
//! the other's. Where that goes in a circle, a trunk changes tracks at a free row.

use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};

/// What runs in one vertical line.
#[derive(Clone, Debug, Default)]
pub(super) struct Trunk {
    /// The rows at its left.
    pub(super) left: Vec<i64>,
    /// The rows at its right.
    pub(super) right: Vec<i64>,
}

/// Where a trunk runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Track {
    /// It is one straight row and needs no track.
    None,
    One(usize),
    /// The first track from the left, the row at which it changes, and the second.
    Two(usize, i64, usize),
}

/// A track for each trunk, and how many there are.
pub(super) fn tracks(trunks: &[Trunk]) -> (Vec<Track>, usize) {
    let mut tracks = vec![Track::None; trunks.len()];
    let mut leaves: HashMap<i64, Vec<usize>> = HashMap::new();
    let mut rows = HashSet::new();
    for (number, trunk) in trunks.iter().enumerate() {
        rows.extend(trunk.left.iter().chain(&trunk.right));
        if trunk.is_straight() {
            continue;
        }
        for &row in &trunk.right {
            leaves.entry(row).or_default().push(number);
        }
    }
    // Which trunks have to wait for each, and how many each waits for.
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); trunks.len()];
    let mut waits_for = vec![0_usize; trunks.len()];
    for (number, trunk) in trunks.iter().enumerate() {
        if trunk.is_straight() {
            continue;
        }
        for row in &trunk.left {
            for &other in leaves.get(row).into_iter().flatten() {
                if other != number {
                    waiting[number].push(other);
                    waits_for[other] += 1;
                }
            }
        }
    }
    let turning = |number: &usize| !trunks[*number].is_straight();
    let mut by_haste: Vec<usize> = (0..trunks.len()).filter(turning).collect();
    by_haste.sort_by_key(|&number| (trunks[number].haste(), number));
    let mut haste = vec![0; trunks.len()];
    for (place, &number) in by_haste.iter().enumerate() {
        haste[number] = place;
    }

    let mut skyline = Skyline::default();
    let mut halves: HashMap<usize, (usize, i64)> = HashMap::new();
    let mut is_done = vec![false; trunks.len()];
    let free = by_haste.iter().filter(|&&number| waits_for[number] == 0);
    let mut ready: BinaryHeap<std::cmp::Reverse<usize>> = free
        .map(|&number| std::cmp::Reverse(haste[number]))
        .collect();
    let mut stuck = by_haste.iter().copied();
    loop {
        let turned = if let Some(std::cmp::Reverse(place)) = ready.pop() {
            let number = by_haste[place];
            let trunk = &trunks[number];
            is_done[number] = true;
            match halves.get(&number) {
                None => {
                    let ends = trunk.left.iter().chain(&trunk.right);
                    tracks[number] = Track::One(skyline.place(ends.copied()));
                    number
                }
                Some(&(first, row)) => {
                    let ends = trunk.right.iter().copied().chain([row]);
                    tracks[number] = Track::Two(first, row, skyline.place(ends));
                    continue;
                }
            }
        } else {
            let next = stuck.find(|&number| !is_done[number] && !halves.contains_key(&number));
            let Some(number) = next else { break };
            let trunk = &trunks[number];
            let row = trunk.free_row(&rows);
            rows.insert(row);
            let first = skyline.place(trunk.left.iter().copied().chain([row]));
            halves.insert(number, (first, row));
            number
        };
        for &other in &waiting[turned] {
            waits_for[other] -= 1;
            if waits_for[other] == 0 {
                ready.push(std::cmp::Reverse(haste[other]));
            }
        }
    }
    (tracks, skyline.tracks)
}

impl Trunk {
    fn is_straight(&self) -> bool {
        let mut rows = self.left.iter().chain(&self.right);
        let first = rows.next();
        !self.right.is_empty() && rows.all(|row| Some(row) == first)
    }

    fn middle(&self) -> i64 {
        let ends = self.left.iter().chain(&self.right);
        let (low, high) = ends.fold((i64::MAX, i64::MIN), |(low, high), &row| {
            (low.min(row), high.max(row))
        });
        low + (high - low) / 2
    }

    /// What leads down turns off the sooner the further down it comes in, and what leads up the
    /// sooner the further up: so neither crosses its like.
    fn haste(&self) -> (bool, i64) {
        let row = self.left.first().copied().unwrap_or_default();
        match self.middle() >= row {
            true => (false, row.saturating_neg()),
            false => (true, row),
        }
    }

    /// A row that nothing else uses, the nearest from where the trunk comes in toward its middle.
    fn free_row(&self, rows: &HashSet<i64>) -> i64 {
        let row = self.left.first().copied().unwrap_or_default();
        let step = if self.middle() >= row { 1 } else { -1 };
        let mut free = row + step;
        // No further than there are rows in use: then one is free.
        while rows.contains(&free) {
            free += step;
        }
        free
    }
}

/// How many tracks are in use at each row: from each key to the next one.
#[derive(Default)]
struct Skyline {
    from: BTreeMap<i64, usize>,
    tracks: usize,
}

impl Skyline {
    /// The first track that is right of all that were placed at these rows and between them.
    fn place(&mut self, rows: impl Iterator<Item = i64>) -> usize {
        let (low, high) = rows.fold((i64::MAX, i64::MIN), |(low, high), row| {
            (low.min(row), high.max(row))
        });
        let at = |row: i64| {
            self.from
                .range(..=row)
                .next_back()
                .map_or(0, |(_, &tracks)| tracks)
        };
        let within = self.from.range(low..=high).map(|(_, &tracks)| tracks);
        let track = within.max().unwrap_or(0).max(at(low));
        let after = at(high + 1);
        let gone: Vec<i64> = self
            .from
            .range(low..=high + 1)
            .map(|(&row, _)| row)
            .collect();
        for row in gone {
            self.from.remove(&row);
        }
        self.from.insert(low, track + 1);
        self.from.insert(high + 1, after);
        self.tracks = self.tracks.max(track + 1);
        track
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trunk(left: i64, right: i64) -> Trunk {
        Trunk {
            left: vec![left],
            right: vec![right],
        }
    }

    #[test]
    fn trunks_side_by_side_nest_without_crossing() {
        // Down: the lower turns off first. Up: the upper does.
        let down = [trunk(0, 10), trunk(2, 12), trunk(4, 4)];
        let expected = vec![Track::One(1), Track::One(0), Track::None];
        assert_eq!(tracks(&down), (expected, 2));
        let up = [trunk(10, 0), trunk(12, 2)];
        assert_eq!(tracks(&up), (vec![Track::One(0), Track::One(1)], 2));
        let apart = [trunk(0, 4), trunk(10, 14)];
        assert_eq!(tracks(&apart), (vec![Track::One(0); 2], 1));
    }

    #[test]
    fn who_comes_in_where_another_leaves_turns_off_first() {
        assert_eq!(
            tracks(&[trunk(9, 4), trunk(4, 0)]).0,
            [Track::One(1), Track::One(0)]
        );
        assert_eq!(
            tracks(&[trunk(4, 0), trunk(9, 4)]).0,
            [Track::One(0), Track::One(1)]
        );
    }

    #[test]
    fn two_that_exchange_rows_use_a_free_one() {
        let (tracks, count) = tracks(&[trunk(0, 4), trunk(4, 0)]);
        let [Track::Two(first, row, second), Track::One(between)] = tracks[..] else {
            panic!("{tracks:?}");
        };
        assert!(
            first < between && between < second && row == 1,
            "{tracks:?}"
        );
        assert_eq!(count, 3);
    }
}
