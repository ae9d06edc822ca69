//! From spans to segments.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tracing::{Instrument, debug_span, error, info_span, instrument};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_xray::{LayerOptions, ManualClock, SpanExt, Timestamp, in_span};

use crate::daemon::{TestDaemon, segment_of, subsegment};

#[test]
fn a_marked_span_is_a_segment_and_spans_beneath_are_subsegments() {
    let segment = segment_of(|| {
        let job = info_span!("invocation", xray.segment = "bucket creation");
        job.in_scope(|| {
            info_span!("observe").in_scope(|| {
                info_span!("inner").in_scope(|| ());
            });
            info_span!("converge").in_scope(|| ());
        });
    });
    assert_eq!(segment["name"], "bucket creation");
    assert_eq!(segment["subsegments"].as_array().unwrap().len(), 2);
    subsegment(subsegment(&segment, "observe"), "inner");
    assert_eq!(segment["aws"]["xray"]["sdk"], "X-Ray for Rust");
}

#[test]
fn a_segment_without_a_name_has_the_span_s() {
    let named = |name: &'static str| match name {
        "true" => segment_of(|| drop(info_span!("nightly", xray.segment = true))),
        _ => segment_of(|| drop(info_span!("nightly", xray.segment = "(?)"))),
    };
    assert_eq!(named("true")["name"], "nightly");
    assert_eq!(named("illegal")["name"], "nightly");
}

#[test]
fn fields_go_where_they_belong() {
    let segment = segment_of(|| {
        let job = info_span!(
            "job",
            xray.segment = "s",
            user = "alice",
            xray.origin = "AWS::ECS::Container",
            job = "logs",
            attempt = 2,
            share = 0.5,
            ok = true,
            late = tracing::field::Empty,
            spec = ?vec![1, 2],
            annotation.region = %"eu-west-1",
            metadata.build.commit = "abc",
            http.request.method = "GET",
            http.request.url = "http://h/x",
        );
        job.record("late", "yes");
        job.in_scope(|| {
            info_span!(
                "call",
                xray.name = "S3",
                xray.namespace = "aws",
                aws.operation = "PutObject",
                aws.bucket_name = "b",
                aws.retries = 3,
                aws.version_id = "v",
                http.response.status = 429
            )
            .in_scope(|| ());
        });
    });
    assert_eq!(segment["user"], "alice");
    assert_eq!(segment["origin"], "AWS::ECS::Container");
    assert_eq!(
        segment["annotations"],
        json!({"job": "logs", "attempt": 2, "share": 0.5, "ok": true, "late": "yes", "region": "eu-west-1"})
    );
    assert_eq!(
        segment["metadata"],
        json!({"default": {"spec": "[1, 2]"}, "build": {"commit": "abc"}})
    );
    assert_eq!(
        segment["http"],
        json!({"request": {"method": "GET", "url": "http://h/x"}})
    );
    let call = subsegment(&segment, "S3");
    assert_eq!(call["namespace"], "aws");
    assert_eq!(
        call["aws"],
        json!({"operation": "PutObject", "bucket_name": "b", "retries": 3, "version_id": "v"})
    );
    assert_eq!(
        (&call["error"], &call["throttle"]),
        (&json!(true), &json!(true))
    );
    assert!(call.get("fault").is_none());
}

#[test]
fn times_are_those_of_the_clock_and_the_end_is_the_last_exit() {
    let daemon = TestDaemon::start();
    let hand = ManualClock::at(Timestamp::from_micros(1_763_790_000_000_000));
    let (emitter, guard) = daemon.emitter();
    let options = LayerOptions {
        clock: tracing_xray::Clock::Manual(hand.clone()),
        ..LayerOptions::default()
    };
    let layer = tracing_xray::layer(emitter, &daemon.settings(), options);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let span = info_span!("job", xray.segment = "s");
        hand.advance(Duration::from_millis(250));
        span.in_scope(|| hand.advance(Duration::from_millis(500)));
        hand.advance(Duration::from_secs(9));
    });
    let segment = daemon.receive();
    guard.close();
    assert_eq!(segment["start_time"], 1_763_790_000.0);
    assert_eq!(segment["end_time"], 1_763_790_000.75);
    assert!(
        segment["trace_id"]
            .as_str()
            .unwrap()
            .starts_with("1-69214cb0-")
    );
}

#[test]
fn spans_below_info_and_of_the_sdks_are_transparent() {
    let segment = segment_of(|| {
        info_span!("job", xray.segment = "s").in_scope(|| {
            debug_span!("noise").in_scope(|| {
                info_span!(target: "hyper::proto", "wire").in_scope(|| {
                    info_span!("step").in_scope(|| ());
                });
            });
        });
    });
    assert_eq!(segment["subsegments"].as_array().unwrap().len(), 1);
    subsegment(&segment, "step");
}

#[test]
fn spans_outside_a_segment_are_nobody_s() {
    let segment = segment_of(|| {
        info_span!("alone").in_scope(|| ());
        info_span!("job", xray.segment = "s").in_scope(|| ());
    });
    assert!(segment.get("subsegments").is_none());
}

