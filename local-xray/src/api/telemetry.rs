//! What daemons report on themselves.

use serde_json::json;

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Api, json};
use crate::store::{BackendConnectionErrors, TelemetryRecord, TelemetrySender};

pub(super) fn put_telemetry_records(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let records = parameters.required_objects("TelemetryRecords", usize::MAX)?;
    let text = |name, most| {
        let text = parameters.text_of(name, 0..=most)?;
        Ok::<_, ApiError>(text.unwrap_or_default().to_owned())
    };
    api.store.put_telemetry(&TelemetrySender {
        hostname: text("Hostname", 255)?,
        ec2_instance_id: text("EC2InstanceId", 20)?,
        resource_arn: text("ResourceARN", 500)?,
        records: records.iter().map(record).collect::<Result<_, _>>()?,
    })?;
    json(&json!({}))
}

fn record(record: &Parameters) -> Result<TelemetryRecord, ApiError> {
    let errors = record.object("BackendConnectionErrors")?;
    let connection_errors = |errors: Parameters| {
        let count = |name| Ok::<_, ApiError>(errors.count(name)?.unwrap_or(0));
        Ok::<_, ApiError>(BackendConnectionErrors {
            timeout_count: count("TimeoutCount")?,
            connection_refused_count: count("ConnectionRefusedCount")?,
            http_code_4xx_count: count("HTTPCode4XXCount")?,
            http_code_5xx_count: count("HTTPCode5XXCount")?,
            unknown_host_count: count("UnknownHostCount")?,
            other_count: count("OtherCount")?,
        })
    };
    Ok(TelemetryRecord {
        timestamp: record.required_time("Timestamp")?,
        segments_received_count: record.count("SegmentsReceivedCount")?,
        segments_sent_count: record.count("SegmentsSentCount")?,
        segments_spillover_count: record.count("SegmentsSpilloverCount")?,
        segments_rejected_count: record.count("SegmentsRejectedCount")?,
        backend_connection_errors: errors.map(connection_errors).transpose()?,
    })
}
