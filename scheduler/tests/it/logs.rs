//! CloudWatch Logs of the fake, read by hand.

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpStream;

use fake_aws::FakeAws;
use scheduler::run_task::{LogPage, LogStream, ReadLogs};
use serde_json::{Value, json};

use crate::fixture::Aws;

/// Reads CloudWatch Logs by hand; told before each reading how many there were.
pub(crate) struct Logs<'a> {
    fake: &'a FakeAws,
    pub(crate) count: Cell<usize>,
    before: Box<dyn Fn(usize) -> Result<(), String> + 'a>,
}

impl<'a> Logs<'a> {
    pub(crate) fn of(aws: &'a Aws) -> Self {
        Self::with(aws, |_| Ok(()))
    }

    pub(crate) fn with(aws: &'a Aws, before: impl Fn(usize) -> Result<(), String> + 'a) -> Self {
        Self {
            fake: &aws.fake,
            count: Cell::new(0),
            before: Box::new(before),
        }
    }

    fn call(&self, body: &Value) -> (u16, Value) {
        let endpoint = self.fake.endpoint();
        let body = body.to_string();
        let scope = "test/20260101/us-east-1/logs/aws4_request";
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\
             x-amz-target: Logs_20140328.GetLogEvents\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n\
             \r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(endpoint.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap())
    }
}

impl ReadLogs for Logs<'_> {
    async fn read(&self, stream: &LogStream, from: Option<&str>) -> Result<LogPage, String> {
        let count = self.count.replace(self.count.get() + 1);
        (self.before)(count)?;
        let mut body = json!({
            "logGroupName": stream.group, "logStreamName": stream.stream, "startFromHead": true,
        });
        if let Some(from) = from {
            body["nextToken"] = from.into();
        }
        let (status, answer) = self.call(&body);
        if status != 200 {
            assert_eq!(answer["__type"], "ResourceNotFoundException");
            return Ok(LogPage::default());
        }
        let events = answer["events"].as_array().unwrap().iter();
        Ok(LogPage {
            is_there: true,
            lines: events
                .map(|event| event["message"].as_str().unwrap().to_owned())
                .collect(),
            next: answer["nextForwardToken"].as_str().map(str::to_owned),
        })
    }
}
