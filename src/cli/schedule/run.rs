//! `xray-ecs schedule run`: the tasks of a rule, now: started, watched, their log shown, their exit
//! code passed on.

mod ending;
mod signals;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::{DateTime, SubsecRound as _, Utc};
use scheduler::expression::Expression;
use scheduler::file::CheckedFile;
use scheduler::rule::Rule;
use scheduler::run_task::{Order, Request, SHARDS_MAX, Told, Watched, requests, start, watch};
use tokio::time::Instant;

use super::next::rule_of;
use super::source::{File, Known, Online, told};
use super::wait_for;
use crate::aws::logs::Logs;
use crate::cli::amount::parse_time;
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::shutdown;
use crate::spec::{self, Environment};
use crate::view::{count, neutralise};
use ending::Ending;
use signals::{Interrupt, Interrupts};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: File,

    /// The rule; may be left out when the file has one
    #[arg(value_name = "RULE")]
    rule: Option<String>,

    /// Only this target of the rule [default: all, as EventBridge starts them]
    #[arg(long, value_name = "ID")]
    target: Option<String>,

    /// Start N tasks, each of which runs its part of the jobs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(SHARDS_MAX)))]
    shards: Option<u32>,

    /// Stand for the rule's firing of this time, such as one that was missed: with its run's id and
    /// its trace
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    firing: Option<DateTime<Utc>>,

    /// Print the requests to ECS as JSON, and start nothing
    #[arg(long)]
    dry_run: bool,

    /// Print the ARNs of the tasks, and do not wait for them
    #[arg(long, conflicts_with = "timeout")]
    no_wait: bool,

    /// Stop the tasks when they run longer
    #[arg(long, value_name = "DURATION", value_parser = spec::parse_duration)]
    timeout: Option<Duration>,

    /// How often to look at the tasks
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = spec::parse_duration)]
    interval: Duration,
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<u8> {
    let now = Utc::now().trunc_subsecs(0);
    let bytes = args.file.bytes()?;
    if args.dry_run {
        let known = Known::of_environment(environment)?;
        let Some(file) = told(args.file.check(&bytes, environment, known.clone(), now)) else {
            return Ok(ExitStatus::NotStarted.code());
        };
        let is_placed = (known.region.is_some() || file.region.is_some())
            && (known.account.is_some() || file.account.is_some());
        if is_placed {
            return dry_run(&asked_for(args, &file, now)?);
        }
    }
    wait_for(async {
        let Some(online) = told(args.file.online(&bytes, environment, now).await?) else {
            return Ok(ExitStatus::NotStarted.code());
        };
        let requests = asked_for(args, &online.file, now)?;
        if args.dry_run {
            return dry_run(&requests);
        }
        start_and_watch(args, environment, &online, requests).await
    })
}

/// The calls that the arguments ask for.
fn asked_for(args: &Args, file: &CheckedFile, now: DateTime<Utc>) -> anyhow::Result<Vec<Request>> {
    let rule = match (&args.rule, &file.rules[..]) {
        (Some(name), _) => rule_of(file, name)?,
        (None, [only]) => only,
        (None, rules) => {
            let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
            bail!(
                "the file has {} rules: name one of {}",
                rules.len(),
                checked_json::listed(&names)
            );
        }
    };
    if let Some(id) = &args.target
        && !rule.targets.contains_key(id)
    {
        let ids: Vec<&str> = rule.targets.keys().map(String::as_str).collect();
        let suggestion = checked_json::suggestion(id, &ids);
        bail!(
            "rule `{}` has no target `{}`{suggestion}",
            rule.name,
            neutralise(id)
        );
    }
    if let Some(time) = args.firing {
        if time > now {
            bail!("the firing of {time} is still to come: it would be taken for done when it does");
        }
        check_firing(rule, time)?;
    }
    let id = format!(
        "{:016x}{:016x}",
        rand::random::<u64>(),
        rand::random::<u64>()
    );
    let order = Order {
        scheduled_time: args.firing.unwrap_or(now),
        is_firing: args.firing.is_some(),
        run_id: (args.shards.is_some() && args.firing.is_none()).then(|| id[..16].to_owned()),
        id,
        shards: args.shards,
    };
    let mut all = Vec::new();
    for (id, target) in &rule.targets {
        if args.target.as_ref().is_none_or(|wanted| wanted == id) {
            let worker = file.worker(&rule.name, id);
            all.extend(requests(rule, (id, target), worker, &order)?);
        }
    }
    Ok(all)
}

/// That the rule fires at this time, as far as its expression says.
fn check_firing(rule: &Rule, time: DateTime<Utc>) -> anyhow::Result<()> {
    let schedule = rule.schedule.as_deref().unwrap_or_default();
    // A rate counts from when its rule was made.
    let Ok(expression @ Expression::Cron(_)) = Expression::parse(schedule) else {
        return Ok(());
    };
    let before = time - chrono::TimeDelta::nanoseconds(1);
    match expression.firings(before).next() {
        Some(firing) if firing == time => Ok(()),
        Some(next) => bail!(
            "rule `{}` does not fire at {time}, next after it at {next}",
            rule.name
        ),
        None => bail!("rule `{}` does not fire at {time}, nor after it", rule.name),
    }
}

fn dry_run(requests: &[Request]) -> anyhow::Result<u8> {
    let requests: Vec<_> = requests.iter().map(Request::to_json).collect();
    print::json(&requests)?;
    Ok(ExitStatus::Done.code())
}

