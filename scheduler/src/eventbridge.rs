//! The rules of EventBridge: read into the model, and written from it, call by call.
//!
//! What a second backend needs stands in [`crate::rule`] and [`crate::diff`]; here is only how
//! EventBridge spells it. Only the default event bus has schedules (EventBridge User Guide).

mod read;
mod retry;
mod target;
mod write;

use aws_sdk_eventbridge::Client;
use aws_types::SdkConfig;

use crate::calls::retries;
use crate::place::Place;

/// EventBridge in one region and account; cheap to clone.
#[derive(Clone, Debug)]
pub struct EventBridge {
    client: Client,
    place: Place,
}

impl EventBridge {
    /// That of `place`, called as `config` says. Nothing is asked before the first call.
    pub fn new(config: &SdkConfig, place: Place) -> Self {
        let config = aws_sdk_eventbridge::config::Builder::from(config)
            .region(aws_sdk_eventbridge::config::Region::new(
                place.region.clone(),
            ))
            .retry_config(retries())
            .retry_classifier(retry::Quota)
            .build();
        Self {
            client: Client::from_conf(config),
            place,
        }
    }

    /// Where its rules are.
    pub fn place(&self) -> &Place {
        &self.place
    }
}
