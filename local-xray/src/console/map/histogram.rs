//! How long requests took, or how old events were: a bar for each range of times.

use maud::{Markup, PreEscaped, Render, html};

use crate::map::{Histogram, api_duration, count};
use crate::svg::Writer;

/// How many ranges there are at most.
const BARS: usize = 24;
/// In pixels: a bar with its gap, the gap, the highest bar.
const STEP: usize = 15;
const GAP: usize = 2;
const HEIGHT: f64 = 72.0;
/// A bar that is there can be seen.
const HEIGHT_MIN: f64 = 2.0;

/// Requests or events whose times are between two whole milliseconds, both among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) min_ms: u64,
    pub(super) max_ms: u64,
    pub(super) count: u64,
}

/// The ranges from the shortest time to the longest, each wider than the one before: a slow
/// request is seen beside a thousand fast ones.
pub(super) fn ranges(histogram: &Histogram) -> Vec<Range> {
    let times = histogram.entries().iter();
    let times: Vec<(u64, u64)> = times
        .map(|&(seconds, count)| ((seconds * 1000.0).round() as u64, count))
        .collect();
    let (Some(&(first, _)), Some(&(last, _))) = (times.first(), times.last()) else {
        return Vec::new();
    };
    // Nothing is a multiple of nothing.
    let base = first.max(1) as f64;
    let growth = (last.max(1) as f64 / base).powf(1.0 / BARS as f64);
    let mut ranges = Vec::new();
    let mut min_ms = first;
    for bar in 1..=BARS {
        let end = (base * growth.powi(bar as i32)).round() as u64;
        let max_ms = if bar == BARS { last } else { end.min(last) };
        if max_ms >= min_ms {
            ranges.push(Range {
                min_ms,
                max_ms,
                count: 0,
            });
            min_ms = max_ms + 1;
        }
    }
    for (time, count) in times {
        let place = ranges.partition_point(|range| range.max_ms < time);
        if let Some(range) = ranges.get_mut(place) {
            range.count += count;
        }
    }
    ranges
}

/// Bars, and what they are of.
pub(super) struct Drawing<'a> {
    /// `Response times`.
    pub(super) label: &'a str,
    /// `request`.
    pub(super) noun: &'a str,
    pub(super) ranges: &'a [Range],
    /// The traces of a range, where a filter expression finds them.
    pub(super) address: Option<&'a dyn Fn(&Range) -> String>,
}

impl Render for Drawing<'_> {
    fn render(&self) -> Markup {
        let ranges = self.ranges;
        html! {
            div class="histogram" {
                (PreEscaped(self.bars()))
                div class="axis" {
                    @if let Some(first) = ranges.first() { span { (milliseconds(first.min_ms)) } }
                    @if let [_, .., last] = ranges { span { (milliseconds(last.max_ms)) } }
                }
            }
        }
    }
}

impl Drawing<'_> {
    fn bars(&self) -> String {
        let Self {
            label,
            noun,
            ranges,
            address,
        } = *self;
        let most = ranges.iter().map(|range| range.count).max().unwrap_or(0);
        let width = ranges.len() * STEP;
        let mut svg = Writer::default();
        let view_box = format!("0 0 {width} {HEIGHT}");
        svg.open(
            "svg",
            &[
                ("class", &"bars"),
                ("viewBox", &view_box),
                ("preserveAspectRatio", &"none"),
                ("width", &width),
                ("height", &HEIGHT),
                ("role", &"group"),
                ("aria-label", &label),
            ],
        );
        for (place, range) in ranges.iter().enumerate() {
            if range.count == 0 {
                continue;
            }
            let sentence = sentence(range, noun);
            let height = (range.count as f64 / most as f64 * HEIGHT).max(HEIGHT_MIN);
            let x = place * STEP;
            match address {
                Some(address) => {
                    let address = address(range);
                    svg.open("a", &[("href", &address), ("aria-label", &sentence)]);
                }
                None => svg.open("g", &[("role", &"img"), ("aria-label", &sentence)]),
            }
            svg.text("title", &[], &sentence);
            svg.empty(
                "rect",
                &[
                    ("class", &"reach"),
                    ("x", &x),
                    ("width", &STEP),
                    ("height", &HEIGHT),
                ],
            );
            svg.empty(
                "rect",
                &[
                    ("class", &"bar"),
                    ("x", &x),
                    ("y", &format_args!("{:.1}", HEIGHT - height)),
                    ("width", &(STEP - GAP)),
                    ("height", &format_args!("{height:.1}")),
                ],
            );
            svg.close();
        }
        svg.finish()
    }
}

fn milliseconds(ms: u64) -> String {
    api_duration(ms as f64 / 1000.0)
}

fn sentence(range: &Range, noun: &str) -> String {
    let times = match (range.min_ms, range.max_ms) {
        (min, max) if min == max => format!("of {min} ms"),
        (min, max) => format!("of {min} to {max} ms"),
    };
    format!("{} {times}", count(range.count, noun))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::map::Map;

    fn histogram(times: &[(u64, u64)]) -> Histogram {
        let entries: Vec<Value> = (times.iter())
            .map(|(ms, count)| json!({"Value": *ms as f64 / 1000.0, "Count": count}))
            .collect();
        let service = json!({"Name": "n", "ResponseTimeHistogram": entries});
        let node = Map::new(&[service]).nodes.remove(0);
        node.statistics.response_times
    }

    #[test]
    fn one_time_has_one_range_and_none_has_none() {
        assert_eq!(ranges(&histogram(&[])), []);
        let range = |ms, count| Range {
            min_ms: ms,
            max_ms: ms,
            count,
        };
        assert_eq!(ranges(&histogram(&[(0, 3)])), [range(0, 3)]);
        assert_eq!(ranges(&histogram(&[(70, 2)])), [range(70, 2)]);
    }

    #[test]
    fn a_bar_says_what_it_stands_for() {
        let ranges = ranges(&histogram(&[(10, 9), (1000, 1)]));
        assert_eq!(ranges.len(), BARS);
        let address = |range: &Range| format!("/x?min={}&y", range.min_ms);
        let drawn = |noun, address| {
            let ranges = &ranges[..];
            let label = "Times";
            let drawing = Drawing {
                label,
                noun,
                ranges,
                address,
            };
            drawing.render().into_string()
        };
        let ages = drawn("event", None);
        assert!(
            ages.contains("aria-label=\"9 events of 10 to 12 ms\"") && !ages.contains("<a "),
            "{ages}"
        );
        let drawn = drawn("request", Some(&address));
        assert!(
            drawn.contains("aria-label=\"9 requests of 10 to 12 ms\""),
            "{drawn}"
        );
        assert!(drawn.contains("href=\"/x?min=10&amp;y\""), "{drawn}");
    }

    proptest! {
        #[test]
        fn every_request_is_in_one_range(
            times in prop::collection::vec((prop_oneof![0..50_u64, 0..=u64::from(u32::MAX)], 1..9_u64), 1..40),
        ) {
            let ranges = ranges(&histogram(&times));
            prop_assert!(ranges.len() <= BARS);
            for pair in ranges.windows(2) {
                prop_assert_eq!(pair[0].max_ms + 1, pair[1].min_ms);
            }
            for range in &ranges {
                let within = times.iter().filter(|(ms, _)| (range.min_ms..=range.max_ms).contains(ms));
                prop_assert_eq!(range.count, within.map(|(_, count)| count).sum::<u64>());
            }
            let all: u64 = ranges.iter().map(|range| range.count).sum();
            prop_assert_eq!(all, times.iter().map(|(_, count)| count).sum::<u64>());
        }
    }
}
