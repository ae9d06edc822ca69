//! Ledgers in files and in a local S3: started again after a kill, twice at once, taken over.

use std::path::Path;

use crate::outcome::{ExitStatus, Outcome};
use crate::report::JobReport;
use crate::spec::{CustomJob, JobKind, JobSpec};

use super::*;

pub(super) fn job(name: &str) -> JobSpec {
    let kind = JobKind::Custom(CustomJob {
        type_name: "test".into(),
        payload: serde_json::Value::Null,
    });
    JobSpec::new(name, kind)
}

pub(super) fn entry(job: &JobSpec) -> Entry {
    let report = JobReport::without_attempt("test", job, Outcome::Unchanged);
    Entry::new(&job.digest(), &report)
}

pub(super) fn key(id: Option<&str>, new_id: &str) -> RunKey {
    RunKey {
        id: id.map(str::to_owned),
        new_id: new_id.to_owned(),
        shard: None,
    }
}

pub(super) fn ours(opened: Opened) -> Box<Ledger> {
    match opened {
        Opened::Run(ledger) => ledger,
        other => panic!("not ours: {other:?}"),
    }
}

fn is_recorded(ledger: &Ledger, name: &str) -> bool {
    let job = job(name);
    ledger.is_recorded(&job.name, &job.digest())
}

async fn open(path: &Path, key: RunKey) -> Result<Opened, LedgerError> {
    Ledger::open(&Location::File(path.to_owned()), key, None).await
}

#[tokio::test]
async fn a_run_that_was_killed_is_taken_up_and_one_that_ended_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.ledger");
    let first = ours(open(&path, key(None, "first")).await.unwrap());
    assert!(!first.is_resumed());
    first.record(entry(&job("a")));
    first.record(entry(&job("b")));
    drop(first); // as a kill does: no end is noted
    std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"{\"job\":\"c\",\"dig"))
        .unwrap();

    let again = ours(open(&path, key(None, "second")).await.unwrap());
    assert_eq!(again.run_id(), "first");
    assert!(again.is_resumed() && again.recorded_len() == 2);
    assert!(is_recorded(&again, "a") && is_recorded(&again, "b") && !is_recorded(&again, "c"));
    let mut other = job("a");
    other.timeout = Some(Duration::from_secs(1));
    assert!(
        !again.is_recorded("a", &other.digest()),
        "a job that changed is another one"
    );
    again.record(entry(&job("c")));
    again.finish(ExitStatus::Done).await.unwrap();
    drop(again);

    let next = ours(open(&path, key(None, "second")).await.unwrap());
    assert_eq!(next.run_id(), "second");
    assert!(!next.is_resumed() && next.recorded_len() == 0);
    drop(next);
    let done = open(&path, key(Some("first"), "third")).await.unwrap();
    assert!(matches!(done, Opened::AlreadyDone { run_id, .. } if run_id == "first"));
}

#[tokio::test]
async fn how_a_run_ended_says_whether_it_is_over() {
    for (status, is_over) in [
        (ExitStatus::Failed, true),
        (ExitStatus::Stopped, false),
        (ExitStatus::DeadlinePassed, false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.ledger");
        let first = ours(open(&path, key(None, "first")).await.unwrap());
        first.record(entry(&job("a")));
        first.finish(status).await.unwrap();
        drop(first);
        let next = ours(open(&path, key(None, "next")).await.unwrap());
        assert_eq!(next.run_id() == "next", is_over, "{status:?}");
        drop(next);
        // The same id is the same run, which has something left to do.
        let same = ours(open(&path, key(Some("first"), "x")).await.unwrap());
        assert!(same.is_resumed() && is_recorded(&same, "a"), "{status:?}");
    }
}

#[tokio::test]
async fn one_process_has_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.ledger");
    let first = ours(open(&path, key(Some("first"), "")).await.unwrap());
    let second = open(&path, key(Some("second"), "")).await.unwrap();
    assert!(matches!(second, Opened::Busy { run_id } if run_id == "first"));
    drop(first);
    ours(open(&path, key(Some("second"), "")).await.unwrap());
}

