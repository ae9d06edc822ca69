//! In which region a new bucket lies: S3's rules for `LocationConstraint` of CreateBucket.

/// The region that needs no constraint, and whose endpoint takes every constraint.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

/// Every legal `LocationConstraint`, after the S3 service model of November 2026.
const CONSTRAINTS: [&str; 38] = [
    "EU",
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Why a bucket cannot be created there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LocationError {
    /// S3 code `InvalidLocationConstraint`.
    #[error("The specified location-constraint is not valid")]
    Invalid,
    /// S3 code `IllegalLocationConstraintException`.
    #[error(
        "The {0} location constraint is incompatible for the region specific endpoint this request was sent to."
    )]
    Illegal(String),
}

/// The region of a bucket that is asked for with `constraint` at the endpoint of region
/// `endpoint`; without an endpoint (an unsigned request) any legal constraint will do.
pub(crate) fn bucket_region(
    endpoint: Option<&str>,
    constraint: Option<&str>,
) -> Result<String, LocationError> {
    let Some(constraint) = constraint.filter(|c| !c.is_empty()) else {
        return match endpoint {
            None | Some(DEFAULT_REGION) => Ok(DEFAULT_REGION.to_owned()),
            Some(_) => Err(LocationError::Illegal("unspecified".to_owned())),
        };
    };
    if !CONSTRAINTS.contains(&constraint) {
        return Err(LocationError::Invalid);
    }
    let region = match constraint {
        "EU" => "eu-west-1",
        other => other,
    };
    match endpoint {
        Some(endpoint) if endpoint != DEFAULT_REGION && endpoint != region => {
            Err(LocationError::Illegal(constraint.to_owned()))
        }
        _ => Ok(region.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_follows_endpoint_and_constraint() {
        let illegal = |word: &str| Err(LocationError::Illegal(word.to_owned()));
        let region = |word: &str| Ok(word.to_owned());
        let cases = [
            (None, None, region("us-east-1")),
            (None, Some("eu-west-1"), region("eu-west-1")),
            (None, Some("EU"), region("eu-west-1")),
            (None, Some("us-east-1"), Err(LocationError::Invalid)),
            (None, Some("mars-1"), Err(LocationError::Invalid)),
            (Some("us-east-1"), None, region("us-east-1")),
            (Some("us-east-1"), Some(""), region("us-east-1")),
            (Some("us-east-1"), Some("us-west-2"), region("us-west-2")),
            (
                Some("us-east-1"),
                Some("us-east-1"),
                Err(LocationError::Invalid),
            ),
            (Some("eu-west-1"), None, illegal("unspecified")),
            (Some("eu-west-1"), Some("EU"), region("eu-west-1")),
            (Some("eu-west-1"), Some("eu-west-1"), region("eu-west-1")),
            (Some("eu-west-1"), Some("us-west-2"), illegal("us-west-2")),
            (Some("mars-1"), Some("mars-1"), Err(LocationError::Invalid)),
        ];
        for (endpoint, constraint, expected) in cases {
            assert_eq!(
                bucket_region(endpoint, constraint),
                expected,
                "{endpoint:?} {constraint:?}"
            );
        }
    }

    #[test]
    fn the_constraints_are_those_of_the_sdk() {
        assert_eq!(
            CONSTRAINTS.as_slice(),
            aws_sdk_s3::types::BucketLocationConstraint::values()
        );
    }
}
