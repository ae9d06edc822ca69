//! How durations of summaries are distributed: in numbers, and as a line of columns where there is room.

use local_xray::map::api_duration as duration;

use super::style::{Line, Paint, Style, flow};

/// Fewer durations than this are read in the list itself.
const NUMBER_MIN: usize = 3;

/// The heights of a column, in eighths.
const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// `Duration  p50 500 ms · p90 3.90 s · …  10.0 ms ▁▂█▃ 6.00 s`: columns from the shortest to the
/// longest on a logarithmic scale. Nothing where there are too few to speak of.
pub(super) fn distribution(mut seconds: Vec<f64>, style: Style) -> Vec<String> {
    seconds.sort_by(f64::total_cmp);
    let (Some(&shortest), Some(&longest)) = (seconds.first(), seconds.last()) else {
        return Vec::new();
    };
    if seconds.len() < NUMBER_MIN {
        return Vec::new();
    }
    let percent = |percent| duration(percentile(&seconds, percent));
    let mut pieces = vec![
        (Paint::Plain, format!("p50 {}", percent(50))),
        (Paint::Plain, format!("p90 {}", percent(90))),
        (Paint::Plain, format!("p99 {}", percent(99))),
        (Paint::Plain, format!("max {}", duration(longest))),
    ];
    if shortest < longest {
        let columns = columns(&seconds, style.columns() / 8);
        let scale = format!("{} {columns} {}", duration(shortest), duration(longest));
        pieces.push((Paint::Quiet, scale));
    }
    let mut line = Line::new(style);
    line.push(Paint::Strong, "duration")
        .push(Paint::Plain, ":")
        .space(1);
    flow(line, &pieces, ", ", 2, style)
}

/// The nearest rank: the least value that so many percent of all are not above. `sorted` is not empty.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

/// A column for each of so many classes; any that holds something is seen.
fn columns(sorted: &[f64], number: usize) -> String {
    // Below a microsecond X-Ray measures nothing.
    let log = |seconds: f64| seconds.max(1e-6).ln();
    let (first, last) = (log(sorted[0]), log(sorted[sorted.len() - 1]));
    let mut counts = vec![0_usize; number];
    for &seconds in sorted {
        let share = (log(seconds) - first) / (last - first);
        let class = (share * number as f64) as usize; // NaN is 0
        counts[class.min(number - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let height = |count: usize| HEIGHTS[(count * (HEIGHTS.len() - 1)).div_ceil(most)];
    counts.into_iter().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let all: Vec<f64> = (1..=200).map(f64::from).collect();
        for (percent, expected) in [
            (50, 100.0),
            (90, 180.0),
            (99, 198.0),
            (100, 200.0),
            (0, 1.0),
        ] {
            assert_eq!(percentile(&all, percent), expected);
        }
        assert_eq!(percentile(&[7.0], 50), 7.0);
    }

    #[test]
    fn columns_are_as_high_as_their_share_and_never_vanish() {
        let mut all = vec![0.01; 80];
        all.extend([0.1; 40]);
        all.push(1.0);
        assert_eq!(columns(&all, 3), "█▄▁");
        assert_eq!(columns(&[0.0, 1e300], 4), "█  █");
    }

    #[test]
    fn few_durations_need_no_summary_and_equal_ones_no_columns() {
        let style = Style::default();
        assert!(distribution(vec![1.0, 2.0], style).is_empty());
        let equal = distribution(vec![0.5; 3], style);
        assert_eq!(
            equal,
            ["duration: p50 500 ms, p90 500 ms, p99 500 ms, max 500 ms"]
        );
    }
}
