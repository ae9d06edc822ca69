//! An X-Ray that keeps what it is sent and answers as it is told.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// No event of these tests takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn documents(&self) -> Vec<String> {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        let documents = body["TraceSegmentDocuments"].as_array().unwrap();
        let text = |document: &Value| document.as_str().unwrap().to_owned();
        documents.iter().map(text).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    calls: watch::Receiver<Vec<Call>>,
}

/// What the service answers when it took everything.
pub(crate) fn taken() -> Response {
    r#"{"UnprocessedTraceSegments":[]}"#.into_response()
}

pub(crate) fn failing(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, r#"{"message":"told to fail"}"#).into_response()
}

impl Stub {
    pub(crate) async fn start() -> Self {
        Self::answering(|_, _| taken()).await
    }

    /// Answers the n-th call, counted from 0, with what `answer` says.
    pub(crate) async fn answering(
        answer: impl Fn(usize, &Call) -> Response + Send + Sync + 'static,
    ) -> Self {
        Self::answering_later(move |n, call| std::future::ready(answer(n, &call))).await
    }

    pub(crate) async fn answering_later<F>(
        answer: impl Fn(usize, Call) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, answer)
    }

    pub(crate) fn on<F>(
        listener: TcpListener,
        answer: impl Fn(usize, Call) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let address = listener.local_addr().unwrap();
        let (seen, calls) = watch::channel(Vec::new());
        let seen = Arc::new(Mutex::new(seen));
        let answer = Arc::new(answer);
        let service = Router::new().fallback(move |request: Request| {
            let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
            async move {
                let (head, body) = request.into_parts();
                let call = Call {
                    path: head.uri.path().to_owned(),
                    headers: head.headers,
                    body: axum::body::to_bytes(body, usize::MAX).await.unwrap(),
                };
                let n = {
                    let seen = seen.lock().unwrap();
                    let n = seen.borrow().len();
                    seen.send_modify(|calls| calls.push(call.clone()));
                    n
                };
                answer(n, call).await
            }
        });
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, calls }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.borrow().clone()
    }

    pub(crate) fn documents(&self) -> Vec<String> {
        self.calls
            .borrow()
            .iter()
            .flat_map(Call::documents)
            .collect()
    }

    pub(crate) async fn wait_for_calls(&self, count: usize) -> Vec<Call> {
        let mut calls = self.calls.clone();
        let enough = calls.wait_for(|calls| calls.len() >= count);
        let enough = tokio::time::timeout(PATIENCE, enough).await;
        enough.expect("calls in time").unwrap().clone()
    }

    pub(crate) async fn wait_for_documents(&self, count: usize) -> Vec<String> {
        let mut calls = self.calls.clone();
        let total = |calls: &Vec<Call>| calls.iter().map(|c| c.documents().len()).sum::<usize>();
        let enough = calls.wait_for(|calls| total(calls) >= count);
        let enough = tokio::time::timeout(PATIENCE, enough).await;
        let calls = enough.expect("documents in time").unwrap().clone();
        calls.iter().flat_map(Call::documents).collect()
    }
}
