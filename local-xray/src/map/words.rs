//! The numbers of the map in words.

use super::{Edge, Histogram, Outcome, Statistics};

/// The step of times that the X-Ray API tells, in seconds.
const API_STEP: f64 = 1e-3;

impl Statistics {
    /// What mattered most, in words: `100 % ok`, `50 % ok, 1 fault`, `2 throttle`. None without a
    /// finished request.
    pub fn health(&self) -> Option<String> {
        let worst = self.worst()?;
        if worst == Outcome::Ok {
            return Some("100 % ok".to_owned());
        }
        let bad = format!("{} {}", self.count(worst), worst.word());
        // Rounded down: 100 % is said only when it is true.
        let share = self.ok as f64 / self.total.max(1) as f64;
        Some(match (share * 100.0).floor().min(99.0) as u64 {
            0 => bad,
            percent => format!("{percent} % ok, {bad}"),
        })
    }

    /// The mean response time, with the digits that are known of it. None without a finished request.
    pub fn average_words(&self) -> Option<String> {
        // The API has the sum in milliseconds.
        let step = API_STEP / self.total.max(1) as f64;
        Some(stepped_duration(self.average()?, step))
    }

    /// How many requests, and how long they took: `12 req · 34.0 ms`. None without a finished
    /// request.
    pub fn load(&self) -> Option<String> {
        Some(format!("{} req · {}", self.total, self.average_words()?))
    }

    /// As [`load`](Self::load), of a time of so many minutes: `12 req · 0.20/min · 34.0 ms`.
    pub fn load_of(&self, minutes: f64) -> Option<String> {
        let average = self.average_words()?;
        let rate = per_minute(self.total, minutes);
        Some(format!("{} req · {rate}/min · {average}", self.total))
    }

    /// All of it, for those who cannot see the drawing: `12 requests: 9 ok, 1 error, 2 fault;
    /// average response time 34.0 ms`.
    pub fn sentence(&self) -> String {
        let Some(average) = self.average_words() else {
            return "no finished requests".to_owned();
        };
        let outcomes: Vec<String> = Outcome::ALL
            .into_iter()
            .filter(|&outcome| self.count(outcome) > 0)
            .map(|outcome| format!("{} {}", self.count(outcome), outcome.word()))
            .collect();
        let outcomes = match outcomes.is_empty() {
            true => String::new(),
            false => format!(": {}", outcomes.join(", ")),
        };
        let requests = count(self.total, "request");
        format!("{requests}{outcomes}; average response time {average}")
    }
}

impl Histogram {
    /// The mean, in whole milliseconds, of which it is made. None of nothing.
    pub fn average_words(&self) -> Option<String> {
        self.average().map(api_duration)
    }

    /// A percentile, or a dash.
    pub fn percentile_words(&self, percent: u64) -> String {
        let seconds = self.percentile(percent);
        seconds.map_or_else(|| "–".to_owned(), api_duration)
    }
}

impl Edge {
    /// How many requests and how long they took; of a link how many events and how old they were: `12
    /// events · 1.50 s old`. None of nothing.
    pub fn load(&self) -> Option<String> {
        if !self.is_link {
            return self.statistics.load();
        }
        let age = self.event_ages.average_words()?;
        Some(format!(
            "{} · {age} old",
            count(self.event_ages.total(), "event")
        ))
    }

    /// All of it, for those who cannot see the drawing.
    pub fn sentence(&self) -> String {
        if !self.is_link {
            return self.statistics.sentence();
        }
        match self.event_ages.average_words() {
            Some(age) => format!(
                "{}; average age {age}",
                count(self.event_ages.total(), "event")
            ),
            None => "no received events".to_owned(),
        }
    }
}

impl Outcome {
    /// The outcome as X-Ray calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Throttle => "throttle",
            Self::Fault => "fault",
        }
    }
}

/// `1 request`, `2 requests`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    format!("{number} {}", nouns(number, noun))
}

/// `request` of 1, `requests` of any other number.
pub(crate) fn nouns(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{noun}{plural}")
}

/// So many requests in so many minutes, for one minute: `0.20`, `12.5`, `340`, `<0.01`. A time of less than
/// a second counts as one, since the rate of no time is none.
pub fn per_minute(total: u64, minutes: f64) -> String {
    let rate = total as f64 / minutes.max(1.0 / 60.0);
    match rate {
        0.0 => "0".to_owned(),
        rate if rate < 0.005 => "<0.01".to_owned(),
        rate if rate < 9.995 => format!("{rate:.2}"),
        rate if rate < 99.95 => format!("{rate:.1}"),
        rate => format!("{rate:.0}"),
    }
}

