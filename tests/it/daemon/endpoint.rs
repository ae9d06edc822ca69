//! An X-Ray that keeps what it is sent, and answers or not.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use serde_json::Value;

use crate::program::PATIENCE;

#[derive(Clone)]
pub(super) struct Call {
    pub(super) path: String,
    pub(super) authorization: String,
    pub(super) body: Value,
}

type Calls = Arc<(Mutex<Vec<Call>>, Condvar)>;

pub(super) struct Endpoint {
    pub(super) address: SocketAddr,
    calls: Calls,
}

impl Endpoint {
    /// One that takes everything, or that takes calls and never answers.
    pub(super) fn start(answers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Calls::default();
        let kept = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(stream, &kept, answers));
            }
        });
        Self { address, calls }
    }

    pub(super) fn wait_for_calls(&self, number: usize) -> Vec<Call> {
        let deadline = Instant::now() + PATIENCE;
        let (calls, changed) = &*self.calls;
        let calls = calls.lock().unwrap();
        let left = deadline - Instant::now();
        let too_few = |calls: &mut Vec<Call>| calls.len() < number;
        let (calls, _) = changed.wait_timeout_while(calls, left, too_few).unwrap();
        assert!(calls.len() >= number, "only {} calls", calls.len());
        calls.clone()
    }

    /// The documents that it was sent.
    pub(super) fn documents(&self) -> Vec<String> {
        let calls = self.calls.0.lock().unwrap();
        let documents = |call: &Call| call.body["TraceSegmentDocuments"].as_array().cloned();
        let documents = calls.iter().filter_map(documents).flatten();
        documents
            .map(|document| document.as_str().unwrap().to_owned())
            .collect()
    }
}

/// Answers the calls of a connection until it ends.
fn serve(stream: TcpStream, calls: &Calls, answers: bool) {
    let mut reader = BufReader::new(stream);
    while let Some(call) = read(&mut reader) {
        let (kept, changed) = &**calls;
        kept.lock().unwrap().push(call);
        changed.notify_all();
        let body = "{\"UnprocessedTraceSegments\":[]}";
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if answers && reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Call> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut authorization) = (0, String::new());
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => authorization = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Call {
        path,
        authorization,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}
