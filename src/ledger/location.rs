//! Where a ledger is kept.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// A file, or a prefix in S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// A file, which is made when it is missing.
    File(PathBuf),
    /// Objects under a prefix; empty for the whole bucket.
    S3 {
        /// The bucket, which must be there.
        bucket: String,
        /// The prefix without a slash at its end.
        prefix: String,
    },
}

/// Why a text names no place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum LocationError {
    #[error("empty: name a file, or s3://bucket/prefix")]
    Empty,
    #[error("no bucket is named, write s3://bucket/prefix")]
    NoBucket,
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let Some(object) = text.strip_prefix("s3://") else {
            return match text {
                "" => Err(LocationError::Empty),
                path => Ok(Self::File(path.into())),
            };
        };
        let (bucket, prefix) = object.split_once('/').unwrap_or((object, ""));
        if bucket.is_empty() {
            return Err(LocationError::NoBucket);
        }
        Ok(Self::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_or_a_prefix() {
        let parse = |text: &str| text.parse::<Location>();
        assert_eq!(
            parse("runs/a.ledger"),
            Ok(Location::File("runs/a.ledger".into()))
        );
        let prefix = parse("s3://acme/runs/nightly/").unwrap();
        assert_eq!(prefix.to_string(), "s3://acme/runs/nightly");
        assert_eq!(parse("s3://acme").unwrap().to_string(), "s3://acme/");
        assert_eq!(parse("s3://"), Err(LocationError::NoBucket));
        assert_eq!(parse(""), Err(LocationError::Empty));
    }
}
