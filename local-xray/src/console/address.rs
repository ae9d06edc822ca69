//! The address of a page: its path, and what its query says. Links are made of it, so that they keep what
//! they do not change.

use std::fmt;

use axum::http::Uri;
use form_urlencoded::Serializer;

/// A path with a query. Keys may stand more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    path: String,
    pairs: Vec<(String, String)>,
}

impl Address {
    pub(super) fn of(uri: &Uri) -> Self {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self {
            path: uri.path().to_owned(),
            pairs: pairs.into_owned().collect(),
        }
    }

    /// A path, whose parts need no escapes.
    pub(super) fn path(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            pairs: Vec::new(),
        }
    }

    /// A path, and beneath it a name that may hold anything.
    pub(super) fn under(path: &str, name: &str) -> Self {
        let escaped: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        // A browser takes a part that is empty or only dots as a way elsewhere: it gets a slash
        // before it, and so do names that have one of their own.
        let is_way = matches!(name, "" | "." | "..") || name.starts_with('/');
        let guard = if is_way { "%2F" } else { "" };
        // In a path a plus is a plus.
        Self::path(format!("{path}/{guard}{}", escaped.replace('+', "%20")))
    }

    /// The parts of the path, unescaped.
    pub(super) fn parts(&self) -> Vec<String> {
        let parts = self.path.split('/').filter(|part| !part.is_empty());
        parts
            .map(|part| {
                // Only forms write spaces as pluses.
                let part = part.replace('+', "%2B");
                // `&` and `=` mean something in queries only.
                let part = part.replace('&', "%26").replace('=', "%3D");
                let parsed = form_urlencoded::parse(part.as_bytes());
                let name: String = parsed.map(|(name, _)| name.into_owned()).collect();
                let bare = name.strip_prefix('/').map(str::to_owned);
                bare.unwrap_or(name)
            })
            .collect()
    }

    /// What stands there first for a key; nothing for an empty text.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found = self
            .pairs
            .iter()
            .find(|(known, value)| known == key && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// All that stands there for a key, but for empty texts, which forms send for what is not filled in.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.pairs.iter().filter(move |(known, _)| known == key);
        let values = pairs.map(|(_, value)| value.as_str());
        values.filter(|value| !value.is_empty())
    }

    /// All keys and values, in their order.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.pairs.iter();
        pairs.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// This address with one value for a key.
    pub(super) fn with(&self, key: &str, value: impl fmt::Display) -> Self {
        let mut changed = self.without(&[key]);
        changed.pairs.push((key.to_owned(), value.to_string()));
        changed
    }

    /// This address with one more value for a key.
    pub(super) fn and(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.pairs.push((key.to_owned(), value.to_string()));
        self
    }

    /// This address without some keys.
    pub(super) fn without(&self, keys: &[&str]) -> Self {
        let mut changed = self.clone();
        changed
            .pairs
            .retain(|(key, _)| !keys.contains(&key.as_str()));
        changed
    }

    /// This address with no other keys than these.
    pub(super) fn only(&self, keys: &[&str]) -> Self {
        let mut changed = self.clone();
        changed
            .pairs
            .retain(|(key, _)| keys.contains(&key.as_str()));
        changed
    }

    /// This address with only those keys and values that are to stay.
    pub(super) fn retained(&self, mut stays: impl FnMut(&str, &str) -> bool) -> Self {
        let mut changed = self.clone();
        changed.pairs.retain(|(key, value)| stays(key, value));
        changed
    }

    /// What this address says, said of another path.
    pub(super) fn at(&self, path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            pairs: self.pairs.clone(),
        }
    }
}

/// As it stands in a link.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        let mut query = Serializer::new(String::new());
        query.extend_pairs(self.pairs().filter(|(_, value)| !value.is_empty()));
        match query.finish().as_str() {
            "" => Ok(()),
            query => write!(f, "?{query}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_what_it_does_not_change() {
        let address = Address::of(
            &"/traces?since=1h&filter=a%3D%22b+c%22&status=&page=2"
                .parse()
                .unwrap(),
        );
        assert_eq!(address.get("filter"), Some("a=\"b c\""));
        assert_eq!(address.get("status"), None);
        assert_eq!(
            address.with("since", "6h").without(&["page"]).to_string(),
            "/traces?filter=a%3D%22b+c%22&since=6h"
        );
        assert_eq!(
            address.only(&["since"]).at("/map").to_string(),
            "/map?since=1h"
        );
    }

    #[test]
    fn a_name_in_a_path_comes_back_as_it_was() {
        for name in [
            "a b", "a+b", "a/b?c#d", "שלום", "..", ".", "", "/", "/..", "//", "%2F", "a&b=c",
        ] {
            let address = Address::under("/runs", name);
            let parsed = Address::of(&address.to_string().parse().unwrap());
            assert_eq!(parsed.parts(), ["runs", name]);
        }
    }
}
