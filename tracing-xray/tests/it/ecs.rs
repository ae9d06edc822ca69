//! The task metadata endpoint: a TCP server answers, well and badly.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::Value;
use tracing::info_span;
use tracing_subscriber::layer::SubscriberExt;
use tracing_xray::ecs::{GetError, Metadata, MetadataError, Task, metadata};

use crate::daemon::TestDaemon;

/// Enough for any answer that comes; a test that expects one never waits so long.
const PLENTY: Duration = Duration::from_secs(20);
/// For answers that never come.
const SHORT: Duration = Duration::from_millis(200);
/// For one that comes and one that never does.
const MEDIUM: Duration = Duration::from_secs(1);

const TASK: &str = include_str!("../vectors/ecs_task.json");

/// What the server does with one connection.
enum Answer {
    /// Sends this and closes.
    Bytes(Vec<u8>),
    /// Sends this, and then a byte now and then.
    Drip(&'static str),
}

fn json(body: &str) -> Answer {
    let len = body.len();
    Answer::Bytes(format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{body}").into())
}

fn bytes(text: &str) -> Answer {
    Answer::Bytes(text.into())
}

fn container() -> String {
    let vectors: Value =
        serde_json::from_str(include_str!("../vectors/ecs_metadata.json")).unwrap();
    vectors["container"].to_string()
}

struct Endpoint {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    /// Dropped with the endpoint, which ends the dripping.
    _stop: mpsc::Sender<()>,
}

impl Endpoint {
    /// A server that gives these answers, one a connection.
    fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (stop, stopped) = mpsc::channel();
        let endpoint = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            _stop: stop,
        };
        let requests = Arc::clone(&endpoint.requests);
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                requests.lock().unwrap().push(read_request(&mut stream));
                match answer {
                    // The client may hang up before it has read all.
                    Answer::Bytes(bytes) => drop(stream.write_all(&bytes)),
                    Answer::Drip(start) => {
                        stream.write_all(start.as_bytes()).unwrap();
                        let pace = Duration::from_millis(5);
                        while stopped.recv_timeout(pace) == Err(mpsc::RecvTimeoutError::Timeout) {
                            let _ = stream.write_all(b"x");
                        }
                    }
                }
            }
        });
        endpoint
    }

    fn metadata(&self, limit: Duration) -> Result<Option<Metadata>, MetadataError> {
        metadata_at(&format!("http://{}/v4/abc", self.address), limit)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn metadata_at(address: &str, limit: Duration) -> Result<Option<Metadata>, MetadataError> {
    let variable = |name: &str| match name {
        "ECS_CONTAINER_METADATA_URI_V4" => Some(address.to_owned()),
        "HOSTNAME" => Some("ip-10-0-0-7".to_owned()),
        _ => None,
    };
    metadata(variable, limit)
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        request.extend(byte);
    }
    String::from_utf8(request).unwrap()
}

/// The failure of the first request of these answers, within plenty of time.
fn failure_of(answers: Vec<Answer>) -> GetError {
    let endpoint = Endpoint::start(answers);
    match endpoint.metadata(PLENTY).unwrap_err() {
        MetadataError::Get { url, why } => {
            assert_eq!(url, format!("http://{}/v4/abc", endpoint.address));
            why
        }
        other => panic!("{other}"),
    }
}

#[test]
fn container_and_task_stand_in_every_segment() {
    let endpoint = Endpoint::start(vec![json(&container()), json(TASK)]);
    let metadata = endpoint.metadata(PLENTY).unwrap().unwrap();
    let requests = endpoint.requests();
    assert!(requests[0].starts_with("GET /v4/abc HTTP/1.1\r\nHost: 127.0.0.1:"));
    assert!(requests[1].starts_with("GET /v4/abc/task HTTP/1.1\r\n"));

    let daemon = TestDaemon::start();
    let (emitter, guard) = daemon.emitter();
    let layer = tracing_xray::layer(emitter, &daemon.settings(), metadata.layer_options());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        drop(info_span!("job", xray.segment = "s"));
    });
    let segment = daemon.receive();
    guard.close();
    assert_eq!(segment["origin"], "AWS::ECS::Container");
    let aws = &segment["aws"];
    assert_eq!(aws["ecs"]["container"], "ip-10-0-0-7");
    assert_eq!(aws["ecs"]["container_id"], "efgh");
    assert_eq!(aws["ecs"]["task_family"], "bucket-runner");
    assert_eq!(
        aws["cloudwatch_logs"][0]["arn"],
        "arn:aws:logs:ap-southeast-1:123456789012:log-group:my-group"
    );
    assert_eq!(aws["xray"]["sdk"], "X-Ray for Rust");
}

