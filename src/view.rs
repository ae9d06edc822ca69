//! The terminal views: answers of the X-Ray API as text that people read.
//!
//! Pure functions from JSON in the API's shapes to lines no wider than the terminal. What the
//! answers carry is untrusted: members may be absent or of any type, names may hold escapes.

#[cfg(feature = "local")]
mod cause;
#[cfg(feature = "local")]
mod compare;
#[cfg(feature = "local")]
mod daemons;
#[cfg(feature = "local")]
mod details;
#[cfg(feature = "local")]
mod distribution;
#[cfg(feature = "local")]
mod jobs;
#[cfg_attr(
    not(feature = "local"),
    allow(
        dead_code,
        reason = "X-Ray's answers are drawn with the feature `local`"
    )
)]
mod json;
mod plan;
mod progress;
#[cfg(feature = "local")]
mod refiners;
#[cfg(feature = "local")]
mod rejects;
mod report;
#[cfg(feature = "local")]
mod rows;
#[cfg(feature = "local")]
mod runs;
#[cfg(feature = "schedule")]
pub(crate) mod schedule;
#[cfg(feature = "local")]
mod service_map;
mod style;
mod table;
mod text;
mod time;
#[cfg(feature = "local")]
mod timeline;
#[cfg(feature = "local")]
mod trace_list;

#[cfg(feature = "local")]
#[cfg(test)]
mod samples;
#[cfg(feature = "local")]
#[cfg(test)]
mod tests;

#[cfg(feature = "local")]
pub use compare::{ComparisonDetail, comparison, comparison_json};
#[cfg(feature = "local")]
pub use daemons::daemons;
#[cfg(feature = "local")]
pub use jobs::{job, job_list};
pub(crate) use progress::{RunState, RunningJob, progress};
#[cfg(feature = "local")]
pub use rejects::rejects;
pub use report::report;
#[cfg(feature = "local")]
pub use runs::{run, run_list};
#[cfg(feature = "local")]
pub use service_map::service_map;
#[cfg(feature = "local")]
pub(crate) use service_map::{Details, map};
pub use style::Style;
#[cfg(feature = "local")]
pub(crate) use text::clip;
pub(crate) use text::count;
pub use text::neutralise;
pub use time::duration;
#[cfg(feature = "local")]
pub(crate) use time::utc;
#[cfg(feature = "local")]
pub use timeline::{TraceDetail, timeline, timeline_svg};
#[cfg(feature = "local")]
pub use trace_list::{Listing, Sort, listed, trace_list};

#[cfg(feature = "local")]
use style::{Line, Paint};

/// What a view says when there is nothing to show: the fact and the command that changes it.
#[cfg(feature = "local")]
fn first_trace(fact: &str, style: Style) -> String {
    let mut text = Line::new(style);
    text.push(Paint::Plain, fact);
    text.push(Paint::Plain, " Make the first one:");
    let mut text = text.into_text();
    text.push_str("\n\n");
    let command: &[&str] = if style.columns() < 50 {
        &["  xray-ecs run --local \\", "    jobs/create-bucket.json"]
    } else {
        &["  xray-ecs run --local jobs/create-bucket.json"]
    };
    for part in command {
        let mut line = Line::new(style);
        line.push(Paint::Strong, part);
        text.push_str(&line.into_text());
        text.push('\n');
    }
    text
}
