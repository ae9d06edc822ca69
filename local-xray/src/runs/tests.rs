//! Runs put together from stores that hold segments of them.

use serde_json::{Value, json};

use tracing_xray::Timestamp;

use super::*;
use crate::store::Store;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros((1_763_790_000 + seconds) * 1_000_000)
}

/// A segment of a run `r`, or of its job, as the worker makes it.
fn segment(
    number: u64,
    job: Option<&str>,
    (start, end): (u64, Option<u64>),
    outcome: &str,
) -> Value {
    let (start, end) = (at(start).as_secs(), end.map(|end| at(end).as_secs()));
    let mut annotations = json!({ "run_id": "r" });
    if let Some(job) = job {
        annotations["job"] = json!(job);
    }
    if end.is_some() {
        annotations["outcome"] = json!(outcome);
    }
    let name = if job.is_some() { "fleet" } else { "fleet run" };
    json!({ "id": format!("{number:016x}"), "trace_id": format!("1-{start:08x}-{number:024x}"), "name": name,
        "start_time": start, "end_time": end, "in_progress": end.is_none(), "annotations": annotations,
        "fault": matches!(outcome, "failed" | "stopped") })
}

/// The same segment, of another run.
fn of_run(mut segment: Value, id: &str) -> Value {
    segment["annotations"]["run_id"] = json!(id);
    segment
}

fn store_of(segments: &[Value]) -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let texts: Vec<String> = segments.iter().map(Value::to_string).collect();
    assert_eq!(store.put_trace_segments(&texts, at(0)).unwrap(), []);
    (dir, store)
}

fn run_of(segments: &[Value], window: (u64, u64)) -> Option<Run> {
    let (_dir, store) = store_of(segments);
    let mut runs = all(&store, (at(window.0), at(window.1))).unwrap();
    assert!(runs.len() < 2);
    runs.pop()
}

#[test]
fn a_run_stands_as_its_own_segment_says_else_as_its_jobs_do() {
    let run = |end: Option<u64>, outcome: &str| segment(1, None, (0, end), outcome);
    let job = |number, end, outcome: &str| {
        segment(number, Some(&format!("job {number}")), (1, end), outcome)
    };
    let (done, failed) = (job(2, Some(3), "changed"), job(3, Some(3), "failed"));
    let running = job(4, None, "");
    for (segments, standing, words) in [
        (vec![run(None, "")], Standing::Running, "running"),
        (
            vec![run(None, ""), done.clone()],
            Standing::Running,
            "running, 1 done",
        ),
        (
            vec![running.clone(), failed.clone()],
            Standing::Running,
            "1 running, 1 failed",
        ),
        (
            vec![run(Some(9), "failed"), done.clone(), failed.clone()],
            Standing::Failed,
            "1 of 2 failed",
        ),
        (
            vec![run(Some(9), "stopped"), failed.clone()],
            Standing::Failed,
            "stopped: 1 of 1 not done",
        ),
        (
            vec![run(Some(9), "stopped"), done.clone()],
            Standing::Failed,
            "stopped",
        ),
        (
            vec![run(Some(9), "done"), done.clone(), failed.clone()],
            Standing::Done,
            "done, 1 of 2 failed, tolerated",
        ),
        (
            vec![
                run(Some(9), "done"),
                done.clone(),
                job(5, Some(4), "unchanged"),
            ],
            Standing::Done,
            "all 2 done",
        ),
        (
            vec![run(Some(9), "done"), running, done.clone()],
            Standing::Done,
            "done: 1 no end seen, 1 done",
        ),
        (vec![failed, done], Standing::Failed, "1 of 2 failed"),
    ] {
        let run = run_of(&segments, (0, 100)).unwrap();
        assert_eq!((run.standing(), run.words().as_str()), (standing, words));
        assert_eq!(run.name(), "fleet");
    }
}

#[test]
fn of_a_run_that_was_started_again_the_latest_invocations_count() {
    let segments = [
        segment(1, None, (0, Some(5)), "stopped"),
        segment(2, Some("a"), (1, Some(2)), "changed"),
        segment(3, Some("b"), (1, Some(5)), "interrupted"),
        segment(4, None, (20, Some(25)), "done"),
        segment(5, Some("b"), (21, Some(22)), "changed"),
    ];
    let run = run_of(&segments, (0, 100)).unwrap();
    assert_eq!(
        (run.starts, run.earlier, run.words().as_str()),
        (2, 1, "all 2 done")
    );
    assert_eq!((run.start, run.end()), (at(0), Some(at(25))));
}

