//! How a run or a job stands, in words, and how many stand how.

/// How a job or a run stands, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It has not ended.
    Running,
    /// It failed, or was cut off.
    Failed,
    /// In progress, although its run is over: its end never arrived.
    Unknown,
    /// It is done.
    Done,
}

impl Standing {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Running, Self::Failed, Self::Unknown, Self::Done];

    /// By the word that a segment tells, if any; else by whether it failed.
    pub(super) fn of_ended(outcome: Option<&str>, failed: bool) -> Self {
        let is_failure = |word: &str| {
            matches!(
                word,
                "failed" | "timed out" | "interrupted" | "stopped" | "deadline passed"
            )
        };
        match failed || outcome.is_some_and(is_failure) {
            true => Self::Failed,
            false => Self::Done,
        }
    }

    /// As addresses say it, and people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Unknown => "no end seen",
            Self::Done => "done",
        }
    }

    /// That of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }
}

/// The order of jobs where failures are looked for: what failed comes before what runs.
pub fn urgency(standing: Standing) -> impl Ord {
    match standing {
        Standing::Running => Standing::Failed,
        Standing::Failed => Standing::Running,
        other => other,
    }
}

/// How many stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([usize; 4]);

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, standing: Standing) {
        self.0[standing as usize] += 1;
    }

    /// How many stand so.
    pub fn of(&self, standing: Standing) -> usize {
        self.0[standing as usize]
    }

    /// How many there are in all.
    pub fn all(&self) -> usize {
        self.0.iter().sum()
    }

    /// `1 running, 2 failed, 7 done`.
    pub fn words(&self) -> String {
        let told = Standing::ALL
            .into_iter()
            .filter(|&standing| self.of(standing) > 0);
        let told = told.map(|standing| format!("{} {}", self.of(standing), standing.word()));
        let told: Vec<String> = told.collect();
        match told.is_empty() {
            true => "no jobs seen".to_owned(),
            false => told.join(", "),
        }
    }
}

impl FromIterator<Standing> for Counts {
    fn from_iter<I: IntoIterator<Item = Standing>>(standings: I) -> Self {
        let mut counts = Self::default();
        standings
            .into_iter()
            .for_each(|standing| counts.add(standing));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_or_the_fault_tells_how_it_ended() {
        for (outcome, failed, expected) in [
            (Some("changed"), false, Standing::Done),
            (Some("timed out"), false, Standing::Failed),
            (Some("interrupted"), true, Standing::Failed),
            (Some("of another program"), true, Standing::Failed),
            (None, false, Standing::Done),
            (None, true, Standing::Failed),
        ] {
            assert_eq!(Standing::of_ended(outcome, failed), expected, "{outcome:?}");
        }
    }

    #[test]
    fn counts_are_told_the_most_urgent_first() {
        let counts: Counts = [Standing::Done, Standing::Failed, Standing::Done]
            .into_iter()
            .collect();
        assert_eq!(counts.words(), "1 failed, 2 done");
        assert_eq!(Counts::default().words(), "no jobs seen");
        for standing in Standing::ALL {
            assert_eq!(Standing::from_word(standing.word()), Some(standing));
        }
    }
}
