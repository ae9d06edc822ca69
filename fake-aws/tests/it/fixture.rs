//! A client that speaks the protocols by hand.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use fake_aws::FakeAws;
use serde_json::{Value, json};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn started() -> FakeAws {
    FakeAws::builder().start().unwrap()
}

/// A Fargate definition with a worker and a daemon, whose worker logs.
pub(crate) fn worker_definition() -> Value {
    json!({
        "family": "worker",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "tags": [{"key": "team", "value": "data"}],
        "containerDefinitions": [
            {
                "name": "daemon", "image": "daemon:1", "essential": false,
            },
            {
                "name": "worker", "image": "worker:1", "command": ["run", "jobs.json"],
                "environment": [{"name": "MODE", "value": "batch"}, {"name": "LEVEL", "value": "info"}],
                "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": "/ecs/worker", "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "run",
                }},
            },
        ],
    })
}

pub(crate) fn network() -> Value {
    json!({"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
}

/// An answer, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends a request and reads the answer; nothing when the connection was closed without one.
pub(crate) fn send(fake: &FakeAws, headers: &[(&str, &str)], body: &str) -> Option<Answer> {
    let endpoint = fake.endpoint();
    let mut stream = TcpStream::connect(endpoint.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.push_str(body);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    // A connection that was reset has no answer either.
    let _ = stream.read_to_string(&mut answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some(Answer {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    })
}

/// Calls an operation, by the name of its service in the credential scope.
pub(crate) fn call(fake: &FakeAws, service: &str, operation: &str, body: &Value) -> Option<Answer> {
    let target = match service {
        "events" => "AWSEvents",
        "ecs" => "AmazonEC2ContainerServiceV20141113",
        "logs" => "Logs_20140328",
        other => panic!("no service {other}"),
    };
    let target = format!("{target}.{operation}");
    let authorization = authorization(service);
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", target.as_str()),
        ("authorization", authorization.as_str()),
    ];
    send(fake, &headers, &body.to_string())
}

pub(crate) fn authorization(service: &str) -> String {
    let scope = format!("AKIDTEST/20260101/us-east-1/{service}/aws4_request");
    format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
}

/// The output of an operation that succeeds.
pub(crate) fn done(fake: &FakeAws, service: &str, operation: &str, body: Value) -> Value {
    let answer = call(fake, service, operation, &body).unwrap();
    assert_eq!(answer.status, 200, "{operation} {body}: {}", answer.body);
    match answer.body.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap(),
    }
}

/// Code and message of an operation that is refused.
pub(crate) fn refused(
    fake: &FakeAws,
    service: &str,
    operation: &str,
    body: Value,
) -> (String, String) {
    let answer = call(fake, service, operation, &body).unwrap();
    assert!(answer.status >= 400, "{operation} {body}: {}", answer.body);
    let error: Value = serde_json::from_str(&answer.body).unwrap();
    let text = |member: &str| error[member].as_str().unwrap().to_owned();
    (text("__type"), text("message"))
}