#[test]
fn a_run_that_began_before_the_window_is_whole() {
    let segments = [
        segment(1, None, (0, Some(60)), "failed"),
        segment(2, Some("early"), (1, Some(2)), "failed"),
        segment(3, Some("late"), (55, Some(58)), "changed"),
    ];
    assert_eq!(
        run_of(&segments, (50, 100)).unwrap().words(),
        "1 of 2 failed"
    );
    assert!(run_of(&segments, (61, 100)).is_none());
}

#[test]
fn a_run_that_was_resumed_is_whole_however_long_it_paused() {
    const DAY: u64 = 24 * 3600;
    let segments = [
        segment(1, None, (DAY, Some(DAY + 9)), "stopped"),
        segment(2, Some("a"), (DAY, Some(DAY + 2)), "changed"),
        segment(3, Some("b"), (DAY + 1, Some(DAY + 9)), "interrupted"),
        segment(4, None, (9 * DAY, None), ""),
        segment(5, Some("b"), (9 * DAY, Some(9 * DAY + 2)), "changed"),
        segment(6, Some("c"), (10 * DAY, Some(10 * DAY + 9)), "changed"),
    ];
    // The window holds the resumption alone, or the start alone.
    for window in [(9 * DAY - 60, 9 * DAY + 60), (DAY - 60, DAY + 60)] {
        let run = run_of(&segments, window).unwrap();
        assert_eq!((run.start, run.starts, run.earlier), (at(DAY), 2, 1));
        assert_eq!(run.words(), "running, 3 done");
    }
}

#[test]
fn what_an_earlier_start_left_running_does_not_run() {
    let segments = [
        segment(1, None, (0, None), ""),
        segment(2, Some("killed"), (5, None), ""),
        segment(3, None, (20, None), ""),
        segment(4, Some("runs"), (20, None), ""),
    ];
    let run = run_of(&segments, (0, 100)).unwrap();
    assert_eq!(run.words(), "1 running, 1 no end seen");
    let (_dir, store) = store_of(&segments);
    let found = jobs(&store, (at(0), at(10)), |_| true).unwrap();
    let standings: Vec<_> = found[0]
        .invocations
        .iter()
        .map(|one| one.standing)
        .collect();
    assert_eq!(standings, [Standing::Unknown]);
    let found = jobs(&store, (at(50), at(100)), |_| true).unwrap();
    let names: Vec<_> = found.iter().map(|job| &*job.invocations[0].job).collect();
    assert_eq!(names, ["runs"]);
    // Of a run that was started once nothing can be of an earlier start.
    let early = [
        segment(1, None, (9, None), ""),
        segment(2, Some("a"), (5, None), ""),
    ];
    assert_eq!(run_of(&early, (0, 100)).unwrap().words(), "1 running");
}

#[test]
fn a_job_of_a_run_that_ended_before_the_window_does_not_run() {
    let segments = [
        segment(1, None, (0, Some(20)), "failed"),
        segment(2, Some("killed"), (5, None), ""),
    ];
    let (_dir, store) = store_of(&segments);
    let found = |start| jobs(&store, (at(start), at(100)), |_| true).unwrap();
    assert_eq!(found(15)[0].counts.of(Standing::Unknown), 1);
    assert!(found(50).is_empty());
    // Nor is the run of this window.
    assert!(run_of(&segments, (50, 100)).is_none());
    assert!(run_of(&segments, (15, 100)).is_some());
}

#[test]
fn a_run_is_found_by_its_id_and_the_newest_by_its_start() {
    let segments = [
        segment(1, None, (0, None), ""),
        segment(2, Some("a"), (0, Some(5)), "changed"),
        of_run(segment(3, None, (500, Some(600)), "done"), "later"),
        // What a run was called before it ended does not count.
        of_run(segment(4, None, (900, None), ""), "renamed"),
        of_run(segment(4, None, (900, Some(901)), "done"), "last"),
    ];
    let (_dir, store) = store_of(&segments);
    assert_eq!(
        find(&store, "r").unwrap().unwrap().words(),
        "running, 1 done"
    );
    assert!(find(&store, "renamed").unwrap().is_none());
    assert!(find(&store, "R").unwrap().is_none());
    const YEAR: u64 = 365 * 24 * 3600;
    for now in [1000, 1000 + 7200, 1000 + YEAR] {
        let ever = (Timestamp::default(), at(now));
        assert_eq!(newest(&store, ever).unwrap().unwrap().id, "last");
    }
    let of_window = |start, end| newest(&store, (at(start), at(end))).unwrap();
    assert_eq!(of_window(500, 800).unwrap().id, "later");
    assert!(of_window(1000, 1000 + YEAR).is_some_and(|run| run.id == "r"));
}

#[test]
fn a_job_is_known_wherever_it_was_run() {
    let (_dir, store) = store_of(&[segment(1, Some("a"), (0, Some(5)), "changed")]);
    assert!(has_job(&store, "a").unwrap());
    assert!(!has_job(&store, "b").unwrap());
}
