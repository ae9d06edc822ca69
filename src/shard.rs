//! One of several parts of the jobs, which as many processes run at the same time. A job stays in its
//! part when others come or go.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The most parts: as many as AWS Batch has children in an array job.
const COUNT_MAX: u32 = 10_000;

/// A part: the `index`th of `count`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    index: u32,
    count: NonZeroU32,
}

/// Why a text is no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write I/N with I from 1 to N and N up to {COUNT_MAX}, such as `1/4`")]
pub(crate) struct ShardError;

impl Shard {
    /// The `index`th of `count` parts, counted from 1.
    pub(crate) fn new(index: u32, count: u32) -> Result<Self, ShardError> {
        let count = NonZeroU32::new(count).filter(|count| count.get() <= COUNT_MAX);
        match count {
            Some(count) if (1..=count.get()).contains(&index) => Ok(Self { index, count }),
            _ => Err(ShardError),
        }
    }

    /// The index, counted from 1, and the count.
    pub(crate) fn parts(self) -> (u32, u32) {
        (self.index, self.count.get())
    }

    /// Whether the job of this name is in the part.
    pub(crate) fn holds(self, job: &str) -> bool {
        let digest = Sha256::digest(job.as_bytes());
        let head = digest
            .iter()
            .take(8)
            .fold(0, |head, byte| head << 8 | u64::from(*byte));
        head % u64::from(self.count.get()) == u64::from(self.index - 1)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, count) = text.split_once('/').ok_or(ShardError)?;
        let number = |text: &str| text.trim().parse().map_err(|_| ShardError);
        Self::new(number(index)?, number(count)?)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_in_one_part_and_the_parts_are_about_equal() {
        let shards: Vec<Shard> = (1..=4).map(|index| Shard::new(index, 4).unwrap()).collect();
        let mut sizes = [0; 4];
        for number in 0..4000 {
            let job = format!("job-{number}");
            let holders: Vec<_> = shards.iter().filter(|shard| shard.holds(&job)).collect();
            assert_eq!(holders.len(), 1);
            sizes[holders[0].index as usize - 1] += 1;
        }
        assert!(
            sizes.iter().all(|size| (850..1150).contains(size)),
            "{sizes:?}"
        );
        // The split is part of the contract: it must be the same in every release.
        let pinned = [
            ("logs", 1),
            ("data", 2),
            ("job-1", 2),
            ("job-2", 3),
            ("job-3", 2),
            ("fleet-001", 1),
            ("fleet-002", 2),
            ("a", 2),
            ("b", 2),
            ("nightly import", 2),
        ];
        for (job, part) in pinned {
            assert!(Shard::new(part, 3).unwrap().holds(job), "{job}");
        }
    }

    #[test]
    fn only_i_of_n_is_a_shard() {
        assert_eq!("3/8".parse::<Shard>().unwrap().to_string(), "3/8");
        for text in ["", "0/3", "4/3", "1/0", "1", "a/b", "1/10001", "-1/2"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError), "{text}");
        }
    }
}
