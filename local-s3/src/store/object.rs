//! Objects on disk. One file is one object: its bytes, then a line of JSON with all that is known
//! of it, then a line with the length of that JSON in eight hex digits. So bytes and description
//! change together, by one rename.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::key::{self, Entry};
use super::staging::Staged;
use super::{Store, StoreError, failed};
use crate::name::BucketName;

/// `\n`, eight hex digits, `\n`.
const TRAILER_LEN: u64 = 10;

/// What is known of an object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ObjectRecord {
    /// Length of the content in bytes.
    pub(crate) size: u64,
    /// MD5 of the content in hex.
    pub(crate) etag: String,
    /// Milliseconds since 1970.
    pub(crate) modified_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_disposition: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<String>,
    /// Base64 by algorithm, such as `crc32`.
    #[serde(default)]
    pub(crate) checksums: BTreeMap<String, String>,
    /// The user's `x-amz-meta-` headers.
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// An object that was found; its content begins at the start of the file.
#[derive(Debug)]
pub(crate) struct StoredObject {
    pub(crate) file: File,
    pub(crate) record: ObjectRecord,
}

/// What must hold of the stored object for a change to take place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Precondition {
    None,
    /// There is none yet.
    Absent,
    /// There is one, and it has this ETag; `None` takes any.
    Matches(Option<String>),
}

impl Store {
    /// A file to write the content of a new object to.
    pub(crate) fn stage_object(&self) -> Result<(Staged, File), StoreError> {
        let staged = Staged::new(&self.staging);
        let file = staged.create_file()?;
        Ok((staged, file))
    }

    /// Completes a staged file, whose content is written, and puts it in place.
    pub(crate) fn commit_object(
        &self,
        bucket: &BucketName,
        key: &str,
        (staged, mut file): (Staged, File),
        record: &ObjectRecord,
        precondition: &Precondition,
    ) -> Result<(), StoreError> {
        let target = self.object_path(bucket, key);
        let json = serde_json::to_string(record).map_err(|error| StoreError::Corrupt {
            path: target.clone(),
            reason: error.to_string(),
        })?;
        write!(file, "{json}\n{:08x}\n", json.len())
            .map_err(failed("write the file", staged.path()))?;

        let _order = self.change();
        self.bucket(bucket)?;
        self.check(bucket, key, precondition)?;
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(failed("create the directory", parent))?;
        }
        staged
            .move_to(&target)
            .map_err(failed("create the object", &target))
    }

    /// Opens an object.
    pub(crate) fn object(
        &self,
        bucket: &BucketName,
        key: &str,
    ) -> Result<StoredObject, StoreError> {
        let path = self.object_path(bucket, key);
        open(&path)?.ok_or_else(|| StoreError::NoSuchKey(key.to_owned()))
    }

    /// Deletes an object and tells whether it was there.
    pub(crate) fn delete_object(
        &self,
        bucket: &BucketName,
        key: &str,
        precondition: &Precondition,
    ) -> Result<bool, StoreError> {
        let _order = self.change();
        self.check(bucket, key, precondition)?;
        let objects = self.objects_dir(bucket);
        let path = self.object_path(bucket, key);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if is_absent(error.kind()) => return Ok(false),
            Err(error) => return Err(failed("remove the object", &path)(error)),
        }
        // Directories go with their last object; one that is not empty refuses.
        for parent in path.ancestors().skip(1).take_while(|p| **p != objects) {
            if fs::remove_dir(parent).is_err() {
                break;
            }
        }
        Ok(true)
    }

    /// All keys that start with `prefix`, in the order of their UTF-8 bytes.
    pub(crate) fn keys(
        &self,
        bucket: &BucketName,
        prefix: &str,
    ) -> Result<Vec<String>, StoreError> {
        let (directory, escaped) = key::prefix_directory(prefix);
        let mut keys = Vec::new();
        let start = self.objects_dir(bucket).join(directory);
        walk(&start, &escaped, &mut |escaped_key| {
            keys.extend(key::unescape(escaped_key).filter(|key| key.starts_with(prefix)));
            true
        })?;
        keys.sort_unstable();
        Ok(keys)
    }

    pub(super) fn has_objects(&self, bucket: &BucketName) -> Result<bool, StoreError> {
        let mut found = false;
        walk(&self.objects_dir(bucket), "", &mut |_| {
            found = true;
            false
        })?;
        Ok(found)
    }

    fn check(
        &self,
        bucket: &BucketName,
        key: &str,
        precondition: &Precondition,
    ) -> Result<(), StoreError> {
        let stored = match precondition {
            Precondition::None => return Ok(()),
            _ => open(&self.object_path(bucket, key))?,
        };
        match (precondition, stored) {
            (Precondition::Absent, Some(_)) => Err(StoreError::PreconditionFailed),
            (Precondition::Matches(_), None) => Err(StoreError::NoSuchKey(key.to_owned())),
            (Precondition::Matches(Some(etag)), Some(stored)) if *etag != stored.record.etag => {
                Err(StoreError::PreconditionFailed)
            }
            _ => Ok(()),
        }
    }

    fn objects_dir(&self, bucket: &BucketName) -> PathBuf {
        self.bucket_dir(bucket).join("objects")
    }

    fn object_path(&self, bucket: &BucketName, key: &str) -> PathBuf {
        self.objects_dir(bucket).join(key::to_path(key))
    }
}

