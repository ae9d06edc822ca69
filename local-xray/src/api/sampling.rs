//! Central sampling: one rule, which samples everything, since what is local costs nothing.

use std::time::Duration;

use serde_json::{Value, json};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Api, json};

/// How long a quota holds, and how often SDKs ask for a new one.
const QUOTA_TTL: Duration = Duration::from_secs(300);
const INTERVAL_SECS: u32 = 10;

/// When the rule was last changed: it never is.
const LAST_MODIFIED: f64 = 0.0;

pub(super) fn rules(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    Parameters::parse(body)?;
    json(&json!({
        "SamplingRuleRecords": [{
            "CreatedAt": 0.0,
            "ModifiedAt": LAST_MODIFIED,
            "SamplingRule": {
                "RuleName": "Default",
                "RuleARN": "arn:aws:xray:us-east-1:000000000000:sampling-rule/Default",
                "Version": 1,
                "Priority": 10000,
                "FixedRate": 1.0,
                "ReservoirSize": 1,
                "ServiceName": "*",
                "ServiceType": "*",
                "Host": "*",
                "HTTPMethod": "*",
                "URLPath": "*",
                "ResourceARN": "*",
                "Attributes": {},
            },
        }],
    }))
}

pub(super) fn targets(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let quota_ttl = api.clock.now().after(QUOTA_TTL).as_secs();
    let (mut targets, mut unprocessed) = (Vec::new(), Vec::new());
    for statistics in parameters.required_list("SamplingStatisticsDocuments")? {
        match statistics.get("RuleName").and_then(Value::as_str) {
            Some("Default") => targets.push(json!({
                "RuleName": "Default",
                "FixedRate": 1.0,
                "ReservoirQuota": 100,
                "ReservoirQuotaTTL": quota_ttl,
                "Interval": INTERVAL_SECS,
            })),
            // SDKs take a code that starts with 4 as a reason to fetch the rules again.
            Some(name) => unprocessed.push(json!({
                "RuleName": name,
                "ErrorCode": "404",
                "Message": "no such sampling rule",
            })),
            None => {
                let message = "SamplingStatisticsDocuments: RuleName is missing";
                return Err(ApiError::invalid_request(message));
            }
        }
    }
    json(&json!({
        "SamplingTargetDocuments": targets,
        "LastRuleModification": LAST_MODIFIED,
        "UnprocessedStatistics": unprocessed,
    }))
}
