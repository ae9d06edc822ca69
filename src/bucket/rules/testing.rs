//! What the tests of all sub-resources need.

use checked_json::Checks;
use serde_json::Value;

use crate::bucket::subresource::SubResource;

/// Reads what a job file says, and proves that what is written means the same.
pub(in crate::bucket) fn of_json<S: SubResource>(json: Value) -> S {
    let read: S = serde_json::from_value(json).unwrap();
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(serde_json::from_value::<S>(written).unwrap(), read);
    read
}

/// All faults, with the paths of the job file.
pub(in crate::bucket) fn faults<S: SubResource>(value: &S) -> Vec<(String, String)> {
    let mut checks = Checks::default();
    checks.field(S::FIELD, |checks| value.check(checks));
    checks.into_faults()
}

/// The paths of all faults.
pub(in crate::bucket) fn faulty<S: SubResource>(value: &S) -> Vec<String> {
    faults(value).into_iter().map(|(path, _)| path).collect()
}

/// Puts it on a new, versioned bucket of a local S3 that has the buckets `others`, too, proves that what is there then is no drift, also
/// when it is put once more, and tells what is there after it was deleted.
#[cfg(feature = "local")]
pub(in crate::bucket) async fn kept_by_local_s3<S: SubResource>(
    wanted: &S,
    others: &[&str],
) -> Option<S> {
    use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};

    use crate::bucket::subresource::Calls;

    let dir = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let options = local_s3::Options::new(dir.path());
    let s3 = local_s3::LocalS3::start(listener, options).await.unwrap();
    let client = client(s3.address());
    let calls = Calls {
        client: &client,
        bucket: "acme-data",
        owner: None,
    };
    let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
    let versioning = versioning.build();
    for bucket in others.iter().chain([&calls.bucket]) {
        client.create_bucket().bucket(*bucket).send().await.unwrap();
        let call = client.put_bucket_versioning().bucket(*bucket);
        let call = call.versioning_configuration(versioning.clone());
        call.send().await.unwrap();
    }

    assert_eq!(S::get(&calls).await.unwrap(), S::of_new_bucket());
    wanted.put(&calls).await.unwrap();
    let there = S::get(&calls).await.unwrap().unwrap();
    let canonical = wanted.canonical(Some(&there));
    assert_eq!(canonical, there.canonical(None));
    canonical.put(&calls).await.unwrap();
    let again = S::get(&calls).await.unwrap().unwrap();
    assert_eq!(again.canonical(None), canonical);
    S::delete(&calls).await.unwrap();
    let left = S::get(&calls).await.unwrap();
    s3.stop().await;
    left
}

#[cfg(feature = "local")]
fn client(address: std::net::SocketAddr) -> aws_sdk_s3::Client {
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};

    let credentials = Credentials::new("AKIDEXAMPLE", "any secret", None, None, "test");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{address}"))
        .force_path_style(true)
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    aws_sdk_s3::Client::from_conf(config)
}
