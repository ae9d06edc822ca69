//! The error codes of AWS: how they are written, and which mean "too fast" whatever their status, as
//! S3's SlowDown, which comes with a 503.

/// The codes that the SDKs for Java and Node.js take for throttling.
const CODES: [&str; 14] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Whether an error code of an AWS service says that the caller was too fast.
pub fn is_throttling(code: &str) -> bool {
    CODES.contains(&code)
}

/// The code without the namespace before it (`com.amazonaws#Code`) and the URL after it (`Code:http..`),
/// which JSON services of AWS may write.
pub fn plain_code(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code).trim()
}
