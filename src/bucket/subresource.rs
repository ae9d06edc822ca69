//! What all sub-resources of a bucket have in common: a shape in the job file, a meaning, and the
//! calls that read and write them.

use std::fmt;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use checked_json::Checks;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::CallError;

/// A sub-resource in the words of the job file.
///
/// What S3 answers is put into the same type, also where it has words that no job file may use: words
/// are texts, and the schema lists those that are known.
pub(crate) trait SubResource:
    Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// The field of the job file.
    const FIELD: &'static str;

    /// What S3 holds for a bucket for which nobody has put any; `None` is nothing.
    fn of_new_bucket() -> Option<Self>;

    /// What a job means that wants none.
    fn absent() -> Absent<Self> {
        Absent::Delete(None)
    }

    /// Notes all that S3 would refuse, as far as it can be known without asking.
    fn check(&self, checks: &mut Checks);

    /// The same meaning in one spelling: S3's defaults filled in, what has no order sorted. What the
    /// job leaves open is taken from what is there. This is what is compared, and what is put.
    fn canonical(&self, there: Option<&Self>) -> Self;

    /// Why S3 would never make this of what is there, if it would not; asked before the first write.
    fn refusal(&self, _there: &Self) -> Option<String> {
        None
    }

    /// How people see it: the JSON that is compared line by line.
    fn shown(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// What S3 has, in its canonical spelling or not.
    fn get(bucket: &Calls<'_>)
    -> impl Future<Output = Result<Option<Self>, Box<CallError>>> + Send;

    /// Makes S3 have it.
    fn put(&self, bucket: &Calls<'_>) -> impl Future<Output = Result<(), Box<CallError>>> + Send;

    /// Makes S3 have none.
    fn delete(bucket: &Calls<'_>) -> impl Future<Output = Result<(), Box<CallError>>> + Send;
}

/// What `"absent"` means for a sub-resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Absent<T> {
    /// It is deleted, and then S3 has this.
    Delete(Option<T>),
    /// The same as wanting this.
    Put(T),
    /// S3 never has none; the mend.
    Never(&'static str),
}

/// Where the calls of one bucket go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calls<'a> {
    /// The client of the bucket's region.
    pub(crate) client: &'a Client,
    /// The bucket's name.
    pub(crate) bucket: &'a str,
    /// The account that must own it, sent with every call that takes it.
    pub(crate) owner: Option<&'a str>,
}

impl Calls<'_> {
    /// The account that must own the bucket, as the SDK takes it.
    pub(crate) fn owner(&self) -> Option<String> {
        self.owner.map(str::to_owned)
    }
}

/// What S3 answered, or nothing where it said with `code` that nobody has put any.
pub(crate) fn unless_absent<T, E>(
    operation: &'static str,
    code: &str,
    sent: Result<T, SdkError<E, HttpResponse>>,
) -> Result<Option<T>, Box<CallError>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match sent {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.code() == Some(code) => Ok(None),
        Err(error) => Err(CallError::new(operation, error)),
    }
}
