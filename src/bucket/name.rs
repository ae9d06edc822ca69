//! Names that S3 takes: of general purpose buckets, and of the regions that hold them.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

/// The name of a general purpose bucket in the global namespace: 3 to 63 characters by the rules
/// of the S3 user guide, "General purpose bucket naming rules".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct BucketName(String);

/// The rule of S3 that a bucket's name breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BucketNameError {
    /// Not 3 to 63 characters.
    #[error("bucket name `{name}` has {} characters, S3 takes 3 to 63", name.chars().count())]
    Length {
        /// The name as it was given.
        name: String,
    },
    /// A character beside lower-case letters, digits, dots and hyphens.
    #[error(
        "bucket name `{name}` has `{}`, S3 takes lower-case letters, digits, `.` and `-`",
        character.escape_debug()
    )]
    Character {
        /// The name as it was given.
        name: String,
        /// The first character that S3 refuses.
        character: char,
    },
    /// A dot or hyphen at the beginning or the end.
    #[error("bucket name `{name}` must begin and end with a lower-case letter or a digit")]
    Edge {
        /// The name as it was given.
        name: String,
    },
    /// Two dots in a row.
    #[error("bucket name `{name}` has two dots in a row")]
    AdjacentDots {
        /// The name as it was given.
        name: String,
    },
    /// Formatted as an IPv4 address.
    #[error("bucket name `{name}` looks like an IP address")]
    IpAddress {
        /// The name as it was given.
        name: String,
    },
    /// A beginning that S3 keeps for itself.
    #[error("bucket name `{name}` begins with `{prefix}`, which S3 reserves")]
    ReservedPrefix {
        /// The name as it was given.
        name: String,
        /// The reserved beginning.
        prefix: &'static str,
    },
    /// An end that S3 keeps for itself.
    #[error("bucket name `{name}` ends with `{suffix}`, which S3 reserves")]
    ReservedSuffix {
        /// The name as it was given.
        name: String,
        /// The reserved end.
        suffix: &'static str,
    },
}

const RESERVED_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];

/// `-an` ends the names of account-regional buckets, which this job does not create.
const RESERVED_SUFFIXES: [&str; 6] = [
    "-s3alias",
    "--ol-s3",
    ".mrap",
    "--x-s3",
    "--table-s3",
    "-an",
];

impl BucketName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BucketName {
    type Err = BucketNameError;

    fn from_str(text: &str) -> Result<Self, BucketNameError> {
        let name = || text.to_owned();
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
        if !(3..=63).contains(&text.chars().count()) {
            return Err(BucketNameError::Length { name: name() });
        }
        if let Some(character) = text.chars().find(|&c| !allowed(c)) {
            let name = name();
            return Err(BucketNameError::Character { name, character });
        }
        if text.starts_with(['.', '-']) || text.ends_with(['.', '-']) {
            return Err(BucketNameError::Edge { name: name() });
        }
        if text.contains("..") {
            return Err(BucketNameError::AdjacentDots { name: name() });
        }
        if looks_like_ipv4(text) {
            return Err(BucketNameError::IpAddress { name: name() });
        }
        if let Some(prefix) = RESERVED_PREFIXES.into_iter().find(|p| text.starts_with(p)) {
            let name = name();
            return Err(BucketNameError::ReservedPrefix { name, prefix });
        }
        if let Some(suffix) = RESERVED_SUFFIXES.into_iter().find(|s| text.ends_with(s)) {
            let name = name();
            return Err(BucketNameError::ReservedSuffix { name, suffix });
        }
        Ok(Self(name()))
    }
}

