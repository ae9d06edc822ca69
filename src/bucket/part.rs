//! One managed sub-resource during one run, whatever its type: what is wanted, what is there, and the
//! change between them.

use std::pin::Pin;

use super::change::{Action, Change};
use super::error::CallError;
use super::subresource::{Absent, Calls, SubResource};
use super::wanted::Wanted;

/// A call under way.
pub(super) type Sent<'a> = Pin<Box<dyn Future<Output = Result<(), Box<CallError>>> + Send + 'a>>;

/// A managed sub-resource of any type.
pub(super) trait Part: Send + Sync {
    /// The field of the job file.
    fn field(&self) -> &'static str;

    /// Reads what S3 has.
    fn observe<'a>(&'a mut self, bucket: &'a Calls<'_>) -> Sent<'a>;

    /// Takes S3 to have what a new bucket has.
    fn assume_new(&mut self);

    /// What must change; nothing when what is there means the same.
    fn change(&self) -> Option<Change>;

    /// Why S3 would refuse that change for good.
    fn refusal(&self) -> Option<String>;

    /// Makes that change.
    fn make<'a>(&'a self, bucket: &'a Calls<'_>) -> Sent<'a>;
}

/// A sub-resource that the job names.
#[derive(Debug)]
pub(super) struct Managed<T> {
    pub(super) wanted: Wanted<T>,
    /// What S3 has in the bucket that this job creates.
    pub(super) new: Option<T>,
    pub(super) there: Option<T>,
}

/// What is to be done so that S3 has what is wanted.
enum Goal<T> {
    Put(T),
    /// Afterwards S3 has this.
    Delete(Option<T>),
    /// S3 never has none, which a check has told.
    Keep,
}

impl<T: SubResource> Managed<T> {
    pub(super) fn of(wanted: &Wanted<T>) -> Self {
        Self {
            wanted: wanted.clone(),
            new: T::of_new_bucket(),
            there: None,
        }
    }

    fn goal(&self) -> Goal<T> {
        let there = self.there.as_ref();
        match &self.wanted {
            Wanted::Present(value) => Goal::Put(value.canonical(there)),
            Wanted::Absent => match T::absent() {
                Absent::Delete(left) => Goal::Delete(left.map(|left| left.canonical(there))),
                Absent::Put(value) => Goal::Put(value.canonical(there)),
                Absent::Never(_) => Goal::Keep,
            },
        }
    }

    /// What is there, in its canonical spelling.
    fn from(&self) -> Option<T> {
        let there = self.there.as_ref();
        there.map(|value| value.canonical(there))
    }
}

impl<T: SubResource> Part for Managed<T> {
    fn field(&self) -> &'static str {
        T::FIELD
    }

    fn observe<'a>(&'a mut self, bucket: &'a Calls<'_>) -> Sent<'a> {
        Box::pin(async move {
            self.there = T::get(bucket).await?;
            Ok(())
        })
    }

    fn assume_new(&mut self) {
        self.there.clone_from(&self.new);
    }

    fn change(&self) -> Option<Change> {
        let from = self.from();
        let (action, to) = match self.goal() {
            Goal::Put(to) => (Action::Put, Some(to)),
            Goal::Delete(to) => (Action::Delete, to),
            Goal::Keep => return None,
        };
        (from != to).then(|| Change {
            field: T::FIELD,
            action,
            from: from.as_ref().map(T::shown),
            to: to.as_ref().map(T::shown),
        })
    }

    fn refusal(&self) -> Option<String> {
        match (self.goal(), &self.there) {
            (Goal::Put(to), Some(there)) => to.refusal(there),
            (Goal::Put(_) | Goal::Delete(_) | Goal::Keep, _) => None,
        }
    }

    fn make<'a>(&'a self, bucket: &'a Calls<'_>) -> Sent<'a> {
        Box::pin(async move {
            match self.goal() {
                Goal::Put(to) => to.put(bucket).await,
                Goal::Delete(_) => T::delete(bucket).await,
                Goal::Keep => Ok(()),
            }
        })
    }
}

#[cfg(test)]
mod tests;
