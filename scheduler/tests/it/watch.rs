//! Tasks that are watched until they end, as a test plays them.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use fake_aws::{FakeAws, Fault, StartedTask, When};
use scheduler::run_task::{Ended, Order, Told, Watched};
use scheduler::run_task::{requests, watch};
use serde_json::json;

use crate::fixture::{Aws, file, place, rule, target};
use crate::logs::Logs;

const INTERVAL: Duration = Duration::from_secs(2);

/// A fake whose tasks the test gets into its hands.
fn started() -> (Aws, Receiver<StartedTask>) {
    let (give, take) = channel();
    let give = Mutex::new(give);
    let fake = FakeAws::builder()
        .log_page_size(2)
        .task_runner(move |task| give.lock().unwrap().send(task).unwrap());
    let aws = Aws::with(fake);
    aws.fake.seed_cluster("second");
    aws.fake
        .seed_task_definition(json!({
            "family": "worker",
            "containerDefinitions": [
                { "name": "daemon", "image": "d", "essential": false },
                { "name": "worker", "image": "w", "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": { "awslogs-group": "/ecs/worker", "awslogs-stream-prefix": "run" },
                } },
            ],
        }))
        .unwrap();
    (aws, take)
}

/// Starts so many tasks on a cluster.
async fn run(aws: &Aws, cluster: &str, count: usize) -> Vec<Watched> {
    let tasks = json!({ "cluster": cluster, "task_count": count });
    let file = file(&[rule("r", json!({ "targets": [target("t", tasks)] }))]);
    let order = Order {
        scheduled_time: "2026-11-28T03:00:00Z".parse().unwrap(),
        is_firing: false,
        id: "id".to_owned(),
        run_id: None,
        shards: None,
    };
    let target = ("t", &file.rules[0].targets["t"]);
    let requests = requests(&file.rules[0], target, Some("worker"), &order).unwrap();
    let definition = place().task_definition("worker");
    let definition = aws.ecs.task_definition(&definition).await.unwrap().unwrap();
    let logs = definition.container("worker").unwrap().logs.clone();
    let started = aws.ecs.run(&requests[0]).await.unwrap().tasks;
    assert_eq!(started.len(), count);
    let watched = started.into_iter().map(|task| Watched {
        label: cluster.to_owned(),
        cluster: place().cluster(cluster),
        arn: task.arn,
        worker: "worker".to_owned(),
        logs: logs.clone(),
    });
    watched.collect()
}

fn text(told: &Told<'_>) -> String {
    match told {
        Told::Status(_, status) => (*status).to_owned(),
        Told::Line(_, line) => format!("> {line}"),
        Told::Trouble(_, trouble) => format!("! {trouble}"),
    }
}

/// Watches, and does with the tasks what each thing that is told asks for.
async fn watched(
    aws: &Aws,
    logs: &Logs<'_>,
    tasks: &[Watched],
    mut then: impl FnMut(&str),
) -> (Vec<String>, Vec<Ended>) {
    let mut all = Vec::new();
    let tell = |told: Told<'_>| {
        let text = text(&told);
        then(&text);
        all.push(text);
    };
    let ended = watch(&aws.ecs, logs, tasks, INTERVAL, tell).await.unwrap();
    (all, ended)
}

