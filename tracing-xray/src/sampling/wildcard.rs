//! The patterns of sampling rules: `*` is any run of characters, `?` is any one, and the whole text
//! has to match.

/// Whether `A` and `a` are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterCase {
    /// They are, as sampling rules have it.
    Ignored,
    /// They are not.
    Exact,
}

/// Whether `text` as a whole matches `pattern`. No character but `*` and `?` is special.
///
/// It takes at most the product of both lengths: a pattern from outside cannot stall it.
pub fn wildcard_match(pattern: &str, text: &str, case: LetterCase) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // What follows the last star, and the text where its run ends as of now.
    let mut last_star = None;
    loop {
        let (mut next_pattern, mut next_text) = (pattern.clone(), text.clone());
        match (next_pattern.next(), next_text.next()) {
            (Some('*'), _) => {
                pattern = next_pattern;
                last_star = Some((pattern.clone(), text.clone()));
            }
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == '?' || is_same(wanted, given, case) => {
                (pattern, text) = (next_pattern, next_text);
            }
            _ => {
                // The last star takes one character more; no earlier one needs to.
                let Some((after_star, run_end)) = &mut last_star else {
                    return false;
                };
                if run_end.next().is_none() {
                    return false;
                }
                (pattern, text) = (after_star.clone(), run_end.clone());
            }
        }
    }
}

fn is_same(a: char, b: char, case: LetterCase) -> bool {
    a == b || (case == LetterCase::Ignored && a.to_lowercase().eq(b.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_vectors_of_wildcards_hold() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../tests/vectors/wildcard_match.json")).unwrap();
        let cases = vectors["cases"].as_array().unwrap();
        assert!(cases.len() > 90);
        for case in cases {
            let (pattern, text) = (&case["pattern"], &case["text"]);
            let letter_case = match case["case_insensitive"].as_bool().unwrap() {
                true => LetterCase::Ignored,
                false => LetterCase::Exact,
            };
            assert_eq!(
                wildcard_match(
                    pattern.as_str().unwrap(),
                    text.as_str().unwrap(),
                    letter_case
                ),
                case["expect"].as_bool().unwrap(),
                "{pattern} {text}"
            );
        }
    }

    /// What a match is, word by word; slow.
    fn matches(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            (['*', rest @ ..], text) => (0..=text.len()).any(|run| matches(rest, &text[run..])),
            (['?', rest @ ..], [_, text @ ..]) => matches(rest, text),
            ([wanted, rest @ ..], [given, text @ ..]) => wanted == given && matches(rest, text),
            _ => false,
        }
    }

    proptest::proptest! {
        #[test]
        fn it_answers_as_the_definition_does(pattern in "[ab*?ü]{0,8}", text in "[abü]{0,10}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            proptest::prop_assert_eq!(
                wildcard_match(&pattern, &text, LetterCase::Exact),
                matches(&chars(&pattern), &chars(&text))
            );
        }
    }
}
