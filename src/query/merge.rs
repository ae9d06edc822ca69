//! Graphs of several answers as one: a service is the same if its name, type and account are.
//!
//! GetTraceGraph takes few traces at a time, and each answer counts its services anew.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// Services, and the edges between them, by what tells them apart.
#[derive(Default)]
pub(super) struct Merged {
    services: Vec<Map<String, Value>>,
    by_identity: HashMap<[String; 3], usize>,
    edges: Vec<Map<String, Value>>,
    by_ends: HashMap<(usize, usize, String), usize>,
}

impl Merged {
    /// Adds the `Services` of an answer.
    pub(super) fn add(&mut self, services: Vec<Value>) {
        let mut places = HashMap::new();
        let mut edges = Vec::new();
        for service in services {
            let Value::Object(mut service) = service else {
                continue;
            };
            let reference = service.remove("ReferenceId");
            let own_edges = service.remove("Edges");
            let member = |key: &str| service.get(key).and_then(Value::as_str).unwrap_or_default();
            let identity = ["Name", "Type", "AccountId"].map(|key| member(key).to_owned());
            let place = match self.by_identity.get(&identity) {
                Some(&place) => {
                    add(&mut self.services[place], service);
                    place
                }
                None => {
                    self.by_identity.insert(identity, self.services.len());
                    self.services.push(service);
                    self.services.len() - 1
                }
            };
            if let Some(reference) = reference.as_ref().and_then(Value::as_u64) {
                places.insert(reference, place);
            }
            if let Some(Value::Array(own)) = own_edges {
                edges.extend(own.into_iter().map(|edge| (place, edge)));
            }
        }
        for (from, edge) in edges {
            let Value::Object(mut edge) = edge else {
                continue;
            };
            let to = edge.remove("ReferenceId");
            let to = to.as_ref().and_then(Value::as_u64);
            let Some(&to) = to.and_then(|to| places.get(&to)) else {
                continue;
            };
            let kind = edge.get("EdgeType").and_then(Value::as_str);
            let ends = (from, to, kind.unwrap_or_default().to_owned());
            match self.by_ends.get(&ends) {
                Some(&place) => add(&mut self.edges[place], edge),
                None => {
                    self.by_ends.insert(ends, self.edges.len());
                    self.edges.push(edge);
                }
            }
        }
    }

    /// All services, counted anew.
    pub(super) fn into_services(self) -> Vec<Value> {
        let mut services = self.services;
        let mut ends: Vec<_> = self.by_ends.into_iter().collect();
        ends.sort();
        let mut edges: Vec<Vec<Value>> = vec![Vec::new(); services.len()];
        let mut all = self.edges;
        for ((from, to, _), place) in ends {
            let mut edge = std::mem::take(&mut all[place]);
            edge.insert("ReferenceId".into(), to.into());
            edges[from].push(edge.into());
        }
        for (place, (service, edges)) in services.iter_mut().zip(edges).enumerate() {
            service.insert("ReferenceId".into(), place.into());
            service.insert("Edges".into(), edges.into());
        }
        services.into_iter().map(Value::from).collect()
    }
}

/// Adds what a further answer says of a service or an edge.
fn add(known: &mut Map<String, Value>, more: Map<String, Value>) {
    for (key, value) in more {
        let Some(old) = known.get_mut(&key) else {
            known.insert(key, value);
            continue;
        };
        match key.as_str() {
            "SummaryStatistics" => sum(old, &value),
            "ResponseTimeHistogram" | "DurationHistogram" | "ReceivedEventAgeHistogram" => {
                merge_histogram(old, value);
            }
            "StartTime" if value.as_f64() < old.as_f64() => *old = value,
            "EndTime" if value.as_f64() > old.as_f64() => *old = value,
            "Root" if value == true => *old = value,
            "State" if value == "active" => *old = value,
            _ => {}
        }
    }
}

/// Adds numbers to numbers, member by member. The statistics of X-Ray nest once.
fn sum(old: &mut Value, more: &Value) {
    let (Some(old), Some(more)) = (old.as_object_mut(), more.as_object()) else {
        return;
    };
    for (key, value) in more {
        let old = old.entry(key.clone()).or_insert(Value::Null);
        match (&mut *old, value) {
            (Value::Object(old), Value::Object(more)) => {
                for (key, value) in more {
                    let old = old.entry(key.clone()).or_insert(Value::Null);
                    *old = total(old, value);
                }
            }
            (old, value) => *old = total(old, value),
        }
    }
}

fn total(old: &Value, more: &Value) -> Value {
    match (old.as_u64(), more.as_u64()) {
        (Some(old), Some(more)) => old.saturating_add(more).into(),
        _ if old.is_null() => more.clone(),
        _ => match (old.as_f64(), more.as_f64()) {
            (Some(old), Some(more)) => (old + more).into(),
            _ => old.clone(),
        },
    }
}

fn merge_histogram(old: &mut Value, more: Value) {
    let (Some(old), Value::Array(more)) = (old.as_array_mut(), more) else {
        return;
    };
    old.extend(more);
    let value = |entry: &Value| entry["Value"].as_f64().unwrap_or_default();
    old.sort_by(|a, b| value(a).total_cmp(&value(b)));
    let mut merged: Vec<Value> = Vec::with_capacity(old.len());
    for entry in old.drain(..) {
        match merged.last_mut() {
            Some(last) if value(last) == value(&entry) => {
                let count = total(&last["Count"], &entry["Count"]);
                *last = json!({"Value": last["Value"], "Count": count});
            }
            _ => merged.push(entry),
        }
    }
    *old = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(reference: u64, other: u64, ok: u64) -> Vec<Value> {
        let statistics = json!({"OkCount": ok, "TotalCount": ok + 1, "TotalResponseTime": 0.5,
            "FaultStatistics": {"TotalCount": 1}});
        let histogram = json!([{"Value": 0.25, "Count": ok + 1}]);
        vec![
            json!({"ReferenceId": reference, "Name": "shop", "State": "unknown", "StartTime": 100 - ok,
                "EndTime": 200 + ok, "SummaryStatistics": statistics, "ResponseTimeHistogram": histogram,
                "Edges": [{"ReferenceId": other, "SummaryStatistics": statistics}, {"ReferenceId": 99}]}),
            json!({"ReferenceId": other, "Name": "shop", "Type": "AWS::S3::Bucket", "Edges": []}),
        ]
    }

    #[test]
    fn services_and_edges_of_two_answers_add_up() {
        let mut merged = Merged::default();
        merged.add(answer(0, 1, 4));
        merged.add(answer(7, 3, 5));
        merged.add(vec![json!({"Name": "shop", "State": "active"}), json!(3)]);
        let statistics = json!({"OkCount": 9, "TotalCount": 11, "TotalResponseTime": 1.0,
            "FaultStatistics": {"TotalCount": 2}});
        assert_eq!(
            merged.into_services(),
            [
                json!({"ReferenceId": 0, "Name": "shop", "State": "active", "StartTime": 95,
                    "EndTime": 205, "SummaryStatistics": statistics,
                    "ResponseTimeHistogram": [{"Value": 0.25, "Count": 11}],
                    "Edges": [{"ReferenceId": 1, "SummaryStatistics": statistics}]}),
                json!({"ReferenceId": 1, "Name": "shop", "Type": "AWS::S3::Bucket", "Edges": []}),
            ]
        );
    }
}
