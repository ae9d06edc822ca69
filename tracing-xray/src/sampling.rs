//! Local sampling: rules in a file say which traces are recorded, without a word from AWS.
//!
//! The files are those of the official SDKs, version 1 and 2. The first rule that matches decides,
//! else the file's default: the first `fixed_target` traces of each second are recorded, and `rate`
//! of all further ones. Central rules, which X-Ray itself hands out, are not read here.
//!
//! ```
//! use tracing_xray::sampling::{LocalRules, Request};
//! use tracing_xray::Timestamp;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rules = LocalRules::parse(r#"{
//!     "version": 2,
//!     "rules": [{"description": "heartbeats", "host": "*", "http_method": "*",
//!                "url_path": "/heartbeat*", "fixed_target": 0, "rate": 0.05}],
//!     "default": {"fixed_target": 1, "rate": 1}
//! }"#)?;
//! let request = Request { url_path: Some("/heartbeat-eu"), ..Request::default() };
//! let decision = rules.decide(&request, Timestamp::from_micros(0), 0.5);
//! assert!(!decision.sampled);
//! assert_eq!(decision.rule, Some("heartbeats"));
//! # Ok(())
//! # }
//! ```

mod file;
mod reservoir;
mod wildcard;

pub use file::{LocalRulesError, LocalRulesErrors};
pub use wildcard::{LetterCase, wildcard_match};

use crate::clock::Timestamp;
use reservoir::Reservoir;

/// What is to be sampled. A part that is `None` or empty matches every rule, as in the official
/// SDKs.
///
/// A batch job is no HTTP request. The worker fills the parts in this way, so that the files and
/// their editors serve for jobs too: `host` is the segment's name, `http_method` the job's type in
/// upper case, such as `CREATE-BUCKET`, and `url_path` is `/` and the job's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// The host: what `service_name` is compared with in a file of version 1, and `host` in one of
    /// version 2.
    pub host: Option<&'a str>,
    /// The method.
    pub http_method: Option<&'a str>,
    /// The path of the URL.
    pub url_path: Option<&'a str>,
}

/// What the rules say of a request.
///
/// It is for a trace on which nobody has decided: when the caller's [`crate::TraceHeader`] has
/// `Sampled=0` or `Sampled=1`, that holds. `sampled` belongs into the field `xray.sampled` of the
/// segment's span, and `rule` into `xray.sampling_rule`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The trace is recorded.
    pub sampled: bool,
    /// The name of the rule that decided: its `id`, or else its `description`. `None` for a rule
    /// without either, and for the default.
    pub rule: Option<&'a str>,
}

/// The rules of a file, with the count of what each has let through in this second.
///
/// Threads share it by reference; to decide takes no lock.
#[derive(Debug)]
pub struct LocalRules {
    rules: Vec<Rule>,
    default: Share,
}

/// One rule: whom it is for, and how many of them are recorded.
#[derive(Debug)]
struct Rule {
    name: Option<String>,
    host: String,
    http_method: String,
    url_path: String,
    share: Share,
}

/// How many traces are recorded.
#[derive(Debug)]
struct Share {
    reservoir: Reservoir,
    rate: f64,
}

impl Default for LocalRules {
    /// Without a file, everything is sampled: batch jobs are few, and each one matters. The
    /// official SDKs record one trace a second and 5 % of the rest; a file can say so.
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            default: Share {
                reservoir: Reservoir::new(0),
                rate: 1.0,
            },
        }
    }
}

impl LocalRules {
    /// Reads a file's text: JSON of version 1 or 2.
    ///
    /// As strict as the strictest official SDK: an unknown field, a rate above 1 and a fixed
    /// target with a fraction are faults too. The field `id`, which the SDKs for Go and Java know,
    /// is allowed on a rule.
    ///
    /// # Errors
    /// Every fault of the file, each with its place.
    pub fn parse(json: &str) -> Result<Self, LocalRulesErrors> {
        file::parse(json)
    }

    /// Decides about one request, `now`, by chance: `random` is at least 0 and below 1, drawn
    /// anew for each request.
    pub fn decide(&self, request: &Request<'_>, now: Timestamp, random: f64) -> Decision<'_> {
        let rule = self.rules.iter().find(|rule| rule.matches(request));
        let share = rule.map_or(&self.default, |rule| &rule.share);
        Decision {
            sampled: share.takes(now, random),
            rule: rule.and_then(|rule| rule.name.as_deref()),
        }
    }
}

impl Rule {
    fn matches(&self, request: &Request<'_>) -> bool {
        let matches = |pattern: &str, part: Option<&str>| {
            part.filter(|part| !part.is_empty())
                .is_none_or(|part| wildcard_match(pattern, part, LetterCase::Ignored))
        };
        matches(&self.host, request.host)
            && matches(&self.http_method, request.http_method)
            && matches(&self.url_path, request.url_path)
    }
}

impl Share {
    fn takes(&self, now: Timestamp, random: f64) -> bool {
        self.reservoir.take(now) || random < self.rate
    }
}

#[cfg(test)]
mod tests;
