//! A text cut to a length in JSON.

/// The longest `… (N bytes cut)`.
const CUT_LEN_MAX: usize = 36;

/// The start of a text, whole characters only, and how many bytes were cut. In JSON, with its
/// quotes, it has at most `len_max` bytes (but for the note, which is never cut).
pub(super) fn cut_text(text: &str, len_max: usize) -> String {
    let room = len_max.saturating_sub(CUT_LEN_MAX + 2);
    let mut len = 0;
    let kept = text
        .char_indices()
        .find(|&(_, c)| {
            len += encoded_len(c);
            len > room
        })
        .map_or(text.len(), |(index, _)| index);
    let cut = text.len() - kept;
    format!("{}{}", &text[..kept], cut_note(cut))
}

/// What stands at the end of a text that was cut.
pub(crate) fn cut_note(bytes: usize) -> String {
    format!("… ({bytes} bytes cut)")
}

/// The bytes of a character in JSON.
fn encoded_len(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        c => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_a_whole_character_and_says_so() {
        let cut = cut_text(&"é".repeat(100), 100);
        assert_eq!(cut, format!("{}… (138 bytes cut)", "é".repeat(31)));
    }

    proptest::proptest! {
        #[test]
        fn what_is_kept_is_as_long_as_allowed(text: String, len_max in 40_usize..400) {
            let cut = cut_text(&text, len_max);
            let encoded = serde_json::to_string(&cut).unwrap();
            proptest::prop_assert!(encoded.len() <= len_max);
            let (kept, note) = cut.rsplit_once("… (").unwrap();
            proptest::prop_assert!(text.starts_with(kept));
            let bytes: usize = note.strip_suffix(" bytes cut)").unwrap().parse().unwrap();
            proptest::prop_assert_eq!(bytes, text.len() - kept.len());
        }

        #[test]
        fn a_character_is_as_long_as_the_encoder_makes_it(c: char) {
            let encoded = serde_json::to_string(&c).unwrap();
            proptest::prop_assert_eq!(encoded.len(), encoded_len(c) + 2);
        }
    }
}