#[tokio::test]
async fn a_file_that_is_no_ledger_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jobs.json");
    let text = "{\n  \"version\": 1\n}\n";
    std::fs::write(&path, text).unwrap();
    let error = open(&path, key(None, "first")).await.unwrap_err();
    assert!(
        error.to_string().contains("line 1 is none of a run ledger"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[cfg(feature = "local")]
mod s3 {
    use std::net::TcpListener;

    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    use local_s3::{LocalS3, Options};
    use tokio::task::JoinSet;

    use super::*;

    const BUCKET: &str = "ledgers";

    struct Stage {
        client: Client,
        _server: LocalS3,
        _dir: tempfile::TempDir,
    }

    impl Stage {
        async fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let server = LocalS3::start(listener, Options::new(dir.path()))
                .await
                .unwrap();
            let config = aws_sdk_s3::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .endpoint_url(format!("http://{}", server.address()))
                .credentials_provider(Credentials::new("local", "local", None, None, "test"))
                .http_client(crate::aws::http::by_scheme(
                    &crate::aws::http::Roots::System,
                ))
                .force_path_style(true)
                .build();
            let client = Client::from_conf(config);
            client.create_bucket().bucket(BUCKET).send().await.unwrap();
            Self {
                client,
                _server: server,
                _dir: dir,
            }
        }

        fn access(&self, lease: Duration) -> S3Access {
            S3Access {
                client: self.client.clone(),
                owner: Some("000000000000".to_owned()),
                lease,
            }
        }

        async fn open(&self, key: RunKey) -> Opened {
            let access = self.access(Duration::from_secs(60));
            Ledger::open(&location(), key, Some(access)).await.unwrap()
        }

        /// As if somebody else had the lock, or its lease had run out.
        async fn write_lock(&self, run_id: &str, expires_at: &str) {
            let lock = serde_json::json!({
                "run_id": run_id, "owner": "somebody", "expires_at": expires_at,
            });
            let put = self
                .client
                .put_object()
                .bucket(BUCKET)
                .key("nightly/lock.json");
            put.body(lock.to_string().into_bytes().into())
                .send()
                .await
                .unwrap();
        }
    }

    fn location() -> Location {
        format!("s3://{BUCKET}/nightly").parse().unwrap()
    }

    const PAST: &str = "2020-01-01T00:00:00Z";
    const FUTURE: &str = "2120-01-01T00:00:00Z";

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_many_who_open_at_once_one_gets_it() {
        let stage = Stage::new().await;
        let mut openings = JoinSet::new();
        for number in 0..8 {
            let access = stage.access(Duration::from_secs(60));
            openings.spawn(async move {
                let key = key(None, &format!("run-{number}"));
                Ledger::open(&location(), key, Some(access)).await.unwrap()
            });
        }
        let opened = openings.join_all().await;
        let ours: Vec<_> = opened
            .iter()
            .filter_map(|opened| match opened {
                Opened::Run(ledger) => Some(ledger.run_id()),
                _ => None,
            })
            .collect();
        assert_eq!(ours.len(), 1);
        let sees = |opened: &Opened| matches!(opened, Opened::Busy { run_id } if run_id == ours[0]);
        assert_eq!(opened.iter().filter(|opened| sees(opened)).count(), 7);
    }

    #[tokio::test]
    async fn a_run_is_taken_up_when_its_lease_has_run_out() {
        let stage = Stage::new().await;
        let first = ours(stage.open(key(None, "first")).await);
        let jobs: Vec<JobSpec> = (0..1200)
            .map(|number| job(&format!("job-{number}")))
            .collect();
        for job in &jobs {
            first.record(entry(job));
        }
        first.finish(ExitStatus::Stopped).await.unwrap();
        drop(first);
        stage.write_lock("first", PAST).await;
        let again = ours(stage.open(key(None, "second")).await);
        assert_eq!(again.run_id(), "first");
        assert!(again.is_resumed());
        assert_eq!(again.recorded_len(), jobs.len());
        assert!(is_recorded(&again, "job-1199"));
        again.finish(ExitStatus::Done).await.unwrap();

        let done = stage.open(key(Some("first"), "")).await;
        assert!(matches!(done, Opened::AlreadyDone { run_id, .. } if run_id == "first"));
        let next = ours(stage.open(key(None, "third")).await);
        assert_eq!((next.run_id(), next.is_resumed()), ("third", false));
        drop(next);
        // Done, and killed before it gave the lock back: it does not stand for the next run.
        stage.write_lock("first", PAST).await;
        let next = ours(stage.open(key(None, "fourth")).await);
        assert_eq!((next.run_id(), next.is_resumed()), ("fourth", false));
        // A run that did nothing leaves no lock behind.
        next.abandon().await;
        ours(stage.open(key(Some("fifth"), "")).await);
    }

    #[tokio::test]
    async fn a_live_lease_is_respected_and_a_lost_one_is_noticed() {
        let stage = Stage::new().await;
        stage.write_lock("other", FUTURE).await;
        let busy = stage.open(key(None, "mine")).await;
        assert!(matches!(busy, Opened::Busy { run_id } if run_id == "other"));
        stage.write_lock("other", PAST).await;
        let access = stage.access(Duration::from_millis(300));
        let key = key(Some("mine"), "");
        let mine = ours(Ledger::open(&location(), key, Some(access)).await.unwrap());
        stage.write_lock("other", FUTURE).await;
        mine.lost().await;
        let lost = mine.finish(ExitStatus::Done).await.unwrap_err();
        assert!(matches!(lost, LedgerError::LeaseLost { .. }), "{lost}");
        let busy = stage.open(super::key(None, "x")).await;
        assert!(
            matches!(busy, Opened::Busy { .. }),
            "the other's lock is left alone"
        );
    }

    #[tokio::test]
    async fn very_many_parts_are_all_read() {
        let stage = Stage::new().await;
        let mut puts = JoinSet::new();
        for number in 0..1010 {
            // No more at once than a busy machine answers in time.
            while puts.len() >= 50 {
                puts.join_next().await.unwrap().unwrap();
            }
            let client = stage.client.clone();
            puts.spawn(async move {
                let body = line::text(&entry(&job(&format!("job-{number}"))));
                let key = format!("nightly/runs/big/part-x-{number:06}.jsonl");
                let put = client.put_object().bucket(BUCKET).key(key);
                put.body(body.into_bytes().into()).send().await.unwrap();
            });
        }
        puts.join_all().await;
        let ledger = ours(stage.open(key(Some("big"), "")).await);
        assert_eq!(ledger.recorded_len(), 1010);
    }

    #[tokio::test]
    async fn shards_have_locks_of_their_own() {
        let stage = Stage::new().await;
        let of = |index| RunKey {
            shard: Some((index, 2)),
            ..key(Some("run"), "")
        };
        let first = ours(stage.open(of(1)).await);
        let second = ours(stage.open(of(2)).await);
        assert!(matches!(stage.open(of(1)).await, Opened::Busy { .. }));
        first.finish(ExitStatus::Done).await.unwrap();
        second.finish(ExitStatus::Done).await.unwrap();
    }

    #[tokio::test]
    async fn a_lock_that_is_no_lock_is_left_alone() {
        let stage = Stage::new().await;
        let put = stage
            .client
            .put_object()
            .bucket(BUCKET)
            .key("nightly/lock.json");
        put.body(b"mine".to_vec().into()).send().await.unwrap();
        let access = stage.access(Duration::from_secs(60));
        let opened = Ledger::open(&location(), key(None, "x"), Some(access)).await;
        assert!(matches!(opened, Err(LedgerError::Foreign { .. })));
    }
}
