//! The tags of groups and sampling rules.

use rusqlite::Connection;
use serde::Serialize;

use super::{Refusal, Resource, SettingError, Stop, groups, rules};
use crate::store::Store;

/// How many tags a resource may have.
const TAGS_MAX: u32 = 50;

/// A `Tag` of the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Store {
    /// The tags of a resource, by key.
    pub(crate) fn tags(&self, resource: &Resource) -> Result<Vec<Tag>, SettingError> {
        let tags = self.read(|connection| {
            if !exists(connection, resource)? {
                return Ok(None);
            }
            let query = "SELECT key, value FROM tags WHERE resource = ?1 ORDER BY key";
            let mut statement = connection.prepare_cached(query)?;
            let tags = statement.query_map([resource.path()], |row| {
                Ok(Tag {
                    key: row.get(0)?,
                    value: row.get(1)?,
                })
            })?;
            tags.collect::<Result<_, _>>().map(Some)
        })?;
        tags.ok_or_else(|| Refusal::Unknown(resource.clone()).into())
    }

    /// Sets tags; a key that is there gets the new value.
    pub(crate) fn tag(&self, resource: &Resource, with: &[Tag]) -> Result<(), SettingError> {
        self.change(|transaction| {
            require(transaction, resource)?;
            add(transaction, resource, with)
        })
    }

    /// Removes tags; keys that are not there do not matter.
    pub(crate) fn untag(&self, resource: &Resource, keys: &[&str]) -> Result<(), SettingError> {
        self.change(|transaction| {
            require(transaction, resource)?;
            for key in keys {
                let delete = "DELETE FROM tags WHERE resource = ?1 AND key = ?2";
                transaction.execute(delete, [&resource.path(), *key])?;
            }
            Ok(())
        })
    }
}

/// Tags a resource that exists.
pub(super) fn add(connection: &Connection, resource: &Resource, tags: &[Tag]) -> Result<(), Stop> {
    let path = resource.path();
    for Tag { key, value } in tags {
        let put = "INSERT OR REPLACE INTO tags (resource, key, value) VALUES (?1, ?2, ?3)";
        connection.execute(put, [&path, key, value])?;
    }
    let count = "SELECT count(*) FROM tags WHERE resource = ?1";
    let count: u32 = connection.query_row(count, [&path], |row| row.get(0))?;
    if count > TAGS_MAX {
        return Err(Stop::Refused(Refusal::TooManyTags {
            resource: resource.clone(),
            most: TAGS_MAX,
        }));
    }
    Ok(())
}

pub(super) fn remove_all(
    connection: &Connection,
    resource: &Resource,
) -> Result<(), rusqlite::Error> {
    connection.execute("DELETE FROM tags WHERE resource = ?1", [resource.path()])?;
    Ok(())
}

fn require(connection: &Connection, resource: &Resource) -> Result<(), Stop> {
    match exists(connection, resource)? {
        true => Ok(()),
        false => Err(Refusal::Unknown(resource.clone()).into()),
    }
}

fn exists(connection: &Connection, resource: &Resource) -> Result<bool, rusqlite::Error> {
    Ok(match resource {
        Resource::Group(name) => groups::find(connection, name)?.is_some(),
        Resource::SamplingRule(name) => rules::find(connection, name)?.is_some(),
    })
}
