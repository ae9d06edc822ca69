//! The axis of a timeline: what it spans, and its round numbers.

use std::ops::Range;

use super::Timeline;

impl Timeline<'_> {
    /// From the first start to the last end, in seconds since the epoch: of all, or of an entity and what
    /// is beneath it.
    pub(crate) fn axis(&self, root: Option<usize>) -> Range<f64> {
        let Some(root) = root else {
            return self.start..self.end;
        };
        let within = self.order(Some(root));
        let entities = || within.iter().map(|&index| &self.entities[index]);
        let start = entities().filter_map(|entity| entity.start);
        let start = start.fold(f64::INFINITY, f64::min);
        let ends = entities().map(|entity| entity.end.unwrap_or(self.now));
        start..ends.fold(start, f64::max)
    }
}

/// Round numbers from 0 up to `seconds`, about `number_max` at most: 1, 2 or 5 times a power of ten apart.
pub(crate) fn ticks(seconds: f64, number_max: f64) -> Vec<f64> {
    if !seconds.is_finite() || seconds <= 0.0 {
        return vec![0.0];
    }
    let magnitude = 10_f64.powf((seconds / number_max).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * magnitude);
    let fits = |step: &f64| seconds / step <= number_max;
    let step = steps.into_iter().find(fits).unwrap_or(seconds);
    let number = (seconds / step * (1.0 + f64::EPSILON)).floor() as u32;
    (0..=number).map(|tick| f64::from(tick) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        let rounded = |seconds| {
            ticks(seconds, 8.0)
                .iter()
                .map(|tick| format!("{tick:.2}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(rounded(2.3), ["0.00", "0.50", "1.00", "1.50", "2.00"]);
        assert_eq!(
            rounded(6.0),
            ["0.00", "1.00", "2.00", "3.00", "4.00", "5.00", "6.00"]
        );
        assert_eq!(rounded(0.0), ["0.00"]);
    }
}
