//! From the bytes of a file to a JSON value, or to what keeps it from being one.

use serde_json::Value;

use crate::fault::{Faults, Position};
use crate::json::{Places, parse};
use crate::log::FaultLog;

/// The text of a file, without the byte order mark with which some editors begin it.
///
/// # Errors
/// The line that is not UTF-8.
pub fn text_of<'b>(bytes: &'b [u8], source_name: &str) -> Result<&'b str, Faults> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = &bytes[..error.valid_up_to()];
        let line = good.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let position = Position { line, column: 1 };
        Faults::one(
            source_name,
            Some(position),
            "not UTF-8, save the file as UTF-8",
        )
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The value of a JSON text; its faults go into the log, which is of the same text. With a field that
/// stands twice there is a value all the same, so that more faults can be found.
pub fn read(text: &str, log: &mut FaultLog<'_>) -> Option<Value> {
    let value = parse(text);
    if value.is_some() {
        return value;
    }
    let (value, faults) = Places::new(text).faults(text);
    for (offset, fault) in faults {
        log.at_offset(offset, fault);
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_utf8_without_a_mark() {
        assert_eq!(text_of("\u{feff}{}".as_bytes(), "a.json"), Ok("{}"));
        let faults = text_of(b"{\n\xff}", "a.json").unwrap_err();
        assert_eq!(
            faults.to_string(),
            "a.json:2:1: not UTF-8, save the file as UTF-8"
        );
    }

    #[test]
    fn what_is_not_strict_json_is_told_with_its_place() {
        for (text, value, wanted) in [
            (
                "{\"a\": 1,\n \"a\": 2}",
                Some(json!({ "a": 2 })),
                "a.json:2:2: a: field `a` stands here again, first in line 1: keep one",
            ),
            (
                "{\"a\": 1,}",
                None,
                "a.json:1:8: not JSON: trailing commas are not allowed",
            ),
            ("", None, "a.json:1:1: not JSON: EOF while parsing a value"),
        ] {
            let mut log = FaultLog::new(text, 0);
            assert_eq!(read(text, &mut log), value, "{text}");
            assert_eq!(log.finish("a.json").to_string(), wanted, "{text}");
        }
    }
}
