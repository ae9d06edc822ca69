//! The tree of a trace as rows, top to bottom: guides at the left, alike siblings folded.

use std::collections::{BTreeMap, BTreeSet};

use super::entity::Tree;
use super::style::Status;
use super::timeline::head;

/// How many alike siblings have rows of their own. Those that went wrong come before those that
/// went well.
const ALIKE_MAX: usize = 40;

/// An entity, or the siblings that share one row.
pub(super) struct Row<'a> {
    pub(super) prefix: String,
    /// None for a row of folded siblings.
    pub(super) entity: Option<usize>,
    head: String,
    resource: Option<&'a str>,
    http_status: Option<u64>,
    pub(super) start: Option<f64>,
    /// None while in progress.
    pub(super) end: Option<f64>,
    /// The worst of folded siblings.
    pub(super) status: Status,
    /// How many siblings are folded here.
    pub(super) folded: usize,
}

impl Row<'_> {
    pub(super) fn label(&self) -> String {
        match self.resource {
            Some(resource) => format!("{} {resource}", self.head),
            None => self.head.clone(),
        }
    }

    pub(super) fn code(&self) -> String {
        self.http_status
            .map_or_else(String::new, |code| code.to_string())
    }

    #[cfg(test)]
    pub(super) fn spanning(start: Option<f64>, end: Option<f64>) -> Self {
        Self {
            prefix: String::new(),
            entity: None,
            head: String::new(),
            resource: None,
            http_status: None,
            start,
            end,
            status: Status::Ok,
            folded: 0,
        }
    }
}

enum Item {
    Entity(usize),
    Folded(Vec<usize>),
}

/// All rows of a trace. The guides take at most `indent_max` columns: what is deeper shares the
/// last indent.
pub(super) fn rows<'a>(tree: &Tree<'a>, indent_max: usize) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let mut waiting: Vec<(Item, String, Branch)> = Vec::new();
    for root in fold(tree, &tree.roots).into_iter().rev() {
        waiting.push((root, String::new(), Branch::Root));
    }
    while let Some((item, guides, branch)) = waiting.pop() {
        let (own, below) = branch.guides();
        let prefix = format!("{guides}{own}");
        match item {
            Item::Folded(alike) => rows.push(folded_row(tree, &alike, prefix)),
            Item::Entity(index) => {
                rows.push(entity_row(tree, index, prefix));
                let guides = if guides.chars().count() + 2 < indent_max {
                    guides + below
                } else {
                    guides
                };
                let children = fold(tree, &tree.children[index]).into_iter().rev();
                for (from_last, child) in children.enumerate() {
                    let branch = if from_last == 0 {
                        Branch::Last
                    } else {
                        Branch::Inner
                    };
                    waiting.push((child, guides.clone(), branch));
                }
            }
        }
    }
    rows
}

#[derive(Clone, Copy)]
enum Branch {
    Root,
    Inner,
    Last,
}

impl Branch {
    /// What stands before the row, and before the rows below it.
    fn guides(self) -> (&'static str, &'static str) {
        match self {
            Self::Root => ("", ""),
            Self::Inner => ("├ ", "│ "),
            Self::Last => ("└ ", "  "),
        }
    }
}

/// Siblings in their order; of those with one name and action only some, then the rest as one.
fn fold(tree: &Tree<'_>, siblings: &[usize]) -> Vec<Item> {
    let mut alike: BTreeMap<(&str, Option<&str>), Vec<usize>> = BTreeMap::new();
    for &sibling in siblings {
        let entity = &tree.entities[sibling];
        alike
            .entry((entity.name, entity.action))
            .or_default()
            .push(sibling);
    }
    // Each group in the order of importance; the sort is stable, so equals keep their time.
    for group in alike.values_mut() {
        group.sort_by_key(|&index| std::cmp::Reverse(tree.entities[index].status));
    }
    let mut hidden: BTreeSet<usize> = BTreeSet::new();
    let mut folded: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for group in alike.values().filter(|group| group.len() > ALIKE_MAX) {
        let (shown, rest) = group.split_at(ALIKE_MAX);
        hidden.extend(rest);
        if let Some(&last) = siblings.iter().rfind(|sibling| shown.contains(sibling)) {
            folded.insert(last, rest.to_vec());
        }
    }
    let mut items = Vec::new();
    for &sibling in siblings
        .iter()
        .filter(|&&sibling| !hidden.contains(&sibling))
    {
        items.push(Item::Entity(sibling));
        items.extend(folded.remove(&sibling).map(Item::Folded));
    }
    items
}

