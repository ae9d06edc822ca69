//! `xray-ecs schedule next`: the next firings of the rules of a file, or of an expression.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use chrono::{DateTime, SecondsFormat, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use scheduler::expression::Expression;
use scheduler::file::CheckedFile;
use scheduler::rule::Rule;
use serde_json::{Value, json};

use super::source::{File, Known, told, warn};
use crate::cli::amount::parse_time;
use crate::cli::print;
use crate::firing::Firing;
use crate::outcome::ExitStatus;
use crate::spec::Environment;
use crate::view::neutralise;
use crate::view::schedule::{FiringRow, firings};

/// The most firings that are shown.
const COUNT_MAX: usize = 100_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The schedule file; `-` for standard input
    #[arg(
        value_name = "FILE",
        required_unless_present = "expression",
        conflicts_with = "expression"
    )]
    file: Option<PathBuf>,

    /// An expression instead of a file, such as 'cron(0 10 * * ? *)' or 'rate(1 hour)'
    #[arg(long, value_name = "EXPRESSION")]
    expression: Option<String>,

    /// Only this rule of the file; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with = "expression")]
    rule: Vec<String>,

    /// How many firings
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = parse_count)]
    count: usize,

    /// The moment after which they come, such as 2026-01-01T00:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<DateTime<Utc>>,

    /// Show the times in this zone too, such as Europe/Berlin; rules fire by UTC
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    zone: Option<TimeZone>,

    /// Show the trace that the run of each firing will have, target by target
    #[arg(long, conflicts_with = "expression")]
    trace: bool,

    /// Print JSON: of an expression an array of times
    #[arg(long)]
    json: bool,
}

fn parse_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=COUNT_MAX) => Ok(count),
        _ => Err(format!("write a whole number from 1 to {COUNT_MAX}")),
    }
}

fn parse_zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| {
        let names: Vec<String> = jiff::tz::db()
            .available()
            .map(|name| name.to_string())
            .collect();
        if names.is_empty() {
            return "this machine has no database of time zones: install tzdata".to_owned();
        }
        let near = checked_json::nearest(text, names.iter().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
        format!("no time zone of the IANA database{near}")
    })
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    let from = args.from.unwrap_or_else(Utc::now);
    match (&args.expression, &args.file) {
        (Some(text), _) => of_expression(text, from, args),
        (None, Some(path)) => {
            let file = File { path: path.clone() };
            of_file(&file, from, args, environment)
        }
        (None, None) => bail!("name a schedule file, or an --expression"),
    }
}

fn of_expression(text: &str, from: DateTime<Utc>, args: &Args) -> anyhow::Result<ExitStatus> {
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => {
            print::foreign(&error.caret());
            return Ok(ExitStatus::NotStarted);
        }
    };
    for warning in expression.warnings(from) {
        print::foreign(&format!("warning: {warning}"));
    }
    let times = expression.firings(from).take(args.count);
    if args.json {
        let times: Vec<String> = times.map(utc).collect();
        print::json(&times)?;
        return Ok(ExitStatus::Done);
    }
    let rows: Vec<FiringRow> = times
        .map(|time| FiringRow {
            time,
            local: args.zone.as_ref().map(|zone| in_zone(time, zone, SHOWN)),
            rule: String::new(),
            target: None,
            trace_id: None,
            at_once: 1,
        })
        .collect();
    print::result(&firings(&rows, print::table_style()))?;
    Ok(ExitStatus::Done)
}

fn of_file(
    file: &File,
    from: DateTime<Utc>,
    args: &Args,
    environment: &Environment,
) -> anyhow::Result<ExitStatus> {
    let known = Known::of_environment(environment)?;
    let bytes = file.bytes()?;
    let Some(checked) = told(file.check(&bytes, environment, known.clone(), from)) else {
        return Ok(ExitStatus::NotStarted);
    };
    if args.trace {
        let missing = [
            (
                "region",
                "AWS_REGION",
                checked.region.is_none() && known.region.is_none(),
            ),
            (
                "account",
                "AWS_ACCOUNT_ID",
                checked.account.is_none() && known.account.is_none(),
            ),
        ];
        for (field, variable, is_missing) in missing {
            if is_missing {
                bail!(
                    "a trace's id comes of the rule's ARN: give the file the `{field}`, or set {variable}"
                );
            }
        }
    }
    let rules = chosen(&checked, &args.rule)?;
    warn(&checked);
    let all = upcoming(&rules, from, args.count)?;
    if args.json {
        let all = all
            .iter()
            .map(|firing| firing.json(&checked, args))
            .collect();
        print::json(&Value::Array(all))?;
        return Ok(ExitStatus::Done);
    }
    let rows: Vec<FiringRow> = all
        .iter()
        .flat_map(|firing| firing.rows(&checked, args))
        .collect();
    print::result(&firings(&rows, print::table_style()))?;
    Ok(ExitStatus::Done)
}