/// Hands every escaped key below a directory to `visit`, until that answers false.
fn walk(
    directory: &Path,
    escaped: &str,
    visit: &mut impl FnMut(&str) -> bool,
) -> Result<bool, StoreError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if is_absent(error.kind()) => return Ok(true),
        Err(error) => return Err(failed("read the directory", directory)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed("read the directory", directory))?;
        let Some(name) = entry.file_name().to_str().map(key::entry) else {
            continue;
        };
        let go_on = match name {
            Entry::Directory(piece) => {
                walk(&entry.path(), &format!("{escaped}{piece}"), &mut *visit)?
            }
            Entry::File(piece) => visit(&format!("{escaped}{piece}")),
        };
        if !go_on {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Opens the file of an object and reads its description, if there is such a file.
fn open(path: &Path) -> Result<Option<StoredObject>, StoreError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if is_absent(error.kind()) => return Ok(None),
        Err(error) => return Err(failed("open the object", path)(error)),
    };
    let record = read_record(&mut file)
        .map_err(failed("read the object", path))?
        .map_err(|reason| StoreError::Corrupt {
            path: path.to_owned(),
            reason: reason.to_owned(),
        })?;
    file.rewind().map_err(failed("read the object", path))?;
    Ok(Some(StoredObject { file, record }))
}

/// A parent that is missing, or that is a file, makes a path absent.
fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn read_record(file: &mut File) -> std::io::Result<Result<ObjectRecord, &'static str>> {
    let len = file.metadata()?.len();
    let Some(json_end) = len.checked_sub(TRAILER_LEN) else {
        return Ok(Err("it is too short"));
    };
    file.seek(SeekFrom::Start(json_end))?;
    let mut trailer = String::new();
    if file.read_to_string(&mut trailer).is_err() {
        return Ok(Err("its last line is no length"));
    }
    let Ok(json_len) = u64::from_str_radix(trailer.trim_matches('\n'), 16) else {
        return Ok(Err("its last line is no length"));
    };
    let Some(size) = json_end.checked_sub(json_len) else {
        return Ok(Err("its last line is no length"));
    };
    file.seek(SeekFrom::Start(size))?;
    let mut json = Vec::new();
    file.take(json_len).read_to_end(&mut json)?;
    Ok(match serde_json::from_slice::<ObjectRecord>(&json) {
        Ok(record) if record.size == size => Ok(record),
        Ok(_) => Err("its content has another length than its description says"),
        Err(_) => Err("it does not end with its description"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{BucketRecord, Creation};

    fn store_with_bucket() -> (tempfile::TempDir, Store, BucketName) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let name = BucketName::parse("bucket").unwrap();
        let record: BucketRecord = serde_json::from_str(
            r#"{"owner": "000000000000", "region": "us-east-1", "created_ms": 1}"#,
        )
        .unwrap();
        assert_eq!(
            store.create_bucket(&name, &record).unwrap(),
            Creation::Created
        );
        (dir, store, name)
    }

    fn put(store: &Store, bucket: &BucketName, key: &str, content: &[u8]) {
        let (staged, mut file) = store.stage_object().unwrap();
        file.write_all(content).unwrap();
        let record = ObjectRecord {
            size: content.len() as u64,
            ..ObjectRecord::default()
        };
        store
            .commit_object(bucket, key, (staged, file), &record, &Precondition::None)
            .unwrap();
    }

    #[test]
    fn a_file_holds_content_and_description() {
        let (_dir, store, bucket) = store_with_bucket();
        for content in [
            &b""[..],
            b"hello",
            b"ends like one\n0000000a\n",
            &[0xff; 70_000],
        ] {
            put(&store, &bucket, "a/b", content);
            let stored = store.object(&bucket, "a/b").unwrap();
            let mut read = Vec::new();
            stored
                .file
                .take(stored.record.size)
                .read_to_end(&mut read)
                .unwrap();
            assert_eq!(read, content);
        }
    }

    #[test]
    fn a_foreign_or_cut_file_is_named() {
        let (_dir, store, bucket) = store_with_bucket();
        put(&store, &bucket, "key", b"content");
        let path = store.object_path(&bucket, "key");
        let whole = fs::read(&path).unwrap();
        for len in 0..whole.len() {
            fs::write(&path, &whole[..len]).unwrap();
            let error = store.object(&bucket, "key").unwrap_err();
            assert!(
                matches!(error, StoreError::Corrupt { .. }),
                "{len}: {error}"
            );
        }
    }

    #[test]
    fn directories_go_with_their_last_object() {
        let (_dir, store, bucket) = store_with_bucket();
        for key in ["a/b/c", "a/b/d", "a"] {
            put(&store, &bucket, key, b"");
        }
        let delete = |key| {
            store
                .delete_object(&bucket, key, &Precondition::None)
                .unwrap();
        };
        delete("a/b/c");
        assert_eq!(store.keys(&bucket, "").unwrap(), ["a", "a/b/d"]);
        assert_eq!(store.keys(&bucket, "a/b").unwrap(), ["a/b/d"]);
        delete("a/b/d");
        delete("a/b/d");
        delete("a");
        let objects = store.objects_dir(&bucket);
        assert_eq!(fs::read_dir(objects).unwrap().count(), 0);
        store.delete_bucket(&bucket).unwrap();
    }

    #[test]
    fn preconditions_guard_the_stored_object() {
        let (_dir, store, bucket) = store_with_bucket();
        let delete = |precondition| store.delete_object(&bucket, "key", &precondition);
        let any = Precondition::Matches(None);
        assert!(matches!(delete(any), Err(StoreError::NoSuchKey(_))));
        put(&store, &bucket, "key", b"");
        let other = Precondition::Matches(Some("other".to_owned()));
        assert!(matches!(delete(other), Err(StoreError::PreconditionFailed)));
        let absent = Precondition::Absent;
        assert!(matches!(
            delete(absent),
            Err(StoreError::PreconditionFailed)
        ));
        assert!(delete(Precondition::Matches(Some(String::new()))).is_ok());
    }
}
