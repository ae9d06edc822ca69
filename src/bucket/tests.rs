//! Observing and converging against scripted answers: which calls are made, and what they mean.

use std::collections::{BTreeMap, VecDeque};
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
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::*;

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

fn desired_in(region: &str) -> Desired {
    Desired::new("acme".parse().unwrap(), region.parse().unwrap())
}

fn fully_desired() -> Desired {
    Desired {
        versioning: Some(true),
        encryption: Some(Encryption::Aes256),
        public_access_block: Some(PublicAccessBlock::all(true)),
        object_ownership: Some(ObjectOwnership::BucketOwnerEnforced),
        tags: Some(BTreeMap::new()),
        ..desired_in("eu-west-1")
    }
}

fn observe_with(
    desired: &Desired,
    answers: Vec<Answer>,
) -> (Script, Result<Observed, BucketError>) {
    let (script, client) = script(answers);
    let observed = block_on(observe(&client, desired, Some("111122223333")));
    (script, observed)
}

const OURS: (&str, &str) = ("x-amz-bucket-region", "eu-west-1");

#[test]
fn a_missing_bucket_is_asked_for_once() {
    let (script, observed) = observe_with(&fully_desired(), vec![answer(404, &[], "")]);
    assert_eq!(observed.unwrap(), Observed::missing());
    assert_eq!(script.lines(), ["HEAD /acme/"]);
}

#[test]
fn only_what_is_managed_is_read() {
    let (script, observed) = observe_with(&desired_in("eu-west-1"), vec![answer(200, &[OURS], "")]);
    assert_eq!(observed.unwrap().existence, Existence::Ours);
    assert_eq!(script.lines(), ["HEAD /acme/"]);
}

#[test]
fn everything_managed_is_read_and_the_owner_is_expected() {
    let answers = vec![
        answer(200, &[OURS], ""),
        ok(
            "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>",
        ),
        ok(
            "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>",
        ),
        ok(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>",
        ),
        ok("<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"),
        ok("<Tagging><TagSet><Tag><Key>team</Key><Value>data</Value></Tag></TagSet></Tagging>"),
    ];
    let (script, observed) = observe_with(&fully_desired(), answers);
    let tags = [("team".to_owned(), "data".to_owned())];
    assert_eq!(
        observed.unwrap(),
        Observed {
            existence: Existence::Ours,
            public_access_block: Some(PublicAccessBlock {
                block_public_acls: true,
                ..PublicAccessBlock::all(false)
            }),
            object_ownership: Some(ObjectOwnership::BucketOwnerPreferred),
            encryption: Some(ObservedEncryption {
                algorithm: "aws:kms".to_owned(),
                kms_key_id: Some("k".to_owned()),
                bucket_key: true,
                blocked_types: vec!["SSE-C".to_owned()],
            }),
            versioning: Some(Versioning::Suspended),
            tags: Some(tags.into_iter().collect()),
        }
    );
    assert_eq!(
        script.lines(),
        [
            "HEAD /acme/",
            "GET /acme/?publicAccessBlock",
            "GET /acme/?ownershipControls",
            "GET /acme/?encryption",
            "GET /acme/?versioning",
            "GET /acme/?tagging",
        ]
    );
    for request in script.requests() {
        assert_eq!(
            request.owner.as_deref(),
            Some("111122223333"),
            "{request:?}"
        );
    }
}

#[test]
fn what_was_never_configured_is_no_error() {
    let answers = vec![
        answer(200, &[OURS], ""),
        refusal(404, "NoSuchPublicAccessBlockConfiguration"),
        refusal(404, "OwnershipControlsNotFoundError"),
        refusal(404, "ServerSideEncryptionConfigurationNotFoundError"),
        ok("<VersioningConfiguration/>"),
        refusal(404, "NoSuchTagSet"),
    ];
    let (_, observed) = observe_with(&fully_desired(), answers);
    let observed = observed.unwrap();
    assert_eq!(
        observed.public_access_block,
        Some(PublicAccessBlock::all(false))
    );
    assert_eq!(
        observed.object_ownership,
        Some(ObjectOwnership::ObjectWriter)
    );
    assert_eq!(observed.encryption, Some((&Encryption::Aes256).into()));
    assert_eq!(observed.versioning, Some(Versioning::Off));
    assert_eq!(observed.tags, Some(BTreeMap::new()));
}

#[test]
fn another_404_is_an_error() {
    let answers = vec![answer(200, &[OURS], ""), refusal(404, "NoSuchBucket")];
    let error = observe_with(&fully_desired(), answers).1.unwrap_err();
    assert_eq!(error.code(), Some("NoSuchBucket"));
    assert_eq!(
        error.to_string(),
        "GetPublicAccessBlock: 404 NoSuchBucket: no (request R1)"
    );
}

#[test]
fn the_bucket_of_another_account_is_refused() {
    let error = observe_with(&fully_desired(), vec![answer(403, &[OURS], "")])
        .1
        .unwrap_err();
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
        let answers = vec![answer(status, &elsewhere, "")];
        let error = observe_with(&fully_desired(), answers).1.unwrap_err();
        assert_eq!(
            error.to_string(),
            "bucket `acme` is in us-west-2, not in eu-west-1: set the job's region to us-west-2, or choose another name",
            "{status}"
        );
    }
}

