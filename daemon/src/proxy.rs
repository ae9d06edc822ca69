//! The TCP side: the SDKs' calls for sampling rules, signed and forwarded, and a health page.
//!
//! That it accepts tells an SDK that the daemon is up, so it is bound after UDP. It answers nothing
//! that a web page in a browser sent.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, ORIGIN};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{debug, warn};

use crate::client::{CallError, XrayClient};
use crate::counts::Counters;

/// Connections at a time; more wait in the kernel's backlog.
const CONNECTIONS_MAX: usize = 128;

/// The most of a request's body.
const BODY_LEN_MAX: usize = 1 << 20;

/// How long a connection may be silent before or between requests. SDKs call every ten seconds.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What an SDK asks a daemon for. Everything else of the API needs credentials of its own: whoever
/// reaches this port must not read traces or change rules with those of the daemon.
const FORWARDED: [&str; 3] = [
    "/GetSamplingRules",
    "/SamplingTargets",
    "/SamplingStatisticSummaries",
];

/// Where it says whether the daemon works.
const HEALTH: &str = "/healthz";

/// Answers the calls that come in on TCP.
#[derive(Debug)]
pub(crate) struct Proxy {
    client: XrayClient,
    counters: Arc<Counters>,
    stopping: watch::Receiver<bool>,
}

/// Serves until `stopping` turns true and the calls under way are answered.
pub(crate) async fn serve(
    listener: TcpListener,
    proxy: Arc<Proxy>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&proxy), stopping.clone()));
                }
                Err(error) => {
                    warn!(%error, "accept a connection");
                    // Out of file descriptors, most likely: let some close.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = turned_true(&mut stopping) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, proxy: Arc<Proxy>, mut stopping: watch::Receiver<bool>) {
    let service = service_fn(|request| {
        let proxy = Arc::clone(&proxy);
        async move { Ok::<_, Infallible>(proxy.answer(request).await) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(SILENCE_MAX)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = turned_true(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "connection to the proxy ended");
    }
}

/// A sender that is gone counts as a stop.
async fn turned_true(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|&stopping| stopping).await;
}

impl Proxy {
    /// A proxy that says it is not healthy once `stopping` is true.
    pub(crate) fn new(
        client: XrayClient,
        counters: Arc<Counters>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self {
            client,
            counters,
            stopping,
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.headers().contains_key(ORIGIN) {
            return refusal(StatusCode::FORBIDDEN, "web pages are not answered");
        }
        let uri = request.uri();
        match (uri.path(), request.method()) {
            (HEALTH, &Method::GET) => self.health(),
            (HEALTH, _) => wrong_method("GET"),
            (path, method) if FORWARDED.contains(&path) && uri.query().is_none() => match *method {
                Method::POST => self.forward(request).await,
                _ => wrong_method("POST"),
            },
            _ => refusal(StatusCode::NOT_FOUND, &what_is_answered()),
        }
    }

    /// While it drains the daemon takes nothing in any more, so it is not healthy.
    fn health(&self) -> Response<Full<Bytes>> {
        if *self.stopping.borrow() {
            return refusal(StatusCode::SERVICE_UNAVAILABLE, "the daemon is stopping");
        }
        answer(StatusCode::OK, &json!(self.counters.read()))
    }

    async fn forward(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let content_type = match request.headers().get(CONTENT_TYPE) {
            Some(content_type) => content_type.clone(),
            None => HeaderValue::from_static("application/json"),
        };
        let body = match read(request.into_body()).await {
            Ok(body) => body,
            Err(refused) => return refused,
        };
        match self.client.send(&path, content_type, body).await {
            Ok(upstream) => {
                self.counters.forwarded.add(1);
                relay(upstream)
            }
            Err(error) => {
                self.counters.forward_failed.add(1);
                let status = match error {
                    CallError::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
                    _ => StatusCode::BAD_GATEWAY,
                };
                warn!(%error, "call not forwarded");
                refusal(status, &error.to_string())
            }
        }
    }
}

async fn read(body: Incoming) -> Result<Bytes, Response<Full<Bytes>>> {
    let body = Limited::new(body, BODY_LEN_MAX).collect();
    match tokio::time::timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let message = "a body may have 1 MiB";
            Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, message))
        }
        Ok(Err(error)) => Err(refusal(StatusCode::BAD_REQUEST, &error.to_string())),
        Err(_) => Err(refusal(
            StatusCode::REQUEST_TIMEOUT,
            "the body took too long",
        )),
    }
}

/// The answer of X-Ray with the headers that mean something to an SDK.
fn relay(upstream: Response<Bytes>) -> Response<Full<Bytes>> {
    let (head, body) = upstream.into_parts();
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = head.status;
    for (name, value) in &head.headers {
        if *name == CONTENT_TYPE || name.as_str().starts_with("x-amzn-") {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

fn what_is_answered() -> String {
    let forwarded = FORWARDED.join(", ");
    format!("this daemon forwards POST {forwarded}, and answers GET {HEALTH}")
}

fn wrong_method(right: &'static str) -> Response<Full<Bytes>> {
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, &what_is_answered());
    let allow = HeaderValue::from_static(right);
    response.headers_mut().insert(ALLOW, allow);
    response
}

fn refusal(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    answer(status, &json!({ "message": message }))
}

fn answer(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
