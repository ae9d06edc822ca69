//! Firings and runs, and what is wrong with them.

use std::collections::BTreeSet;

use super::*;
use crate::input::{ContainerOverrides, Input, Overrides, trigger};
use crate::rule::{DISABLED, ENABLED, Rule, Target, Tasks};

struct Plain;

impl Ids for Plain {
    fn of(&self, rule: &str, target: &str, time: DateTime<Utc>) -> (String, Option<String>) {
        let id = format!("{rule}/{target}/{}", time.format("%d %H:%M"));
        (id.clone(), Some(format!("trace of {id}")))
    }
}

fn time(text: &str) -> DateTime<Utc> {
    format!("2026-01-{}:00Z", text.replace(' ', "T"))
        .parse()
        .unwrap()
}

fn rule(schedule: &str) -> Rule {
    Rule {
        name: "r".to_owned(),
        schedule: Some(schedule.to_owned()),
        state: ENABLED.to_owned(),
        targets: [("t".to_owned(), told())].into(),
        ..Rule::default()
    }
}

/// A target whose tasks know their firing.
fn told() -> Target {
    let mut container = ContainerOverrides::default();
    for (name, value) in trigger("arn:aws:events:eu-west-1:1:rule/r", "t") {
        container.environment.insert(name.to_owned(), value);
    }
    Target {
        tasks: Some(Tasks::default()),
        input: Input::Overrides(Overrides {
            containers: [("worker".to_owned(), container)].into(),
            ..Overrides::default()
        }),
        ..Target::default()
    }
}

/// A run of the firing of a time, that began and ended at other times.
fn run(firing: &str, started_at: &str, ended_at: &str, code: u8) -> Run {
    Run {
        run_id: format!("r/t/{firing}"),
        shard: None,
        started_at: time(started_at),
        ended_at: Some(time(ended_at)),
        end: End::Code(code),
        source: Source::Report(format!("{firing}.json")),
    }
}

fn audited(rule: Rule, runs: &[Run]) -> Audit {
    let now = time("02 00:00");
    let seen: BTreeSet<&str> = runs.iter().map(|run| run.run_id.as_str()).collect();
    let schedule = Schedule {
        rules: &[rule],
        since: time("01 00:00"),
        until: now,
    };
    let due = due(schedule, &Plain, &seen);
    let limits = Limits {
        late: Duration::from_secs(300),
        now,
    };
    audit(&due, runs, limits)
}

fn told_of(audit: &Audit) -> Vec<String> {
    let tell =
        |finding: &Finding| format!("{} {}", finding.due.format("%H:%M"), finding.problem.word());
    audit.findings.iter().map(tell).collect()
}

#[test]
fn what_ran_in_time_is_silent() {
    let runs = [
        run("01 06:00", "01 06:01", "01 06:02", 0),
        run("01 18:00", "01 18:00", "01 18:02", 0),
    ];
    let audit = audited(rule("cron(0 6,18 * * ? *)"), &runs);
    assert_eq!(told_of(&audit), Vec::<String>::new());
    assert_eq!(
        (audit.targets[0].due, audit.targets[0].ran, audit.other_runs),
        (2, 2, 0)
    );
}

#[test]
fn each_problem_is_found() {
    let mut traced = run("01 09:00", "01 09:00", "01 09:01", 0);
    traced.source = Source::Trace("1-x".to_owned());
    let runs = [
        run("01 00:00", "01 00:00", "01 03:30", 0), // into the next one
        run("01 03:00", "01 03:01", "01 03:02", 1),
        run("01 09:00", "01 09:10", "01 09:11", 0),
        traced.clone(),
        traced,
        run("01 12:00", "01 12:06", "01 12:07", 0),
        run("01 23:59", "01 12:06", "01 12:07", 0),
    ];
    let audit = audited(rule("cron(0 0/3 * * ? *)"), &runs);
    let wanted = [
        "00:00 overlapping",
        "03:00 failed",
        "06:00 missed",
        "09:00 duplicate",
        "12:00 late",
        "15:00 missed",
        "18:00 missed",
        "21:00 missed",
    ];
    assert_eq!(told_of(&audit), wanted);
    assert_eq!(audit.other_runs, 1);
    insta::assert_json_snapshot!(audit);
}

