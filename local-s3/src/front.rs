//! Before and behind s3s: keeps web pages out, reads who calls and takes the signature off, decodes
//! `aws-chunked`, keeps what s3s does not know of some documents, completes every answer with
//! request ids, and spoils those that meet a fault.

mod caller;
mod chunked;
mod encryption;
mod error;
mod guard;
mod host;
mod operation;
mod request_id;
mod spoil;
mod tags;
mod xml;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
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
use operation::{Gate, MetFault, NoSignatures};
use request_id::RequestId;

pub(crate) use caller::{Caller, is_account};
pub(crate) use chunked::Trailers;
pub(crate) use encryption::BlockedEncryptionTypes;
pub(crate) use spoil::ConnectionReset;
pub(crate) use tags::CreationTags;

use crate::fault::{FaultKind, Faults};
use crate::requests::Requests;

/// Largest body of a CreateBucket or PutBucketEncryption: a location and fifty tags need less.
const DOCUMENT_LEN_MAX: usize = 64 * 1024;
/// Bodies up to this size are read before a request may meet a fault, since a refusal of a body
/// that is still on its way can be lost.
const FAULTY_BODY_LEN_MAX: u64 = 1024 * 1024;
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
    faults: Arc<Faults>,
    default_account: Arc<str>,
    address: SocketAddr,
}

impl Front {
    pub(crate) fn new(
        s3: impl S3,
        default_account: &str,
        address: SocketAddr,
        requests: Arc<Requests>,
        faults: Arc<Faults>,
    ) -> Self {
        let mut builder = S3ServiceBuilder::new(s3);
        builder.set_auth(NoSignatures);
        builder.set_access(Gate {
            requests,
            faults: Arc::clone(&faults),
        });
        builder.set_host(LocalhostBuckets);
        builder.set_validation(AnyName);
        Self {
            s3: builder.build(),
            faults,
            default_account: default_account.into(),
            address,
        }
    }

    /// Answers one request; a failure is an answer too.
    ///
    /// # Errors
    /// When a fault has it that there is no answer.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, ConnectionReset> {
        let id = RequestId::random();
        let is_head = request.method() == Method::HEAD;
        let resource = request.uri().path().to_owned();
        let met = MetFault::default();
        let mut answer = match self.prepare(request, met.clone()).await {
            Ok(request) => self.s3.call(request).await.map_err(|error| {
                tracing::error!(error = ?error, %resource, "s3s could not answer");
                S3Error::new(S3ErrorCode::InternalError)
            }),
            Err(error) => Err(error),
        };
        let fault = met.get();
        if fault.is_some_and(|fault| fault.kind == FaultKind::InternalError) {
            answer = Err(operation::refusal(FaultKind::InternalError));
        }
        let mut response = answer
            .or_else(S3Error::to_http_response)
            .unwrap_or_else(|_| internal_error());
        complete_encryption(&mut response);
        complete_error(&mut response, is_head, &resource, &id);
        id.add_to(response.headers_mut());
        match fault {
            Some(fault) => spoil::spoil(response, fault).await,
            None => Ok(response),
        }
    }

    /// The request as s3s is to see it: unsigned, its body decoded.
    async fn prepare(
        &self,
        request: Request<Incoming>,
        met: MetFault,
    ) -> Result<Request<Body>, S3Error> {
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
            let bytes = document(body).await?;
            parts.extensions.insert(CreationTags::parse(&bytes)?);
            body = Body::from(bytes);
        } else if host::puts_encryption(&parts) {
            let (blocked, without) = BlockedEncryptionTypes::take(&document(body).await?)?;
            if let Some(blocked) = blocked {
                parts.extensions.insert(blocked);
                parts.headers.insert(CONTENT_LENGTH, without.len().into());
            }
            body = Body::from(without);
        } else if self.faults.are_possible() && is_short(&parts.headers) {
            let bytes = body.collect().await;
            let bytes = bytes.map_err(|e| S3Error::with_source(S3ErrorCode::IncompleteBody, e))?;
            body = Body::from(bytes.to_bytes());
        }
        parts.headers.remove(CONTENT_SHA256);
        parts.extensions.insert(caller);
        parts.extensions.insert(met);
        Ok(Request::from_parts(parts, body))
    }
}

/// Whether the body is short enough to be read before a request may meet a fault.
fn is_short(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    let length = length.and_then(|length| length.parse::<u64>().ok());
    length.is_some_and(|length| length <= FAULTY_BODY_LEN_MAX)
}

/// Reads the whole body of a small document.
async fn document(body: Body) -> Result<Bytes, S3Error> {
    let whole = Limited::new(body, DOCUMENT_LEN_MAX).collect().await;
    whole
        .map(|whole| whole.to_bytes())
        .map_err(|error| S3Error::with_source(S3ErrorCode::MalformedXML, error))
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

/// Adds to the encryption of a bucket what s3s does not write.
fn complete_encryption(response: &mut Response<Body>) {
    let Some(blocked) = response.extensions_mut().remove::<BlockedEncryptionTypes>() else {
        return;
    };
    if let Some(xml) = response.body().bytes()
        && let Ok(xml) = str::from_utf8(&xml)
    {
        let xml = blocked.insert_into(xml);
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = Body::from(xml);
    }
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