/// A duration in seconds as people read it: `412 µs`, `12.3 ms`, `1.24 s`, `2 min 3 s`, `1 h 2 min`,
/// `3 d 4 h`. Three digits, or two units; `–` for what is no duration.
pub fn duration(seconds: f64) -> String {
    stepped_duration(seconds, 0.0)
}

/// A duration that the X-Ray API tells, which is in whole milliseconds: `12 ms`, `1.24 s`, and `< 1 ms` for
/// what is none of them.
pub fn api_duration(seconds: f64) -> String {
    stepped_duration(seconds, API_STEP)
}

/// A duration that is known in steps of so many seconds: it gets no digit that is not known.
fn stepped_duration(seconds: f64, step: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".to_owned();
    }
    // Each limit is where the text would round up to the next unit.
    match seconds {
        s if s < 999.5e-6 && step < 1.01e-6 => format!("{:.0} µs", s * 1e6),
        s if s < 999.5e-3 => milliseconds(s * 1e3, step * 1e3),
        s if s < 59.95 => format!("{s:.*} s", decimals(s)),
        s if s < 3599.5 => two_units(s, 60, "min", "s"),
        s if s < 86_370.0 => two_units(s / 60.0, 60, "h", "min"),
        s => two_units(s / 3600.0, 24, "d", "h"),
    }
}

fn milliseconds(value: f64, step: f64) -> String {
    let known = match step {
        step if step < 0.0101 => 2,
        step if step < 0.101 => 1,
        _ => 0,
    };
    let decimals = decimals(value).min(known);
    let least = 0.1_f64.powi(decimals as i32);
    match value < least / 2.0 {
        true => format!("< {least:.decimals$} ms"),
        false => format!("{value:.decimals$} ms"),
    }
}

/// How many decimals make three digits.
fn decimals(value: f64) -> usize {
    match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    }
}

fn two_units(small: f64, per_large: u64, large_unit: &str, small_unit: &str) -> String {
    let small = small.round() as u64; // saturates
    match (small / per_large, small % per_large) {
        (large, 0) => format!("{large} {large_unit}"),
        (large, rest) => format!("{large} {large_unit} {rest} {small_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_three_digits() {
        for (total, minutes, told) in [
            (0, 60.0, "0"),
            (1, 60.0, "0.02"),
            (1, 43_200.0, "<0.01"),
            (750, 60.0, "12.5"),
            (20_401, 60.0, "340"),
            (2, 0.0, "120"),
            (2, 1e-9, "120"),
        ] {
            assert_eq!(per_minute(total, minutes), told);
        }
    }

    #[test]
    fn health_is_whole_only_when_it_is_true() {
        let statistics = |ok, error, throttle, fault| Statistics {
            total: ok + error + throttle + fault,
            ok,
            error,
            throttle,
            fault,
            ..Statistics::default()
        };
        let health = |statistics: Statistics| statistics.health().unwrap_or_default();
        assert_eq!(health(statistics(3, 0, 0, 0)), "100 % ok");
        assert_eq!(health(statistics(9_999, 0, 0, 1)), "99 % ok, 1 fault");
        assert_eq!(health(statistics(1, 2, 1, 0)), "25 % ok, 1 throttle");
        assert_eq!(health(statistics(0, 2, 0, 0)), "2 error");
        assert_eq!(health(statistics(0, 0, 0, 0)), "");
        assert_eq!(
            statistics(3, 2, 0, 1).sentence(),
            "6 requests: 3 ok, 2 error, 1 fault; average response time < 1 ms"
        );
    }

    #[test]
    fn an_average_has_the_digits_that_its_sum_gives() {
        for (total, seconds, told) in [
            (1, 0.012, "12 ms"),
            (3, 0.037, "12 ms"),
            (10, 0.123, "12.3 ms"),
            (100, 1.234, "12.3 ms"),
            (1, 0.0, "< 1 ms"),
            (10, 0.004, "0.4 ms"),
            (200, 0.0824, "0.41 ms"),
            (1000, 0.412, "412 µs"),
            (1, 1.24, "1.24 s"),
            (2, 246.0, "2 min 3 s"),
        ] {
            let statistics = Statistics {
                total,
                seconds,
                ..Statistics::default()
            };
            assert_eq!(statistics.average_words().as_deref(), Some(told));
        }
    }

    #[test]
    fn whole_milliseconds_have_no_other_digits() {
        for (seconds, told) in [
            (0.0, "< 1 ms"),
            (0.001, "1 ms"),
            (0.012, "12 ms"),
            (0.9994, "999 ms"),
            (0.9996, "1.00 s"),
            (1.234, "1.23 s"),
            (-1.0, "–"),
        ] {
            assert_eq!(api_duration(seconds), told, "{seconds}");
        }
        assert_eq!(duration(0.0), "0 µs");
    }
}
