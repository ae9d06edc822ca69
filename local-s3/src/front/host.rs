//! Which bucket a request addresses: by path, or by host (`bucket.localhost:9000`).

use http::header::HOST;
use http::request::Parts;
use http::{Method, Uri};
use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};

/// Virtual hosts below `localhost`; every other host is addressed by path.
#[derive(Debug, Clone, Copy)]
pub(super) struct LocalhostBuckets;

impl S3Host for LocalhostBuckets {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        Ok(match bucket(host) {
            Some(bucket) => VirtualHost::new("localhost").with_bucket(bucket),
            None => VirtualHost::new(host),
        })
    }
}

/// Whether the request is a CreateBucket.
pub(super) fn creates_bucket(request: &Parts) -> bool {
    let host = request.headers.get(HOST).and_then(|v| v.to_str().ok());
    let by_host = host.and_then(bucket).is_some();
    request.method == Method::PUT
        && has_no_subresource(&request.uri)
        && match request.uri.path().trim_start_matches('/') {
            "" => by_host,
            path => !by_host && !path.trim_end_matches('/').contains('/'),
        }
}

/// Whether the request is a PutBucketEncryption.
pub(super) fn puts_encryption(request: &Parts) -> bool {
    let query = request.uri.query().unwrap_or_default();
    request.method == Method::PUT
        && query
            .split('&')
            .any(|pair| pair.split('=').next() == Some("encryption"))
}

fn bucket(host: &str) -> Option<&str> {
    let name = host.split(':').next().unwrap_or_default();
    name.strip_suffix(".localhost")
        .filter(|bucket| !bucket.is_empty())
}

/// Whether the query names nothing; `x-id` is what SDKs add to name the operation.
pub(super) fn has_no_subresource(uri: &Uri) -> bool {
    uri.query()
        .unwrap_or_default()
        .split('&')
        .all(|pair| pair.is_empty() || pair.starts_with("x-id="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_create_bucket_is_told_apart() {
        let cases = [
            ("PUT", "/bucket", "127.0.0.1:9", true),
            ("PUT", "/bucket/", "localhost:9", true),
            ("PUT", "/bucket?x-id=CreateBucket", "localhost", true),
            ("PUT", "/", "bucket.localhost:9", true),
            ("PUT", "/key", "bucket.localhost:9", false),
            ("PUT", "/", "localhost", false),
            ("PUT", "/bucket/key", "localhost", false),
            ("PUT", "/bucket?tagging", "localhost", false),
            ("GET", "/bucket", "localhost", false),
        ];
        for (method, uri, host, expected) in cases {
            let request = http::Request::builder()
                .method(method)
                .uri(uri)
                .header(HOST, host)
                .body(())
                .unwrap();
            let (parts, ()) = request.into_parts();
            assert_eq!(creates_bucket(&parts), expected, "{method} {host} {uri}");
        }
    }
}
