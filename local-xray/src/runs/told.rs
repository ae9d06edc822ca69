//! What a run tells of itself beyond its annotations.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use tracing_xray::SegmentId;

use super::{Details, Invocation, Own, Run};
use crate::document::seconds;
use crate::map::count;
use crate::read::{items, text};
use crate::store::{Store, StoreError};

/// What the run's own segment tells beyond its annotations.
#[derive(Debug, Default)]
pub struct Told {
    /// Program and version, as the segment has them.
    pub version: Option<String>,
    /// How many jobs ended how, as the run counted them.
    pub totals: BTreeMap<String, u64>,
    /// What lay between the scheduled time and the start, in seconds.
    pub waited: Vec<(String, f64)>,
}

impl Told {
    /// Read together with what some of its jobs tell, which may all stand in the run's own trace.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn read<'i>(
        store: &Store,
        run: &Run,
        jobs: impl Iterator<Item = &'i Invocation>,
    ) -> Result<(Self, Details), StoreError> {
        let own = run.own.as_ref();
        let ids = own.map(|own| [Some(own.segment_id), own.parent].map(|id| (own.trace_id, id)));
        let ids = ids.into_iter().flatten();
        let ids: Vec<_> = ids.filter_map(|(trace, id)| Some((trace, id?))).collect();
        let mut documents = HashMap::new();
        let mut details = Details::default();
        let wanted = jobs.map(|job| (job.trace_id, job.segment_id));
        store.each_segment(wanted.chain(ids.iter().copied()), |key, document| {
            if ids.contains(&key) {
                documents.extend(serde_json::from_str(document).map(|value| (key.1, value)));
            }
            details.note(key, document);
        })?;
        let told = own.map(|own| Self::of(own, &documents));
        Ok((told.unwrap_or_default(), details))
    }

    fn of(own: &Own, documents: &HashMap<SegmentId, Value>) -> Self {
        let mut told = Self::default();
        if let Some(segment) = documents.get(&own.segment_id) {
            let service = &segment["service"];
            let words = [text(service, "name"), text(service, "version")];
            let words: Vec<&str> = words.into_iter().flatten().collect();
            told.version = (!words.is_empty()).then(|| words.join(" "));
            let totals = segment["metadata"]["default"]["totals"].as_object();
            let totals = totals.into_iter().flatten();
            told.totals = totals
                .filter_map(|(word, number)| Some((word.clone(), number.as_u64()?)))
                .collect();
        }
        let parent = own.parent.and_then(|parent| documents.get(&parent));
        if let Some(schedule) = parent.filter(|parent| is_schedule(parent)) {
            told.waited = waited(schedule);
        }
        told
    }

    /// Of the jobs that the run counted, how many ran, so that they should be here.
    fn ran(&self) -> Option<u64> {
        let count = |word| self.totals.get(word).copied().unwrap_or(0);
        let jobs = self.totals.get("jobs")?;
        Some(jobs.saturating_sub(count("done_before") + count("not_run")))
    }

    /// How many jobs ran, as the run counted them, and are not here.
    pub fn missing(&self, run: &Run) -> usize {
        let ran = self.ran().and_then(|ran| usize::try_from(ran).ok());
        ran.map_or(0, |ran| ran.saturating_sub(run.counts.all()))
    }

    /// `7 jobs, 4 changed, 3 failed`, without what there is none of.
    pub fn totals_in_words(&self) -> Option<String> {
        let jobs = *self.totals.get("jobs")?;
        let others = self
            .totals
            .iter()
            .filter(|(word, number)| *word != "jobs" && **number > 0);
        let others = others.map(|(word, number)| format!("{number} {}", word.replace('_', " ")));
        Some(
            std::iter::once(count(jobs, "job"))
                .chain(others)
                .collect::<Vec<_>>()
                .join(", "),
        )
    }
}

fn is_schedule(segment: &Value) -> bool {
    text(segment, "name").is_some_and(|name| name.starts_with("schedule:"))
}

/// The parts of the wait, and all of it.
fn waited(schedule: &Value) -> Vec<(String, f64)> {
    let took =
        |entity: &Value| Some(seconds(&entity["end_time"])? - seconds(&entity["start_time"])?);
    let parts = items(&schedule["subsegments"]).iter();
    let parts = parts.filter_map(|part| Some((text(part, "name")?.to_owned(), took(part)?)));
    let all = took(schedule).map(|seconds| ("in all".to_owned(), seconds));
    parts.chain(all).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_wait_for_the_start_is_told_in_parts_and_in_all() {
        let schedule = json!({ "name": "schedule:nightly", "start_time": 100, "end_time": 109.5, "subsegments": [
            { "name": "delivery", "start_time": 100, "end_time": 102 },
            { "name": "image pull", "start_time": 102 },
        ] });
        assert!(is_schedule(&schedule));
        let expected = [("delivery".to_owned(), 2.0), ("in all".to_owned(), 9.5)];
        assert_eq!(waited(&schedule), expected);
    }

    #[test]
    fn what_the_run_counted_is_told_and_who_ran_should_be_here() {
        let totals = [
            ("jobs", 9),
            ("changed", 4),
            ("failed", 0),
            ("done_before", 2),
            ("not_run", 1),
        ];
        let told = Told {
            totals: totals
                .map(|(word, number)| (word.to_owned(), number))
                .into(),
            ..Told::default()
        };
        assert_eq!(told.ran(), Some(6));
        let words = told.totals_in_words();
        assert_eq!(
            words.as_deref(),
            Some("9 jobs, 4 changed, 2 done before, 1 not run")
        );
        assert_eq!(Told::default().ran(), None);
    }
}
