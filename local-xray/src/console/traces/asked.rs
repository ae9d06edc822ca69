//! How the list is asked for in its address: `sort`, `reverse`, `limit`, `page`.

use tracing_xray::Timestamp;

use super::super::Address;
use super::super::answer::Failure;
use super::super::window::Window;
use crate::filter::FilterExpression;
use crate::store::{ListingQuery, Sort, Sorting};

/// How many rows a page may have.
pub(super) const LIMITS: [usize; 5] = [50, 100, 250, 500, 1000];

const LIMIT: usize = 100;

/// The words for orders, as the command has them.
const SORTS: [(&str, Sort); 4] = [
    ("start", Sort::Start),
    ("duration", Sort::Duration),
    ("status", Sort::Status),
    ("service", Sort::Service),
];

/// Which part of the list, and in which order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) sorting: Sorting,
    pub(super) limit: usize,
    /// From 0.
    page: usize,
}

impl Asked {
    pub(super) fn read(address: &Address) -> Result<Self, Failure> {
        let refused = |told: String| Err(Failure::BadRequest(told));
        let by = match address.get("sort") {
            None => Sort::default(),
            Some(word) => match SORTS.iter().find(|(known, _)| *known == word) {
                Some((_, sort)) => *sort,
                None => {
                    return Err(Failure::unknown_word(
                        "sort",
                        word,
                        &SORTS.map(|(word, _)| word),
                    ));
                }
            },
        };
        let number = |key: &str| address.get(key).map(|text| (text, text.parse().ok()));
        let limit = match number("limit") {
            None => LIMIT,
            Some((_, Some(limit))) if (1..=LIMITS[LIMITS.len() - 1]).contains(&limit) => limit,
            Some((text, _)) => {
                return refused(format!("limit={text} is no number from 1 to 1000"));
            }
        };
        let page = match number("page") {
            None => 1,
            Some((_, Some(page))) if page > 0 => page,
            Some((text, _)) => return refused(format!("page={text} is no number from 1 on")),
        };
        Ok(Self {
            sorting: Sorting {
                by,
                reverse: address.get("reverse").is_some(),
            },
            limit,
            page: page - 1,
        })
    }

    pub(super) fn query<'a>(
        &self,
        window: &Window,
        filter: Option<&'a FilterExpression>,
        now: Timestamp,
    ) -> ListingQuery<'a> {
        ListingQuery {
            start: window.start,
            end: window.end,
            now,
            filter,
            tallied: &[],
            sorting: self.sorting,
            page: self.page,
            limit: self.limit,
        }
    }

    /// The command that lists the same, from the first page to the end of this one.
    pub(super) fn command(&self, window: &Window, filter: &str) -> Vec<String> {
        let mut command = vec!["traces".to_owned()];
        command.extend(window.flags());
        let mut flag = |words: [&str; 2]| command.extend(words.map(str::to_owned));
        if !filter.trim().is_empty() {
            flag(["--filter", filter.trim()]);
        }
        if self.sorting.by != Sort::default() {
            flag(["--sort", word(self.sorting.by)]);
        }
        let limit = self.limit.saturating_mul(self.page.saturating_add(1));
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        flag(["--limit", &limit.to_string()]);
        if self.sorting.reverse {
            command.push("--reverse".to_owned());
        }
        command
    }
}

fn word(sort: Sort) -> &'static str {
    let known = SORTS.iter().find(|(_, known)| *known == sort);
    known.map_or("", |(word, _)| word)
}

/// The address of the same list in another order, from its first page on.
pub(super) fn sorted(address: &Address, sorting: Sorting) -> Address {
    let address = address.without(&["sort", "reverse", "page"]);
    let address = match sorting.by == Sort::default() {
        true => address,
        false => address.with("sort", word(sorting.by)),
    };
    match sorting.reverse {
        true => address.with("reverse", 1),
        false => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Asked, Failure> {
        Asked::read(&Address::of(&format!("/traces?{query}").parse().unwrap()))
    }

    #[test]
    fn an_address_says_order_and_page() {
        let asked = read("sort=duration&reverse=1&limit=250&page=3").unwrap();
        assert_eq!(asked.sorting.by, Sort::Duration);
        assert!(asked.sorting.reverse);
        assert_eq!((asked.limit, asked.page), (250, 2));
        assert_eq!(
            read("").unwrap(),
            read("sort=start&limit=100&page=1").unwrap()
        );
    }

    #[test]
    fn an_unknown_order_is_told_with_those_that_are_known() {
        let told = "sort=x is not known: write start, duration, status or service";
        assert_eq!(read("sort=x").unwrap_err().to_string(), told);
    }

    #[test]
    fn what_is_no_order_or_number_is_refused() {
        for query in [
            "sort=x",
            "limit=0",
            "limit=1001",
            "limit=x",
            "page=0",
            "page=-1",
        ] {
            assert!(
                matches!(read(query), Err(Failure::BadRequest(_))),
                "{query}"
            );
        }
    }

    #[test]
    fn an_order_is_an_address_and_back() {
        let address = Address::path("/traces")
            .with("page", 7)
            .with("filter", "ok");
        for (_, by) in SORTS {
            for reverse in [false, true] {
                let sorting = Sorting { by, reverse };
                let sorted = sorted(&address, sorting);
                assert_eq!(Asked::read(&sorted).unwrap().sorting, sorting);
                assert_eq!(
                    (sorted.get("page"), sorted.get("filter")),
                    (None, Some("ok"))
                );
            }
        }
    }

    #[test]
    fn the_command_lists_the_same() {
        let address = Address::path("/traces").with("since", "6h");
        let window = Window::read(&address, Timestamp::default()).unwrap();
        let asked = read("sort=status&reverse=1&page=2").unwrap();
        assert_eq!(
            asked.command(&window, " fault ").join(" "),
            "traces --since 6h --filter fault --sort status --limit 200 --reverse"
        );
        assert_eq!(
            read("").unwrap().command(&window, " ").join(" "),
            "traces --since 6h --limit 100"
        );
    }
}
