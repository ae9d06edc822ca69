//! Places in a document: found by a pattern, looked at and changed.

use serde_json::{Map, Value};

use crate::document::encoded_len;

/// Where a value stands: keys and indexes from the document down.
pub(super) type Path = Vec<String>;

/// What stands at a path.
pub(super) fn find<'a>(value: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Object(map) => map.get_mut(step),
        Value::Array(list) => list.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Adds what stands at the paths of a pattern to `found`, with its bytes. In a pattern, `*` is every
/// key or index.
pub(super) fn collect(
    value: &Value,
    pattern: &[&str],
    path: &mut Path,
    found: &mut Vec<(Path, usize)>,
) {
    let Some((step, rest)) = pattern.split_first() else {
        found.push((path.clone(), encoded_len(value)));
        return;
    };
    let mut descend = |key: String, value: &Value| {
        path.push(key);
        collect(value, rest, path, found);
        path.pop();
    };
    match value {
        Value::Object(map) if *step == "*" => {
            for (key, value) in map {
                descend(key.clone(), value);
            }
        }
        Value::Object(map) => {
            if let Some(value) = map.get(*step) {
                descend((*step).to_owned(), value);
            }
        }
        Value::Array(list) if *step == "*" => {
            for (index, value) in list.iter().enumerate() {
                descend(index.to_string(), value);
            }
        }
        _ => {}
    }
}

/// Takes items off the end of a list until `wanted` bytes are gone or `kept` items are left.
/// Answers how many.
pub(super) fn pop_items(document: &mut Value, path: &[String], wanted: usize, kept: usize) -> u64 {
    let Some(Value::Array(list)) = find(document, path) else {
        return 0;
    };
    let (mut gone, mut count) = (0, 0);
    while gone < wanted && list.len() > kept {
        if let Some(item) = list.pop() {
            gone += encoded_len(&item) + 1;
            count += 1;
        }
    }
    count
}

/// Adds to a number of an object.
pub(super) fn add_to(object: &mut Map<String, Value>, key: &str, more: u64) {
    let known = object.get(key).and_then(Value::as_u64).unwrap_or(0);
    object.insert(key.to_owned(), (known + more).into());
}
