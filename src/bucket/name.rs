//! Names that S3 takes: of general purpose buckets, and of the regions that hold them.

use std::fmt;
use std::str::FromStr;

use checked_json::nearest;
use serde::Serialize;
use thiserror::Error;

/// The name of a general purpose bucket: 3 to 63 characters by the rules of the S3 user guide,
/// "General purpose bucket naming rules". Parsed from a text it is one of the global namespace.
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
    #[error(
        "bucket name `{name}` ends with `{suffix}`, which S3 reserves{}",
        reserved_for(suffix)
    )]
    ReservedSuffix {
        /// The name as it was given.
        name: String,
        /// The reserved end.
        suffix: &'static str,
    },
    /// Not the form of a name in an account's own namespace.
    #[error(
        "bucket name `{name}` must be `PREFIX{end}` in the account-regional namespace of {region}"
    )]
    NotAccountRegional {
        /// The name as it was given.
        name: String,
        /// What it must end with.
        end: String,
        /// The region of the job.
        region: RegionName,
    },
    /// A region without the account-regional namespace.
    #[error("{region} has no account-regional namespace: take `namespace` out, or another region")]
    NoAccountRegional {
        /// The region of the job.
        region: RegionName,
    },
}

fn reserved_for(suffix: &str) -> &'static str {
    match suffix {
        "-an" => {
            " for the account-regional namespace: set `namespace` to `account-regional`, or choose \
             another name"
        }
        "--x-s3" => " for directory buckets: this job makes general purpose buckets only",
        _ => "",
    }
}

const RESERVED_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];

/// Regions where S3 does not offer the account-regional namespace.
const NO_ACCOUNT_REGIONAL: [&str; 2] = ["me-south-1", "me-central-1"];

/// `-an` ends the names of the account-regional namespace.
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

    /// A name in the namespace of one account in one region: `PREFIX-ACCOUNT-REGION-an`.
    ///
    /// # Errors
    /// A rule of S3 that the name breaks; another account than `owner`, where it is known, or
    /// another region.
    pub(crate) fn account_regional(
        text: &str,
        owner: Option<&str>,
        region: &RegionName,
    ) -> Result<Self, BucketNameError> {
        if NO_ACCOUNT_REGIONAL.contains(&region.as_str()) {
            let region = region.clone();
            return Err(BucketNameError::NoAccountRegional { region });
        }
        let is_owner = |account: &str| match owner {
            Some(owner) => account == owner,
            None => account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()),
        };
        let rest = text.strip_suffix(&format!("-{region}-an"));
        let parts = rest.and_then(|rest| rest.rsplit_once('-'));
        if !parts.is_some_and(|(prefix, account)| !prefix.is_empty() && is_owner(account)) {
            return Err(BucketNameError::NotAccountRegional {
                name: text.to_owned(),
                end: format!("-{}-{region}-an", owner.unwrap_or("ACCOUNT")),
                region: region.clone(),
            });
        }
        check_characters(text)?;
        Ok(Self(text.to_owned()))
    }

    /// What is legal and may still be regretted.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let name = &self.0;
        let mut warnings = Vec::new();
        if name.contains('.') {
            warnings.push(format!(
                "bucket name `{name}` has dots, so its certificate does not fit where the name is \
                 part of the host's (https, Transfer Acceleration): prefer `-`"
            ));
        }
        for word in ["amazon", "aws"] {
            if name.contains(word) {
                warnings.push(format!(
                    "bucket name `{name}` has `{word}`, which S3 advises against: leave it out"
                ));
            }
        }
        warnings
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
        check_characters(text)?;
        if let Some(suffix) = RESERVED_SUFFIXES.into_iter().find(|s| text.ends_with(s)) {
            let name = text.to_owned();
            return Err(BucketNameError::ReservedSuffix { name, suffix });
        }
        Ok(Self(text.to_owned()))
    }
}

/// The rules of both namespaces.
fn check_characters(text: &str) -> Result<(), BucketNameError> {
    let name = || text.to_owned();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
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
    Ok(())
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
#[error("`{text}` is no region, {}", mend(text))]
pub struct RegionNameError {
    text: String,
}

/// Regions to mean when a name is none: the oldest of each part of the world.
const WELL_KNOWN_REGIONS: [&str; 16] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-north-1",
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "af-south-1",
];

fn mend(text: &str) -> String {
    // An old LocationConstraint of S3, which no call takes for a region.
    let near = match text {
        "EU" => Some("eu-west-1"),
        text => nearest(text, WELL_KNOWN_REGIONS),
    };
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "which looks like `eu-west-1`".to_owned(),
    }
}

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
            let text = text.to_owned();
            Err(RegionNameError { text })
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
    fn a_name_of_the_accounts_own_namespace_names_both() {
        let region: RegionName = "us-east-1".parse().unwrap();
        let check = |name: &str, owner| {
            let error = BucketName::account_regional(name, owner, &region).err();
            error.map(|error| error.to_string())
        };
        let legal = "logs-123456789012-us-east-1-an";
        assert_eq!(check(legal, None), None);
        assert_eq!(check(legal, Some("123456789012")), None);
        let longest = format!("{}-123456789012-us-east-1-an", "a".repeat(37));
        assert_eq!(check(&longest, None), None);
        for (name, owner, part) in [
            (
                legal,
                Some("210987654321"),
                "PREFIX-210987654321-us-east-1-an",
            ),
            (
                "logs-123456789012-eu-west-1-an",
                None,
                "PREFIX-ACCOUNT-us-east-1-an",
            ),
            (
                "logs-1234-us-east-1-an",
                None,
                "PREFIX-ACCOUNT-us-east-1-an",
            ),
            ("-123456789012-us-east-1-an", None, "PREFIX"),
            ("Logs-123456789012-us-east-1-an", None, "has `L`"),
            (&format!("a{longest}"), None, "64 characters"),
        ] {
            let message = check(name, owner).unwrap_or_default();
            assert!(message.contains(part), "{name}: {message}");
        }
        let elsewhere = "me-south-1".parse().unwrap();
        assert!(BucketName::account_regional(legal, None, &elsewhere).is_err());
    }

    #[test]
    fn a_reserved_end_is_told_with_the_mend() {
        for (name, part) in [
            ("acme--x-s3", "directory buckets"),
            ("acme-an", "`namespace`"),
        ] {
            let message = name.parse::<BucketName>().unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
        for (text, near) in [
            ("EU", "eu-west-1"),
            ("eu-wst-1", "eu-west-1"),
            ("q", "looks like"),
        ] {
            let message = text.parse::<RegionName>().unwrap_err().to_string();
            assert!(message.contains(near), "{message}");
        }
    }

    #[test]
    fn what_may_be_regretted_is_warned_of() {
        let warnings = |name: &str| name.parse::<BucketName>().unwrap().warnings().len();
        assert_eq!(
            [
                warnings("acme"),
                warnings("acme.logs"),
                warnings("amazon-aws.x")
            ],
            [0, 1, 3]
        );
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
