//! As whom and in which region the daemon works.

use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use tracing::warn;
use tracing_xray::ecs;

use super::options::Options;
use crate::aws::http::{self, Roots};
use crate::spec::Environment;

/// How long to wait for the task's metadata.
const METADATA_LIMIT: Duration = Duration::from_millis(500);

/// The session's name in CloudTrail, as of the official daemon.
const SESSION_NAME: &str = "xray-daemon";

/// The SDK's configuration: with the region of the options, the environment, the profile, the ECS
/// task or the instance, and with credentials as the SDK finds them, or of the role. In local mode
/// the instance is not asked.
pub(super) async fn find(options: &Options, roots: &Roots, environment: &Environment) -> SdkConfig {
    let loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(http::by_scheme(roots));
    let region = match &options.region {
        Some(region) => Some(Region::new(region.clone())),
        None => region(environment).await,
    };
    let config = match (region, options.is_local()) {
        (region, true) => {
            // Without any, the SDK's provider of tokens would ask the instance.
            let some = region.clone().unwrap_or(Region::from_static("us-east-1"));
            let loader = loader.credentials_provider(without_instance(roots, region.clone()));
            let config = loader.region(some).load().await;
            config.into_builder().region(region).build()
        }
        (Some(region), false) => loader.region(region).load().await,
        // It looks further, and asks the instance.
        (None, false) => {
            let config = loader.load().await;
            let region = config.region().cloned();
            let region = region.filter(|region| !region.as_ref().is_empty());
            config.into_builder().region(region).build()
        }
    };
    match &options.role_arn {
        Some(role) => as_role(config, role).await,
        None => config,
    }
}

/// The region that is configured, else that of the ECS task.
async fn region(environment: &Environment) -> Option<Region> {
    let variables = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter();
    // An empty one is none.
    let named = variables.filter_map(|name| environment.get_non_empty(name).ok().flatten());
    let named = named.map(|region| Region::new(region.to_owned())).next();
    let configured =
        RegionProviderChain::first_try(named).or_else(ProfileFileRegionProvider::new());
    match configured.region().await {
        Some(region) => Some(region),
        None => region_of_task(environment.clone()).await,
    }
}

/// On EC2, ECS sets no `AWS_REGION`, but knows the task's ARN.
async fn region_of_task(environment: Environment) -> Option<Region> {
    let asked = tokio::task::spawn_blocking(move || {
        let variable = |name: &str| environment.get(name).ok().flatten().map(str::to_owned);
        ecs::metadata(variable, METADATA_LIMIT)
    });
    match asked.await.ok()? {
        Ok(metadata) => {
            let ecs::Metadata {
                task, container, ..
            } = metadata?;
            let arn = task.task_arn.or(container.container_arn)?;
            region_of_arn(&arn)
        }
        Err(error) => {
            warn!(%error, "the task's region is not known");
            None
        }
    }
}

fn region_of_arn(arn: &str) -> Option<Region> {
    let region = arn.strip_prefix("arn:")?.split(':').nth(2)?;
    (!region.is_empty()).then(|| Region::new(region.to_owned()))
}

/// What the SDK asks for credentials, but for the instance.
fn without_instance(roots: &Roots, region: Option<Region>) -> CredentialsProviderChain {
    let config = ProviderConfig::without_region()
        .with_http_client(http::by_scheme(roots))
        .with_region(region);
    let profile = ProfileFileCredentialsProvider::builder().configure(&config);
    let web_identity = WebIdentityTokenCredentialsProvider::builder().configure(&config);
    let ecs = EcsCredentialsProvider::builder().configure(&config);
    let environment = EnvironmentVariableCredentialsProvider::new();
    CredentialsProviderChain::first_try("Environment", environment)
        .or_else("Profile", profile.build())
        .or_else("WebIdentityToken", web_identity.build())
        .or_else("EcsContainer", ecs.build())
}

async fn as_role(config: SdkConfig, role: &str) -> SdkConfig {
    let provider = AssumeRoleProvider::builder(role)
        .session_name(SESSION_NAME)
        .configure(&config)
        .build()
        .await;
    let provider = SharedCredentialsProvider::new(provider);
    config.into_builder().credentials_provider(provider).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_read_from_an_arn() {
        let region = |arn| region_of_arn(arn).map(|region| region.to_string());
        let task = "arn:aws-cn:ecs:cn-north-1:111122223333:task/nightly/cd18";
        assert_eq!(region(task).as_deref(), Some("cn-north-1"));
        for none in ["", "task/cd18", "arn:aws:iam::111122223333:role/x"] {
            assert_eq!(region(none), None, "{none}");
        }
    }
}
