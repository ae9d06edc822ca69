//! An X-Ray, or another service over HTTP, that keeps what it is sent, and answers or not.

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
    pub(super) body: String,
}

/// What a call is answered, if it is.
pub(super) type Answer = fn(&Call) -> Option<String>;

type Calls = Arc<(Mutex<Vec<Call>>, Condvar)>;

pub(super) struct Endpoint {
    pub(super) address: SocketAddr,
    calls: Calls,
}

impl Endpoint {
    /// An X-Ray that takes everything.
    pub(super) fn start() -> Self {
        Self::answering(|_| Some("{\"UnprocessedTraceSegments\":[]}".to_owned()))
    }

    /// One that takes calls and never answers.
    pub(super) fn silent() -> Self {
        Self::answering(|_| None)
    }

    pub(super) fn answering(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Calls::default();
        let kept = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(stream, &kept, answer));
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
        let calls = self.calls();
        let of_segments = calls.iter().filter(|call| call.path == "/TraceSegments");
        let documents = of_segments.flat_map(|call| {
            let body: Value = serde_json::from_str(&call.body).unwrap();
            body["TraceSegmentDocuments"].as_array().unwrap().clone()
        });
        documents
            .map(|document| document.as_str().unwrap().to_owned())
            .collect()
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.0.lock().unwrap().clone()
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Answers the calls of a connection until it ends.
fn serve(stream: TcpStream, calls: &Calls, answer: Answer) {
    let mut reader = BufReader::new(stream);
    while let Some(call) = read(&mut reader) {
        let body = answer(&call);
        let (kept, changed) = &**calls;
        kept.lock().unwrap().push(call);
        changed.notify_all();
        let Some(body) = body else { continue };
        // An instance's token has a life; nobody else looks at that.
        let answer = format!(
            "HTTP/1.1 200 OK\r\nx-aws-ec2-metadata-token-ttl-seconds: 60\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
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
        body: String::from_utf8(body).unwrap(),
    })
}
