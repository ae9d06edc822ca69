use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::facts::AnnotationValue;
use crate::timeline::Status;

const NOW: u64 = 1_763_790_000;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

/// A segment of a trace of its own, `age` seconds old.
fn segment(number: u64, age: u64, seconds: f64, more: Value) -> Value {
    let start = NOW - age;
    let mut segment = json!({
        "id": format!("{number:016x}"),
        "trace_id": TraceId::from_parts(start as u32, u128::from(number)).to_string(),
        "name": "shop", "start_time": start as f64, "end_time": start as f64 + seconds,
    });
    let (Some(members), Value::Object(more)) = (segment.as_object_mut(), more) else {
        panic!("no object")
    };
    members.extend(more);
    segment
}

fn filled(documents: &[Value]) -> (Store, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let documents: Vec<String> = documents.iter().map(Value::to_string).collect();
    let refused = store.put_trace_segments(&documents, at(NOW)).unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    (store, dir)
}

fn query<'a>() -> ListingQuery<'a> {
    ListingQuery {
        start: at(NOW - 3600),
        end: at(NOW),
        now: at(NOW),
        filter: None,
        tallied: &[],
        sorting: Sorting::default(),
        page: 0,
        limit: 100,
    }
}

fn expression(text: &str) -> FilterExpression {
    FilterExpression::parse(text, &|_| None).unwrap()
}

#[test]
fn an_order_holds_over_all_pages() {
    let documents = (0..250).map(|number| {
        let seconds = ((number * 37) % 250) as f64 + 0.5;
        let name = format!("service {}", number % 7);
        segment(number, 600 + number, seconds, json!({ "name": name }))
    });
    let (store, _dir) = filled(&documents.collect::<Vec<_>>());
    for by in [Sort::Start, Sort::Duration, Sort::Status, Sort::Service] {
        let mut orders = Vec::new();
        for reverse in [false, true] {
            let sorting = Sorting { by, reverse };
            let mut rows = Vec::new();
            for page in 0..4 {
                let query = ListingQuery {
                    sorting,
                    page,
                    limit: 70,
                    ..query()
                };
                let listing = store.listing(&query).unwrap();
                assert_eq!((listing.processed, listing.matched), (250, 250));
                assert_eq!(listing.page, page);
                rows.extend(store.rows(&listing.ids, at(NOW)).unwrap());
            }
            let is_ordered = rows.windows(2).all(|pair| {
                let (a, b) = if reverse {
                    (&pair[1], &pair[0])
                } else {
                    (&pair[0], &pair[1])
                };
                match by {
                    Sort::Start | Sort::Status => a.start >= b.start,
                    Sort::Duration => a.lasted >= b.lasted,
                    Sort::Service => a.service <= b.service,
                }
            });
            assert!(is_ordered, "{by:?} {reverse}");
            orders.push(rows.iter().map(|row| row.id).collect::<Vec<_>>());
        }
        orders[1].reverse();
        assert_eq!(orders[0].len(), 250);
        assert_eq!(orders[0], orders[1], "{by:?}");
    }
}

#[test]
fn a_page_beyond_the_last_is_the_last() {
    let documents: Vec<_> = (0..5)
        .map(|number| segment(number, number, 1.0, json!({})))
        .collect();
    let (store, _dir) = filled(&documents);
    for (page, limit, expected, rows) in [(9, 2, 2, 1), (usize::MAX, 5, 0, 5), (1, 1000, 0, 5)] {
        let listing = store
            .listing(&ListingQuery {
                page,
                limit,
                ..query()
            })
            .unwrap();
        assert_eq!((listing.page, listing.ids.len()), (expected, rows));
    }
    let none = expression("fault");
    let listing = store
        .listing(&ListingQuery {
            filter: Some(&none),
            page: 3,
            ..query()
        })
        .unwrap();
    assert_eq!(
        (listing.page, listing.processed, listing.matched),
        (0, 5, 0)
    );
}

