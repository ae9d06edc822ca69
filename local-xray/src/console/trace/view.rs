//! What an address says of a trace: which segment is chosen, what is open, what is looked for.

use std::collections::{HashMap, HashSet};

use super::super::{Address, window};
use super::Failure;
use super::details::Tab;
use super::find::Find;
use super::links;
use super::read::Read;
use crate::read::text;
use crate::timeline::{Choice, Fold, Row, Status, Timeline};

/// How many rows are shown where the address does not say how many levels.
const ROWS_MAX: usize = 1000;

/// How many ancestors of the chosen entity links keep open: they are in the links of every row.
const KEPT_OPEN_MAX: usize = 50;

/// How many entities an address may open and close, for the same reason.
const OPENED_MAX: usize = 200;

/// The keys that say what is open and closed.
pub(super) const OPENED: [&str; 3] = ["open", "closed", "more"];

/// The keys of an address that links keep, besides those of window and filter.
const KEYS: [&str; 9] = [
    "segment", "tab", "root", "level", "open", "closed", "more", "find", "map",
];

/// How many levels are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Some(usize),
    All,
}

impl Level {
    /// The level that an address asks for, if it does.
    pub(super) fn read(address: &Address) -> Result<Option<Self>, Failure> {
        match address.get("level") {
            None => Ok(None),
            Some("all") => Ok(Some(Self::All)),
            Some(text) => {
                let number = text.parse().ok().filter(|&number| number > 0);
                let level = number.map(|number| Some(Self::Some(number)));
                level.ok_or_else(|| {
                    Failure::BadRequest(format!(
                        "level={text} is no number of levels: write 1, 2, 3 or all"
                    ))
                })
            }
        }
    }

    /// How many levels; none: all.
    pub(super) fn max(self) -> Option<usize> {
        match self {
            Self::Some(number) => Some(number),
            Self::All => None,
        }
    }
}

/// A trace, and what of it is shown.
pub(super) struct View<'t> {
    pub(super) read: &'t Read,
    pub(super) timeline: &'t Timeline<'t>,
    /// What the address says, for links.
    pub(super) address: Address,
    /// Every entity by its id.
    pub(super) places: HashMap<&'t str, usize>,
    pub(super) choice: Choice,
    pub(super) level: Level,
    /// The chosen entity; without one, the first.
    pub(super) chosen: Option<usize>,
    /// The segments that the address names and the trace does not have.
    pub(super) unknown: Vec<String>,
    pub(super) tab: Tab,
    pub(super) find: Option<Find>,
    /// Which rows are there besides the first.
    pub(super) from: usize,
    /// The places of all that is shown once all is open, in its order.
    pub(super) order: Vec<usize>,
}

impl<'t> View<'t> {
    pub(super) fn of(
        read: &'t Read,
        timeline: &'t Timeline<'t>,
        address: &Address,
    ) -> Result<Self, Failure> {
        let entities = timeline.entities.iter().enumerate();
        let ids =
            entities.filter_map(|(place, entity)| Some((text(entity.document, "id")?, place)));
        let places: HashMap<_, _> = ids.collect();
        let place = |id: &str| {
            places
                .get(id)
                .copied()
                .or_else(|| call_of(read, &places, id))
        };
        let address = &known(address, |id| place(id).is_some());
        let all = |key| address.all(key).filter_map(place).collect();
        let more = address.all("more").filter_map(|id| match id {
            "roots" => Some(None),
            id => place(id).map(Some),
        });
        let asked = address.get("segment");
        let root = address.get("root").and_then(place);
        let order = timeline.order(root);
        let find = address.get("find");
        let find = find.and_then(|text| Find::of(timeline, &order, text));
        let chosen = asked.and_then(place);
        let named = [(asked, chosen), (address.get("root"), root)];
        let unknown = named
            .into_iter()
            .filter(|(_, found)| found.is_none())
            .filter_map(|(id, _)| id.map(str::to_owned));
        let mut unknown: Vec<String> = unknown.collect();
        unknown.dedup();
        let mut choice = Choice {
            fold: Fold::default(),
            root,
            open: all("open"),
            closed: all("closed"),
            unfolded: more.collect(),
            revealed: chosen.into_iter().collect(),
        };
        if let Some(find) = &find {
            choice.revealed.extend(&find.matches);
        }
        let level = Level::read(address)?;
        let level = level.unwrap_or_else(|| usual_level(timeline, &choice));
        choice.fold.level_max = level.max();
        let from = address.get("from").map(str::parse).transpose();
        let from =
            from.map_err(|_| Failure::BadRequest("from is no number of a row".to_owned()))?;
        let kept =
            |key: &str| KEYS.contains(&key) || key == "filter" || window::KEYS.contains(&key);
        let other: Vec<&str> = address.pairs().map(|(key, _)| key).collect();
        let other: Vec<&str> = other.into_iter().filter(|key| !kept(key)).collect();
        let mut view = Self {
            address: address.without(&other).at(format!("/traces/{}", read.id)),
            chosen: chosen.or_else(|| order.first().copied()),
            tab: Tab::named(address.get("tab"))?,
            from: from.unwrap_or(0),
            read,
            timeline,
            places,
            choice,
            level,
            unknown,
            find,
            order,
        };
        view.keep_open();
        if let Some(after) = address.get("after") {
            view.address = view.address.with("after", after);
        }
        Ok(view)
    }

