//! A plan as text: `rate=0.3,kinds=slow_down+half_answer,operations=CreateBucket,seed=7,count=100`.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

use super::{FaultKind, FaultPlan};
use crate::service::OPERATIONS;

const KEYS: [&str; 6] = ["rate", "kinds", "operations", "seed", "count", "delay_ms"];
/// Words further apart than this are not taken for one another.
const SIMILARITY_MIN: f64 = 0.75;

/// All that is wrong with the text of a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fault plan: {}", .0.join("; "))]
pub struct FaultPlanError(Vec<String>);

impl Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rate={}", self.rate)?;
        if !self.kinds.is_empty() {
            let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.as_str()).collect();
            write!(f, ",kinds={}", kinds.join("+"))?;
        }
        if !self.operations.is_empty() {
            write!(f, ",operations={}", self.operations.join("+"))?;
        }
        if self.seed != 0 {
            write!(f, ",seed={}", self.seed)?;
        }
        if let Some(count) = self.count {
            write!(f, ",count={count}")?;
        }
        if self.delay != Self::DELAY_DEFAULT {
            write!(f, ",delay_ms={}", self.delay.as_millis())?;
        }
        Ok(())
    }
}

impl FromStr for FaultPlan {
    type Err = FaultPlanError;

    fn from_str(text: &str) -> Result<Self, FaultPlanError> {
        let mut plan = Self::always();
        let (mut faults, mut seen) = (Vec::new(), Vec::new());
        for pair in text.split(',').map(str::trim) {
            let Some((key, value)) = pair.split_once('=') else {
                faults.push(format!(
                    "{pair:?} is no key=value: give one such as rate=0.3"
                ));
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            if seen.contains(&key) {
                faults.push(format!("{key} is given twice: give it once"));
            }
            seen.push(key);
            if let Err(found) = plan.set(key, value) {
                faults.extend(found);
            }
        }
        if faults.is_empty() {
            Ok(plan)
        } else {
            Err(FaultPlanError(faults))
        }
    }
}

impl FaultPlan {
    fn set(&mut self, key: &str, value: &str) -> Result<(), Vec<String>> {
        match key {
            "rate" => self.rate = rate(value)?,
            "kinds" => self.kinds = listed(value, kind)?,
            "operations" => self.operations = listed(value, operation)?,
            "seed" => self.seed = number(key, value)?,
            "count" => self.count = Some(number(key, value)?),
            "delay_ms" => self.delay = delay(key, value)?,
            _ => {
                let meant = did_you_mean(key, KEYS);
                return Err(vec![format!(
                    "unknown key {key:?}{meant}: known are {}",
                    KEYS.join(", ")
                )]);
            }
        }
        Ok(())
    }
}

fn rate(value: &str) -> Result<f64, Vec<String>> {
    match value.parse() {
        Ok(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
        _ => Err(vec![format!(
            "rate {value:?} is no share: give 0 to 1, such as 0.3"
        )]),
    }
}

fn number(key: &str, value: &str) -> Result<u64, Vec<String>> {
    let refused = |_| {
        vec![format!(
            "{key} {value:?} is no whole number: give one such as 7"
        )]
    };
    value.parse().map_err(refused)
}

fn delay(key: &str, value: &str) -> Result<Duration, Vec<String>> {
    let delay = Duration::from_millis(number(key, value)?);
    if delay > FaultPlan::DELAY_MAX {
        let max = FaultPlan::DELAY_MAX.as_millis();
        return Err(vec![format!(
            "{key} {value} is too long: give {max} at most"
        )]);
    }
    Ok(delay)
}

/// Reads words that are joined by `+`; `*` alone is all of them, which is kept as none.
fn listed<T>(value: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, Vec<String>> {
    if value == "*" {
        return Ok(Vec::new());
    }
    let (mut read_words, mut faults) = (Vec::new(), Vec::new());
    for word in value.split('+').map(str::trim) {
        match read(word) {
            Ok(word) => read_words.push(word),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        Ok(read_words)
    } else {
        Err(faults)
    }
}

fn kind(word: &str) -> Result<FaultKind, String> {
    let words = FaultKind::ALL.map(FaultKind::as_str);
    let known = FaultKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == word);
    known.ok_or_else(|| {
        let meant = did_you_mean(word, words);
        format!(
            "unknown kind {word:?}{meant}: known are {}",
            words.join(", ")
        )
    })
}

fn operation(word: &str) -> Result<String, String> {
    if OPERATIONS.contains(&word) {
        return Ok(word.to_owned());
    }
    let meant = did_you_mean(word, OPERATIONS.iter().copied());
    Err(format!(
        "unknown operation {word:?}{meant}: give an operation of S3 that this local S3 answers, or *"
    ))
}

fn did_you_mean(word: &str, known: impl IntoIterator<Item = &'static str>) -> String {
    let similar = known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    similar.map_or_else(String::new, |(_, known)| {
        format!(", did you mean {known:?}?")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults(text: &str) -> Vec<String> {
        text.parse::<FaultPlan>().unwrap_err().0
    }

    #[test]
    fn a_plan_is_read() {
        let text = "rate=0.3,kinds=slow_down+half_answer,operations=PutBucketPolicy+CreateBucket,seed=7,count=100,delay_ms=20";
        let plan: FaultPlan = text.parse().unwrap();
        let expected = FaultPlan {
            rate: 0.3,
            kinds: vec![FaultKind::SlowDown, FaultKind::HalfAnswer],
            operations: vec!["PutBucketPolicy".to_owned(), "CreateBucket".to_owned()],
            seed: 7,
            count: Some(100),
            delay: Duration::from_millis(20),
        };
        assert_eq!(plan, expected);
        assert_eq!(plan.to_string(), text);
        let all: FaultPlan = "operations=*, kinds=*".parse().unwrap();
        assert_eq!(all, FaultPlan::always());
        assert_eq!("rate=0".parse(), Ok(FaultPlan::none()));
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let found = faults("rate=2,kinds=slow_dwon+wrong_xml+x,operatoins=*,seed=a,now,count=-1");
        let expected = [
            "rate \"2\" is no share",
            "unknown kind \"slow_dwon\", did you mean \"slow_down\"?",
            "unknown kind \"x\": known are internal_error",
            "unknown key \"operatoins\", did you mean \"operations\"?",
            "seed \"a\" is no whole number",
            "\"now\" is no key=value",
            "count \"-1\" is no whole number",
        ];
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}");
        }
        let meant = faults("operations=PutBucketPolcy");
        assert!(
            meant[0].contains("did you mean \"PutBucketPolicy\"?"),
            "{meant:?}"
        );
        for text in [
            "",
            "rate=NaN",
            "rate=0.1,rate=0.2",
            "kinds=",
            "delay_ms=60001",
        ] {
            assert_eq!(faults(text).len(), 1, "{text}");
        }
    }

    prop_compose! {
        fn plans()(
            rate in 0.0..=1.0,
            kinds in prop::sample::subsequence(FaultKind::ALL.to_vec(), 0..=7),
            operations in prop::sample::subsequence(OPERATIONS.to_vec(), 0..4),
            seed: u64,
            count: Option<u64>,
            delay_ms in 0u64..=60_000,
        ) -> FaultPlan {
            let operations = operations.into_iter().map(str::to_owned).collect();
            let delay = Duration::from_millis(delay_ms);
            FaultPlan { rate, kinds, operations, seed, count, delay }
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(plan in plans()) {
            prop_assert_eq!(plan.to_string().parse(), Ok(plan));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[a-z=+,0-9.*]{0,60}|\\PC{0,40}") {
            let _ = text.parse::<FaultPlan>();
        }
    }
}
