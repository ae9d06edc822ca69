//! Maps as people see them, at several widths, and what holds for all.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::view::samples::graph;
use crate::view::tests::{COLOUR, NARROW, WIDE, any_json, any_style, keeps_its_promises, visible};

const VERY_WIDE: Style = Style {
    colour: false,
    width: 200,
};

fn services(value: &Value) -> Vec<Value> {
    value.as_array().unwrap().clone()
}

fn node(reference: usize, name: &str, kind: &str, counts: [u64; 4], to: &[usize]) -> Value {
    let [ok, error, throttle, fault] = counts;
    let total = ok + error + throttle + fault;
    let edges: Vec<Value> = to.iter().map(|to| json!({"ReferenceId": to})).collect();
    let state = if kind.contains("::") && !kind.contains("ECS") {
        "unknown"
    } else {
        "active"
    };
    json!({"ReferenceId": reference, "Name": name, "Type": kind, "State": state, "Edges": edges,
        "SummaryStatistics": {"OkCount": ok, "TotalCount": total,
            "ErrorStatistics": {"OtherCount": error, "ThrottleCount": throttle, "TotalCount": error + throttle},
            "FaultStatistics": {"OtherCount": fault, "TotalCount": fault},
            "TotalResponseTime": total as f64 * 0.0482},
        "ResponseTimeHistogram": [{"Value": 0.04, "Count": total}]})
}

/// One job that makes 200 buckets, three of which went wrong.
fn fleet() -> Vec<Value> {
    let buckets: Vec<usize> = (2..202).chain([300]).collect();
    let mut services = vec![
        node(0, "bucket creation", "client", [0; 4], &[1]),
        node(
            1,
            "bucket creation",
            "AWS::ECS::Container",
            [197, 0, 0, 3],
            &buckets,
        ),
        node(300, "STS", "AWS::STS", [200, 0, 0, 0], &[]),
    ];
    for bucket in 2..202 {
        let counts = if bucket % 67 == 0 {
            [3, 0, 0, 1]
        } else {
            [4, 0, bucket as u64 % 2, 0]
        };
        services.push(node(
            bucket,
            &format!("acme-{bucket}"),
            "AWS::S3::Bucket",
            counts,
            &[],
        ));
    }
    services
}

/// Fan-in, loops of one and two, a chain that is too deep, a component of its own, a link.
fn tangled() -> Vec<Value> {
    let mut linked = node(7, "reports", "AWS::ECS::Container", [1, 0, 0, 0], &[]);
    linked["Edges"] = json!([{"ReferenceId": 8, "EdgeType": "link"}]);
    vec![
        node(0, "shop", "client", [0; 4], &[1]),
        node(1, "shop", "", [10, 1, 0, 0], &[2, 3, 99]),
        node(2, "basket", "", [9, 0, 0, 0], &[3, 2]),
        node(
            3,
            "payment-with-a-name-that-is-really-long",
            "",
            [9, 0, 2, 1],
            &[4],
        ),
        node(4, "ledger", "", [5, 0, 0, 0], &[5, 1]),
        node(5, "orders", "AWS::DynamoDB::Table", [5, 0, 0, 0], &[]),
        node(6, "ping", "", [1, 0, 0, 0], &[7]),
        linked,
        node(8, "ping-pong", "", [0; 4], &[7]),
        node(9, "tick", "", [1, 0, 0, 0], &[10]),
        node(10, "tock", "", [1, 0, 0, 0], &[9]),
    ]
}

