//! An S3 of the tests that answers as it is told, or not at all.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use crate::program::PATIENCE;

pub(crate) struct StubS3 {
    address: std::net::SocketAddr,
    asked: Receiver<String>,
}

impl StubS3 {
    /// Answers each request by its first line and its number; `None`: never. Every connection has a
    /// thread of its own.
    pub(crate) fn start(
        answer: impl Fn(&str, usize) -> Option<String> + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, asked) = channel();
        std::thread::spawn(move || {
            let number = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, sender, number) = (answer.clone(), sender.clone(), number.clone());
                std::thread::spawn(move || {
                    serve(stream, |line| {
                        let _ = sender.send(line.to_owned());
                        let number = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        answer(line, number)
                    });
                });
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for the next request; answers its first line.
    pub(crate) fn asked(&self) -> String {
        self.asked
            .recv_timeout(PATIENCE)
            .expect("a request in time")
    }
}

fn serve(stream: TcpStream, mut answer: impl FnMut(&str) -> Option<String>) {
    let mut writer = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(first) = lines.next() {
        let headers: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        assert!(!headers.is_empty());
        match answer(&first) {
            Some(answer) => {
                if writer.write_all(answer.as_bytes()).is_err() {
                    return;
                }
                // Bodies are not read, so the connection cannot go on.
                return;
            }
            None => drop(lines.next()), // until the client goes away
        }
    }
}

pub(crate) fn answer(status: &str, body: &str) -> Option<String> {
    Some(format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nx-amz-request-id: REQ1\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ))
}

pub(crate) fn error(status: &str, code: &str) -> Option<String> {
    answer(
        status,
        &format!("<Error><Code>{code}</Code><Message>about {code}</Message></Error>"),
    )
}
