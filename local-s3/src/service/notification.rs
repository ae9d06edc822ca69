//! Whom a bucket would tell of its events; nobody is told, and no destination is looked for.

use s3s::dto::{
    GetBucketNotificationConfigurationOutput, PutBucketNotificationConfigurationInput,
    PutBucketNotificationConfigurationOutput,
};
use s3s::{S3Response, S3Result};

use super::error::{invalid_argument, malformed_xml};
use super::{answer, rule_id};
use crate::store::BucketRecord;

pub(super) fn get(
    bucket: BucketRecord,
) -> S3Result<S3Response<GetBucketNotificationConfigurationOutput>> {
    let notification = bucket.notification.unwrap_or_default();
    answer(GetBucketNotificationConfigurationOutput {
        event_bridge_configuration: notification.event_bridge_configuration,
        lambda_function_configurations: notification.lambda_function_configurations,
        queue_configurations: notification.queue_configurations,
        topic_configurations: notification.topic_configurations,
    })
}

/// An empty configuration is how one is removed.
pub(super) fn put(
    input: PutBucketNotificationConfigurationInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutBucketNotificationConfigurationOutput> {
    let mut wanted = input.notification_configuration;
    let mut ids = Vec::new();
    for lambda in wanted.lambda_function_configurations.iter_mut().flatten() {
        check("lambda", &lambda.lambda_function_arn, &lambda.events)?;
        ids.push(&mut lambda.id);
    }
    for queue in wanted.queue_configurations.iter_mut().flatten() {
        check("sqs", &queue.queue_arn, &queue.events)?;
        ids.push(&mut queue.id);
    }
    for topic in wanted.topic_configurations.iter_mut().flatten() {
        check("sns", &topic.topic_arn, &topic.events)?;
        ids.push(&mut topic.id);
    }
    rule_id::complete(ids)?;
    bucket.notification = Some(wanted);
    Ok(PutBucketNotificationConfigurationOutput {})
}

fn check<E: AsRef<str>>(service: &str, arn: &str, events: &[E]) -> S3Result<()> {
    let mut parts = arn.split(':');
    if parts.next() != Some("arn") || parts.nth(1) != Some(service) {
        return Err(invalid_argument("The ARN is not well formed"));
    }
    if events.is_empty() {
        return Err(malformed_xml());
    }
    if events
        .iter()
        .any(|event| !event.as_ref().starts_with("s3:"))
    {
        return Err(invalid_argument(
            "The event is not supported for notifications",
        ));
    }
    Ok(())
}