#[test]
fn a_trace_went_as_its_root_says() {
    let child = |more: Value| {
        let mut child = json!({ "id": "00000000000000ff", "name": "S3", "namespace": "aws",
            "start_time": NOW - 99, "end_time": NOW - 98 });
        child
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!([child])
    };
    let open = json!({ "in_progress": true, "end_time": null });
    let documents = [
        segment(
            1,
            100,
            5.0,
            json!({ "subsegments": child(json!({ "throttle": true })) }),
        ),
        segment(2, 100, 5.0, json!({ "fault": true, "error": true })),
        segment(
            3,
            100,
            5.0,
            json!({ "error": true, "subsegments": child(json!({ "fault": true })) }),
        ),
        segment(4, 100, 5.0, json!({ "throttle": true })),
        segment(5, 100, 5.0, open),
        // A subsegment whose segment never came.
        segment(
            6,
            100,
            5.0,
            json!({ "type": "subsegment", "parent_id": "00000000000000aa" }),
        ),
    ];
    let documents = documents.map(|mut document| {
        if document["end_time"].is_null() {
            document.as_object_mut().unwrap().remove("end_time");
        }
        document
    });
    let (store, _dir) = filled(&documents);
    let listing = store.listing(&query()).unwrap();
    let rows = store.rows(&listing.ids, at(NOW)).unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.status, row.within, row.has_gaps))
        .collect();
    assert_eq!(
        told,
        [
            (Status::Ok, Some(Status::Throttle), false),
            (Status::Fault, None, false),
            (Status::Error, Some(Status::Fault), false),
            (Status::Throttle, None, false),
            (Status::InProgress, None, false),
            (Status::Ok, None, true),
        ]
    );
    assert_eq!(rows[4].lasted.as_secs(), 100);
}

#[test]
fn facets_count_what_a_filter_would_find() {
    let documents: Vec<_> = (0..60)
        .map(|number| {
            segment(number, number, 1.0, json!({
                "name": format!("shop {}", number % 2),
                "user": format!("user {}", number % 3),
                "http": { "request": { "method": "GET", "url": format!("http://shop/{}?n={number}", number % 4) },
                    "response": { "status": 200 + number % 5 } },
                "annotations": { "size": number % 6, "vip": number % 7 == 0, "job": format!("j{}", number % 9) },
                "subsegments": [{ "id": format!("{:016x}", 1000 + number), "name": "S3", "namespace": "aws",
                    "start_time": NOW - number, "end_time": NOW, "annotations": { "size": number % 6 } }],
            }))
        })
        .collect();
    let (store, _dir) = filled(&documents);
    let listing = store.listing(&query()).unwrap();
    let found = |text: &str| {
        let filter = expression(text);
        let query = ListingQuery {
            filter: Some(&filter),
            ..query()
        };
        store.listing(&query).unwrap().matched
    };
    let facets = &listing.facets;
    let mut checked = 0;
    let mut check = |term: String, traces: usize| {
        assert_eq!(found(&term), traces, "{term}");
        checked += 1;
    };
    for (counts, term) in [
        (&facets.entry_points, "name ="),
        (&facets.methods, "http.method ="),
        (&facets.users, "user ="),
        (&facets.urls, "http.url BEGINSWITH"),
    ] {
        for (text, traces) in counts.by_frequency() {
            check(format!("{term} \"{text}\""), traces);
        }
    }
    for (name, traces) in facets.services.by_frequency() {
        check(format!("service(\"{name}\")"), traces);
    }
    for (status, traces) in facets.statuses.by_frequency() {
        check(format!("http.status = {status}"), traces);
    }
    for (key, annotated) in &facets.annotations {
        assert_eq!(annotated.traces, 60, "{key}");
        for (value, traces) in annotated.by_frequency() {
            let value = match value {
                AnnotationValue::Text(text) => format!("\"{text}\""),
                AnnotationValue::Number(number) => number.to_string(),
                AnnotationValue::Boolean(boolean) => boolean.to_string(),
            };
            check(format!("annotation.{key} = {value}"), traces);
        }
    }
    assert_eq!(checked, 2 + 1 + 3 + 4 + 3 + 5 + 6 + 2 + 9);
    for class in listing.durations.classes() {
        let (from, to) = (class.from as f64 / 1e3, class.to.unwrap() as f64 / 1e3);
        let traces: usize = class.counts.iter().sum();
        assert_eq!(
            found(&format!("duration >= {from} AND duration < {to}")),
            traces
        );
    }
    let slices: usize = listing.slices.iter().map(|slice| slice.counts[0]).sum();
    assert_eq!(slices, 60);
}

#[test]
fn expressions_are_tallied() {
    let documents = [
        segment(1, 9, 1.0, json!({ "fault": true })),
        segment(2, 9, 1.0, json!({})),
        segment(3, 9, 1.0, json!({})),
    ];
    let (store, _dir) = filled(&documents);
    let tallied = ["fault", "ok AND !partial", "throttle"].map(expression);
    let listing = store
        .listing(&ListingQuery {
            tallied: &tallied,
            ..query()
        })
        .unwrap();
    assert_eq!(listing.tallies, [1, 2, 0]);
}

#[test]
fn the_newest_trace_is_found_wherever_it_is() {
    let (store, _dir) = filled(&[]);
    assert_eq!(store.newest_start().unwrap(), None);
    let (store, _dir) = filled(&[
        segment(1, 90_000, 1.0, json!({})),
        segment(2, 80_000, 1.0, json!({})),
    ]);
    assert_eq!(store.newest_start().unwrap(), Some(at(NOW - 80_000)));
    assert_eq!(store.listing(&query()).unwrap().processed, 0);
}
