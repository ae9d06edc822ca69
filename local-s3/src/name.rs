//! The rules for names of general purpose buckets
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>).

/// A bucket name that S3 would accept: so it is also a safe name of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketName(String);

/// Where a new name must be unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// Among all buckets of all accounts.
    Global,
    /// Among the buckets of one account in one region: the name ends in
    /// `-<account>-<region>-an`.
    AccountRegional {
        /// 12 digits.
        account: String,
        /// Such as `eu-west-1`.
        region: String,
    },
}

/// The rule that a name breaks, as a sentence about the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BrokenRule(&'static str);

/// Why a name does not belong to the namespace that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NamespaceError {
    /// S3 code `MissingNamespaceHeader`.
    #[error(
        "Names that end with -an are those of the account-regional namespace: x-amz-bucket-namespace must say so."
    )]
    Missing,
    /// S3 code `InvalidNamespaceHeader`.
    #[error("In the account-regional namespace the name must be a prefix followed by {0}.")]
    Mismatched(String),
}

const PREFIXES_RESERVED: [(&str, &str); 3] = [
    ("xn--", "it must not start with xn--"),
    ("sthree-", "it must not start with sthree-"),
    ("amzn-s3-demo-", "it must not start with amzn-s3-demo-"),
];

const SUFFIXES_RESERVED: [(&str, &str); 5] = [
    ("-s3alias", "it must not end with -s3alias"),
    ("--ol-s3", "it must not end with --ol-s3"),
    (".mrap", "it must not end with .mrap"),
    ("--x-s3", "it must not end with --x-s3"),
    ("--table-s3", "it must not end with --table-s3"),
];

impl BucketName {
    /// Reads a name; the rule of the suffix `-an` is left to [`BucketName::check_namespace`].
    pub(crate) fn parse(name: &str) -> Result<Self, BrokenRule> {
        let broken = |rule| Err(BrokenRule(rule));
        if !(3..=63).contains(&name.len()) {
            return broken("it must have 3 to 63 characters");
        }
        if !name.bytes().all(is_name_byte) {
            return broken("it may hold lower-case letters, digits, dots and hyphens only");
        }
        if name.starts_with(['.', '-']) || name.ends_with(['.', '-']) {
            return broken("it must begin and end with a letter or a digit");
        }
        if name.contains("..") {
            return broken("it must not hold two dots in a row");
        }
        if looks_like_ipv4(name) {
            return broken("it must not look like an IP address");
        }
        if let Some((_, rule)) = PREFIXES_RESERVED.iter().find(|(p, _)| name.starts_with(p)) {
            return broken(rule);
        }
        if let Some((_, rule)) = SUFFIXES_RESERVED.iter().find(|(s, _)| name.ends_with(s)) {
            return broken(rule);
        }
        Ok(Self(name.to_owned()))
    }

    /// Checks that a new bucket may have this name in `namespace`.
    pub(crate) fn check_namespace(&self, namespace: &Namespace) -> Result<(), NamespaceError> {
        match namespace {
            Namespace::Global if self.0.ends_with("-an") => Err(NamespaceError::Missing),
            Namespace::Global => Ok(()),
            Namespace::AccountRegional { account, region } => {
                let suffix = format!("-{account}-{region}-an");
                match self.0.strip_suffix(&suffix) {
                    Some(prefix) if !prefix.is_empty() => Ok(()),
                    _ => Err(NamespaceError::Mismatched(suffix)),
                }
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-'
}

fn looks_like_ipv4(name: &str) -> bool {
    let is_number = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit());
    name.split('.').count() == 4 && name.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn legal_names() {
        let longest = "a".repeat(63);
        for name in [
            "abc",
            "a-b",
            "1.2.3",
            "1.2.3.4.5",
            "my.bucket-01",
            "a.b.c.d",
            "xn-a",
            &longest,
        ] {
            assert!(BucketName::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn illegal_names() {
        let too_long = "a".repeat(64);
        for name in [
            "",
            "ab",
            &too_long,
            "ABC",
            "a_b",
            "a b",
            "a/b",
            "käse",
            "-ab",
            "ab-",
            ".ab",
            "ab.",
            "a..b",
            "192.168.5.4",
            "1.2.3.456",
            "xn--abc",
            "sthree-abc",
            "sthree-configurator",
            "amzn-s3-demo-abc",
            "abc-s3alias",
            "abc--ol-s3",
            "abc.mrap",
            "abc--x-s3",
            "abc--table-s3",
        ] {
            assert!(BucketName::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_suffix_an_belongs_to_the_account_regional_namespace() {
        let regional = Namespace::AccountRegional {
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
        };
        let check = |name: &str, namespace: &Namespace| {
            BucketName::parse(name)
                .unwrap()
                .check_namespace(namespace)
                .is_ok()
        };
        let name = "logs-123456789012-eu-west-1-an";
        assert!(check(name, &regional));
        assert!(!check(name, &Namespace::Global));
        assert!(!check("logs", &regional));
        assert!(!check("logs-123456789012-us-east-1-an", &regional));
        assert!(check("logs", &Namespace::Global));
    }

    proptest! {
        #[test]
        fn any_text_is_judged_and_a_legal_name_is_one_path_component(name in "\\PC{0,70}") {
            if let Ok(name) = BucketName::parse(&name) {
                let path = std::path::Path::new(name.as_str());
                prop_assert_eq!(path.components().count(), 1);
                prop_assert_eq!(path.file_name().and_then(|n| n.to_str()), Some(name.as_str()));
            }
        }

        #[test]
        fn names_of_the_legal_shape_pass(name in "[b-r][b-r0-9]{2,30}(\\.[b-r0-9]{1,15}){0,2}") {
            prop_assert!(BucketName::parse(&name).is_ok());
        }
    }
}