    /// What is open for the chosen entity alone stays open in links: rows do not go away while
    /// people look at them. In very deep traces they do: the links would be longer than all else.
    fn keep_open(&mut self) {
        let (Some(chosen), Some(max)) = (self.chosen, self.level.max()) else {
            return;
        };
        let ancestors: Vec<usize> = self.timeline.ancestors(chosen).collect();
        let beyond = (ancestors.len() + 1).saturating_sub(max.max(1));
        let is_hidden = |ancestor: &usize| {
            !self.choice.closed.contains(ancestor) && !self.choice.open.contains(ancestor)
        };
        // The nearest come first, and are the deepest.
        let hidden = ancestors.into_iter().take(beyond).filter(is_hidden);
        let hidden: Vec<usize> = hidden.collect();
        if hidden.len() > KEPT_OPEN_MAX {
            return;
        }
        for ancestor in hidden {
            self.choice.open.insert(ancestor);
            let address = std::mem::take(&mut self.address);
            self.address = address.and("open", self.id(ancestor));
        }
    }

    pub(super) fn rows(&self) -> Vec<Row<'t>> {
        self.timeline.chosen_rows(&self.choice)
    }

    /// The id of an entity.
    pub(super) fn id(&self, place: usize) -> &'t str {
        text(self.timeline.entities[place].document, "id").unwrap_or_default()
    }

    /// The address with an entity chosen, and nothing that hides it.
    pub(super) fn address_of(&self, place: usize) -> Address {
        let mut address = self.address.without(&["after"]);
        if self.choice.root.is_some_and(|root| {
            root != place && self.timeline.ancestors(place).all(|above| above != root)
        }) {
            address = address.without(&["root"]);
        }
        let is_closed = |above| self.choice.closed.contains(&above);
        if self.timeline.ancestors(place).any(is_closed) {
            address = address.without(&["closed"]);
        }
        address.with("segment", self.id(place))
    }

    /// A link to an entity, which shows its row also where nothing but the address decides.
    pub(super) fn link_to(&self, place: usize) -> String {
        links::with_row(&self.address_of(place), self.id(place))
    }

    /// Whether anything has not ended.
    pub(super) fn is_in_progress(&self) -> bool {
        let mut entities = self.timeline.entities.iter();
        entities.any(|entity| entity.end.is_none())
    }

    /// The places of what went wrong, in their order.
    pub(super) fn errors(&self) -> Vec<usize> {
        let is_error = |&place: &usize| {
            matches!(
                self.timeline.entities[place].status,
                Status::Error | Status::Throttle | Status::Fault
            )
        };
        self.order.iter().copied().filter(is_error).collect()
    }

    /// The command that shows the same in a terminal.
    pub(super) fn command(&self) -> Vec<String> {
        let mut command = vec!["trace".to_owned(), self.read.id.to_string()];
        if let Level::Some(number) = self.level {
            command.extend(["--level".to_owned(), number.to_string()]);
        }
        match self.tab {
            Tab::Exceptions => command.push("--exceptions".to_owned()),
            Tab::Metadata => command.push("--metadata".to_owned()),
            _ => {}
        }
        command
    }
}

/// An address that opens and closes only what is there, each once, and not too much of it.
fn known(address: &Address, has: impl Fn(&str) -> bool) -> Address {
    let mut met = HashSet::new();
    address.retained(|key, id| {
        if !OPENED.contains(&key) {
            return true;
        }
        let is_known = (key == "more" && id == "roots") || has(id);
        is_known && met.len() < OPENED_MAX && met.insert((key.to_owned(), id.to_owned()))
    })
}

/// An inferred segment has no row: it is shown as the call that it was made from.
fn call_of(read: &Read, places: &HashMap<&str, usize>, id: &str) -> Option<usize> {
    let mut documents = read.documents.iter();
    let inferred = documents.find(|document| document["id"] == id)?;
    places.get(text(inferred, "parent_id")?).copied()
}

/// As many levels as give few rows: but two are always shown.
fn usual_level(timeline: &Timeline<'_>, choice: &Choice) -> Level {
    if timeline.entities.len() <= ROWS_MAX {
        return Level::All;
    }
    let number_of = |level: Level| {
        let mut choice = Choice {
            root: choice.root,
            ..Choice::default()
        };
        choice.fold.level_max = level.max();
        timeline.chosen_rows(&choice).len()
    };
    let few = [Level::All, Level::Some(3)].into_iter();
    let few = few.into_iter().find(|&level| number_of(level) <= ROWS_MAX);
    few.unwrap_or(Level::Some(2))
}
