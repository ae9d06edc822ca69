//! Names that X-Ray takes: it refuses a whole document for one illegal character in a name.

use std::borrow::Cow;

/// The most characters of a segment's or subsegment's name.
pub const NAME_LEN_MAX: usize = 200;

/// The longest string in an annotation, in characters; a longer one belongs into the metadata.
pub const ANNOTATION_LEN_MAX: usize = 1000;

/// Whether X-Ray takes `name` as it is: 1 to 200 Unicode letters, digits, whitespace and
/// `_ . : / % & # = + \ - @` (X-Ray developer guide, "Segment documents").
pub fn is_legal_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_legal_char) && name.chars().count() <= NAME_LEN_MAX
}

/// The name with what X-Ray refuses left out, cut at 200 characters. A name of which nothing is
/// left stays empty: only the caller knows what to call the thing instead.
pub fn legal_name(name: &str) -> Cow<'_, str> {
    if name.is_empty() || is_legal_name(name) {
        return Cow::Borrowed(name);
    }
    let legal = name.chars().filter(|&c| is_legal_char(c));
    Cow::Owned(legal.take(NAME_LEN_MAX).collect())
}

/// The annotation key with each character that X-Ray does not index replaced by `_`.
pub(crate) fn legal_annotation_key(key: &str) -> Cow<'_, str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    if key.chars().all(legal) {
        return Cow::Borrowed(key);
    }
    let replaced = key.chars().map(|c| if legal(c) { c } else { '_' });
    Cow::Owned(replaced.collect())
}

fn is_legal_char(c: char) -> bool {
    // `char::is_alphanumeric` is Unicode's letters and numbers, such as `Ⅷ` and `²`.
    c.is_alphanumeric() || c.is_whitespace() || "_.:/%&#=+\\-@".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
    }

    #[derive(serde::Deserialize)]
    struct Case {
        input: String,
        documented_charset_and_200: String,
    }

    #[test]
    fn the_vectors_of_names_hold() {
        let vectors: Vectors =
            serde_json::from_str(include_str!("../tests/vectors/segment_name_sanitize.json"))
                .unwrap();
        assert!(vectors.cases.len() > 8);
        for case in &vectors.cases {
            assert_eq!(legal_name(&case.input), case.documented_charset_and_200);
        }
    }

    #[test]
    fn a_name_is_cut_in_characters_not_bytes() {
        let long = "ü".repeat(250);
        assert!(!is_legal_name(&long));
        assert_eq!(legal_name(&long), "ü".repeat(200));
    }

    proptest::proptest! {
        #[test]
        fn a_legal_name_is_legal_or_empty(name: String) {
            let legal = legal_name(&name);
            proptest::prop_assert!(legal.is_empty() || is_legal_name(&legal));
        }
    }
}
