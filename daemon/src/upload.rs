//! Batches to X-Ray: `PutTraceSegments`, tried again while that may help, every document counted.

mod answer;
mod retry;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use tokio::task::JoinSet;
use tracing::{debug, warn};

use crate::batch;
use crate::client::{CallError, XrayClient};
use crate::counts::Counters;
use crate::document::Document;
use crate::log_limit::LogLimit;
use crate::queue::Queue;
use crate::telemetry::BackendErrors;
use answer::{Answer, Verdict};

pub use retry::RetryPolicy;

const PATH: &str = "/TraceSegments";

/// Uploads batches, each from its first attempt to its end.
#[derive(Debug)]
pub(crate) struct Uploader {
    client: XrayClient,
    retry: RetryPolicy,
    counters: Arc<Counters>,
    errors: Arc<BackendErrors>,
    retried: Mutex<LogLimit>,
    given_up: Mutex<LogLimit>,
}

/// Uploads what comes out of the queue, at most `concurrency` batches at a time, until the queue
/// is closed and empty. While all are busy the queue keeps what comes.
pub(crate) async fn run(queue: &Queue, uploader: Arc<Uploader>, concurrency: usize) {
    let mut uploads = JoinSet::new();
    while let Some(documents) = batch::next(queue).await {
        let uploader = Arc::clone(&uploader);
        uploads.spawn(async move { uploader.upload(documents).await });
        while uploads.len() >= concurrency.max(1) {
            uploads.join_next().await;
        }
    }
    while uploads.join_next().await.is_some() {}
}

impl Uploader {
    pub(crate) fn new(
        client: XrayClient,
        retry: RetryPolicy,
        counters: Arc<Counters>,
        errors: Arc<BackendErrors>,
    ) -> Self {
        Self {
            client,
            retry,
            counters,
            errors,
            retried: Mutex::default(),
            given_up: Mutex::default(),
        }
    }

    async fn upload(&self, mut documents: Vec<Document>) {
        for attempt in 1.. {
            let last = attempt >= self.retry.attempts_max;
            documents = match self.put(&documents).await {
                Ok(answer) => self.settle(documents, answer, last),
                Err(error) if !last && error.is_retryable() => {
                    self.log_retry(&error, documents.len(), attempt);
                    documents
                }
                Err(error) => {
                    self.log_given_up(&error, documents.len(), attempt);
                    self.counters.upload_failed.add(documents.len());
                    return;
                }
            };
            if documents.is_empty() {
                return;
            }
            self.counters.upload_retries.add(1);
            tokio::time::sleep(self.retry.delay(attempt, rand::random())).await;
        }
    }

    async fn put(&self, documents: &[Document]) -> Result<Answer, CallError> {
        let called = self.client.call(PATH, request_body(documents)).await;
        let body = called.inspect_err(|error| self.errors.count(error))?;
        debug!(documents = documents.len(), "uploaded");
        Ok(Answer::parse(&body))
    }

    /// Counts what the answer decided, and gives back what is worth another attempt.
    fn settle(&self, documents: Vec<Document>, answer: Answer, last: bool) -> Vec<Document> {
        let Verdict {
            taken,
            refused,
            again,
        } = answer.judge(documents, last);
        for refusal in &refused {
            warn!(
                id = refusal.id.as_deref().unwrap_or("none"),
                error_code = refusal.error_code.as_deref().unwrap_or("none"),
                message = refusal.message.as_deref().unwrap_or("none"),
                "x-ray could not process a segment"
            );
        }
        self.counters.sent.add(taken);
        self.counters.unprocessed.add(refused.len());
        again
    }

    fn log_retry(&self, error: &CallError, documents: usize, attempt: u32) {
        if let Some(times) = admitted(&self.retried) {
            warn!(%error, attempt, documents, times, "upload failed, to be tried again");
        }
    }

    fn log_given_up(&self, error: &CallError, documents: usize, attempt: u32) {
        if let Some(times) = admitted(&self.given_up) {
            warn!(%error, attempt, documents, times, "upload given up, segments are lost");
        }
    }
}

fn admitted(limit: &Mutex<LogLimit>) -> Option<u64> {
    let mut limit = limit.lock().unwrap_or_else(PoisonError::into_inner);
    limit.admit(Instant::now())
}

/// `{"TraceSegmentDocuments":["{...}", ...]}`
fn request_body(documents: &[Document]) -> Bytes {
    const OPEN: &[u8] = b"{\"TraceSegmentDocuments\":[";
    const CLOSE: &[u8] = b"]}";
    let strings: usize = documents.iter().map(|d| d.encoded_len() + 1).sum();
    let mut body = Vec::with_capacity(OPEN.len() + strings + CLOSE.len());
    body.extend_from_slice(OPEN);
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        // Writing a text into a vector has no way to fail.
        let _ = serde_json::to_writer(&mut body, document.text());
    }
    body.extend_from_slice(CLOSE);
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    proptest! {
        #[test]
        fn the_body_carries_each_document_as_it_came(texts: Vec<String>) {
            let now = Instant::now();
            let documents: Vec<_> = texts.iter().map(|t| Document::new(t.as_bytes(), now)).collect();
            let body: Value = serde_json::from_slice(&request_body(&documents)).unwrap();
            prop_assert_eq!(body, json!({ "TraceSegmentDocuments": texts }));
        }
    }
}