#[tokio::test(start_paused = true)]
async fn a_task_is_told_from_its_start_to_its_last_line() {
    let (aws, tasks) = started();
    let watching = run(&aws, "default", 1).await;
    let task = tasks.recv().unwrap();
    let stopped_at = Cell::new(usize::MAX);
    let logs = Logs::with(&aws, |count| {
        // Comes at the last look that the log of a stopped task gets, and gets it others.
        if count == stopped_at.get().saturating_add(3) {
            task.log("worker", "late");
        }
        Ok(())
    });
    let (told, ended) = watched(&aws, &logs, &watching, |told| match told {
        "PROVISIONING" => task.set_pending(),
        "PENDING" => task.set_running(),
        "RUNNING" => ["1", "2", "3", "1", "5"]
            .map(|line| task.log("worker", line))
            .into_iter()
            .collect(),
        "> 5" => task.exit("worker", 3),
        "STOPPED" => {
            stopped_at.set(logs.count.get());
            task.log("worker", "last");
        }
        "> late" => task.log("worker", "later"),
        _ => {}
    })
    .await;
    let wanted = [
        "PROVISIONING",
        "PENDING",
        "RUNNING",
        "> 1",
        "> 2",
        "> 3",
        "> 1",
        "> 5",
        "STOPPED",
        "> last",
        "> late",
        "> later",
    ];
    assert_eq!(told, wanted);
    let [ended] = &ended[..] else {
        panic!("{ended:?}")
    };
    assert_eq!(ended.task, watching[0]);
    assert_eq!((ended.exit_code, ended.reason.as_deref()), (Some(3), None));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_never_started_says_why() {
    let (aws, tasks) = started();
    let watching = run(&aws, "default", 1).await;
    let why = "CannotPullContainerError: not found";
    tasks.recv().unwrap().fail("TaskFailedToStart", why);
    let (told, ended) = watched(&aws, &Logs::of(&aws), &watching, |_| {}).await;
    assert_eq!(told, ["STOPPED"]);
    assert_eq!(ended[0].exit_code, None);
    let reason = format!("TaskFailedToStart: {why}");
    assert_eq!(ended[0].reason, Some(reason));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_stopped_says_who_did_it() {
    let (aws, tasks) = started();
    let watching = run(&aws, "default", 1).await;
    let task = tasks.recv().unwrap();
    task.set_running();
    let Watched { cluster, arn, .. } = &watching[0];
    aws.ecs
        .stop(cluster, arn, "no longer needed")
        .await
        .unwrap();
    assert!(task.wait_for_stop(Duration::from_secs(10)));
    task.exit("worker", 143);
    let (told, ended) = watched(&aws, &Logs::of(&aws), &watching, |_| {}).await;
    assert_eq!(told, ["STOPPED"]);
    assert_eq!(ended[0].exit_code, Some(143));
    let reason = "UserInitiated: no longer needed".to_owned();
    assert_eq!(ended[0].reason, Some(reason));
}

#[tokio::test(start_paused = true)]
async fn several_tasks_of_several_clusters_each_have_their_own_lines_and_end() {
    let (aws, tasks) = started();
    let mut watching = run(&aws, "default", 2).await;
    watching.extend(run(&aws, "second", 2).await);
    let mut started: Vec<StartedTask> = (0..4).map(|_| tasks.recv().unwrap()).collect();
    let place_of = |arn: &str| watching.iter().position(|one| one.arn == arn).unwrap();
    started.sort_by_key(|task| place_of(task.arn()));
    for (code, task) in (0..).zip(&started) {
        task.set_running();
        task.log("daemon", "nobody's line");
        task.log("worker", &format!("line of {}", task.arn()));
        task.exit("worker", code);
    }
    let mut lines = Vec::new();
    let tell = |told: Told<'_>| {
        if let Told::Line(task, line) = told {
            assert_eq!(line, format!("line of {}", task.arn));
            lines.push(line.to_owned());
        }
    };
    let logs = Logs::of(&aws);
    let ended = watch(&aws.ecs, &logs, &watching, INTERVAL, tell)
        .await
        .unwrap();
    assert_eq!(lines.len(), 4);
    let codes: Vec<(&str, Option<i32>)> = ended
        .iter()
        .map(|one| (one.task.arn.as_str(), one.exit_code))
        .collect();
    let wanted = (0..)
        .zip(&watching)
        .map(|(code, task)| (task.arn.as_str(), Some(code)));
    assert_eq!(codes, wanted.collect::<Vec<_>>());
    assert_eq!(aws.count("DescribeTasks"), 2);
}

#[tokio::test(start_paused = true)]
async fn looks_that_fail_are_told_and_made_again() {
    let (aws, tasks) = started();
    let watching = run(&aws, "default", 1).await;
    tasks.recv().unwrap().finish(0);
    aws.fake.fail(
        When::operation("DescribeTasks").times(10),
        Fault::access_denied(),
    );
    let (told, ended) = watched(&aws, &Logs::of(&aws), &watching, |_| {}).await;
    // Ten looks, the end, and that it said nothing.
    assert_eq!((told.len(), ended[0].exit_code), (12, Some(0)));
    assert!(
        told[11].starts_with("! nothing came into the log"),
        "{told:?}"
    );
    assert!(told[0].starts_with("! DescribeTasks"), "{told:?}");
    assert!(told[0].contains("allow ecs:DescribeTasks"), "{told:?}");

    aws.fake.fail(
        When::operation("DescribeTasks").always(),
        Fault::access_denied(),
    );
    let ended = watch(&aws.ecs, &Logs::of(&aws), &watching, INTERVAL, |_| {}).await;
    assert_eq!(ended.unwrap_err().operation, "DescribeTasks");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_is_told_once_and_read_again() {
    let (aws, tasks) = started();
    let watching = run(&aws, "default", 1).await;
    let task = tasks.recv().unwrap();
    task.set_running();
    task.log("worker", "1");
    task.log("worker", "2");
    task.log("worker", "3");
    let logs = Logs::with(&aws, |count| match count {
        0 | 1 | 3 => Err("logs:GetLogEvents is not allowed".to_owned()),
        _ => Ok(()),
    });
    let (told, ended) = watched(&aws, &logs, &watching, |told| {
        if told == "> 3" {
            task.finish(0);
        }
    })
    .await;
    let wanted = [
        "RUNNING",
        "! logs:GetLogEvents is not allowed",
        "> 1",
        "> 2",
        "> 3",
        "STOPPED",
    ];
    assert_eq!(told, wanted);
    assert_eq!(ended[0].exit_code, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ecs_has_forgotten_has_ended() {
    let (aws, tasks) = started();
    let watching = run(&aws, "default", 2).await;
    let [first, second] = [tasks.recv().unwrap(), tasks.recv().unwrap()];
    second.set_running();
    let forgotten = first.arn().to_owned();
    first.finish(0);
    aws.fake.forget_stopped_tasks();
    let looks = Cell::new(0);
    let logs = Logs::with(&aws, |_| {
        looks.set(looks.get() + 1);
        assert!(looks.get() < 1_000, "it would wait for ever");
        if looks.get() == 100 {
            second.exit("worker", 0);
        }
        Ok(())
    });
    let ended = watch(&aws.ecs, &logs, &watching, INTERVAL, |_| {}).await;
    let ended = ended.unwrap();
    for one in ended {
        let is_forgotten = one.task.arn == forgotten;
        assert_eq!(one.exit_code, (!is_forgotten).then_some(0));
        assert_eq!(one.reason.is_some(), is_forgotten, "{one:?}");
    }
}
