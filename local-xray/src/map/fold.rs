//! From services to the map: what people look at as one is one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::statistics::{Histogram, Statistics};
use super::{Edge, Identity, Map, Node};
use crate::read::{items, text, whole};

/// How many resources of one type may stand under one parent before they fold into one node.
const RESOURCES_MAX: usize = 5;

/// A node with its edges, as long as nodes come and go.
#[derive(Clone, Debug, Default)]
struct Draft {
    node: Node,
    edges: Vec<DraftEdge>,
    is_resource: bool,
}

#[derive(Clone, Debug)]
struct DraftEdge {
    to: usize,
    is_link: bool,
    statistics: Statistics,
    event_ages: Histogram,
}

impl DraftEdge {
    fn read(edge: &Value, to: usize) -> Self {
        let is_link = text(edge, "EdgeType") == Some("link");
        Self {
            to,
            is_link,
            statistics: match is_link {
                // The API tells of the receiver here, whose node tells the same.
                true => Statistics::default(),
                false => Statistics::read(edge),
            },
            event_ages: Histogram::read(&edge["ReceivedEventAgeHistogram"]),
        }
    }
}

pub(super) fn map(services: &[Value]) -> Map {
    let mut drafts = read(services);
    fold(&mut drafts);
    tell_apart(&mut drafts);
    let mut edges = Vec::new();
    for (from, draft) in drafts.iter_mut().enumerate() {
        for edge in merged(std::mem::take(&mut draft.edges)) {
            edges.push(Edge {
                from,
                to: edge.to,
                is_link: edge.is_link,
                statistics: edge.statistics,
                event_ages: edge.event_ages,
            });
        }
    }
    let nodes: Vec<Node> = drafts.into_iter().map(|draft| draft.node).collect();
    edges.sort_by(|a, b| {
        let key = |edge: &Edge| (&nodes[edge.from].label, edge.from);
        let to = |edge: &Edge| (&nodes[edge.to].label, edge.to);
        key(a).cmp(&key(b)).then_with(|| to(a).cmp(&to(b)))
    });
    Map { nodes, edges }
}

/// One edge to each node; it is a link only if all to that node are.
fn merged(edges: Vec<DraftEdge>) -> Vec<DraftEdge> {
    let mut merged: BTreeMap<usize, DraftEdge> = BTreeMap::new();
    for edge in edges {
        match merged.get_mut(&edge.to) {
            Some(known) => {
                known.is_link &= edge.is_link;
                known.statistics.add(&edge.statistics);
                known.event_ages.add(&edge.event_ages);
            }
            None => drop(merged.insert(edge.to, edge)),
        }
    }
    merged.into_values().collect()
}

/// One node for each service, all clients in one.
fn read(services: &[Value]) -> Vec<Draft> {
    let mut nodes: Vec<Draft> = Vec::new();
    let mut clients = None;
    let mut by_reference = BTreeMap::new();
    let mut places = Vec::new();
    for service in services {
        let is_client = text(service, "Type") == Some("client");
        let place = match clients.filter(|_| is_client) {
            Some(place) => place,
            None => {
                nodes.push(if is_client {
                    Draft::clients()
                } else {
                    Draft::read(service)
                });
                nodes.len() - 1
            }
        };
        if is_client {
            clients = Some(place);
        }
        nodes[place].node.services.push(identity(service));
        if let Some(reference) = whole(service, "ReferenceId") {
            by_reference.entry(reference).or_insert(place);
        }
        places.push(place);
    }
    for (service, place) in services.iter().zip(places) {
        for edge in items(&service["Edges"]) {
            let to = whole(edge, "ReferenceId").and_then(|id| by_reference.get(&id).copied());
            let edge = to.map(|to| DraftEdge::read(edge, to));
            nodes[place].edges.extend(edge);
        }
    }
    nodes
}

fn identity(service: &Value) -> Identity {
    let text = |key| text(service, key).unwrap_or_default().to_owned();
    Identity {
        name: text("Name"),
        kind: text("Type"),
        account: text("AccountId"),
    }
}

