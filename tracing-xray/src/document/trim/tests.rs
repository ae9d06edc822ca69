//! What is cut, in which order, and how the marks tell.

use super::*;

/// A document with a text of this length in each place.
fn document(len: usize) -> Map<String, Value> {
    let text = "x".repeat(len);
    let frame = json!({"path": "src/main.rs", "line": 7, "label": "main"});
    let document = json!({
        "name": "job",
        "id": "0000000000000001",
        "metadata": {"default": {"note": text, "list": vec![7; len / 2]}},
        "cause": {"exceptions": [
            {"id": "0000000000000002", "message": text, "stack": vec![frame; len / 50]},
        ]},
        "sql": {"sanitized_query": text},
        "http": {"request": {"url": text}},
        "annotations": {"note": text},
    });
    match document {
        Value::Object(map) => map,
        _ => unreachable!(),
    }
}

fn paths(trimmed: &Value) -> Vec<&str> {
    let marks = trimmed["metadata"]["xray"]["trimmed"].as_array().unwrap();
    let paths = marks.iter().map(|mark| mark["path"].as_str().unwrap());
    paths.collect()
}

#[test]
fn metadata_goes_first_and_the_largest_first() {
    let whole = encoded_len(&document(10_000));
    let trimmed = trim(document(10_000), whole - 5_000);
    assert_eq!(paths(&trimmed), ["metadata.default.note"]);
    assert_eq!(trimmed["metadata"]["xray"]["trimmed"][0]["len"], 10_000);
    let note = trimmed["metadata"]["default"]["note"].as_str().unwrap();
    assert!(note.ends_with(" bytes cut)"), "{note}");
    assert!(encoded_len(&trimmed) <= whole - 5_000);
    // No more than is needed, but for the room of the mark.
    assert!(encoded_len(&trimmed) > whole - 5_300);
}

#[test]
fn everything_is_cut_in_its_order() {
    let order = [
        "metadata.default.note",
        "metadata.default.list",
        "cause.exceptions.0.stack",
        "cause.exceptions.0.message",
        "sql.sanitized_query",
        "http.request.url",
        "annotations.note",
    ];
    let trimmed = trim(document(10_000), 5_000);
    // At the end of metadata, and before stacks, what is left of its values goes too.
    let mut found = paths(&trimmed);
    let mut seen = std::collections::HashSet::new();
    found.retain(|path| seen.insert(*path));
    let len = found.len();
    assert_eq!(found, order[..len]);
    assert!(len >= 5, "{found:?}");
    assert!(encoded_len(&trimmed) <= 5_000);
}

#[test]
fn frames_and_exceptions_left_out_are_counted() {
    let exception = |index: usize| {
        json!({
            "id": format!("{index:016x}"),
            "cause": format!("{:016x}", index + 1),
            "stack": vec![json!({"line": 1}); 100],
        })
    };
    let exceptions: Vec<Value> = (0..100).map(exception).collect();
    let document = json!({"name": "job", "cause": {"exceptions": exceptions}});
    let Value::Object(document) = document else {
        unreachable!()
    };
    let trimmed = trim(document.clone(), 105_000);
    assert_eq!(
        trimmed["cause"]["exceptions"].as_array().unwrap().len(),
        100
    );
    let truncated = |exception: &Value| {
        let left = exception["stack"].as_array().unwrap().len() as u64;
        left + exception["truncated"].as_u64().unwrap_or(0)
    };
    let exceptions = trimmed["cause"]["exceptions"].as_array().unwrap();
    assert!(
        exceptions
            .iter()
            .all(|exception| truncated(exception) == 100)
    );

    let trimmed = trim(document, 6_000);
    let exceptions = trimmed["cause"]["exceptions"].as_array().unwrap();
    let left = exceptions.len();
    assert!((1..100).contains(&left));
    assert_eq!(exceptions[left - 1]["skipped"], 100 - left);
    assert!(exceptions[left - 1].get("cause").is_none());
    assert!(encoded_len(&trimmed) <= 6_000);
}

#[test]
fn very_many_small_values_go_as_one() {
    let values: Map<String, Value> = (0..10_000)
        .map(|index| (format!("k{index}"), "small".into()))
        .collect();
    let document = json!({"name": "job", "metadata": {"default": values}, "annotations": {"a": 1}});
    let Value::Object(document) = document else {
        unreachable!()
    };
    let trimmed = trim(document, 65_000);
    assert!(encoded_len(&trimmed) <= 65_000);
    assert!(encoded_len(&trimmed) > 63_000);
    assert_eq!(paths(&trimmed).len(), CUTS_MAX + 1);
    assert_eq!(paths(&trimmed)[CUTS_MAX], "metadata");
    assert_eq!(trimmed["annotations"]["a"], 1);
}

#[test]
fn a_mark_s_path_is_bounded() {
    let key = "é".repeat(50_000);
    let document = json!({"name": "job", "metadata": {"default": {key: 1}}});
    let Value::Object(document) = document else {
        unreachable!()
    };
    let trimmed = trim(document, 1_000);
    assert!(encoded_len(&trimmed) <= 1_000);
    assert!(paths(&trimmed)[0].len() <= PATH_LEN_MAX);
}
