//! The notification in the types of the SDK, and back.

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::operation::get_bucket_notification_configuration::GetBucketNotificationConfigurationOutput;
use aws_sdk_s3::types::{
    Event, EventBridgeConfiguration, FilterRule, FilterRuleName, LambdaFunctionConfiguration,
    NotificationConfiguration, NotificationConfigurationFilter, QueueConfiguration, S3KeyFilter,
    TopicConfiguration,
};

use super::{KeyFilter, Notification, NotificationTarget};

impl Notification {
    pub(super) fn to_sdk(&self) -> Result<NotificationConfiguration, BuildError> {
        let topics = self.topics.iter().map(|target| {
            TopicConfiguration::builder()
                .set_id(target.id.clone())
                .topic_arn(&target.arn)
                .set_events(Some(target.sdk_events()))
                .set_filter(target.filter.to_sdk())
                .build()
        });
        let queues = self.queues.iter().map(|target| {
            QueueConfiguration::builder()
                .set_id(target.id.clone())
                .queue_arn(&target.arn)
                .set_events(Some(target.sdk_events()))
                .set_filter(target.filter.to_sdk())
                .build()
        });
        let functions = self.functions.iter().map(|target| {
            LambdaFunctionConfiguration::builder()
                .set_id(target.id.clone())
                .lambda_function_arn(&target.arn)
                .set_events(Some(target.sdk_events()))
                .set_filter(target.filter.to_sdk())
                .build()
        });
        let event_bridge = EventBridgeConfiguration::builder().build();
        Ok(NotificationConfiguration::builder()
            .set_topic_configurations(some(topics.collect::<Result<_, _>>()?))
            .set_queue_configurations(some(queues.collect::<Result<_, _>>()?))
            .set_lambda_function_configurations(some(functions.collect::<Result<_, _>>()?))
            .set_event_bridge_configuration(self.event_bridge.then_some(event_bridge))
            .build())
    }

    pub(super) fn of_sdk(answer: GetBucketNotificationConfigurationOutput) -> Self {
        let topics = answer.topic_configurations.unwrap_or_default();
        let queues = answer.queue_configurations.unwrap_or_default();
        let functions = answer.lambda_function_configurations.unwrap_or_default();
        let target = NotificationTarget::of_sdk;
        Self {
            event_bridge: answer.event_bridge_configuration.is_some(),
            topics: topics
                .into_iter()
                .map(|topic| target(topic.id, topic.topic_arn, &topic.events, topic.filter))
                .collect(),
            queues: queues
                .into_iter()
                .map(|queue| target(queue.id, queue.queue_arn, &queue.events, queue.filter))
                .collect(),
            functions: functions
                .into_iter()
                .map(|f| target(f.id, f.lambda_function_arn, &f.events, f.filter))
                .collect(),
            skip_destination_validation: false,
        }
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

impl NotificationTarget {
    fn sdk_events(&self) -> Vec<Event> {
        let events = self.events.iter();
        events.map(|event| event.as_str().into()).collect()
    }

    fn of_sdk(
        id: Option<String>,
        arn: String,
        events: &[Event],
        filter: Option<NotificationConfigurationFilter>,
    ) -> Self {
        let events = events.iter().map(|event| event.as_str().to_owned());
        Self {
            id,
            arn,
            events: events.collect(),
            filter: filter.map(KeyFilter::of_sdk).unwrap_or_default(),
        }
    }
}

impl KeyFilter {
    fn to_sdk(&self) -> Option<NotificationConfigurationFilter> {
        let rules = [
            (FilterRuleName::Prefix, &self.prefix),
            (FilterRuleName::Suffix, &self.suffix),
        ];
        let rules = rules.into_iter().filter_map(|(name, affix)| {
            let affix = affix.as_ref().filter(|affix| !affix.is_empty())?;
            Some(FilterRule::builder().name(name).value(affix).build())
        });
        let rules = some(rules.collect())?;
        let key = S3KeyFilter::builder().set_filter_rules(Some(rules));
        let filter = NotificationConfigurationFilter::builder().key(key.build());
        Some(filter.build())
    }

    fn of_sdk(filter: NotificationConfigurationFilter) -> Self {
        let rules = filter.key.and_then(|key| key.filter_rules);
        let mut read = Self::default();
        for rule in rules.into_iter().flatten() {
            // S3 answers the names as `Prefix` and `Suffix`, and takes them in any case.
            let name = rule.name.as_ref().map_or("", |name| name.as_str());
            if name.eq_ignore_ascii_case("prefix") {
                read.prefix = rule.value;
            } else if name.eq_ignore_ascii_case("suffix") {
                read.suffix = rule.value;
            }
        }
        read
    }
}
