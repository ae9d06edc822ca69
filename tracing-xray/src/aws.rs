//! The interceptor for clients of the AWS SDK: each call becomes a subsegment with namespace `aws`,
//! and each request carries the trace header.
//!
//! ```no_run
//! # fn client(shared: &aws_types::SdkConfig) -> aws_sdk_s3::Client {
//! let config = aws_sdk_s3::config::Builder::from(shared)
//!     .interceptor(tracing_xray::aws::XrayInterceptor::new())
//!     .build();
//! aws_sdk_s3::Client::from_conf(config)
//! # }
//! ```

mod outcome;
mod target;

use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_types::region::Region;
use tracing::Span;

use crate::header::HEADER_NAME;
use crate::layer::{SpanExt, context_missing};
use crate::segment::Namespace;
use crate::settings::ContextMissing;
use outcome::Outcome;

/// Records each call of an SDK client as a subsegment of the current span's segment.
///
/// It records the operation, region, request ids, retries, the response's status and length, the
/// bucket and key of S3, and what went wrong. The name is the service's, as the SDK spells it.
#[derive(Clone, Copy, Debug, Default)]
pub struct XrayInterceptor(());

impl XrayInterceptor {
    /// The interceptor; one is enough for any number of clients.
    pub const fn new() -> Self {
        Self(())
    }
}

/// The call's span, from before its first attempt to after its last. It lives in the SDK's
/// configuration of the call, so it is dropped with the call, done or not.
#[derive(Debug)]
struct Call {
    span: Span,
    is_done: AtomicBool,
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Drop for Call {
    fn drop(&mut self) {
        // No hook runs when the future of a call is dropped.
        if !self.is_done.load(Ordering::Relaxed) {
            self.span.interrupt("the call was dropped before it ended");
        }
    }
}

/// A call outside any segment, where `AWS_XRAY_CONTEXT_MISSING` wants it to fail.
#[derive(Debug, thiserror::Error)]
#[error("no segment for the call {service} {operation}: run it in a span with `xray.segment`")]
struct NoSegment {
    service: String,
    operation: String,
}

impl Intercept for XrayInterceptor {
    fn name(&self) -> &'static str {
        "XrayInterceptor"
    }

    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // The operation's name is in the configuration from this hook on.
        let (service, operation) = match config.load::<Metadata>() {
            Some(metadata) => (metadata.service().to_owned(), metadata.name().to_owned()),
            None => return Ok(()),
        };
        if Span::current().trace_context().is_none() {
            return miss_context(service, operation);
        }
        let region = config
            .load::<Region>()
            .map(|region| region.as_ref().to_owned());
        let span = tracing::info_span!("aws call");
        span.edit_subsegment(|subsegment| {
            subsegment.namespace = Some(Namespace::Aws);
            let aws = subsegment.aws.get_or_insert_default();
            aws.operation = Some(operation);
            aws.region = region;
            subsegment.entity.name = service.into();
        });
        let call = Call {
            span,
            is_done: AtomicBool::new(false),
        };
        config.interceptor_state().store_put(call);
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = config.load::<Call>() else {
            return Ok(());
        };
        let request = context.request_mut();
        call.span.edit_subsegment(|subsegment| {
            if subsegment.entity.name == "S3" {
                let aws = subsegment.aws.get_or_insert_default();
                (aws.bucket_name, aws.key) = target::bucket_and_key(request.uri());
            }
        });
        if let Some(trace) = call.span.trace_context() {
            // A header that cannot be sent is no reason to fail the call.
            let headers = request.headers_mut();
            let _ = headers.try_insert(HEADER_NAME, trace.header().to_string());
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = config.load::<Call>() else {
            return Ok(());
        };
        let attempts = config
            .load::<RequestAttempts>()
            .map_or(1, RequestAttempts::attempts);
        let outcome = Outcome::read(context);
        call.span.edit_subsegment(|subsegment| {
            let aws = subsegment.aws.get_or_insert_default();
            aws.retries = Some(attempts.saturating_sub(1));
            outcome.record(subsegment);
        });
        call.is_done.store(true, Ordering::Relaxed);
        // It ends when it was last exited; the SDK may hold its configuration for longer.
        call.span.in_scope(|| ());
        Ok(())
    }
}

fn miss_context(service: String, operation: String) -> Result<(), BoxError> {
    match context_missing() {
        None | Some(ContextMissing::IgnoreError) => Ok(()),
        Some(ContextMissing::LogError) => {
            let missing = NoSegment { service, operation };
            tracing::error!("{missing}");
            Ok(())
        }
        Some(ContextMissing::RuntimeError) => Err(NoSegment { service, operation }.into()),
    }
}
