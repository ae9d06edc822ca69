//! The AWS around a task: `xray-ecs local` for S3 and X-Ray, and an STS, reached over the task's network.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use fake_aws::FakeAws;
use serde_json::Value;

use super::forwarder::{self, Turn};
use super::network::HOST;
use crate::program::Place;
use crate::serve::{Served, serve};

/// The account and region that the task runs in.
pub(super) const ACCOUNT: &str = "000000000000";
pub(super) const REGION: &str = "eu-west-1";

pub(super) struct Aws {
    _local: Served,
    _sts: FakeAws,
    pub(super) s3: SocketAddr,
    pub(super) xray: SocketAddr,
    sts: SocketAddr,
}

impl Aws {
    pub(super) fn start(
        place: &Place,
        turn: impl Fn(&str) -> Turn + Clone + Send + 'static,
    ) -> Self {
        let local = serve(place);
        let address = |url: &str| url.trim_start_matches("http://").parse().unwrap();
        let s3 = forwarder::start(HOST, address(&local.s3), turn.clone());
        let xray = forwarder::start(HOST, address(&local.xray), turn);
        let aws = FakeAws::builder()
            .account(ACCOUNT)
            .region(REGION)
            .start()
            .unwrap();
        let of_sts = aws
            .endpoint()
            .trim_start_matches("http://")
            .parse()
            .unwrap();
        Self {
            sts: forwarder::start(HOST, of_sts, |_| Turn::Pass),
            s3,
            xray,
            _local: local,
            _sts: aws,
        }
    }

    /// The variables that lead a container here.
    pub(super) fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("AWS_ENDPOINT_URL_S3", format!("http://{}", self.s3)),
            ("AWS_ENDPOINT_URL_XRAY", format!("http://{}", self.xray)),
            ("AWS_ENDPOINT_URL_STS", format!("http://{}", self.sts)),
        ]
    }

    pub(super) fn make_bucket(&self, bucket: &str) {
        let place = format!(
            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        self.s3("PUT", &format!("/{bucket}"), place.as_bytes());
    }

    /// Checks that a bucket is there.
    #[track_caller]
    pub(super) fn assert_bucket(&self, bucket: &str) {
        self.s3("HEAD", &format!("/{bucket}"), b"");
    }

    pub(super) fn put_object(&self, bucket: &str, key: &str, body: &[u8]) {
        self.make_bucket(bucket);
        self.s3("PUT", &format!("/{bucket}/{key}"), body);
    }

    pub(super) fn object(&self, bucket: &str, key: &str) -> Vec<u8> {
        self.s3("GET", &format!("/{bucket}/{key}"), b"")
    }

    /// A request to S3, which must succeed; answers the body.
    fn s3(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.s3).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let body = answer.split_off(end + 4);
        let head = String::from_utf8(answer).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {head}");
        assert!(
            !head.to_ascii_lowercase().contains("transfer-encoding"),
            "{head}"
        );
        body
    }

    /// All documents that X-Ray was sent and has, one for each segment.
    pub(super) fn documents(&self, place: &Place) -> Vec<Value> {
        let json = |args: &[&str]| -> Value {
            let ended = place.run(&[args, &["--local", "--json"]].concat());
            // 1: nothing was found.
            assert!(ended.code <= 1, "{args:?}: {}", ended.stderr);
            serde_json::from_str(&ended.stdout).unwrap()
        };
        let listed = json(&["traces"]);
        let mut documents = Vec::new();
        for summary in listed["TraceSummaries"].as_array().unwrap() {
            let trace = json(&["trace", summary["Id"].as_str().unwrap()]);
            for segment in trace["Traces"][0]["Segments"].as_array().unwrap() {
                let document = segment["Document"].as_str().unwrap();
                documents.push(serde_json::from_str::<Value>(document).unwrap());
            }
        }
        documents.retain(|document| document["inferred"] != true);
        documents
    }
}
