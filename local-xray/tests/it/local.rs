//! A local X-Ray for one test, and what it takes to talk to it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use local_xray::{LocalXray, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) struct Local {
    pub(crate) store: Store,
    pub(crate) address: SocketAddr,
    server: Option<LocalXray>,
    runtime: Runtime,
    dir: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Local {
    pub(crate) fn start() -> Self {
        Self::within(tempfile::tempdir().unwrap())
    }

    /// Stops it, and starts another on its directory.
    pub(crate) fn restarted(mut self) -> Self {
        self.stop();
        Self::within(self.dir)
    }

    fn within(dir: TempDir) -> Self {
        let store = Store::open(dir.path()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = LocalXray::start(listener, store.clone(), Default::default());
        let server = runtime.block_on(server).unwrap();
        Self {
            store,
            address: server.address(),
            server: Some(server),
            runtime,
            dir,
        }
    }

    /// Stores documents, all of which must be taken.
    pub(crate) fn put(&self, documents: &[Value]) {
        let texts: Vec<_> = documents.iter().map(Value::to_string).collect();
        let answer = self.post("/TraceSegments", &json!({ "TraceSegmentDocuments": texts }));
        assert_eq!(answer, json!({ "UnprocessedTraceSegments": [] }));
    }

    /// Asks, and expects an answer.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.request(&format!("POST {path} HTTP/1.1"), "", &body.to_string());
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Sends a request line, more header lines and a body.
    pub(crate) fn request(&self, line: &str, headers: &str, body: &str) -> Answer {
        let host = if headers.contains("Host:") {
            String::new()
        } else {
            format!("Host: {}\r\n", self.address)
        };
        let length = body.len();
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "{line}\r\n{host}{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: serde_json::from_str(body).unwrap(),
        }
    }

    /// Asks for a page with more header lines; answers the head, in lower case, and the body.
    pub(crate) fn get(&self, path: &str, headers: &str) -> (String, String) {
        let mut stream = self.begin(path, headers);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_ascii_lowercase(), body.to_owned())
    }

    /// Asks for what may be no text; answers the head, in lower case, and the length of the body.
    pub(crate) fn get_bytes(&self, path: &str, headers: &str) -> (String, usize) {
        let mut answer = Vec::new();
        self.begin(path, headers).read_to_end(&mut answer).unwrap();
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
        (head, answer.len() - end - 4)
    }

    /// Sends a request line and header lines; answers the head, in lower case.
    pub(crate) fn answer(&self, lines: &str) -> String {
        let mut answer = String::new();
        self.send(lines).read_to_string(&mut answer).unwrap();
        answer
            .split("\r\n\r\n")
            .next()
            .unwrap()
            .to_ascii_lowercase()
    }

    /// Asks for what is read piece by piece.
    pub(crate) fn begin(&self, path: &str, headers: &str) -> TcpStream {
        self.send(&format!("GET {path} HTTP/1.1\r\n{headers}"))
    }

    fn send(&self, lines: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let host = self.address;
        write!(stream, "{lines}Host: {host}\r\nConnection: close\r\n\r\n").unwrap();
        stream
    }

    pub(crate) fn stop(&mut self) {
        let server = self.server.take().unwrap();
        self.runtime.block_on(server.stop());
    }
}

/// A trace id that differs in its last digits.
pub(crate) fn trace_id(number: usize) -> String {
    format!("1-69214cb0-{number:024x}")
}

/// A complete segment or subsegment with these members besides.
pub(crate) fn entity(id: &str, start: f64, end: f64, more: Value) -> Value {
    let mut entity = json!({ "id": id, "name": "service", "start_time": start, "end_time": end });
    let Value::Object(more) = more else {
        panic!("{more} is no object")
    };
    entity.as_object_mut().unwrap().extend(more);
    entity
}

/// The same JSON with all numbers as floats, since 1 and 1.0 are the same number.
pub(crate) fn floats(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(values) => values.into_iter().map(floats).collect(),
        Value::Object(members) => {
            let members = members
                .into_iter()
                .map(|(name, value)| (name, floats(value)));
            Value::Object(members.collect())
        }
        other => other,
    }
}