fn entity_row<'a>(tree: &Tree<'a>, index: usize, prefix: String) -> Row<'a> {
    let entity = &tree.entities[index];
    Row {
        prefix,
        entity: Some(index),
        head: head(entity),
        resource: entity.resource,
        http_status: entity.http_status,
        start: entity.start,
        end: entity.end,
        status: entity.status,
        folded: 0,
    }
}

/// `… 160 more S3 CreateBucket, 3 fault`.
fn folded_row<'a>(tree: &Tree<'a>, alike: &[usize], prefix: String) -> Row<'a> {
    let entities = || alike.iter().map(|&index| &tree.entities[index]);
    let status = entities()
        .map(|entity| entity.status)
        .max()
        .unwrap_or(Status::Ok);
    let name = entities().next().map(head).unwrap_or_default();
    let of_status = entities().filter(|entity| entity.status == status).count();
    let detail = if of_status == alike.len() {
        String::new()
    } else {
        format!(", {of_status} {}", status.word())
    };
    let ends = entities().map(|entity| entity.end);
    Row {
        prefix,
        entity: None,
        head: format!("… {} more {name}{detail}", alike.len()),
        resource: None,
        http_status: None,
        start: entities()
            .filter_map(|entity| entity.start)
            .reduce(f64::min),
        end: ends.reduce(|a, b| Some(a?.max(b?))).flatten(),
        status,
        folded: alike.len(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn siblings(number: usize, is_fault: fn(usize) -> bool) -> Value {
        let subsegments: Vec<Value> = (0..number)
            .map(|i| {
                json!({"id": format!("{i:016x}"), "name": "S3", "start_time": i, "end_time": i + 1,
                    "aws": {"operation": "CreateBucket", "bucket_name": format!("b{i}")},
                    "fault": is_fault(i)})
            })
            .collect();
        json!({"id": "r", "name": "root", "start_time": 0, "end_time": 999, "subsegments": subsegments})
    }

    #[test]
    fn alike_siblings_fold_and_what_went_wrong_stays() {
        let documents = [siblings(200, |i| i == 150)];
        let tree = Tree::read(&documents);
        let rows = rows(&tree, 16);
        assert_eq!(rows.len(), 1 + ALIKE_MAX + 1);
        let last = &rows[rows.len() - 1];
        assert_eq!(last.label(), "… 160 more S3 CreateBucket");
        assert_eq!((last.status, last.folded), (Status::Ok, 160));
        assert_eq!((last.start, last.end), (Some(39.0), Some(200.0)));
        assert_eq!(rows[rows.len() - 2].status, Status::Fault);
    }

    #[test]
    fn a_fold_counts_what_went_wrong_in_it() {
        let documents = [siblings(100, |i| i < 45)];
        let tree = Tree::read(&documents);
        let rows = rows(&tree, 16);
        let fold = rows.iter().find(|row| row.folded > 0).unwrap();
        assert_eq!(fold.label(), "… 60 more S3 CreateBucket, 5 fault");
        assert_eq!(fold.status, Status::Fault);
    }

    #[test]
    fn forty_alike_siblings_all_show() {
        let documents = [siblings(ALIKE_MAX, |_| false)];
        assert_eq!(rows(&Tree::read(&documents), 16).len(), 1 + ALIKE_MAX);
    }

    #[test]
    fn deep_nesting_stops_indenting() {
        let documents: Vec<Value> = (0..500)
            .map(|i| json!({"id": i.to_string(), "name": "n", "parent_id": (i - 1).to_string()}))
            .collect();
        let tree = Tree::read(&documents);
        let rows = rows(&tree, 16);
        assert_eq!(rows.len(), 500);
        let widest = rows.iter().map(|row| row.prefix.chars().count()).max();
        assert_eq!(widest, Some(16));
    }
}
