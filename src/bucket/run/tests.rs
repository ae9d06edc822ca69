//! The driver against scripted answers: which calls are made, in which order, and what they mean.

#[cfg(feature = "local")]
mod local;

use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_s3::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use checked_json::Checks;
use serde_json::{Value, json};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::*;
use crate::bucket::BucketSpec;

/// An S3 that gives prepared answers in turn and notes the requests.
#[derive(Clone, Debug, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

#[derive(Clone, Debug)]
enum Answer {
    Response {
        status: u16,
        headers: Vec<(&'static str, &'static str)>,
        body: String,
    },
    TimedOut,
    Refused,
    Closed,
}

#[derive(Clone, Debug)]
struct Request {
    line: String,
    owner: Option<String>,
    body: String,
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let path = request.uri().replace("http://s3.test", "");
        let body = request.body().bytes().unwrap_or_default();
        let owner = request.headers().get("x-amz-expected-bucket-owner");
        self.requests.lock().unwrap().push(Request {
            line: format!("{} {path}", request.method()),
            owner: owner.map(str::to_owned),
            body: String::from_utf8(body.to_vec()).unwrap(),
        });
        let answer = self.answers.lock().unwrap().pop_front();
        HttpConnectorFuture::ready(match answer.expect("an answer for each request") {
            Answer::TimedOut => Err(ConnectorError::timeout("too slow".into())),
            Answer::Closed => {
                let transient = Some(ErrorKind::TransientError);
                Err(ConnectorError::other("closed too early".into(), transient))
            }
            Answer::Refused => Err(ConnectorError::io("connection refused".into())),
            Answer::Response {
                status,
                headers,
                body,
            } => {
                let status = status.try_into().unwrap();
                let mut response = HttpResponse::new(status, SdkBody::from(body));
                for (name, value) in headers {
                    response.headers_mut().insert(name, value);
                }
                Ok(response)
            }
        })
    }
}

fn ok(body: &str) -> Answer {
    answer(200, &[], body)
}

fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
    Answer::Response {
        status,
        headers: headers.to_vec(),
        body: body.to_owned(),
    }
}

fn refusal(status: u16, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    answer(
        status,
        &[("x-amz-request-id", "R1"), ("x-amz-id-2", "E2")],
        &body,
    )
}

fn script(answers: impl IntoIterator<Item = Answer>) -> (Script, Client) {
    let script = Script {
        answers: Arc::new(Mutex::new(answers.into_iter().collect())),
        ..Script::default()
    };
    let connector = SharedHttpConnector::new(script.clone());
    let http: SharedHttpClient = http_client_fn(move |_, _| connector.clone());
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .region(Region::new("eu-west-1"))
        .endpoint_url("http://s3.test")
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .http_client(http)
        .build();
    (script, Client::from_conf(config))
}

