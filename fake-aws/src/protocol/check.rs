//! The constraints of the services' models, broken in the words of AWS.

use serde_json::Value;

use super::ApiError;

/// What a request lacks or has wrong.
pub(crate) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

fn violation(value: &str, member: &str, constraint: &str) -> ApiError {
    validation(format!(
        "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: {constraint}"
    ))
}

/// A required member is missing.
pub(crate) fn member_null(member: &str) -> ApiError {
    violation("null", &lower_first(member), "Member must not be null")
}

/// A text has to have that many characters, counted as the services do, in UTF-16 units.
pub(crate) fn length(member: &str, value: &str, min: usize, max: usize) -> Result<(), ApiError> {
    let units = value.encode_utf16().count();
    let bound = if units < min {
        format!("greater than or equal to {min}")
    } else if units > max {
        format!("less than or equal to {max}")
    } else {
        return Ok(());
    };
    let quoted = format!("'{value}'");
    let constraint = format!("Member must have length {bound}");
    Err(violation(&quoted, &lower_first(member), &constraint))
}

/// A number, or a count of entries, has to be within bounds.
pub(crate) fn in_range(member: &str, value: i64, min: i64, max: i64) -> Result<(), ApiError> {
    let bound = if value < min {
        format!("greater than or equal to {min}")
    } else if value > max {
        format!("less than or equal to {max}")
    } else {
        return Ok(());
    };
    let quoted = format!("'{value}'");
    let constraint = format!("Member must have value {bound}");
    Err(violation(&quoted, &lower_first(member), &constraint))
}

/// Names of rules and targets: 1 to 64 characters of `[\.\-_A-Za-z0-9]`.
pub(crate) fn name_pattern(member: &str, value: &str) -> Result<(), ApiError> {
    length(member, value, 1, 64)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if value.chars().all(allowed) {
        return Ok(());
    }
    let quoted = format!("'{value}'");
    let constraint = r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+";
    Err(violation(&quoted, &lower_first(member), constraint))
}

/// A text has to be one of a set.
pub(crate) fn one_of(member: &str, value: &str, set: &[&str]) -> Result<(), ApiError> {
    if set.contains(&value) {
        return Ok(());
    }
    let quoted = format!("'{value}'");
    let constraint = format!("Member must satisfy enum value set: [{}]", set.join(", "));
    Err(violation(&quoted, &lower_first(member), &constraint))
}

/// Tags as `{Key, Value}` or `{key, value}`: 50 at the most, keys of 1 to 128 characters, each once
/// and none in the name space of AWS, values of up to 256.
pub(crate) fn tags_allowed(pairs: &[(String, String)]) -> Result<(), ApiError> {
    if pairs.len() > 50 {
        return Err(validation("Too many tags: 50 tags at the most."));
    }
    for (index, (key, value)) in pairs.iter().enumerate() {
        length("tags.member.key", key, 1, 128)?;
        length("tags.member.value", value, 0, 256)?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(validation(
                "System tags cannot be added/updated by requester",
            ));
        }
        if pairs[..index].iter().any(|(earlier, _)| earlier == key) {
            return Err(validation(format!("Duplicate tag key: {key}")));
        }
    }
    Ok(())
}

fn lower_first(member: &str) -> String {
    let mut characters = member.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// Leaves out members that are null, as a service does.
pub(crate) fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(entries) => entries.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_constraint_is_told_in_the_words_of_aws() {
        let cases = [
            (
                length("Description", "abc", 0, 2),
                "1 validation error detected: Value 'abc' at 'description' failed to satisfy \
                 constraint: Member must have length less than or equal to 2",
            ),
            (
                in_range("Limit", 101, 1, 100),
                "1 validation error detected: Value '101' at 'limit' failed to satisfy \
                 constraint: Member must have value less than or equal to 100",
            ),
            (
                name_pattern("Name", "a b"),
                "1 validation error detected: Value 'a b' at 'name' failed to satisfy \
                 constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+",
            ),
            (
                one_of("State", "ON", &["ENABLED", "DISABLED"]),
                "1 validation error detected: Value 'ON' at 'state' failed to satisfy \
                 constraint: Member must satisfy enum value set: [ENABLED, DISABLED]",
            ),
        ];
        for (found, message) in cases {
            assert_eq!(found, Err(validation(message)));
        }
    }

    #[test]
    fn tags_have_limits() {
        let tag = |key: &str| (key.to_owned(), String::new());
        assert!(tags_allowed(&[tag("a"), tag("b")]).is_ok());
        for wrong in [
            vec![tag("a"), tag("a")],
            vec![tag("AWS:mine")],
            vec![tag("")],
            vec![tag(&"k".repeat(129))],
            (0..51).map(|n| tag(&n.to_string())).collect(),
        ] {
            assert!(tags_allowed(&wrong).is_err(), "{wrong:?}");
        }
    }
}