#[test]
fn a_report_and_a_trace_of_one_run_are_one_run() {
    let report = run("01 06:00", "01 06:01", "01 06:02", 0);
    let mut trace = report.clone();
    trace.source = Source::Trace("1-x".to_owned());
    assert_eq!(
        told_of(&audited(rule("cron(0 6 * * ? *)"), &[report, trace])),
        Vec::<String>::new()
    );
}

#[test]
fn shards_of_one_firing_are_no_duplicates() {
    let shard = |index| Run {
        shard: Some(format!("{index}/2")),
        ..run("01 06:00", "01 06:01", "01 06:02", 0)
    };
    let audit = audited(rule("cron(0 6 * * ? *)"), &[shard(1), shard(2)]);
    assert_eq!(told_of(&audit), Vec::<String>::new());
    let audit = audited(rule("cron(0 6 * * ? *)"), &[shard(2)]);
    assert_eq!(told_of(&audit), ["06:00 incomplete"]);
    let audit = audited(rule("cron(0 6 * * ? *)"), &[shard(1), shard(2), shard(2)]);
    assert_eq!(told_of(&audit), ["06:00 duplicate"]);
}

#[test]
fn what_may_still_begin_is_not_missed() {
    let audit = audited(rule("cron(58 23 * * ? *)"), &[]);
    assert_eq!((told_of(&audit).len(), audit.targets[0].due), (0, 1));
}

#[test]
fn a_rule_that_is_off_misses_nothing() {
    let mut off = rule("cron(0 6 * * ? *)");
    off.state = DISABLED.to_owned();
    assert_eq!(audited(off, &[]), Audit::default());
}

#[test]
fn the_runs_tell_when_a_rate_fires() {
    let runs = [
        run("01 04:17", "01 04:17", "01 04:18", 0),
        run("01 08:17", "01 08:17", "01 08:18", 0),
        run("01 16:17", "01 16:17", "01 16:18", 0),
        // The rule was made again.
        run("01 21:40", "01 21:40", "01 21:41", 0),
    ];
    let audit = audited(rule("rate(4 hours)"), &runs);
    assert_eq!(told_of(&audit), ["00:17 missed", "12:17 missed"]);
    let silent = audited(rule("rate(4 hours)"), &[]);
    assert_eq!(told_of(&silent), Vec::<String>::new());
    let Some(Note::Silent(note)) = &silent.targets[0].note else {
        panic!("{silent:?}")
    };
    assert!(note.contains("about 6 firings"));
    assert!(!silent.is_clean());
}

#[test]
fn tasks_that_do_not_know_their_firing_are_not_missed() {
    let mut plain = rule("cron(0 6 * * ? *)");
    plain.targets.insert("t".to_owned(), Target::default());
    let audit = audited(plain, &[]);
    assert_eq!(told_of(&audit), Vec::<String>::new());
    assert!(matches!(audit.targets[0].note, Some(Note::Untold(_))));
    assert!(audit.is_clean());
}

#[test]
fn as_many_runs_as_tasks_are_no_duplicates() {
    let mut two = rule("cron(0 6 * * ? *)");
    let target = two.targets.get_mut("t").unwrap();
    target.tasks.as_mut().unwrap().task_count = 2;
    let traced = Run {
        source: Source::Trace("1-x".to_owned()),
        ..run("01 06:00", "01 06:00", "01 06:01", 0)
    };
    assert_eq!(
        told_of(&audited(two.clone(), &vec![traced.clone(); 2])),
        Vec::<String>::new()
    );
    assert_eq!(
        told_of(&audited(two, &vec![traced; 3])),
        ["06:00 duplicate"]
    );
}

#[test]
fn a_run_in_progress_that_others_follow_was_killed() {
    let open = |hour: &str| Run {
        ended_at: None,
        end: End::Running,
        source: Source::Trace("1-x".to_owned()),
        ..run(hour, hour, hour, 0)
    };
    let next = run("01 18:00", "01 18:00", "01 18:02", 0);
    let audit = audited(rule("cron(0 6,18 * * ? *)"), &[open("01 06:00"), next]);
    assert_eq!(told_of(&audit), ["06:00 unfinished"]);
    // The last one may still be at it.
    let done = run("01 06:00", "01 06:00", "01 06:02", 0);
    let audit = audited(rule("cron(0 6,18 * * ? *)"), &[done, open("01 18:00")]);
    assert_eq!(told_of(&audit), Vec::<String>::new());
}
