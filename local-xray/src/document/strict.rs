//! JSON as the strictest readers take it. Documents are read tolerantly: half of a surrogate pair,
//! as SDKs send it that cut text off, and numbers of any size stand in what nobody here looks at.

/// The longest number without an exponent that is surely in the range of a double.
const DIGITS_MAX: usize = 300;

/// Appends JSON that was read before: half of a surrogate pair as U+FFFD, a number beyond those of
/// a double as the greatest of them.
pub(crate) fn push_strict(json: &str, out: &mut String) {
    let mut rest = json;
    let mut in_text = false;
    let mut from = 0;
    while let Some(&byte) = rest.as_bytes().get(from) {
        let taken = match byte {
            b'"' => {
                in_text = !in_text;
                1
            }
            b'\\' => {
                let (length, is_whole) = escape(&rest.as_bytes()[from..]);
                if !is_whole {
                    out.push_str(&rest[..from]);
                    out.push_str("\\ufffd");
                    rest = &rest[from + length..];
                    from = 0;
                    continue;
                }
                length
            }
            b'-' | b'0'..=b'9' if !in_text => {
                let number = number(&rest[from..]);
                if !is_double(number) {
                    out.push_str(&rest[..from]);
                    let greatest = if byte == b'-' { f64::MIN } else { f64::MAX };
                    out.push_str(&format!("{greatest:e}"));
                    rest = &rest[from + number.len()..];
                    from = 0;
                    continue;
                }
                number.len()
            }
            _ => 1,
        };
        from += taken;
    }
    out.push_str(rest);
}

/// How long an escape is, that of a surrogate pair as a whole, and whether it is one that stands for
/// a character.
fn escape(json: &[u8]) -> (usize, bool) {
    match unit(json) {
        None => (2, true),
        Some(0xd800..=0xdbff) => match unit(json.get(6..).unwrap_or_default()) {
            Some(0xdc00..=0xdfff) => (12, true),
            _ => (6, false),
        },
        Some(0xdc00..=0xdfff) => (6, false),
        Some(_) => (6, true),
    }
}

/// The UTF-16 unit that an escape in front stands for, if it is one of those.
fn unit(json: &[u8]) -> Option<u16> {
    let digits = json.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// The number in front.
fn number(json: &str) -> &str {
    let is_part = |c: char| matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
    let end = json.find(|c| !is_part(c)).unwrap_or(json.len());
    &json[..end]
}

fn is_double(number: &str) -> bool {
    let is_short = number.len() <= DIGITS_MAX && !number.contains(['e', 'E']);
    is_short || number.parse().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn strict(json: &str) -> String {
        let mut out = String::new();
        push_strict(json, &mut out);
        out
    }

    #[test]
    fn what_strict_readers_refuse_is_replaced() {
        let long = "9".repeat(400);
        for (json, expected) in [
            (
                r#""\ud83d\ude00 \\ud800 \u00e9""#,
                r#""\ud83d\ude00 \\ud800 \u00e9""#,
            ),
            (
                r#"["\ud83d","\uDE00x","\ud83d\ud83d\ude00"]"#,
                r#"["\ufffd","\ufffdx","\ufffd\ud83d\ude00"]"#,
            ),
            (
                r#"{"\udead":[1e999,-1E+400]}"#,
                r#"{"\ufffd":[1.7976931348623157e308,-1.7976931348623157e308]}"#,
            ),
            (
                r#"[1e308,-0.5,0e999,"1e999"]"#,
                r#"[1e308,-0.5,0e999,"1e999"]"#,
            ),
            (&long, "1.7976931348623157e308"),
        ] {
            assert_eq!(strict(json), expected);
            assert!(
                serde_json::from_str::<Value>(expected).is_ok(),
                "{expected}"
            );
        }
    }

    fn json() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            "(\\\\u[d0][89a-f0][0-9a-f]{2}|[a-z日]|\\\\[\"\\\\/bn]){0,6}"
                .prop_map(|text| format!("\"{text}\"")),
            "-?[1-9][0-9]{0,400}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,4})?",
            "true|null",
        ];
        scalar.prop_recursive(3, 16, 4, |inner| {
            proptest::collection::vec(inner, 0..4)
                .prop_map(|values| format!("[{}]", values.join(" , ")))
        })
    }

    proptest! {
        #[test]
        fn all_that_is_json_becomes_strict(json in json()) {
            prop_assert!(serde_json::from_str::<&serde_json::value::RawValue>(&json).is_ok());
            let written = strict(&json);
            prop_assert!(serde_json::from_str::<Value>(&written).is_ok(), "{}", written);
            if serde_json::from_str::<Value>(&json).is_ok() {
                prop_assert_eq!(written, json);
            }
        }

        #[test]
        fn any_text_is_taken(text: String) {
            strict(&text);
        }
    }
}
