//! The configurations of a bucket that have ids: intelligent tiering, inventory, analytics and
//! metrics. They are kept but do nothing.

use std::collections::BTreeMap;

use http::StatusCode;
use s3s::{S3Error, S3Result};

use super::error::{invalid_argument, malformed_xml, refuse_with};
use super::list::{from_token, to_token};

const CONFIGURATIONS_MAX: usize = 1000;
const PAGE_LEN_MAX: usize = 100;

/// The four operations of one kind of configuration.
macro_rules! configurations {
    ($(#[$doc:meta])* $kind:ident, $check:expr, $configuration:ident, $field:ident, $list_field:ident,
        $list:ident -> $listed:ident, $get:ident -> $got:ident,
        $put:ident -> $done:ident, $delete:ident -> $deleted:ident) => {
        $(#[$doc])*
        pub(super) mod $kind {
            use s3s::dto::{
                $configuration, $deleted, $delete, $done, $get, $got, $list, $listed, $put,
            };
            use s3s::{S3Request, S3Response, S3Result};

            use super::super::access::Access;
            use super::super::{Service, answer};

            pub(in super::super) async fn list(
                service: &Service,
                req: S3Request<$list>,
            ) -> S3Result<S3Response<$listed>> {
                let access = Access::of(&req, &req.input.bucket)?;
                let token = req.input.continuation_token;
                let given = token.clone();
                let all = service.read(access, move |bucket| Ok(bucket.$kind));
                let page = super::page(all.await?, given.as_deref())?;
                answer($listed {
                    continuation_token: token,
                    is_truncated: Some(page.next.is_some()),
                    next_continuation_token: page.next,
                    $list_field: Some(page.configurations),
                })
            }

            pub(in super::super) async fn get(
                service: &Service,
                req: S3Request<$get>,
            ) -> S3Result<S3Response<$got>> {
                let access = Access::of(&req, &req.input.bucket)?;
                let id = req.input.id;
                service
                    .read(access, move |mut bucket| {
                        let found = bucket.$kind.remove(&id);
                        answer($got {
                            $field: Some(found.ok_or_else(super::no_configuration)?),
                        })
                    })
                    .await
            }

            pub(in super::super) async fn put(
                service: &Service,
                req: S3Request<$put>,
            ) -> S3Result<S3Response<$done>> {
                let access = Access::of(&req, &req.input.bucket)?;
                let wanted: $configuration = req.input.$field;
                if wanted.id != req.input.id {
                    return Err(super::malformed_xml());
                }
                $check(&wanted)?;
                service
                    .write(access, move |bucket| super::insert(&mut bucket.$kind, wanted.id.clone(), wanted))
                    .await?;
                answer($done::default())
            }

            pub(in super::super) async fn delete(
                service: &Service,
                req: S3Request<$delete>,
            ) -> S3Result<S3Response<$deleted>> {
                let access = Access::of(&req, &req.input.bucket)?;
                let id = req.input.id;
                service
                    .write(access, move |bucket| {
                        bucket.$kind.remove(&id).ok_or_else(super::no_configuration)
                    })
                    .await?;
                answer($deleted::default())
            }
        }
    };
}

configurations!(
    intelligent_tiering, super::check_tiering,
    IntelligentTieringConfiguration, intelligent_tiering_configuration, intelligent_tiering_configuration_list,
    ListBucketIntelligentTieringConfigurationsInput -> ListBucketIntelligentTieringConfigurationsOutput,
    GetBucketIntelligentTieringConfigurationInput -> GetBucketIntelligentTieringConfigurationOutput,
    PutBucketIntelligentTieringConfigurationInput -> PutBucketIntelligentTieringConfigurationOutput,
    DeleteBucketIntelligentTieringConfigurationInput -> DeleteBucketIntelligentTieringConfigurationOutput
);
configurations!(
    inventory, super::unchecked,
    InventoryConfiguration, inventory_configuration, inventory_configuration_list,
    ListBucketInventoryConfigurationsInput -> ListBucketInventoryConfigurationsOutput,
    GetBucketInventoryConfigurationInput -> GetBucketInventoryConfigurationOutput,
    PutBucketInventoryConfigurationInput -> PutBucketInventoryConfigurationOutput,
    DeleteBucketInventoryConfigurationInput -> DeleteBucketInventoryConfigurationOutput
);
configurations!(
    analytics, super::unchecked,
    AnalyticsConfiguration, analytics_configuration, analytics_configuration_list,
    ListBucketAnalyticsConfigurationsInput -> ListBucketAnalyticsConfigurationsOutput,
    GetBucketAnalyticsConfigurationInput -> GetBucketAnalyticsConfigurationOutput,
    PutBucketAnalyticsConfigurationInput -> PutBucketAnalyticsConfigurationOutput,
    DeleteBucketAnalyticsConfigurationInput -> DeleteBucketAnalyticsConfigurationOutput
);
configurations!(
    metrics, super::unchecked,
    MetricsConfiguration, metrics_configuration, metrics_configuration_list,
    ListBucketMetricsConfigurationsInput -> ListBucketMetricsConfigurationsOutput,
    GetBucketMetricsConfigurationInput -> GetBucketMetricsConfigurationOutput,
    PutBucketMetricsConfigurationInput -> PutBucketMetricsConfigurationOutput,
    DeleteBucketMetricsConfigurationInput -> DeleteBucketMetricsConfigurationOutput
);

/// One page of configurations, by id.
struct Page<T> {
    configurations: Vec<T>,
    /// The token of the next page.
    next: Option<String>,
}

fn page<T>(all: BTreeMap<String, T>, token: Option<&str>) -> S3Result<Page<T>> {
    let after = token.map(from_token).transpose()?;
    let mut left = all
        .into_iter()
        .filter(|(id, _)| after.as_ref().is_none_or(|after| id > after))
        .peekable();
    let (mut configurations, mut last) = (Vec::new(), String::new());
    while let Some((id, configuration)) = left.next_if(|_| configurations.len() < PAGE_LEN_MAX) {
        configurations.push(configuration);
        last = id;
    }
    Ok(Page {
        configurations,
        next: left.peek().map(|_| to_token(&last)),
    })
}

fn insert<T>(all: &mut BTreeMap<String, T>, id: String, wanted: T) -> S3Result<()> {
    if all.len() >= CONFIGURATIONS_MAX && !all.contains_key(&id) {
        return Err(refuse_with(
            StatusCode::BAD_REQUEST,
            "TooManyConfigurations",
            "You are attempting to create a new configuration but have already reached the 1,000-configuration limit.",
        ));
    }
    all.insert(id, wanted);
    Ok(())
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands where a check may stand"
)]
fn unchecked<T>(_: &T) -> S3Result<()> {
    Ok(())
}

fn check_tiering(wanted: &s3s::dto::IntelligentTieringConfiguration) -> S3Result<()> {
    if !matches!(wanted.status.as_str(), "Enabled" | "Disabled") || wanted.tierings.is_empty() {
        return Err(malformed_xml());
    }
    for tiering in &wanted.tierings {
        let days_min = match tiering.access_tier.as_str() {
            "ARCHIVE_ACCESS" => 90,
            "DEEP_ARCHIVE_ACCESS" => 180,
            _ => return Err(malformed_xml()),
        };
        if !(days_min..=730).contains(&tiering.days) {
            return Err(invalid_argument(format!(
                "'Days' of the tier {} must be {days_min} to 730",
                tiering.access_tier.as_str()
            )));
        }
    }
    Ok(())
}

fn no_configuration() -> S3Error {
    refuse_with(
        StatusCode::NOT_FOUND,
        "NoSuchConfiguration",
        "The specified configuration does not exist.",
    )
}
