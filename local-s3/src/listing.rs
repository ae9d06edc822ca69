//! Pages of a listing, as ListObjectsV2 cuts them: keys in order, those that share a prefix up to
//! the delimiter folded into one.

/// What to list of sorted keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a> {
    /// Every key starts with it already.
    pub(crate) prefix: &'a str,
    /// Empty: fold nothing.
    pub(crate) delimiter: &'a str,
    /// Leave out everything up to and with this key or common prefix.
    pub(crate) after: &'a str,
    /// Most entries of the page.
    pub(crate) len_max: usize,
}

/// One entry of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Key(String),
    CommonPrefix(String),
}

/// A page, and whether more follows it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) is_truncated: bool,
}

impl Entry {
    /// What a next page continues after.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Key(name) | Self::CommonPrefix(name) => name,
        }
    }
}

/// Cuts a page out of the sorted keys of a bucket.
pub(crate) fn page(keys: Vec<String>, query: Query<'_>) -> Page {
    let mut page = Page::default();
    if query.len_max == 0 {
        return page;
    }
    for key in keys {
        let entry = fold(key, query);
        if entry.name() <= query.after || page.entries.last() == Some(&entry) {
            continue;
        }
        if page.entries.len() == query.len_max {
            page.is_truncated = true;
            break;
        }
        page.entries.push(entry);
    }
    page
}

fn fold(key: String, query: Query<'_>) -> Entry {
    let rest = key.get(query.prefix.len()..).unwrap_or_default();
    match rest.find(query.delimiter) {
        Some(at) if !query.delimiter.is_empty() => {
            let end = query.prefix.len() + at + query.delimiter.len();
            Entry::CommonPrefix(key[..end].to_owned())
        }
        _ => Entry::Key(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(keys: &[&str], query: Query<'_>) -> (Vec<String>, bool) {
        let keys = keys
            .iter()
            .filter(|key| key.starts_with(query.prefix))
            .map(|key| (*key).to_owned())
            .collect();
        let page = page(keys, query);
        let names = page.entries.iter().map(|e| e.name().to_owned());
        (names.collect(), page.is_truncated)
    }

    #[test]
    fn keys_fold_at_the_delimiter() {
        let keys = ["a", "b/1", "b/2", "b/c/3", "d//4"];
        let all = Query {
            prefix: "",
            delimiter: "",
            after: "",
            len_max: 1000,
        };
        let check = |query, expected: &[&str], truncated| {
            let (names, is_truncated) = names(&keys, query);
            assert_eq!(names, expected, "{query:?}");
            assert_eq!(is_truncated, truncated, "{query:?}");
        };
        let slash = Query {
            delimiter: "/",
            ..all
        };
        check(all, &keys, false);
        check(slash, &["a", "b/", "d/"], false);
        check(
            Query {
                prefix: "b/",
                ..slash
            },
            &["b/1", "b/2", "b/c/"],
            false,
        );
        check(
            Query {
                prefix: "b",
                ..slash
            },
            &["b/"],
            false,
        );
        check(
            Query {
                len_max: 2,
                ..slash
            },
            &["a", "b/"],
            true,
        );
        check(
            Query {
                after: "b/",
                ..slash
            },
            &["d/"],
            false,
        );
        check(Query { len_max: 5, ..all }, &keys, false);
        check(Query { len_max: 0, ..all }, &[], false);
        check(
            Query {
                after: "b/1",
                ..all
            },
            &["b/2", "b/c/3", "d//4"],
            false,
        );
    }

    proptest! {
        #[test]
        fn pages_put_together_are_the_whole(
            keys in proptest::collection::btree_set("[ab/é]{1,5}", 0..30),
            delimiter in "[/b]?",
            len_max in 1usize..5,
        ) {
            let keys: Vec<String> = keys.into_iter().collect();
            let query = Query { prefix: "", delimiter: &delimiter, after: "", len_max };
            let whole = page(keys.clone(), Query { len_max: usize::MAX, ..query });
            let mut joined = Vec::new();
            let mut after = String::new();
            loop {
                let page = page(keys.clone(), Query { after: &after, ..query });
                prop_assert!(page.entries.len() <= len_max);
                joined.extend(page.entries);
                if !page.is_truncated {
                    break;
                }
                after = joined.last().map(|e| e.name().to_owned()).unwrap_or_default();
            }
            prop_assert_eq!(joined, whole.entries);
        }
    }
}