impl Draft {
    fn clients() -> Self {
        let node = Node {
            label: "Clients".to_owned(),
            name: "Clients".to_owned(),
            kind: "client".to_owned(),
            ..Node::default()
        };
        Self {
            node,
            ..Self::default()
        }
    }

    fn read(service: &Value) -> Self {
        let name = text(service, "Name").unwrap_or("–");
        let kind = text(service, "Type").unwrap_or_default();
        let kind = kind.strip_prefix("AWS::").unwrap_or(kind);
        // A node that sent segments is a service, whatever it runs on.
        let is_resource = text(service, "State") != Some("active") && !kind.is_empty();
        let label = match kind.split_once("::") {
            Some((family, _)) if is_resource && family != name => {
                format!("{} {name}", shown_family(family, kind))
            }
            _ => name.to_owned(),
        };
        let node = Node {
            label,
            name: name.to_owned(),
            kind: kind.to_owned(),
            statistics: Statistics::read(service),
            ..Node::default()
        };
        Self {
            node,
            edges: Vec::new(),
            is_resource,
        }
    }
}

/// `S3` of `S3::Bucket`; `SQL` of `Database::SQL`.
fn shown_family<'a>(family: &'a str, kind: &'a str) -> &'a str {
    if kind == "Database::SQL" {
        "SQL"
    } else {
        family
    }
}

/// What several resources of a type are called; empty where the type says enough.
fn plural(kind: &str) -> &'static str {
    match kind {
        "S3::Bucket" => " buckets",
        "DynamoDB::Table" => " tables",
        "SQS::Queue" => " queues",
        "SNS::Topic" => " topics",
        "Lambda::Function" => " functions",
        "Database::SQL" => " databases",
        "remote" => " hosts",
        _ => "",
    }
}

/// Puts one node in the place of many resources of a type under one parent. A parent with the
/// same resources shares that node.
fn fold(nodes: &mut Vec<Draft>) {
    let mut folded: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    for parent in 0..nodes.len() {
        let mut of_kind: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for edge in &nodes[parent].edges {
            let node = &nodes[edge.to];
            if node.is_resource && node.edges.is_empty() {
                of_kind.entry(&node.node.kind).or_default().insert(edge.to);
            }
        }
        let many = of_kind
            .into_values()
            .filter(|members| members.len() > RESOURCES_MAX);
        for members in many.collect::<Vec<_>>() {
            let place = *folded
                .entry(members.iter().copied().collect())
                .or_insert_with_key(|members| {
                    nodes.push(summed(nodes, members));
                    nodes.len() - 1
                });
            for edge in &mut nodes[parent].edges {
                if members.contains(&edge.to) {
                    edge.to = place;
                }
            }
        }
    }
    drop_unreferenced(nodes, &folded);
}

fn summed(nodes: &[Draft], members: &[usize]) -> Draft {
    let kind = members
        .first()
        .map_or("", |&first| nodes[first].node.kind.as_str());
    let family = kind
        .split_once("::")
        .map_or(kind, |(family, _)| shown_family(family, kind));
    let name = format!("{}{}", members.len(), plural(kind));
    let mut statistics = Statistics::default();
    let members: Vec<Node> = members
        .iter()
        .map(|&member| nodes[member].node.clone())
        .collect();
    for member in &members {
        statistics.add(&member.statistics);
    }
    let node = Node {
        label: format!("{family}, {name}"),
        name,
        kind: kind.to_owned(),
        statistics,
        services: members
            .iter()
            .flat_map(|member| member.services.clone())
            .collect(),
        members,
    };
    Draft {
        node,
        ..Draft::default()
    }
}

