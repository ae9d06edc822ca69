//! What the elements of nodes and edges have in common: in a page they are links, as far as they lead
//! anywhere, and say where arrow keys lead from them.

use std::fmt::Display;

use super::{Part, Setting};
use crate::svg::Writer;

pub(super) struct Element<'a> {
    pub(super) part: Part,
    pub(super) class: String,
    pub(super) transform: Option<String>,
    /// The labels that it has in a file, for programs that read it.
    pub(super) labels: &'a [(&'static str, &'a str)],
    /// In a page, as the next three.
    pub(super) id: String,
    /// Arrow keys, and the nodes that they lead to.
    pub(super) keys: Vec<(&'static str, usize)>,
    /// Whether the sentence shows under the pointer.
    pub(super) has_tip: bool,
    pub(super) sentence: String,
}

impl Element<'_> {
    /// Begins it.
    pub(super) fn open(self, svg: &mut Writer, setting: Setting<'_>) {
        let Setting::Page(page) = setting else {
            let mut attributes: Vec<(&'static str, &dyn Display)> = vec![("class", &self.class)];
            attributes.extend(
                self.labels
                    .iter()
                    .map(|(key, label)| (*key, label as &dyn Display)),
            );
            attributes.extend(
                self.transform
                    .iter()
                    .map(|text| ("transform", text as &dyn Display)),
            );
            svg.open("g", &attributes);
            svg.text("title", &[], &self.sentence);
            return;
        };
        let is_selected = page.selected == Some(self.part);
        let (address, place) = match self.part {
            Part::Node(node) => ((page.node)(node), Some(node)),
            Part::Edge(edge) => ((page.edge)(edge), None),
        };
        let class = match is_selected {
            true => self.class + " selected",
            false => self.class,
        };
        let mut attributes: Vec<(&'static str, &dyn Display)> =
            vec![("class", &class), ("id", &self.id)];
        attributes.extend(
            self.transform
                .iter()
                .map(|text| ("transform", text as &dyn Display)),
        );
        attributes.extend(
            place
                .iter()
                .map(|place| ("data-node", place as &dyn Display)),
        );
        attributes.extend(
            self.keys
                .iter()
                .map(|(key, node)| (*key, node as &dyn Display)),
        );
        if is_selected {
            attributes.push(("aria-current", &"true"));
        }
        match &address {
            Some(address) => {
                attributes.push(("href", address));
                attributes.push(("data-place", &""));
                attributes.push(("aria-label", &self.sentence));
                svg.open("a", &attributes);
            }
            None => svg.open("g", &attributes),
        }
        if self.has_tip || address.is_none() {
            svg.text("title", &[], &self.sentence);
        }
    }
}