impl Script {
    fn lines(&self) -> Vec<String> {
        assert!(self.answers.lock().unwrap().is_empty(), "answers are left");
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| request.line.clone())
            .collect()
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// The checked job; its bucket is `acme` in eu-west-1 unless told.
fn desired(json: &Value) -> Desired {
    let mut spec = json!({ "bucket": "acme", "region": "eu-west-1" });
    let fields = json.as_object().unwrap().clone();
    spec.as_object_mut().unwrap().extend(fields);
    let spec: BucketSpec = serde_json::from_value(spec).unwrap();
    let mut checks = Checks::default();
    let desired = spec.check(None, &mut checks);
    assert_eq!(checks.into_faults(), [], "{json}");
    desired.unwrap()
}

const OWNER: &str = "111122223333";
const OURS: (&str, &str) = ("x-amz-bucket-region", "eu-west-1");

/// The requests' lines and what came of the job.
fn run_with(
    wanted: &Value,
    mode: Mode,
    answers: impl IntoIterator<Item = Answer>,
) -> (Script, Result<Vec<String>, BucketError>) {
    let (script, client) = script(answers);
    let desired = desired(wanted);
    let made = Made::default();
    let ran = block_on(run(&client, &desired, Some(OWNER), mode, &made));
    let changes = made.changes();
    (
        script,
        ran.map(|()| changes.iter().map(Change::to_string).collect()),
    )
}

fn head() -> Answer {
    answer(200, &[OURS], "")
}

fn missing() -> Answer {
    answer(404, &[], "")
}

fn failure(answers: impl IntoIterator<Item = Answer>) -> BucketError {
    let wanted = json!({ "public_access_block": true });
    run_with(&wanted, Mode::Apply, answers).1.unwrap_err()
}

#[test]
fn a_plan_of_a_missing_bucket_asks_once_and_writes_nothing() {
    let wanted = json!({ "versioning": true, "tags": {}, "object_ownership": "ObjectWriter",
                         "encryption": "aws:kms", "public_access_block": true });
    let (script, lines) = run_with(&wanted, Mode::Plan, [missing()]);
    assert_eq!(script.lines(), ["HEAD /acme/"]);
    assert_eq!(
        lines.unwrap(),
        [
            "bucket: create in eu-west-1 (ObjectWriter)",
            "encryption: algorithm: AES256 → aws:kms, +bucket_key=false",
            "versioning: off → on",
        ]
    );
}

#[test]
fn only_what_is_managed_is_read() {
    let (script, lines) = run_with(&json!({}), Mode::Apply, [head()]);
    assert_eq!(
        (script.lines(), lines.unwrap()),
        (vec!["HEAD /acme/".to_owned()], vec![])
    );
}

#[test]
fn a_bucket_is_made_looked_at_again_and_then_changed() {
    let wanted = json!({ "versioning": true, "object_ownership": "ObjectWriter" });
    let ownership = "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>";
    let answers = [
        missing(),
        ok(""),
        head(),
        ok(ownership),
        ok("<VersioningConfiguration/>"),
        ok(""),
    ];
    let (script, lines) = run_with(&wanted, Mode::Apply, answers);
    assert_eq!(
        lines.unwrap(),
        [
            "bucket: create in eu-west-1 (ObjectWriter)",
            "versioning: off → on"
        ]
    );
    assert_eq!(
        script.lines(),
        [
            "HEAD /acme/",
            "PUT /acme/",
            "HEAD /acme/",
            "GET /acme/?ownershipControls",
            "GET /acme/?versioning",
            "PUT /acme/?versioning",
        ]
    );
    for (index, request) in script.requests().iter().enumerate() {
        // CreateBucket takes no expected owner.
        let owner = (index != 1).then_some(OWNER);
        assert_eq!(request.owner.as_deref(), owner, "{request:?}");
    }
    let body = &script.requests()[1].body;
    assert!(
        body.contains("<LocationConstraint>eu-west-1</LocationConstraint>"),
        "{body}"
    );
}

#[test]
fn a_bucket_that_s3_does_not_show_yet_is_taken_to_be_new() {
    let wanted = json!({ "versioning": true, "encryption": "AES256" });
    let (script, lines) = run_with(&wanted, Mode::Apply, [missing(), ok(""), missing(), ok("")]);
    assert_eq!(lines.unwrap().len(), 2);
    assert_eq!(script.lines()[3], "PUT /acme/?versioning");
}

#[test]
fn us_east_1_is_no_location_constraint() {
    let wanted = json!({ "region": "us-east-1" });
    let answers = [
        missing(),
        ok(""),
        answer(200, &[("x-amz-bucket-region", "us-east-1")], ""),
    ];
    let (script, lines) = run_with(&wanted, Mode::Apply, answers);
    assert_eq!(lines.unwrap(), ["bucket: create in us-east-1"]);
    assert_eq!(script.requests()[1].body, "");
}

#[test]
fn a_bucket_that_is_ours_already_counts_as_made() {
    let answers = [missing(), refusal(409, "BucketAlreadyOwnedByYou"), head()];
    let (_, lines) = run_with(&json!({}), Mode::Apply, answers);
    assert_eq!(lines.unwrap().len(), 1);
    let (_, lines) = run_with(
        &json!({}),
        Mode::Apply,
        [missing(), refusal(409, "BucketAlreadyExists")],
    );
    let error = lines.unwrap_err();
    assert_eq!(
        (error.code(), error.status()),
        (Some("BucketAlreadyExists"), Some(409))
    );
}

#[test]
fn what_was_never_configured_is_no_error() {
    let wanted = json!({ "public_access_block": "absent", "object_ownership": "absent",
                         "encryption": "absent", "versioning": false, "tags": "absent",
                         "policy": "absent" });
    let answers = [
        head(),
        refusal(404, "OwnershipControlsNotFoundError"),
        refusal(404, "NoSuchPublicAccessBlockConfiguration"),
        refusal(404, "ServerSideEncryptionConfigurationNotFoundError"),
        ok("<VersioningConfiguration/>"),
        refusal(404, "NoSuchBucketPolicy"),
        refusal(404, "NoSuchTagSet"),
    ];
    assert_eq!(run_with(&wanted, Mode::Apply, answers).1.unwrap(), [""; 0]);
}

#[test]
fn what_is_absent_is_deleted() {
    let wanted = json!({ "public_access_block": "absent", "policy": "absent", "tags": "absent" });
    let answers = [
        head(),
        ok(
            "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>",
        ),
        ok(r#"{"Version":"2012-10-17","Statement":[]}"#),
        ok("<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"),
        ok(""),
        ok(""),
        ok(""),
    ];
    let (script, lines) = run_with(&wanted, Mode::Apply, answers);
    lines.unwrap();
    assert_eq!(
        script.lines()[4..],
        [
            "DELETE /acme/?publicAccessBlock",
            "DELETE /acme/?policy",
            "DELETE /acme/?tagging",
        ]
    );
}

#[test]
fn blocked_encryptions_are_sent_back() {
    let there = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>";
    let wanted = json!({ "encryption": { "algorithm": "aws:kms", "bucket_key": false } });
    let (script, lines) = run_with(&wanted, Mode::Apply, [head(), ok(there), ok("")]);
    assert_eq!(lines.unwrap(), ["encryption: bucket_key: true → false"]);
    let body = &script.requests()[2].body;
    for part in [
        "<EncryptionType>SSE-C<",
        "<KMSMasterKeyID>k<",
        "<BucketKeyEnabled>false<",
    ] {
        assert!(body.contains(part), "{body}");
    }
}

#[test]
fn mfa_delete_is_told_before_anything_is_written() {
    let wanted = json!({ "versioning": false, "public_access_block": false });
    let versioning = "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>";
    let answers = [
        head(),
        refusal(404, "NoSuchPublicAccessBlockConfiguration"),
        ok(versioning),
    ];
    let error = run_with(&wanted, Mode::Apply, answers).1.unwrap_err();
    assert!(
        matches!(
            error,
            BucketError::Unchangeable {
                field: "versioning",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn what_closes_and_opens_comes_in_s3s_order() {
    let order = |changes: &[(&'static str, &str)]| {
        let mut changes: Vec<_> = changes
            .iter()
            .map(|&(field, to)| Change {
                field,
                action: crate::bucket::Action::Put,
                from: None,
                to: Some(to.into()),
            })
            .collect();
        changes.sort_by_key(rank);
        changes
            .iter()
            .map(|change| change.field)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        order(&[
            ("policy", ""),
            ("acl", ""),
            ("object_ownership", "BucketOwnerEnforced"),
            ("public_access_block", "")
        ]),
        ["public_access_block", "acl", "object_ownership", "policy"]
    );
    assert_eq!(
        order(&[("acl", ""), ("object_ownership", "ObjectWriter")]),
        ["object_ownership", "acl"]
    );
    assert_eq!(
        order(&[
            ("object_lock", ""),
            ("replication", ""),
            ("versioning", "on")
        ]),
        ["versioning", "replication", "object_lock"]
    );
    assert_eq!(
        order(&[("versioning", "suspended"), ("replication", "")]),
        ["replication", "versioning"]
    );
}

#[test]
fn another_404_is_an_error() {
    let answers = [answer(200, &[OURS], ""), refusal(404, "NoSuchBucket")];
    let error = failure(answers);
    assert_eq!(error.code(), Some("NoSuchBucket"));
    assert_eq!(
        error.to_string(),
        "GetPublicAccessBlock: 404 NoSuchBucket: no (request R1)"
    );
}

#[test]
fn the_bucket_of_another_account_is_refused() {
    let error = failure([answer(403, &[OURS], "")]);
    assert!(
        matches!(error, BucketError::OwnedByOther { .. }),
        "{error:?}"
    );
    assert_eq!(error.status(), Some(403));
    assert!(error.source().is_some());
}

#[test]
fn a_bucket_elsewhere_is_refused_however_s3_tells_it() {
    let elsewhere = [("x-amz-bucket-region", "us-west-2")];
    for status in [200, 301, 400] {
        let answers = [answer(status, &elsewhere, "")];
        let error = failure(answers);
        assert_eq!(
            error.to_string(),
            "bucket `acme` is in us-west-2, not in eu-west-1: set the job's region to us-west-2, or choose another name",
            "{status}"
        );
    }
}

#[test]
fn a_failed_call_tells_all_that_support_asks_for() {
    let answers = [answer(200, &[OURS], ""), refusal(503, "SlowDown")];
    let error = failure(answers);
    let call = error.call().unwrap();
    assert_eq!(call.operation(), "GetPublicAccessBlock");
    assert_eq!(
        (error.code(), error.status()),
        (Some("SlowDown"), Some(503))
    );
    assert_eq!(call.request_id(), Some("R1"));
    assert_eq!(call.extended_request_id(), Some("E2"));
    assert_eq!(call.message(), Some("no"));
    assert!(!error.is_connection_failure() && !error.is_timeout());
}

#[test]
fn a_connection_and_a_timeout_are_told_apart() {
    for broken in [Answer::Refused, Answer::Closed] {
        let error = failure([broken]);
        assert!(error.is_connection_failure() && !error.is_timeout());
        assert_eq!(error.to_string(), "HeadBucket: connection failed");
    }
    let slow = failure([Answer::TimedOut]);
    assert!(slow.is_timeout() && !slow.is_connection_failure());
    let mut chain = std::iter::successors(slow.source(), |error| (*error).source());
    assert!(chain.any(|error| error.to_string().contains("too slow")));
}

/// The names of the spans, as X-Ray shows them, in the order of their beginning.
#[derive(Clone, Default)]
struct SpanNames(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for SpanNames {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: Context<'_, S>,
    ) {
        let metadata = attributes.metadata();
        if metadata.target().starts_with("xray_ecs") {
            let mut name = XrayName(metadata.name().to_owned());
            attributes.record(&mut name);
            self.0.lock().unwrap().push(name.0);
        }
    }
}

struct XrayName(String);

impl tracing::field::Visit for XrayName {
    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        if field.name() == "xray.name" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, _: &tracing::field::Field, _: &dyn std::fmt::Debug) {}
}

#[test]
fn each_step_has_a_span_of_its_own() {
    let names = SpanNames::default();
    // With a single dispatcher alive, tracing asks the one of the thread that meets a span first,
    // which may be another test's and have none.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber = tracing_subscriber::registry().with(names.clone());
    tracing::subscriber::with_default(subscriber, || {
        let wanted = json!({ "tags": { "a": "b" }, "public_access_block": false });
        let answers = [missing(), ok(""), missing(), ok(""), ok("")];
        run_with(&wanted, Mode::Apply, answers).1.unwrap();
    });
    assert_eq!(
        *names.0.lock().unwrap(),
        [
            "observe",
            "create bucket",
            "observe",
            "put public access block",
            "put tags"
        ]
    );
}