/// Folded resources that no other parent shows by themselves are no longer nodes.
fn drop_unreferenced(nodes: &mut Vec<Draft>, folded: &BTreeMap<Vec<usize>, usize>) {
    let mut gone: BTreeSet<usize> = folded.keys().flatten().copied().collect();
    for edge in nodes.iter().flat_map(|node| &node.edges) {
        gone.remove(&edge.to);
    }
    let mut places = Vec::with_capacity(nodes.len());
    let mut place = 0;
    for index in 0..nodes.len() {
        places.push(place);
        place += usize::from(!gone.contains(&index));
    }
    let mut index = 0;
    nodes.retain(|_| {
        index += 1;
        !gone.contains(&(index - 1))
    });
    for edge in nodes.iter_mut().flat_map(|node| &mut node.edges) {
        edge.to = places[edge.to];
    }
}

/// Adds the type, then a number, to labels that two nodes share, so that a label names one node.
fn tell_apart(nodes: &mut [Draft]) {
    let mut shared: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        shared
            .entry(node.node.label.clone())
            .or_default()
            .push(index);
    }
    let (alone, shared): (Vec<_>, Vec<_>) =
        shared.into_iter().partition(|(_, group)| group.len() == 1);
    // A name may look like what tells others apart: `shop 2`.
    let mut taken: BTreeSet<String> = alone.into_iter().map(|(label, _)| label).collect();
    let mut bearers: BTreeMap<String, usize> = BTreeMap::new();
    for index in shared.into_iter().flat_map(|(_, group)| group) {
        let node = &mut nodes[index].node;
        if !node.kind.is_empty() {
            node.label = format!("{} ({})", node.label, node.kind);
        }
        let bearers = bearers.entry(node.label.clone()).or_default();
        let free = loop {
            *bearers += 1;
            let label = match *bearers {
                1 => node.label.clone(),
                number => format!("{} {number}", node.label),
            };
            if taken.insert(label.clone()) {
                break label;
            }
        };
        node.label = free;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn labels(map: &Map) -> Vec<&str> {
        map.nodes.iter().map(|node| node.label.as_str()).collect()
    }

    fn to(map: &Map, from: usize) -> Vec<usize> {
        let edges = map.edges.iter().filter(|edge| edge.from == from);
        edges.map(|edge| edge.to).collect()
    }

    fn bucket(reference: usize) -> Value {
        json!({"ReferenceId": reference, "Name": format!("b{reference}"), "State": "unknown",
            "Type": "AWS::S3::Bucket", "SummaryStatistics": {"TotalCount": 2, "OkCount": 2,
            "TotalResponseTime": 0.5}})
    }

    fn service(reference: usize, name: &str, to: impl Iterator<Item = usize>) -> Value {
        let edges: Vec<Value> = to
            .map(|to| {
                json!({"ReferenceId": to,
            "SummaryStatistics": {"TotalCount": 3}})
            })
            .collect();
        json!({"ReferenceId": reference, "Name": name, "State": "active", "Edges": edges})
    }

    #[test]
    fn five_buckets_stay_and_six_fold_with_their_sums() {
        let mut services = vec![service(0, "jobs", 1..6)];
        services.extend((1..6).map(bucket));
        assert_eq!(map(&services).nodes.len(), 6);

        let mut services = vec![service(0, "jobs", 1..7)];
        services.extend((1..7).map(bucket));
        let map = map(&services);
        assert_eq!(labels(&map), ["jobs", "S3, 6 buckets"]);
        let statistics = &map.nodes[1].statistics;
        assert_eq!((statistics.total, statistics.ok), (12, 12));
        assert_eq!(statistics.average(), Some(0.25));
        let members: Vec<&str> = map.nodes[1]
            .members
            .iter()
            .map(|node| node.label.as_str())
            .collect();
        assert_eq!(
            members,
            ["S3 b1", "S3 b2", "S3 b3", "S3 b4", "S3 b5", "S3 b6"]
        );
        assert_eq!(map.nodes[1].services[5].kind, "AWS::S3::Bucket");
    }

    #[test]
    fn parents_of_the_same_resources_share_their_fold_and_others_see_the_members() {
        let mut services = vec![
            service(0, "a", 10..16),
            service(1, "b", 10..16),
            service(2, "c", 10..11),
        ];
        services.extend((10..16).map(bucket));
        let map = map(&services);
        assert_eq!(labels(&map), ["a", "b", "c", "S3 b10", "S3, 6 buckets"]);
        assert_eq!([to(&map, 0), to(&map, 1), to(&map, 2)], [[4], [4], [3]]);
        assert_eq!(map.edges[0].statistics.total, 18);
    }

    #[test]
    fn a_link_has_the_ages_of_its_events_and_leaves_response_times_to_its_receiver() {
        let numbers = |seconds: f64| {
            json!({"SummaryStatistics": {"TotalCount": 2, "OkCount": 2, "TotalResponseTime": 2.0 * seconds},
            "ResponseTimeHistogram": [{"Value": seconds, "Count": 2}]})
        };
        let edge = |more: Value| {
            let mut edge = numbers(0.5);
            edge["ReferenceId"] = 1.into();
            for (key, value) in more.as_object().unwrap() {
                edge[key] = value.clone();
            }
            edge
        };
        let link = edge(json!({"EdgeType": "link",
            "ReceivedEventAgeHistogram": [{"Value": 2.0, "Count": 1}, {"Value": 3.0, "Count": 1}]}));
        let receiver = json!({"ReferenceId": 1, "Name": "receiver"});
        let sender = |edges: &[&Value]| json!({"ReferenceId": 0, "Name": "sender", "Edges": edges});

        let linked = map(&[sender(&[&link]), receiver.clone()]);
        let [found] = &linked.edges[..] else {
            panic!("{:?}", linked.edges)
        };
        assert!(found.is_link);
        assert_eq!(found.statistics, Statistics::default());
        assert_eq!(found.event_ages.percentile(50), Some(2.0));
        assert_eq!(found.load().as_deref(), Some("2 events · 2.50 s old"));

        // A call beside it keeps its own numbers.
        let both = map(&[sender(&[&link, &edge(json!({}))]), receiver]);
        let [found] = &both.edges[..] else {
            panic!("{:?}", both.edges)
        };
        assert!(!found.is_link);
        assert_eq!(found.load().as_deref(), Some("2 req · 500 ms"));
        assert_eq!(found.event_ages.total(), 2);
    }

    #[test]
    fn clients_are_one_node_and_shared_names_are_told_apart() {
        let client = |reference: usize, to| {
            json!({"ReferenceId": reference, "Name": "f", "Type": "client",
                "Edges": [{"ReferenceId": to}]})
        };
        let function = |reference: usize, kind| json!({"ReferenceId": reference, "Name": "f", "Type": kind, "State": "active"});
        let services = [
            function(0, "AWS::Lambda"),
            client(1, 0),
            function(2, "AWS::Lambda::Function"),
            client(3, 2),
            function(4, "AWS::Lambda"),
        ];
        let map = map(&services);
        assert_eq!(
            labels(&map),
            [
                "f (Lambda)",
                "Clients",
                "f (Lambda::Function)",
                "f (Lambda) 2"
            ]
        );
        assert_eq!(to(&map, 1).len(), 2);
    }

    #[test]
    fn a_label_that_a_node_has_by_name_tells_no_other_apart() {
        let shop = |reference: usize, name: &str, kind: &str| json!({"ReferenceId": reference, "Name": name, "Type": kind, "State": "active"});
        let services = [
            shop(0, "shop", ""),
            shop(1, "shop", ""),
            shop(2, "shop 2", ""),
            shop(3, "f", "AWS::Lambda"),
            shop(4, "f (Lambda)", ""),
            shop(5, "f", "AWS::Lambda"),
        ];
        assert_eq!(
            labels(&map(&services)),
            [
                "shop",
                "shop 3",
                "shop 2",
                "f (Lambda) 2",
                "f (Lambda)",
                "f (Lambda) 3"
            ]
        );
    }
}