/// A shop of many services: fan-in, calls past layers, calls back, faults, links.
fn shop() -> Vec<Value> {
    let mut services = vec![
        node(0, "web", "client", [0; 4], &[1, 2]),
        node(
            1,
            "storefront",
            "AWS::ECS::Container",
            [940, 12, 0, 8],
            &[3, 4, 5, 6, 9],
        ),
        node(
            2,
            "admin",
            "AWS::ECS::Container",
            [40, 0, 0, 0],
            &[4, 7, 13],
        ),
        node(3, "search", "AWS::Lambda::Function", [400, 0, 0, 0], &[10]),
        node(
            4,
            "catalogue",
            "AWS::ECS::Container",
            [700, 0, 3, 0],
            &[11, 12],
        ),
        node(5, "basket", "AWS::ECS::Container", [220, 0, 0, 0], &[12, 8]),
        node(
            6,
            "checkout",
            "AWS::ECS::Container",
            [51, 2, 0, 7],
            &[8, 9, 13],
        ),
        node(7, "stock", "AWS::ECS::Container", [33, 0, 0, 0], &[11, 12]),
        node(8, "pricing", "AWS::ECS::Container", [271, 0, 0, 0], &[4]),
        node(9, "accounts", "AWS::ECS::Container", [800, 0, 0, 0], &[14]),
        node(10, "products", "AWS::OpenSearch", [400, 0, 0, 0], &[]),
        node(
            11,
            "catalogue",
            "AWS::DynamoDB::Table",
            [733, 0, 12, 0],
            &[],
        ),
        node(12, "cache.internal", "remote", [950, 0, 0, 0], &[]),
        node(13, "orders", "AWS::SQS::Queue", [58, 0, 0, 0], &[]),
        node(
            14,
            "users@db.internal",
            "AWS::Database::SQL",
            [800, 0, 0, 0],
            &[],
        ),
        node(
            15,
            "fulfilment",
            "AWS::ECS::Container",
            [58, 0, 0, 0],
            &[16],
        ),
        node(16, "shipments", "AWS::S3::Bucket", [58, 0, 0, 0], &[]),
    ];
    services[13]["Edges"] = json!([{"ReferenceId": 15, "EdgeType": "link"}]);
    services
}

#[test]
fn service_maps() {
    let style = Style::default();
    let whole = services(&graph()["expected_services"]);
    let one = services(&graph()["per_trace"]["1-69214cb0-000000000000000000000001"]);
    insta::assert_snapshot!("map", service_map(&whole, style));
    insta::assert_snapshot!("map_colour", visible(&service_map(&one, COLOUR)));
    insta::assert_snapshot!("map_narrow", service_map(&one, NARROW));
    insta::assert_snapshot!("map_fleet", service_map(&fleet(), style));
    insta::assert_snapshot!("map_tangled", service_map(&tangled(), style));
    insta::assert_snapshot!("map_tangled_narrow", service_map(&tangled(), NARROW));
    insta::assert_snapshot!("map_tangled_wide", service_map(&tangled(), VERY_WIDE));
    insta::assert_snapshot!("map_shop", service_map(&shop(), style));
    insta::assert_snapshot!("map_shop_narrow", service_map(&shop(), NARROW));
    insta::assert_snapshot!("map_shop_wide", service_map(&shop(), VERY_WIDE));
    insta::assert_snapshot!("map_empty", service_map(&[], style));
}

#[test]
fn edges_have_a_table_of_their_own() {
    let services = services(&graph()["expected_services"]);
    let map = map(&Map::new(&services), Details::Edges, None, WIDE).0;
    let edges = map.split("FROM").nth(1).unwrap();
    insta::assert_snapshot!("map_edges", format!("FROM{edges}"));
}

#[test]
fn durations_read_alike_in_all_drawings() {
    for seconds in [
        -1.0,
        0.0,
        4e-6,
        0.0123,
        0.9996,
        59.96,
        123.0,
        3720.0,
        273_600.0,
        f64::NAN,
    ] {
        assert_eq!(
            local_xray::map::duration(seconds),
            crate::view::duration(seconds)
        );
    }
}

#[test]
fn the_order_of_services_does_not_change_the_map() {
    let mut services = tangled();
    let map = service_map(&services, WIDE);
    services.reverse();
    assert_eq!(service_map(&services, WIDE), map);
}

