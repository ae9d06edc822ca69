//! Before and behind s3s: keeps web pages out, reads who calls and takes the signature off, decodes `aws-chunked`,
//! keeps what s3s would skip of a CreateBucket, and completes every answer with request ids.

mod caller;
mod chunked;
mod error;
mod guard;
mod host;
mod request_id;
mod tags;
mod xml;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::validation::NameValidation;
use s3s::{Body, S3, S3Error, S3ErrorCode};

use chunked::ChunkedBody;
use error::ErrorDocument;
use host::LocalhostBuckets;
use request_id::RequestId;

pub(crate) use caller::{Caller, is_account};
pub(crate) use chunked::Trailers;
pub(crate) use tags::CreationTags;

/// Largest body of a CreateBucket: a location and fifty tags need less.
const CREATE_BUCKET_LEN_MAX: usize = 64 * 1024;
const DECODED_LENGTH: &str = "x-amz-decoded-content-length";
const CONTENT_SHA256: &str = "x-amz-content-sha256";

/// Names are judged by the operations, which tell the rule that a name breaks.
struct AnyName;

impl NameValidation for AnyName {
    fn validate_bucket_name(&self, name: &str) -> bool {
        !name.is_empty()
    }
}

/// Answers requests with an [`S3`].
#[derive(Clone)]
pub(crate) struct Front {
    s3: S3Service,
    default_account: Arc<str>,
    address: SocketAddr,
}

impl Front {
    pub(crate) fn new(s3: impl S3, default_account: &str, address: SocketAddr) -> Self {
        let mut builder = S3ServiceBuilder::new(s3);
        builder.set_host(LocalhostBuckets);
        builder.set_validation(AnyName);
        Self {
            s3: builder.build(),
            default_account: default_account.into(),
            address,
        }
    }

    /// Answers one request; a failure is an answer too.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Infallible> {
        let id = RequestId::random();
        let is_head = request.method() == Method::HEAD;
        let resource = request.uri().path().to_owned();
        let answer = match self.prepare(request).await {
            Ok(request) => self.s3.call(request).await.map_err(|error| {
                tracing::error!(error = ?error, %resource, "s3s could not answer");
                S3Error::new(S3ErrorCode::InternalError)
            }),
            Err(error) => Err(error),
        };
        let mut response = answer
            .or_else(S3Error::to_http_response)
            .unwrap_or_else(|_| internal_error());
        complete_error(&mut response, is_head, &resource, &id);
        id.add_to(response.headers_mut());
        Ok(response)
    }

    /// The request as s3s is to see it: unsigned, its body decoded.
    async fn prepare(&self, request: Request<Incoming>) -> Result<Request<Body>, S3Error> {
        let (mut parts, body) = request.into_parts();
        guard::check(self.address, &parts.headers)?;
        let query = parts.uri.query().unwrap_or_default();
        let caller = caller::caller(&parts.headers, query, &self.default_account);
        parts.headers.remove(AUTHORIZATION);
        parts.uri = without_signature(&parts.uri)?;

        let mut body = if is_aws_chunked(&parts.headers) {
            let trailers = Trailers::default();
            parts.extensions.insert(Arc::clone(&trailers));
            unwrap_headers(&mut parts.headers);
            Body::http_body_unsync(ChunkedBody::new(body, trailers))
        } else {
            Body::from(body)
        };
        if host::creates_bucket(&parts) {
            let bytes = Limited::new(body, CREATE_BUCKET_LEN_MAX)
                .collect()
                .await
                .map_err(|error| S3Error::with_source(S3ErrorCode::MalformedXML, error))?
                .to_bytes();
            parts.extensions.insert(CreationTags::parse(&bytes)?);
            body = Body::from(bytes);
        }
        parts.headers.remove(CONTENT_SHA256);
        parts.extensions.insert(caller);
        Ok(Request::from_parts(parts, body))
    }
}

fn without_signature(uri: &Uri) -> Result<Uri, S3Error> {
    let Some(query) = uri.query() else {
        return Ok(uri.clone());
    };
    let path_and_query = match caller::unsigned_query(query) {
        query if query.is_empty() => uri.path().to_owned(),
        query => format!("{}?{query}", uri.path()),
    };
    path_and_query
        .parse()
        .map_err(|_| S3Error::new(S3ErrorCode::InvalidURI))
}

fn is_aws_chunked(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    text(CONTENT_SHA256).is_some_and(|value| value.starts_with("STREAMING-"))
        || codings(headers).any(|coding| coding == "aws-chunked")
}

/// Makes the headers tell of the decoded body.
fn unwrap_headers(headers: &mut HeaderMap) {
    match headers.remove(DECODED_LENGTH) {
        Some(length) => headers.insert(CONTENT_LENGTH, length),
        None => headers.remove(CONTENT_LENGTH),
    };
    let codings: Vec<&str> = codings(headers).filter(|c| *c != "aws-chunked").collect();
    match HeaderValue::from_str(&codings.join(",")) {
        Ok(codings) if !codings.is_empty() => headers.insert(CONTENT_ENCODING, codings),
        _ => headers.remove(CONTENT_ENCODING),
    };
}

fn codings(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(CONTENT_ENCODING)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|coding| !coding.is_empty())
}

/// Gives an error its whole document, or none where HTTP allows no body.
fn complete_error(response: &mut Response<Body>, is_head: bool, resource: &str, id: &RequestId) {
    let status = response.status();
    if is_head && !status.is_success() || status == StatusCode::NOT_MODIFIED {
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(CONTENT_LENGTH);
        response.headers_mut().remove(CONTENT_TYPE);
        return;
    }
    if !status.is_client_error() && !status.is_server_error() {
        return;
    }
    let document = response.body().bytes();
    let document = document.and_then(|bytes| ErrorDocument::parse(&bytes));
    if let Some(xml) = document.and_then(|document| document.to_xml(resource, id)) {
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = Body::from(xml);
    }
}

fn internal_error() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