#[test]
fn a_log_filter_on_another_layer_drops_no_trace() {
    let daemon = TestDaemon::start();
    let (emitter, guard) = daemon.emitter();
    let layer = tracing_xray::layer(emitter, &daemon.settings(), LayerOptions::default());
    let logs = tracing_subscriber::fmt::layer()
        .with_writer(std::io::sink)
        .with_filter(EnvFilter::new("off"));
    let subscriber = tracing_subscriber::registry().with(logs).with(layer);
    tracing::subscriber::with_default(subscriber, || {
        info_span!("job", xray.segment = "s")
            .in_scope(|| info_span!("step", n = 1).in_scope(|| error!("only a log line")));
    });
    let segment = daemon.receive();
    guard.close();
    assert!(subsegment(&segment, "step").get("fault").is_none());
}

#[derive(Debug, thiserror::Error)]
#[error("job failed")]
struct JobError {
    source: std::io::Error,
}

#[test]
fn an_error_is_a_fault_with_its_whole_source_chain() {
    let segment = segment_of(|| {
        let error = JobError {
            source: std::io::Error::other("disk full"),
        };
        let span = info_span!(
            "job",
            xray.segment = "s",
            error = &error as &dyn std::error::Error
        );
        drop(span);
    });
    assert_eq!(segment["fault"], true);
    let exceptions = segment["cause"]["exceptions"].as_array().unwrap();
    assert_eq!(exceptions.len(), 2);
    assert_eq!(exceptions[0]["type"], "JobError");
    assert_eq!(exceptions[0]["cause"], exceptions[1]["id"]);
    assert_eq!(exceptions[1]["message"], "disk full");
}

#[instrument(err)]
async fn failing(step: u32) -> Result<(), JobError> {
    tokio::task::yield_now().await;
    Err(JobError {
        source: std::io::Error::other("disk full"),
    })
}

#[test]
fn an_instrumented_function_s_error_is_its_subsegment_s_fault() {
    let segment = segment_of(|| {
        let job = info_span!("job", xray.segment = "s");
        block_on(async { failing(7).await.unwrap_err() }.instrument(job));
    });
    assert!(segment.get("fault").is_none());
    let step = subsegment(&segment, "failing");
    assert_eq!(step["fault"], true);
    assert_eq!(step["cause"]["exceptions"][0]["message"], "job failed");
    assert_eq!(step["annotations"]["step"], 7);
}

#[test]
fn a_panic_is_a_fault() {
    let segment = segment_of(|| {
        let job = || {
            let _job = info_span!("job", xray.segment = "s").entered();
            std::panic::resume_unwind(Box::new("no message on stderr"));
        };
        std::panic::catch_unwind(job).unwrap_err();
    });
    assert_eq!(segment["fault"], true);
    assert_eq!(segment["cause"]["exceptions"][0]["type"], "panic");
}

