//! Starts tasks, request by request, several at once.

use super::Request;
use crate::calls::{RemoteError, concurrently};
use crate::ecs::{Ecs, Started};

/// Makes all calls; answers in their order. One that fails stops no other.
pub async fn start(
    ecs: &Ecs,
    requests: Vec<Request>,
) -> Vec<(Request, Result<Started, RemoteError>)> {
    concurrently(requests, |request| {
        let ecs = ecs.clone();
        async move {
            let started = ecs.run(&request).await;
            (request, started)
        }
    })
    .await
}
