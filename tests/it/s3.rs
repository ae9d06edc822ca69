//! A local S3 in the test's own process, so that the test can order faults, count what was asked of
//! it, and look at the buckets with the SDK.

use std::net::TcpListener;
use std::process::Command;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use local_s3::{FaultPlan, LocalS3, Options};

use crate::program::Place;

/// Nobody listens there: port 1 is privileged and nothing binds it.
pub(crate) const NO_DAEMON: &str = "127.0.0.1:1";

/// A local S3 over a directory of its own.
pub(crate) struct S3 {
    runtime: tokio::runtime::Runtime,
    server: LocalS3,
    _dir: tempfile::TempDir,
}

impl S3 {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = runtime.block_on(LocalS3::start(listener, Options::new(dir.path())));
        Self {
            server: server.unwrap(),
            runtime,
            _dir: dir,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// From now on, answers fail so, such as `rate=0.3,seed=7`.
    pub(crate) fn fail(&self, plan: &str) {
        self.server.set_faults(plan.parse().unwrap());
    }

    /// From now on, every answer is right.
    pub(crate) fn mend(&self) {
        self.server.set_faults(FaultPlan::none());
    }

    /// How many calls of this operation changed something.
    pub(crate) fn changes_by(&self, operation: &str) -> u64 {
        let requests = self.server.requests();
        requests.get(operation).map_or(0, |count| count.changed)
    }

    /// How many calls changed something.
    pub(crate) fn changes(&self) -> u64 {
        self.server
            .requests()
            .values()
            .map(|count| count.changed)
            .sum()
    }

    /// Asks S3 as the owner of all buckets.
    pub(crate) fn ask<T>(&self, ask: impl AsyncFnOnce(Client) -> T) -> T {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(self.url())
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .force_path_style(true)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        self.runtime.block_on(ask(Client::from_conf(config)))
    }

    /// Makes a bucket, as somebody else would.
    pub(crate) fn make(&self, bucket: &str) {
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::EuWest1)
            .build();
        self.ask(async |client| {
            let create = client.create_bucket().bucket(bucket);
            create
                .create_bucket_configuration(place)
                .send()
                .await
                .unwrap();
        });
    }

    /// The names of all buckets, sorted.
    pub(crate) fn buckets(&self) -> Vec<String> {
        let listed = self.ask(async |client| client.list_buckets().send().await.unwrap());
        let buckets = listed.buckets.unwrap_or_default();
        buckets
            .into_iter()
            .filter_map(|bucket| bucket.name)
            .collect()
    }

    /// The program against this S3, without a daemon.
    pub(crate) fn command(&self, place: &Place, args: &[&str]) -> Command {
        place.command_at(&self.url(), NO_DAEMON, args)
    }
}

/// A job file of so many buckets, each with these options.
pub(crate) fn fleet(count: usize, options: &str) -> String {
    let job = |number| {
        format!(
            r#"{{"name": "job-{number:03}", "type": "create-bucket", "bucket": "fleet-{number:03}"}}"#
        )
    };
    let jobs: Vec<String> = (0..count).map(job).collect();
    format!(
        r#"{{"version": 1, "name": "fleet", "max_concurrency": 16, {options} "jobs": [{}]}}"#,
        jobs.join(",\n")
    )
}