/// The rules of these names, or all of them.
fn chosen<'f>(file: &'f CheckedFile, names: &[String]) -> anyhow::Result<Vec<&'f Rule>> {
    if names.is_empty() {
        return Ok(file.rules.iter().collect());
    }
    names.iter().map(|name| rule_of(file, name)).collect()
}

/// The rule of this name.
pub(super) fn rule_of<'f>(file: &'f CheckedFile, name: &str) -> anyhow::Result<&'f Rule> {
    let rule = file.rules.iter().find(|rule| rule.name == name);
    rule.with_context(|| {
        let names: Vec<&str> = file.rules.iter().map(|rule| rule.name.as_str()).collect();
        let suggestion = checked_json::suggestion(name, &names);
        format!("the file has no rule `{}`{suggestion}", neutralise(name))
    })
}

/// A firing of a rule.
struct Upcoming<'r> {
    time: DateTime<Utc>,
    rule: &'r Rule,
    /// How many rules fire in this minute.
    at_once: usize,
}

/// The next firings of all rules together, in the order of time.
fn upcoming<'r>(
    rules: &[&'r Rule],
    from: DateTime<Utc>,
    count: usize,
) -> anyhow::Result<Vec<Upcoming<'r>>> {
    let mut heads = BTreeMap::new();
    for (index, rule) in rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.is_enabled())
    {
        let text = rule.schedule.as_deref().unwrap_or_default();
        let expression = Expression::parse(text).context("the schedule of a rule")?;
        let mut firings = expression.firings(from);
        if let Some(time) = firings.next() {
            heads.insert((time, index), firings);
        }
    }
    let mut all: Vec<Upcoming<'r>> = Vec::new();
    while let Some(((time, index), mut firings)) = heads.pop_first() {
        // Those of the last minute come all, so that what fires at once is told as such.
        if all.len() >= count && all.last().is_some_and(|last| last.time != time) {
            break;
        }
        all.push(Upcoming {
            time,
            rule: rules[index],
            at_once: 1,
        });
        if let Some(time) = firings.next() {
            heads.insert((time, index), firings);
        }
    }
    let mut counts: BTreeMap<DateTime<Utc>, usize> = BTreeMap::new();
    for firing in &all {
        *counts.entry(firing.time).or_default() += 1;
    }
    for firing in &mut all {
        firing.at_once = counts[&firing.time];
    }
    all.truncate(count);
    Ok(all)
}

impl Upcoming<'_> {
    /// The firing of a target, with its ids.
    fn of_target(&self, target: &str, file: &CheckedFile) -> Firing {
        Firing::new(&file.place.rule(&self.rule.name), target, self.time)
    }

    fn rows(&self, file: &CheckedFile, args: &Args) -> Vec<FiringRow> {
        let row = FiringRow {
            time: self.time,
            local: args
                .zone
                .as_ref()
                .map(|zone| in_zone(self.time, zone, SHOWN)),
            rule: self.rule.name.clone(),
            target: None,
            trace_id: None,
            at_once: self.at_once,
        };
        if !args.trace {
            return vec![row];
        }
        let targets = self.rule.targets.keys();
        targets
            .map(|target| FiringRow {
                target: Some(target.clone()),
                trace_id: self
                    .of_target(target, file)
                    .trace_id()
                    .map(|id| id.to_string()),
                ..row.clone()
            })
            .collect()
    }

    fn json(&self, file: &CheckedFile, args: &Args) -> Value {
        let mut json = json!({
            "time": utc(self.time),
            "rule": self.rule.name,
            "at_once": self.at_once,
        });
        if let Some(zone) = &args.zone {
            json["local"] = in_zone(self.time, zone, RFC_3339).into();
        }
        if args.trace {
            let targets = self.rule.targets.keys().map(|target| {
                let firing = self.of_target(target, file);
                let trace_id = firing.trace_id().map(|id| id.to_string());
                json!({ "target": target, "run_id": firing.run_id(), "trace_id": trace_id })
            });
            json["targets"] = targets.collect();
        }
        json
    }
}

fn utc(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// How a time in a zone is shown, and how it is written for machines.
const SHOWN: &str = "%a %Y-%m-%d %H:%M %Z";
const RFC_3339: &str = "%Y-%m-%dT%H:%M:%S%:z";

fn in_zone(time: DateTime<Utc>, zone: &TimeZone, format: &str) -> String {
    let time = Timestamp::from_second(time.timestamp()).unwrap_or(Timestamp::MAX);
    time.to_zoned(zone.clone()).strftime(format).to_string()
}
