//! The endpoint of ECS for metadata and credentials, as a server that knows JSON documents by their
//! paths.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;

/// The server; its port is free again once it is dropped.
pub(crate) struct MetadataServer {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    listens: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    documents: BTreeMap<String, Value>,
    asked: Vec<String>,
    is_stopped: bool,
}

impl MetadataServer {
    pub(crate) fn start(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Mutex<Shared>>::default();
        let seen = Arc::clone(&shared);
        let listens = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if seen.lock().unwrap().is_stopped {
                    return;
                }
                let shared = Arc::clone(&seen);
                std::thread::spawn(move || answer(stream, &shared));
            }
        });
        Self {
            address,
            shared,
            listens: Some(listens),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers `document` at `path` from now on.
    pub(crate) fn put(&self, path: &str, document: Value) {
        let mut shared = self.shared.lock().unwrap();
        shared.documents.insert(path.to_owned(), document);
    }

    /// Whether anybody has asked for this path.
    pub(crate) fn was_asked(&self, path: &str) -> bool {
        self.shared
            .lock()
            .unwrap()
            .asked
            .iter()
            .any(|asked| asked == path)
    }
}

impl Drop for MetadataServer {
    fn drop(&mut self) {
        self.shared.lock().unwrap().is_stopped = true;
        let looks = TcpStream::connect(self.address);
        if let (Ok(_), Some(listens)) = (looks, self.listens.take()) {
            let _ = listens.join();
        }
    }
}

fn answer(stream: TcpStream, shared: &Mutex<Shared>) {
    let mut writer = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    lines
        .by_ref()
        .take_while(|line| !line.is_empty())
        .for_each(drop);
    let path = first.split(' ').nth(1).unwrap_or_default();
    let document = {
        let mut shared = shared.lock().unwrap();
        shared.asked.push(path.to_owned());
        shared.documents.get(path).map(Value::to_string)
    };
    let (status, body) = match document {
        Some(document) => ("200 OK", document),
        None => ("404 Not Found", format!("no {path} here")),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = writer.write_all((head + &body).as_bytes());
}
