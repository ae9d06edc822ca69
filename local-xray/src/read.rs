//! Reading of JSON from outside that may lack anything: a member that is absent or of another type is
//! none.

use serde_json::Value;

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value[key].as_str()
}

/// A finite number.
pub(crate) fn number(value: &Value, key: &str) -> Option<f64> {
    value[key].as_f64().filter(|number| number.is_finite())
}

/// A count; what is negative or fractional is none.
pub(crate) fn whole(value: &Value, key: &str) -> Option<u64> {
    value[key].as_u64()
}

pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