#[test]
fn a_deep_chain_of_services_draws_each_once() {
    let chain: Vec<Value> = (0..2000)
        .map(|i| node(i, &format!("service-{i:04}"), "", [1, 0, 0, 0], &[i + 1]))
        .collect();
    let map = service_map(&chain, Style::default());
    let drawn = map.split("NODE").next().unwrap();
    for i in [0, 1, 999, 1999] {
        assert!(drawn.contains(&format!("service-{i:04}")), "{i}");
    }
    assert!(!drawn.contains('↩'));
}

#[test]
fn where_everybody_calls_everybody_calls_are_listed() {
    let all: Vec<usize> = (0..60).collect();
    let services: Vec<Value> = (0..60)
        .map(|i| node(i, &format!("s{i:02}"), "", [1, 0, 0, 0], &all))
        .collect();
    let map = service_map(&services, NARROW);
    for i in 0..60 {
        assert!(map.contains(&format!("s{i:02}")), "{map}");
    }
    assert!(map.contains("↓ s00\n"), "{map}");
}

#[test]
fn a_node_that_comes_leaves_the_others_where_they_are() {
    let services = shop();
    let mut more = services.clone();
    more.push(node(
        17,
        "aaa",
        "AWS::ECS::Container",
        [5, 0, 0, 0],
        &[11, 14],
    ));
    more.push(node(18, "mmm", "AWS::S3::Bucket", [5, 0, 0, 0], &[]));
    more[1]["Edges"]
        .as_array_mut()
        .unwrap()
        .push(json!({"ReferenceId": 18}));
    let (before, order) = map(&Map::new(&services), Details::Nodes, None, VERY_WIDE);
    let (after, _) = map(&Map::new(&more), Details::Nodes, Some(&order), VERY_WIDE);
    let labels = Map::new(&services);
    let labels: BTreeSet<&str> = labels.nodes.iter().map(|node| node.name.as_str()).collect();
    // The table reads as the drawing does.
    let order = |map: &str| -> Vec<String> {
        let table = map.split("NODE").nth(1).unwrap().lines();
        let names = table.filter_map(|line| line.split_whitespace().next());
        names
            .filter(|name| labels.contains(name))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(order(&before), order(&after));
}

/// A service of the right shape; references collide and point nowhere.
fn any_service() -> impl Strategy<Value = Value> {
    let edges = proptest::collection::vec(0..12_u64, 0..12);
    let kind =
        proptest::sample::select(&["client", "AWS::S3::Bucket", "remote", "", "AWS::ECS"][..]);
    (any_json(), 0..10_u64, any::<String>(), edges, kind).prop_map(
        |(statistics, reference, name, edges, kind)| {
            let edges: Vec<Value> = edges.iter().map(|to| json!({"ReferenceId": to})).collect();
            json!({"ReferenceId": reference, "Name": name, "Edges": edges, "Type": kind,
                "SummaryStatistics": statistics, "ResponseTimeHistogram": [statistics]})
        },
    )
}

proptest! {
    #[test]
    fn any_services_make_a_map(
        services in proptest::collection::vec(any_service(), 0..14),
        style in any_style(),
    ) {
        keeps_its_promises(&service_map(&services, style), style)?;
    }

    /// Every node is drawn in full once, and every edge leads somewhere: counted by the arrows.
    #[test]
    fn nothing_is_lost(
        edges in proptest::collection::vec((0..14_usize, 0..14_usize), 0..30),
        width in 40..200_usize,
    ) {
        let edges: BTreeSet<(usize, usize)> = edges.into_iter().collect();
        let services: Vec<Value> = (0..14)
            .map(|i| {
                let to: Vec<usize> = edges.iter().filter(|edge| edge.0 == i).map(|edge| edge.1).collect();
                node(i, &format!("n{i:02}"), "", [1, 0, 0, 0], &to)
            })
            .collect();
        let map = service_map(&services, Style { colour: false, width });
        let drawn = map.split("NODE").next().unwrap();
        prop_assert_eq!(drawn.matches("100 % ok").count(), 14, "{}", drawn);
        for i in 0..14 {
            prop_assert!(drawn.contains(&format!("n{i:02}")), "{}", drawn);
        }
    }
}