#[test]
fn an_answer_in_chunks_or_up_to_the_end_is_read() {
    let container = container();
    let (start, end) = container.split_at(100);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{start}\r\n{:x}\r\n{end}\r\n0\r\n\r\n",
        end.len()
    );
    let endpoint = Endpoint::start(vec![
        bytes(&chunked),
        bytes(&format!("HTTP/1.1 200 OK\r\n\r\n{TASK}")),
    ]);
    let metadata = endpoint.metadata(PLENTY).unwrap().unwrap();
    assert_eq!(metadata.container.name.as_deref(), Some("main"));
    assert_eq!(metadata.task.family.as_deref(), Some("bucket-runner"));
}

#[test]
fn what_may_pass_is_tried_again() {
    let endpoint = Endpoint::start(vec![
        bytes("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"),
        bytes(""),
        bytes("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"),
        json(&container()),
        bytes("HTTP/1.1 429 Too Many Requests\r\n\r\n"),
        json(TASK),
    ]);
    let metadata = endpoint.metadata(PLENTY).unwrap().unwrap();
    assert_eq!(metadata.container.docker_id.as_deref(), Some("efgh"));
    assert_eq!(endpoint.requests().len(), 6);
}

#[test]
fn what_cannot_pass_is_told_at_once() {
    assert!(matches!(
        failure_of(vec![bytes("HTTP/1.1 404 Not Found\r\n\r\n")]),
        GetError::Status(404)
    ));
    assert!(matches!(
        failure_of(vec![bytes("SSH-2.0-OpenSSH_9.9\r\n\r\n")]),
        GetError::NotHttp(_)
    ));
    let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat((1 << 20) + 1));
    assert!(matches!(failure_of(vec![bytes(&long)]), GetError::TooLong));
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n";
    assert!(matches!(
        failure_of(vec![bytes(announced)]),
        GetError::TooLong
    ));
}

#[test]
fn a_body_that_is_no_metadata_is_told() {
    let endpoint = Endpoint::start(vec![json("bad json string")]);
    let error = endpoint.metadata(PLENTY).unwrap_err();
    assert!(matches!(error, MetadataError::Json { .. }), "{error}");
    let url = format!("http://{}/v4/abc", endpoint.address);
    let expected = format!("ask {url} for task metadata: no such JSON: expected value");
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[test]
fn without_its_task_there_is_still_the_container() {
    for (answer, why) in [
        (json("bad json string"), "no such JSON"),
        (bytes("HTTP/1.1 404 Not Found\r\n\r\n"), "404"),
    ] {
        let endpoint = Endpoint::start(vec![json(&container()), answer]);
        let metadata = endpoint.metadata(PLENTY).unwrap().unwrap();
        assert_eq!(metadata.container.docker_id.as_deref(), Some("efgh"));
        assert_eq!(metadata.region(), Some("ap-southeast-1"));
        assert_eq!(metadata.task, Task::default());
        let url = format!("http://{}/v4/abc/task", endpoint.address);
        let told = metadata.task_error.unwrap();
        assert!(told.starts_with(&format!("ask {url} for")), "{told}");
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_slow_server_delays_nobody_beyond_the_limit() {
    for start in ["", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n"] {
        let endpoint = Endpoint::start(vec![Answer::Drip(start)]);
        let begun = Instant::now();
        let error = endpoint.metadata(SHORT).unwrap_err();
        let elapsed = begun.elapsed();
        let is_late = matches!(
            &error,
            MetadataError::Get {
                why: GetError::TimedOut,
                ..
            }
        );
        assert!(is_late, "{error}");
        // Wide, for a busy machine; without a limit the server drips for ever.
        assert!(elapsed >= SHORT && elapsed < PLENTY, "{elapsed:?}");
    }
}

#[test]
fn the_limit_is_for_both_requests_and_all_attempts() {
    let endpoint = Endpoint::start(vec![json(&container()), Answer::Drip("")]);
    let metadata = endpoint.metadata(MEDIUM).unwrap().unwrap();
    let url = format!("http://{}/v4/abc/task", endpoint.address);
    let told = format!("ask {url} for task metadata: no answer in time");
    assert_eq!(metadata.task_error, Some(told));
}

#[test]
fn where_nobody_listens_the_limit_holds_too() {
    // The port of a client is taken, and refuses.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let nowhere = format!("http://{}/v4", client.local_addr().unwrap());
    let begun = Instant::now();
    let error = metadata_at(&nowhere, SHORT).unwrap_err();
    assert!(begun.elapsed() < PLENTY);
    match error {
        MetadataError::Get {
            why: GetError::Connection(error),
            ..
        } => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused),
        other => panic!("{other}"),
    }
}

#[test]
fn a_host_may_have_a_name() {
    let endpoint = Endpoint::start(vec![json(&container()), json(TASK)]);
    let address = format!("http://localhost:{}/v4/abc", endpoint.address.port());
    assert!(metadata_at(&address, PLENTY).unwrap().is_some());
}