async fn start_and_watch(
    args: &Args,
    environment: &Environment,
    online: &Online,
    requests: Vec<Request>,
) -> anyhow::Result<u8> {
    // Before the first task: a stop that comes meanwhile must find them.
    let mut interrupts = Interrupts::new().context("catch signals")?;
    let logs = Logs::new(&online.config, environment, &online.file.place.region)?;
    let mut ending = Ending::default();
    let mut tasks = Vec::new();
    for (request, started) in start(&online.ecs, requests).await {
        let name = request.name();
        match started {
            Ok(started) => {
                for failure in &started.failures {
                    print::foreign(&format!("error: {name}: ECS started no task: {failure}"));
                    ending.failed_to_start();
                }
                if started.tasks.is_empty() && started.failures.is_empty() {
                    print::foreign(&format!(
                        "error: {name}: ECS started no task and does not say why"
                    ));
                    ending.failed_to_start();
                }
                tasks.extend(
                    started
                        .tasks
                        .into_iter()
                        .map(|task| (request.clone(), task)),
                );
            }
            Err(error) => {
                print::foreign(&format!("error: {error}"));
                ending.failed_to_start();
            }
        }
    }
    for (request, task) in &tasks {
        print::foreign(&format!("started {}: {}", request.name(), task.arn));
    }
    if args.no_wait {
        let arns: Vec<String> = tasks
            .iter()
            .map(|(_, task)| format!("{}\n", task.arn))
            .collect();
        print::result(&arns.concat())?;
        return Ok(ending.code());
    }
    let watched = watched(online, &tasks).await;
    let is_alone = watched.len() == 1;
    let deadline = args.timeout.map(|timeout| Instant::now() + timeout);
    let stopped = Cell::new(0);
    let watching = watch(&online.ecs, &logs, &watched, args.interval, |told| {
        if let Told::Status(_, "STOPPED") = told {
            stopped.set(stopped.get() + 1);
        }
        tell(&told, is_alone);
    });
    let is_over = || stopped.get() == watched.len();
    let mut watching = pin!(watching);
    let ended = loop {
        tokio::select! {
            ended = &mut watching => match ended {
                Ok(ended) => break ended,
                Err(error) => {
                    print::foreign(&format!("error: {error}"));
                    leave(&watched);
                    ending.failed_to_start();
                    return Ok(ending.code());
                }
            },
            interrupt = interrupts.next(watched.len()) => match interrupt {
                // They have stopped by themselves; only the end of a log is waited for.
                Interrupt::Stop if is_over() => {}
                Interrupt::Stop => {
                    ending.stopped();
                    stop(online, &watched, "stopped by hand").await;
                }
                Interrupt::Leave => {
                    ending.stopped();
                    if !is_over() {
                        leave(&watched);
                    }
                    return Ok(ending.code());
                }
            },
            () = shutdown::at(deadline), if !ending.is_out_of_time() && !is_over() => {
                ending.out_of_time();
                stop(online, &watched, "its time was over").await;
            }
        }
    };
    for task in &ended {
        ending.task(task);
        print::foreign(&ending::told(task));
    }
    Ok(ending.code())
}

/// The tasks with the containers and logs that are watched.
async fn watched(online: &Online, tasks: &[(Request, scheduler::ecs::TaskState)]) -> Vec<Watched> {
    let mut definitions = BTreeMap::new();
    let mut watched = Vec::new();
    for (request, task) in tasks {
        if !definitions.contains_key(&task.definition) {
            let definition = online.ecs.task_definition(&task.definition).await;
            // They run, and are watched, if without their log.
            let definition = definition.unwrap_or_else(|error| {
                print::foreign(&format!("warning: no log can be shown: {error}"));
                None
            });
            definitions.insert(&task.definition, definition.unwrap_or_default());
        }
        let definition = &definitions[&task.definition];
        let essential = definition.containers.iter().find(|one| one.is_essential);
        let named = request
            .worker
            .as_deref()
            .and_then(|name| definition.container(name));
        let worker = named.or(essential);
        watched.push(Watched {
            label: match &request.shard {
                Some(shard) => format!("shard {shard}"),
                None => request.name(),
            },
            cluster: request.cluster.clone(),
            arn: task.arn.clone(),
            worker: match worker {
                Some(worker) => worker.name.clone(),
                None => request.worker.clone().unwrap_or_default(),
            },
            logs: worker.and_then(|worker| worker.logs.clone()),
        });
    }
    watched
}

/// The log is the result; all else is told beside it.
fn tell(told: &Told<'_>, is_alone: bool) {
    match told {
        Told::Status(task, status) => {
            print::foreign(&format!("{}: {}", task.label, status.to_lowercase()));
        }
        Told::Line(task, line) => {
            // Only a terminal could be hurt; a file or a program gets what was written.
            let line = match print::is_terminal() {
                true => neutralise(line),
                false => (*line).into(),
            };
            let text = match is_alone {
                true => format!("{line}\n"),
                false => format!("[{}] {line}\n", task.label),
            };
            // A reader that went away does not stop the tasks.
            let _ = print::result(&text);
        }
        Told::Trouble(task, trouble) => print::foreign(&format!("{}: {trouble}", task.label)),
    }
}

/// Tells of tasks that nobody watches any more.
fn leave(tasks: &[Watched]) {
    for task in tasks {
        print::foreign(&format!("may still run: {}", task.arn));
    }
}

async fn stop(online: &Online, tasks: &[Watched], reason: &str) {
    print::note(format_args!(
        "stopping {}",
        count(tasks.len() as u64, "task")
    ));
    for task in tasks {
        if let Err(error) = online.ecs.stop(&task.cluster, &task.arn, reason).await {
            print::foreign(&format!("error: {error}"));
        }
    }
}
