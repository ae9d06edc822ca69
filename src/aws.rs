//! The SDK's configuration as its users expect it: region, credentials and endpoints from the
//! environment, profiles, containers and instances. A local run replaces all of it.

pub(crate) mod fetch;
pub(crate) mod http;
#[cfg(feature = "schedule")]
pub(crate) mod logs;
pub(crate) mod rate;
pub(crate) mod request_ids;
mod retry;

use std::collections::BTreeMap;
use std::error::Error;
use std::iter::successors;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::service_config::ServiceConfigKey;
use tracing_xray::aws::XrayInterceptor;

use crate::spec::Environment;
use http::Roots;
use rate::{NameOperation, RateLimits};
use request_ids::KeepRequestId;
use retry::ConflictPasses;

/// How long to look for credentials and the account before the error is told.
const IDENTITY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);

/// The configuration from the environment, profiles and whatever else the SDK looks at.
///
/// # Errors
/// `AWS_CA_BUNDLE` names no file of certificates.
pub(crate) async fn config_of_environment(environment: &Environment) -> anyhow::Result<SdkConfig> {
    let roots = Roots::of_environment(environment)?;
    let client = http::by_scheme(&roots);
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(client.clone());
    Ok(match without_empty_region(environment, client)? {
        Some(region) => loader.region(region).load().await,
        None => loader.load().await,
    })
}

/// Where to look for the region when `AWS_REGION` is empty: a task definition can only empty a variable
/// of its image, and the SDK would take that for a region.
fn without_empty_region(
    environment: &Environment,
    client: SharedHttpClient,
) -> anyhow::Result<Option<RegionProviderChain>> {
    if environment.get("AWS_REGION")? != Some("") {
        return Ok(None);
    }
    let default = environment.get_non_empty("AWS_DEFAULT_REGION")?;
    let default = default.map(|region| Region::new(region.to_owned()));
    let instance = ProviderConfig::without_region().with_http_client(client);
    let chain = RegionProviderChain::first_try(default)
        .or_else(ProfileFileRegionProvider::new())
        .or_else(ImdsRegionProvider::builder().configure(&instance).build());
    Ok(Some(chain))
}

/// What else there is for a command that can do without AWS.
pub(crate) const OR_LOCAL: &str = match cfg!(feature = "local") {
    true => ", or try it without AWS by --local",
    false => "",
};

/// Looks for credentials; answers the account, where they say it themselves.
///
/// # Errors
/// There are none; the message ends with what else can be done.
pub(crate) async fn credentials(
    config: &SdkConfig,
    otherwise: &str,
) -> anyhow::Result<Option<String>> {
    let Some(provider) = config.credentials_provider() else {
        bail!("no credentials provider");
    };
    let credentials = tokio::time::timeout(IDENTITY_TIMEOUT, provider.provide_credentials())
        .await
        .context("looking for AWS credentials took too long")?
        .with_context(|| {
            format!(
                "find AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY{otherwise}"
            )
        })?;
    let account = credentials.account_id();
    Ok(account.map(|account| account.as_str().to_owned()))
}

/// The account that the credentials belong to, as STS says: in the configuration's region, else in
/// `region`.
///
/// # Errors
/// STS does not answer.
pub(crate) async fn account(config: &SdkConfig, region: Option<&str>) -> anyhow::Result<String> {
    let region = config
        .region()
        .cloned()
        .or(region.map(|region| Region::new(region.to_owned())));
    let config = aws_sdk_sts::config::Builder::from(config)
        .region(region)
        .build();
    let identity = aws_sdk_sts::Client::from_conf(config)
        .get_caller_identity()
        .send();
    let identity = tokio::time::timeout(IDENTITY_TIMEOUT, identity)
        .await
        .context("ask STS for the account: it took too long")?
        .context("ask STS for the account of the credentials")?;
    identity.account.context("STS named no account")
}

/// What S3 says, in one line.
pub(crate) fn told<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = error.raw_response().map(|raw| raw.status().as_u16());
    match (status, error.code()) {
        (Some(status), Some(code)) => {
            let message = error.message().unwrap_or("no message");
            format!("{status} {code}: {message}")
        }
        (Some(status), None) => format!("S3 answers {status}"),
        // Without the structures that DisplayErrorContext appends.
        (None, _) => successors(Some(error as &dyn Error), |&error| error.source())
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": "),
    }
}

/// How often a call that is no job's is tried: nobody tries it again after that.
const ATTEMPTS_MAX: u32 = 8;

/// How long such a call waits for the beginning of an answer.
const READ_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// Clients of S3, one a region, made when they are first asked for.
#[derive(Debug)]
pub(crate) struct S3Clients {
    base: aws_sdk_s3::config::Builder,
    /// The region of the configuration.
    region: Option<String>,
    by_region: Mutex<BTreeMap<String, Client>>,
}

impl S3Clients {
    /// Clients for jobs: they trace their calls, keep the ids of what they change, and keep to the
    /// limits.
    pub(crate) fn new(config: &SdkConfig, limits: RateLimits) -> Self {
        let mut base = Self::base(config)
            .interceptor(XrayInterceptor::new())
            .interceptor(KeepRequestId);
        if !limits.is_empty() {
            let client = config.http_client();
            let client = client.unwrap_or_else(|| http::by_scheme(&Roots::System));
            base = base
                .interceptor(NameOperation)
                .http_client(http::limited(client, Arc::new(limits)));
        }
        Self::of(config, base)
    }

    /// Clients for what is no job's and has no attempts of its own: job files, ledgers and reports.
    pub(crate) fn untraced(config: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder().read_timeout(READ_TIMEOUT).build();
        let base = Self::base(config)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
            .timeout_config(timeouts);
        Self::of(config, base)
    }

    /// With an endpoint of its own, S3 gets path-style addresses: names of buckets do not resolve there.
    fn base(config: &SdkConfig) -> aws_sdk_s3::config::Builder {
        let base = aws_sdk_s3::config::Builder::from(config).retry_classifier(ConflictPasses);
        match has_own_endpoint(config) {
            true => base.force_path_style(true),
            false => base,
        }
    }

    fn of(config: &SdkConfig, base: aws_sdk_s3::config::Builder) -> Self {
        Self {
            base,
            region: config.region().map(|region| region.as_ref().to_owned()),
            by_region: Mutex::default(),
        }
    }

    /// The region of the configuration.
    pub(crate) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The client of a region.
    pub(crate) fn of_region(&self, region: &str) -> Client {
        let mut clients = self
            .by_region
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(region) {
            return client.clone();
        }
        let config = self.base.clone().region(Region::new(region.to_owned()));
        let client = Client::from_conf(config.build());
        clients.insert(region.to_owned(), client.clone());
        client
    }
}

fn has_own_endpoint(config: &SdkConfig) -> bool {
    let of_service = || {
        let key = ServiceConfigKey::builder()
            .service_id("s3")
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        config.service_config()?.load_config(key.ok()?)
    };
    config.endpoint_url().is_some() || of_service().is_some()
}
