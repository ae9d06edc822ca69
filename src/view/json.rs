//! Reading of answers that may lack anything: a member that is absent or of another type is none.

use serde_json::Value;

pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value[key].as_str()
}

/// A finite number.
pub(super) fn number(value: &Value, key: &str) -> Option<f64> {
    value[key].as_f64().filter(|number| number.is_finite())
}

/// A count; what is negative or fractional is none.
pub(super) fn whole(value: &Value, key: &str) -> Option<u64> {
    value[key].as_u64()
}

pub(super) fn flag(value: &Value, key: &str) -> bool {
    value[key].as_bool().unwrap_or(false)
}

pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A string as it is, a number without a fraction that says nothing, anything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    match (value.as_str(), value.as_f64()) {
        (Some(text), _) => text.to_owned(),
        // The API gives every number a fraction; up to 2^53 it holds whole numbers exactly.
        (_, Some(number)) if number.fract() == 0.0 && number.abs() < 9e15 => format!("{number:.0}"),
        _ => value.to_string(),
    }
}
