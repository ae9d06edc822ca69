//! Objects in S3 that are read: job files, and the reports that an audit looks at.

use std::fs::File;
use std::io::Write as _;
use std::time::SystemTime;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::DateTime;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::{S3Clients, told};
use crate::spec::{Fetch, FetchError};

/// Where to ask first when no region is known: S3 then says which one it is.
const REGION_DEFAULT: &str = "us-east-1";

/// The objects that the caller may read.
#[derive(Debug)]
pub(crate) struct Objects(Option<S3Clients>);

impl Objects {
    /// By these clients; none where no source is in S3.
    pub(crate) fn new(clients: Option<S3Clients>) -> Self {
        Self(clients)
    }

    /// Calls S3 in the region of the configuration, and once more where S3 sends us.
    async fn call<T, E, F>(&self, call: impl Fn(Client) -> F) -> Result<T, FetchError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let clients = self.0.as_ref().ok_or("no S3 was looked for")?;
        let region = clients.region().unwrap_or(REGION_DEFAULT).to_owned();
        let error = match call(clients.of_region(&region)).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match region_of_bucket(&error) {
            Some(other) if other != region => call(clients.of_region(&other))
                .await
                .map_err(|error| told(&error).into()),
            _ => Err(told(&error).into()),
        }
    }
}

impl Objects {
    /// The keys beneath a prefix that were written since a moment.
    ///
    /// # Errors
    /// What S3 says.
    pub(crate) async fn list_since(
        &self,
        bucket: &str,
        prefix: &str,
        since: SystemTime,
    ) -> Result<Vec<String>, FetchError> {
        let since = DateTime::from(since);
        let mut keys = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = self
                .call(|client| {
                    let list = client.list_objects_v2().bucket(bucket).prefix(prefix);
                    list.set_continuation_token(token.clone()).send()
                })
                .await?;
            let mut objects = page.contents.unwrap_or_default();
            objects.retain(|object| object.last_modified.is_none_or(|written| written >= since));
            keys.extend(objects.into_iter().filter_map(|object| object.key));
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(keys);
            }
        }
    }
}

impl Fetch for Objects {
    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, FetchError> {
        self.list_since(bucket, prefix, SystemTime::UNIX_EPOCH)
            .await
    }

    async fn fetch(&self, bucket: &str, key: &str, into: &mut File) -> Result<(), FetchError> {
        let object = self
            .call(|client| client.get_object().bucket(bucket).key(key).send())
            .await?;
        let mut body = object.body;
        while let Some(bytes) = body.try_next().await? {
            into.write_all(&bytes)?;
        }
        Ok(())
    }
}

/// The region that S3 names when the bucket is in another one.
fn region_of_bucket<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let region = error.raw_response()?.headers().get("x-amz-bucket-region")?;
    Some(region.to_owned())
}

#[cfg(test)]
#[cfg(feature = "local")]
mod tests;
