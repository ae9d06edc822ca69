//! Buckets on disk: a directory each, with one JSON file for all that is known of the bucket.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::staging::Staged;
use super::{BucketRecord, Store, StoreError, failed};
use crate::name::BucketName;

/// How an attempt to create a bucket ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Creation {
    Created,
    /// The name was taken, by this bucket.
    Taken(Box<BucketRecord>),
}

impl Store {
    /// Creates a bucket; of several attempts at one name exactly one is `Created`.
    pub(crate) fn create_bucket(
        &self,
        name: &BucketName,
        record: &BucketRecord,
    ) -> Result<Creation, StoreError> {
        let target = self.bucket_dir(name);
        let staged = Staged::new(&self.staging);
        fs::create_dir(staged.path()).map_err(failed("create the directory", staged.path()))?;
        let file = staged.path().join("bucket.json");
        fs::write(&file, to_json(&file, record)?).map_err(failed("write the file", &file))?;
        match staged.move_to(&target) {
            Ok(()) => Ok(Creation::Created),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists
                ) =>
            {
                Ok(Creation::Taken(Box::new(self.bucket(name)?)))
            }
            Err(error) => Err(failed("create the bucket", &target)(error)),
        }
    }

    /// Reads what is known of a bucket.
    pub(crate) fn bucket(&self, name: &BucketName) -> Result<BucketRecord, StoreError> {
        let path = self.bucket_dir(name).join("bucket.json");
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => StoreError::NoSuchBucket(name.as_str().to_owned()),
            _ => failed("read the file", &path)(error),
        })?;
        serde_json::from_slice(&bytes).map_err(|error| StoreError::Corrupt {
            path,
            reason: error.to_string(),
        })
    }

    /// Changes what is known of a bucket; `change` sees what is stored now, and nothing is
    /// written when it fails.
    pub(crate) fn update_bucket<T, E: From<StoreError>>(
        &self,
        name: &BucketName,
        change: impl FnOnce(&mut BucketRecord) -> Result<T, E>,
    ) -> Result<T, E> {
        let _order = self.change();
        let mut record = self.bucket(name)?;
        let output = change(&mut record)?;
        let path = self.bucket_dir(name).join("bucket.json");
        let staged = Staged::new(&self.staging);
        staged.write(&to_json(&path, &record)?)?;
        staged
            .move_to(&path)
            .map_err(failed("replace the file", &path))?;
        Ok(output)
    }

    /// Deletes an empty bucket.
    pub(crate) fn delete_bucket(&self, name: &BucketName) -> Result<(), StoreError> {
        let _order = self.change();
        self.bucket(name)?;
        if self.has_objects(name)? {
            return Err(StoreError::BucketNotEmpty(name.as_str().to_owned()));
        }
        let path = self.bucket_dir(name);
        // Gone in one step; the drop of the staged directory then removes its files.
        let grave = Staged::new(&self.staging);
        fs::rename(&path, grave.path()).map_err(failed("remove the bucket", &path))
    }

    /// All buckets, by name.
    pub(crate) fn buckets(&self) -> Result<Vec<(BucketName, BucketRecord)>, StoreError> {
        let unreadable = || failed("read the directory", &self.buckets);
        let mut buckets = Vec::new();
        for entry in fs::read_dir(&self.buckets).map_err(unreadable())? {
            let file_name = entry.map_err(unreadable())?.file_name();
            let Some(Ok(name)) = file_name.to_str().map(BucketName::parse) else {
                continue;
            };
            match self.bucket(&name) {
                Ok(record) => buckets.push((name, record)),
                Err(StoreError::NoSuchBucket(_)) => {}
                Err(error) => return Err(error),
            }
        }
        buckets.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        Ok(buckets)
    }

    pub(super) fn bucket_dir(&self, name: &BucketName) -> PathBuf {
        self.buckets.join(name.as_str())
    }
}

fn to_json(path: &Path, record: &BucketRecord) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec_pretty(record).map_err(|error| StoreError::Corrupt {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