#[test]
fn tasks_and_threads_that_carry_the_span_stay_in_the_segment() {
    let daemon = TestDaemon::start();
    let (subscriber, guard) = daemon.subscriber();
    // The registry closes a parent through the thread's default subscriber, so each thread needs
    // it to the end, as with a global one.
    let on_thread = {
        let subscriber = subscriber.clone();
        move || std::mem::forget(tracing::dispatcher::set_default(&subscriber))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_start(on_thread.clone())
        .build()
        .unwrap();
    let work = || async {
        let tasks = (0..8).map(|_| {
            let step = async { tokio::task::yield_now().await };
            tokio::spawn(step.instrument(info_span!("task")))
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let span = info_span!("thread");
        let thread = std::thread::spawn(move || {
            on_thread();
            span.in_scope(|| ());
        });
        thread.join().unwrap();
    };
    tracing::dispatcher::with_default(&subscriber, || {
        let job = info_span!("job", xray.segment = "s");
        runtime.block_on(work().instrument(job));
    });
    let segment = daemon.receive();
    assert_eq!(segment["subsegments"].as_array().unwrap().len(), 9);
    guard.close();
}

#[test]
fn a_dropped_future_is_a_fault_and_so_is_all_that_was_open_in_it() {
    let segment = segment_of(|| {
        let job = info_span!("job", xray.segment = "s");
        block_on(
            async {
                let (started, start) = tokio::sync::oneshot::channel();
                let attempt = in_span(info_span!("attempt"), async {
                    info_span!("done").in_scope(|| ());
                    async {
                        started.send(()).unwrap();
                        std::future::pending::<()>().await;
                    }
                    .instrument(info_span!("step"))
                    .await;
                });
                tokio::select! {
                    () = attempt => unreachable!("it never ends"),
                    _ = start => {}
                }
            }
            .instrument(job),
        );
    });
    assert!(segment.get("fault").is_none());
    let attempt = subsegment(&segment, "attempt");
    assert_eq!(attempt["fault"], true);
    assert_eq!(attempt["cause"]["exceptions"][0]["type"], "Interrupted");
    assert_eq!(subsegment(attempt, "step")["fault"], true);
    assert!(subsegment(attempt, "done").get("fault").is_none());
}

#[test]
fn a_future_that_is_done_is_no_fault() {
    let segment = segment_of(|| {
        let job = info_span!("job", xray.segment = "s");
        block_on(in_span(job, async {
            in_span(info_span!("step"), async {}).await;
        }));
    });
    assert!(subsegment(&segment, "step").get("fault").is_none());
    assert!(segment.get("fault").is_none());
}

const UPSTREAM: &str =
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Lineage=a:1";

#[test]
fn a_caller_s_header_is_continued_and_handed_on() {
    let segment = segment_of(|| {
        let job = info_span!("job", xray.segment = "s", xray.trace_header = UPSTREAM);
        let header = job.trace_context().unwrap().header().to_string();
        assert!(header.starts_with("Root=1-5759e988-bd862e3fe1be46a994272793;Parent="));
        assert!(header.ends_with(";Sampled=1;Lineage=a:1"));
        debug_span!(parent: &job, "transparent").in_scope(|| ());
    });
    assert_eq!(segment["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
    assert_eq!(segment["parent_id"], "53995c3f42cd8ad8");
}

#[test]
fn a_trace_that_is_not_sampled_is_not_sent_but_handed_on() {
    let daemon = TestDaemon::start();
    let (subscriber, guard) = daemon.subscriber();
    tracing::dispatcher::with_default(&subscriber, || {
        let header = format!("{UPSTREAM};Sampled=0");
        let job = info_span!("job", xray.segment = "s", xray.trace_header = header);
        job.in_scope(|| {
            let step = info_span!("step");
            let header = step.trace_context().unwrap().header().to_string();
            assert!(header.contains("Sampled=0"), "{header}");
        });
    });
    assert_eq!(guard.close().sent, 0);
    daemon.assert_silent();
}

#[test]
fn the_tracing_name_of_the_environment_wins() {
    let daemon = TestDaemon::start();
    let mut settings = daemon.settings();
    settings.tracing_name = Some("from outside".to_owned());
    let (subscriber, guard) = daemon.subscriber_of(&settings);
    tracing::dispatcher::with_default(&subscriber, || {
        drop(info_span!("job", xray.segment = "inside"));
    });
    assert_eq!(daemon.receive()["name"], "from outside");
    guard.close();
}

#[test]
fn very_many_subsegments_leave_before_their_segment() {
    let daemon = TestDaemon::start();
    let (subscriber, guard) = daemon.subscriber();
    tracing::dispatcher::with_default(&subscriber, || {
        info_span!("job", xray.segment = "s").in_scope(|| {
            for _ in 0..150 {
                info_span!("step").in_scope(|| ());
            }
        });
    });
    let documents: Vec<_> = (0..51).map(|_| daemon.receive()).collect();
    let segment = &documents[50];
    assert_eq!(segment["name"], "s");
    assert_eq!(segment["subsegments"].as_array().unwrap().len(), 100);
    for step in &documents[..50] {
        assert_eq!(step["type"], "subsegment");
        assert_eq!(step["parent_id"], segment["id"]);
        assert_eq!(step["trace_id"], segment["trace_id"]);
    }
    assert_eq!(guard.close().sent, 51);
}

#[test]
fn what_follows_names_what_came_before() {
    let segment = segment_of(|| {
        info_span!("job", xray.segment = "s").in_scope(|| {
            let first = info_span!("first");
            let second = info_span!("second");
            second.follows_from(&first);
        });
    });
    let first = subsegment(&segment, "first");
    assert_eq!(
        subsegment(&segment, "second")["precursor_ids"],
        json!([first["id"]])
    );
}

#[test]
fn blocks_without_a_field_are_edited_on_the_span() {
    let segment = segment_of(|| {
        info_span!("job", xray.segment = "s").in_scope(|| {
            let query = info_span!("query");
            let edited = query.edit_subsegment(|subsegment| {
                subsegment.sql = Some(Box::new(tracing_xray::Sql {
                    sanitized_query: Some("SELECT ?".into()),
                    ..Default::default()
                }));
            });
            assert!(edited);
        });
    });
    assert_eq!(
        subsegment(&segment, "query")["sql"]["sanitized_query"],
        "SELECT ?"
    );
}

#[test]
fn a_span_that_nobody_traces_has_no_context() {
    let span = info_span!("job", xray.segment = "s");
    assert_eq!(span.trace_context(), None);
    assert!(!span.edit_entity(|_| unreachable!()));
}

#[test]
fn segments_of_many_threads_do_not_mix() {
    let daemon = TestDaemon::start();
    let (subscriber, guard) = daemon.subscriber();
    let subscriber = Arc::new(subscriber);
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let subscriber = Arc::clone(&subscriber);
            scope.spawn(move || {
                tracing::dispatcher::with_default(&subscriber, || {
                    for _ in 0..10 {
                        info_span!("job", xray.segment = "s", thread)
                            .in_scope(|| info_span!("step", thread).in_scope(|| ()));
                    }
                });
            });
        }
    });
    for _ in 0..40 {
        let segment = daemon.receive();
        assert_eq!(
            subsegment(&segment, "step")["annotations"]["thread"],
            segment["annotations"]["thread"]
        );
    }
    assert_eq!(guard.close().sent, 40);
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
