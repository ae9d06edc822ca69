//! The ids of rules: S3 makes one up for a rule that comes without, and refuses one twice.

use std::collections::BTreeSet;

use s3s::S3Result;

use super::error::invalid_argument;

const RANDOM_BYTES: usize = 36;
const LEN_MAX: usize = 255;

/// Fills in the ids that are missing, and checks that all are different.
pub(super) fn complete<'a>(ids: impl IntoIterator<Item = &'a mut Option<String>>) -> S3Result<()> {
    let mut seen = BTreeSet::new();
    for id in ids {
        let id = match id {
            Some(given) if !given.is_empty() => given,
            missing => missing.insert(random()),
        };
        if id.chars().count() > LEN_MAX {
            return Err(invalid_argument(
                "ID length should not exceed allowed limit of 255",
            ));
        }
        if !seen.insert(id.clone()) {
            return Err(invalid_argument(
                "Rule ID must be unique. Found same ID for more than one rule",
            ));
        }
    }
    Ok(())
}

fn random() -> String {
    let bytes: [u8; RANDOM_BYTES] = rand::random();
    base64_simd::STANDARD.encode_to_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_ids_are_made_up_and_doubles_refused() {
        let mut ids = [None, Some("a".to_owned()), Some(String::new())];
        complete(&mut ids).unwrap();
        assert!(
            ids.iter()
                .all(|id| id.as_ref().is_some_and(|id| !id.is_empty()))
        );
        assert_eq!(ids[1].as_deref(), Some("a"));
        assert!(complete(&mut [Some("a".to_owned()), Some("a".to_owned())]).is_err());
        assert!(complete(&mut [Some("a".repeat(256))]).is_err());
    }
}