/// Four groups of one to three digits: S3 goes by the format, so `999.1.1.1` counts as well.
fn looks_like_ipv4(text: &str) -> bool {
    let is_group = |group: &str| {
        (1..=3).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.split('.').count() == 4 && text.split('.').all(is_group)
}

/// The name of a region, such as `eu-west-1`: checked for its form only, so that a region newer
/// than this program works.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RegionName(String);

/// A text that names no region.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no region, which looks like `eu-west-1`")]
pub struct RegionNameError(String);

impl RegionName {
    /// The one region that CreateBucket takes no LocationConstraint for.
    pub(crate) const US_EAST_1: &str = "us-east-1";

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RegionName {
    type Err = RegionNameError;

    fn from_str(text: &str) -> Result<Self, RegionNameError> {
        if is_region(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(RegionNameError(text.to_owned()))
        }
    }
}

/// What every region's name has before its number.
const DIRECTIONS: [&str; 9] = [
    "central",
    "east",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "west",
];

/// A place, a direction and a number: `eu-west-1`, `us-gov-west-1`, `eusc-de-east-1`.
fn is_region(text: &str) -> bool {
    let mut words = text.rsplitn(3, '-');
    let (Some(number), Some(direction), Some(place)) = (words.next(), words.next(), words.next())
    else {
        return false;
    };
    let is_word = |word: &str| word.len() >= 2 && word.bytes().all(|b| b.is_ascii_lowercase());
    matches!(number.len(), 1 | 2)
        && number.bytes().all(|b| b.is_ascii_digit())
        && DIRECTIONS.contains(&direction)
        && place.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str) -> Option<String> {
        let error = name.parse::<BucketName>().err()?;
        let debug = format!("{error:?}");
        Some(debug.split_whitespace().next().unwrap().to_owned())
    }

    #[test]
    fn each_rule_refuses_and_is_named() {
        for (name, wanted) in [
            ("ab", "Length"),
            (&"a".repeat(64), "Length"),
            ("Acme", "Character"),
            ("acme_logs", "Character"),
            ("acmé", "Character"),
            ("-acme", "Edge"),
            ("acme.", "Edge"),
            ("acme..logs", "AdjacentDots"),
            ("192.168.5.4", "IpAddress"),
            ("999.1.1.1", "IpAddress"),
            ("xn--acme", "ReservedPrefix"),
            ("sthree-acme", "ReservedPrefix"),
            ("sthree-configurator", "ReservedPrefix"),
            ("amzn-s3-demo-bucket", "ReservedPrefix"),
            ("acme-s3alias", "ReservedSuffix"),
            ("acme--ol-s3", "ReservedSuffix"),
            ("acme.mrap", "ReservedSuffix"),
            ("acme--x-s3", "ReservedSuffix"),
            ("acme--table-s3", "ReservedSuffix"),
            ("logs-123456789012-us-east-1-an", "ReservedSuffix"),
        ] {
            assert_eq!(rule(name).as_deref(), Some(wanted), "{name}");
        }
    }

    #[test]
    fn legal_names_parse() {
        let longest = "a".repeat(63);
        for name in ["abc", "1.2.3", "1.2.3.4.5", "my.bucket-1", "0-0", &longest] {
            assert_eq!(rule(name), None, "{name}");
        }
    }

    #[test]
    fn the_message_names_the_character() {
        let error = "a\nbc".parse::<BucketName>().unwrap_err();
        assert!(error.to_string().contains(r"has `\n`"), "{error}");
    }

    #[test]
    fn regions_go_by_their_form() {
        for region in [
            "eu-west-1",
            "us-gov-west-1",
            "ap-southeast-7",
            "eusc-de-east-1",
        ] {
            assert!(is_region(region), "{region}");
        }
        for text in [
            "",
            "eu",
            "eu-1",
            "EU-west-1",
            "eu-west-1a",
            "eu--west-1",
            "eu-west-",
            "eu-wst-1",
            "west-1",
            "e-west-1",
        ] {
            assert!(!is_region(text), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_parsed_name_keeps_its_text_and_every_rule(text in "[a-z0-9.-]{1,70}") {
            if let Ok(name) = text.parse::<BucketName>() {
                proptest::prop_assert_eq!(name.as_str(), &text);
                proptest::prop_assert!((3..=63).contains(&text.len()) && !text.contains(".."));
                proptest::prop_assert!(text.parse::<std::net::Ipv4Addr>().is_err());
            }
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = text.parse::<BucketName>();
            let _ = text.parse::<RegionName>();
        }
    }
}
