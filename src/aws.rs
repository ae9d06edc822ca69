//! The SDK's configuration as its users expect it: region, credentials and endpoints from the
//! environment, profiles, containers and instances. A local run replaces all of it.

pub(crate) mod http;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_s3::Client;
use aws_types::service_config::ServiceConfigKey;
use tracing_xray::aws::XrayInterceptor;

/// How long to look for credentials and the account before the error is told.
const IDENTITY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);

/// The configuration from the environment, profiles and whatever else the SDK looks at.
pub(crate) async fn config_of_environment() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http::by_scheme())
        .load()
        .await
}

/// Looks for credentials; answers the account, where they say it themselves.
///
/// # Errors
/// There are none.
pub(crate) async fn credentials(config: &SdkConfig) -> anyhow::Result<Option<String>> {
    let Some(provider) = config.credentials_provider() else {
        bail!("no credentials provider");
    };
    let credentials = tokio::time::timeout(IDENTITY_TIMEOUT, provider.provide_credentials())
        .await
        .context("looking for AWS credentials took too long")?
        .context(
            "find AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or try it without AWS by --local",
        )?;
    let account = credentials.account_id();
    Ok(account.map(|account| account.as_str().to_owned()))
}

/// The account that the credentials belong to, as STS says: in the configuration's region, else in
/// `region`.
///
/// # Errors
/// STS does not answer, or the account has not 12 digits.
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
        .context("ask STS for the account that {account} stands for")?;
    identity.account.context("STS named no account")
}

/// Clients of S3, one a region, made when they are first asked for.
#[derive(Debug)]
pub(crate) struct S3Clients {
    base: aws_sdk_s3::config::Builder,
    by_region: Mutex<BTreeMap<String, Client>>,
}

impl S3Clients {
    /// Clients that trace their calls. With an endpoint of its own, S3 gets path-style addresses:
    /// names of buckets do not resolve there.
    pub(crate) fn new(config: &SdkConfig) -> Self {
        let mut base =
            aws_sdk_s3::config::Builder::from(config).interceptor(XrayInterceptor::new());
        if has_own_endpoint(config) {
            base = base.force_path_style(true);
        }
        Self {
            base,
            by_region: Mutex::default(),
        }
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
