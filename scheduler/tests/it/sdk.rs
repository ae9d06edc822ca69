//! How the SDK reaches the fake.

use std::time::SystemTime;

use aws_sdk_eventbridge::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, StalledStreamProtectionConfig,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::TimeSource;
use aws_types::SdkConfig;
use aws_types::sdk_config::TimeoutConfig;
use fake_aws::FakeAws;
use tokio::time::Instant;

/// A configuration that looks at no environment. No call times out: in tests time stands still and
/// jumps to the next timer, such as that of a retry, whenever all wait.
pub(crate) fn config(fake: &FakeAws) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(fake.region()))
        .endpoint_url(fake.endpoint())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(TokioSleep::new())
        .time_source(Clock(SystemTime::now(), Instant::now()))
        .disable_clock_skew_correction(true)
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

/// The time that passes for tokio, from a moment on at which both were known.
#[derive(Debug)]
struct Clock(SystemTime, Instant);

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        self.0 + self.1.elapsed()
    }
}
