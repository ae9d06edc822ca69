//! Files and directories on their way: written aside, moved into place by one rename, removed
//! when that never happens.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{StoreError, failed};

/// A process that was killed leaves files here; nobody writes one for longer than this.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A path in the staging directory that vanishes on drop, unless it was moved into place.
#[derive(Debug)]
pub(crate) struct Staged {
    path: PathBuf,
}

impl Staged {
    pub(super) fn new(staging: &Path) -> Self {
        let path = staging.join(format!("{:032x}", rand::random::<u128>()));
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn create_file(&self) -> Result<File, StoreError> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&self.path)
            .map_err(failed("create the file", &self.path))
    }

    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        fs::write(&self.path, bytes).map_err(failed("write the file", &self.path))
    }

    /// Renames to `target`: a file replaces a file, a directory replaces nothing.
    pub(super) fn move_to(self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Removes what killed processes left behind; what cannot be removed stays.
pub(super) fn remove_abandoned(staging: &Path) {
    let Ok(entries) = fs::read_dir(staging) else {
        return;
    };
    let now = SystemTime::now();
    for entry in entries.flatten() {
        let age = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|modified| now.duration_since(modified).ok());
        if age.is_some_and(|age| age > ABANDONED_AFTER) {
            remove(&entry.path());
        }
    }
}

fn remove(path: &Path) {
    if fs::remove_file(path).is_err() {
        // A directory, or gone: moved into place.
        let _ = fs::remove_dir_all(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_moved_vanishes() {
        let dir = tempfile::tempdir().unwrap();
        let staged = Staged::new(dir.path());
        staged.write(b"half").unwrap();
        drop(staged);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_the_abandoned_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (old, young) = (dir.path().join("old"), dir.path().join("young"));
        fs::write(&young, b"").unwrap();
        let two_days_ago = SystemTime::now() - 2 * ABANDONED_AFTER;
        File::create(&old)
            .unwrap()
            .set_modified(two_days_ago)
            .unwrap();
        remove_abandoned(dir.path());
        assert!(young.exists());
        assert!(!old.exists());
    }
}