#[test]
fn a_failed_call_tells_all_that_support_asks_for() {
    let answers = vec![answer(200, &[OURS], ""), refusal(503, "SlowDown")];
    let error = observe_with(&fully_desired(), answers).1.unwrap_err();
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
        let error = observe_with(&fully_desired(), vec![broken]).1.unwrap_err();
        assert!(error.is_connection_failure() && !error.is_timeout());
        assert_eq!(error.to_string(), "HeadBucket: connection failed");
    }
    let slow = observe_with(&fully_desired(), vec![Answer::TimedOut])
        .1
        .unwrap_err();
    assert!(slow.is_timeout() && !slow.is_connection_failure());
    let mut chain = std::iter::successors(slow.source(), |error| (*error).source());
    assert!(chain.any(|error| error.to_string().contains("too slow")));
}

/// The names of the spans in the order of their beginning.
#[derive(Clone, Default)]
struct SpanNames(Arc<Mutex<Vec<&'static str>>>);

impl<S: tracing::Subscriber> Layer<S> for SpanNames {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: Context<'_, S>,
    ) {
        let metadata = attributes.metadata();
        if metadata.target().starts_with("xray_ecs") {
            self.0.lock().unwrap().push(metadata.name());
        }
    }
}

fn every_change() -> (Desired, Vec<Change>) {
    let mut wanted = fully_desired();
    wanted.encryption = Some(Encryption::Kms {
        key_id: Some("alias/acme".to_owned()),
        bucket_key: true,
    });
    wanted.public_access_block = Some(PublicAccessBlock::all(false));
    wanted.object_ownership = Some(ObjectOwnership::ObjectWriter);
    wanted.tags = Some([("a".to_owned(), "b".to_owned())].into());
    let changes = plan(&wanted, &Observed::missing());
    (wanted, changes)
}

#[test]
fn each_change_is_one_call_in_a_span_of_its_own() {
    let (wanted, changes) = every_change();
    let (script, client) = script(vec![ok(""); 6]);
    let names = SpanNames::default();
    // With a single dispatcher alive, tracing asks the one of the thread that meets a span first,
    // which may be another test's and have none.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber = tracing_subscriber::registry().with(names.clone());
    tracing::subscriber::with_default(subscriber, || {
        block_on(converge(&client, &wanted, Some("111122223333"), &changes)).unwrap();
    });
    assert_eq!(
        script.lines(),
        [
            "PUT /acme/",
            "PUT /acme/?publicAccessBlock",
            "PUT /acme/?ownershipControls",
            "PUT /acme/?encryption",
            "PUT /acme/?versioning",
            "PUT /acme/?tagging",
        ]
    );
    assert_eq!(
        *names.0.lock().unwrap(),
        [
            "create bucket",
            "put public access block",
            "put ownership controls",
            "put encryption",
            "put versioning",
            "put tagging",
        ]
    );
    let requests = script.requests();
    assert_eq!(requests[0].owner, None);
    for request in &requests[1..] {
        assert_eq!(
            request.owner.as_deref(),
            Some("111122223333"),
            "{request:?}"
        );
    }
    for (request, part) in requests.iter().zip([
        "<LocationConstraint>eu-west-1</LocationConstraint>",
        "<RestrictPublicBuckets>false</RestrictPublicBuckets>",
        "<ObjectOwnership>ObjectWriter</ObjectOwnership>",
        "<KMSMasterKeyID>alias/acme</KMSMasterKeyID>",
        "<Status>Enabled</Status>",
        "<Tag><Key>a</Key><Value>b</Value></Tag>",
    ]) {
        assert!(request.body.contains(part), "{part}: {}", request.body);
    }
}

#[test]
fn us_east_1_is_no_location_constraint() {
    let wanted = desired_in("us-east-1");
    let (script, client) = script([ok("")]);
    let changes = plan(&wanted, &Observed::missing());
    block_on(converge(&client, &wanted, None, &changes)).unwrap();
    assert_eq!(script.requests()[0].body, "");
}

#[test]
fn a_bucket_that_is_ours_already_counts_as_created() {
    let (wanted, changes) = every_change();
    let answers = [
        vec![refusal(409, "BucketAlreadyOwnedByYou")],
        vec![ok(""); 5],
    ];
    let (script, client) = script(answers.concat());
    block_on(converge(&client, &wanted, None, &changes)).unwrap();
    assert_eq!(script.lines().len(), 6);
}

#[test]
fn the_first_failed_call_ends_the_job() {
    let (wanted, changes) = every_change();
    let (script, client) = script([refusal(409, "BucketAlreadyExists")]);
    let error = block_on(converge(&client, &wanted, None, &changes)).unwrap_err();
    assert_eq!(
        (error.code(), error.status()),
        (Some("BucketAlreadyExists"), Some(409))
    );
    assert_eq!(script.lines(), ["PUT /acme/"]);
}

#[test]
fn no_tags_at_all_are_deleted_and_blocked_encryptions_stay() {
    let wanted = fully_desired();
    let observed = Observed {
        existence: Existence::Ours,
        versioning: Some(Versioning::On),
        encryption: Some(ObservedEncryption {
            algorithm: "aws:kms".to_owned(),
            kms_key_id: None,
            bucket_key: false,
            blocked_types: vec!["SSE-C".to_owned()],
        }),
        public_access_block: Some(PublicAccessBlock::all(true)),
        object_ownership: Some(ObjectOwnership::BucketOwnerEnforced),
        tags: Some([("old".to_owned(), "1".to_owned())].into()),
    };
    let (script, client) = script([ok(""), answer(204, &[], "")]);
    let changes = plan(&wanted, &observed);
    block_on(converge(&client, &wanted, None, &changes)).unwrap();
    assert_eq!(
        script.lines(),
        ["PUT /acme/?encryption", "DELETE /acme/?tagging"]
    );
    let body = &script.requests()[0].body;
    assert!(
        body.contains("<EncryptionType>SSE-C</EncryptionType>"),
        "{body}"
    );
}
