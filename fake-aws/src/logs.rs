//! CloudWatch Logs: GetLogEvents of what tasks logged.

use std::collections::BTreeMap;

use chrono::Utc;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::State;
use crate::protocol::{AnswerBody, ApiError, read};

/// The events of each stream of each group.
#[derive(Debug, Default)]
pub(crate) struct Logs(BTreeMap<String, BTreeMap<String, Vec<Event>>>);

#[derive(Debug)]
struct Event {
    timestamp: i64,
    message: String,
}

impl Logs {
    /// Adds lines to a stream, which comes to exist, and its group too.
    pub(crate) fn append(&mut self, group: &str, stream: &str, lines: &[&str]) {
        let streams = self.0.entry(group.to_owned()).or_default();
        let events = streams.entry(stream.to_owned()).or_default();
        events.extend(lines.iter().map(|line| Event {
            timestamp: Utc::now().timestamp_millis(),
            message: (*line).to_owned(),
        }));
    }

    fn stream(&self, group: &str, stream: &str) -> Result<&[Event], ApiError> {
        let missing = |what: &str| {
            let message = format!("The specified log {what} does not exist.");
            ApiError::new("ResourceNotFoundException", message)
        };
        let streams = self.0.get(group).ok_or_else(|| missing("group"))?;
        let events = streams.get(stream).ok_or_else(|| missing("stream"))?;
        Ok(events)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<i64>,
    #[serde(default)]
    start_from_head: bool,
}

impl GetLogEvents {
    /// The group's name: one of two members tells it, the other must be missing.
    fn group(&self) -> Result<&str, ApiError> {
        match (&self.log_group_name, &self.log_group_identifier) {
            (Some(name), None) => Ok(name),
            (None, Some(identifier)) => Ok(identifier
                .split_once(":log-group:")
                .map_or(identifier, |(_, name)| name.trim_end_matches(":*"))),
            _ => Err(invalid(
                "Exactly one of logGroupName and logGroupIdentifier must be specified.",
            )),
        }
    }
}

/// Where a page begins, and which way it goes: forward from an event, or backward from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Forward(usize),
    Backward(usize),
}

impl Place {
    /// Tokens look like those of AWS: `f/` and 56 digits `/s`.
    fn token(self) -> String {
        match self {
            Self::Forward(at) => format!("f/{at:056}/s"),
            Self::Backward(at) => format!("b/{at:056}/s"),
        }
    }

    fn of_token(token: &str) -> Option<Self> {
        let (way, at) = token.strip_suffix("/s")?.split_once('/')?;
        let at = at.parse().ok()?;
        match way {
            "f" => Some(Self::Forward(at)),
            "b" => Some(Self::Backward(at)),
            _ => None,
        }
    }

    /// The events of the page, of so many there are.
    fn range(self, size: usize, events: usize) -> std::ops::Range<usize> {
        match self {
            Self::Forward(at) => at.min(events)..at.saturating_add(size).min(events),
            Self::Backward(at) => at.min(events).saturating_sub(size)..at.min(events),
        }
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

pub(crate) fn call(state: &State, operation: &str, body: &Value) -> Result<AnswerBody, ApiError> {
    if operation != "GetLogEvents" {
        return Err(ApiError::unknown_operation(operation));
    }
    let wanted: GetLogEvents = read(body)?;
    let limit = wanted.limit.unwrap_or(10_000);
    if !(1..=10_000).contains(&limit) {
        return Err(invalid("limit must be between 1 and 10000."));
    }
    let size = usize::try_from(limit).unwrap_or(1);
    let size = size.min(state.settings.log_page_size);
    let stream = state
        .logs
        .stream(wanted.group()?, &wanted.log_stream_name)?;
    let from = wanted.start_time.unwrap_or(i64::MIN);
    let to = wanted.end_time.unwrap_or(i64::MAX);
    let within = |event: &&Event| (from..to).contains(&event.timestamp);
    let events: Vec<&Event> = stream.iter().filter(within).collect();
    let place = match &wanted.next_token {
        Some(token) => {
            Place::of_token(token).ok_or_else(|| invalid("The specified nextToken is invalid."))?
        }
        None if wanted.start_from_head => Place::Forward(0),
        None => Place::Backward(events.len()),
    };
    let range = place.range(size, events.len());
    // At the end of a stream the token that was given comes back.
    let forward = Place::Forward(range.end).token();
    let backward = Place::Backward(range.start).token();
    let told: Vec<Value> = events[range].iter().map(|event| told(event)).collect();
    Ok(AnswerBody::Json(json!({
        "events": told,
        "nextForwardToken": forward,
        "nextBackwardToken": backward,
    })))
}

fn told(event: &Event) -> Value {
    json!({
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.timestamp,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(state: &State, body: Value) -> (Vec<String>, String, String) {
        let mut whole = json!({ "logGroupName": "g", "logStreamName": "s" });
        if let (Value::Object(all), Value::Object(more)) = (&mut whole, body) {
            all.extend(more);
        }
        let AnswerBody::Json(answer) = call(state, "GetLogEvents", &whole).unwrap() else {
            panic!("no JSON");
        };
        let token = |name: &str| answer[name].as_str().unwrap().to_owned();
        let events = answer["events"].as_array().unwrap();
        let messages = events
            .iter()
            .map(|event| event["message"].as_str().unwrap().to_owned())
            .collect();
        (
            messages,
            token("nextForwardToken"),
            token("nextBackwardToken"),
        )
    }

    fn five_lines() -> State {
        let mut state = State::default();
        state.logs.append("g", "s", &["1", "2", "3", "4", "5"]);
        state
    }

    #[test]
    fn reading_forward_ends_with_the_token_that_was_given() {
        let mut state = five_lines();
        let first = json!({ "startFromHead": true, "limit": 2 });
        let (messages, mut token, _) = page(&state, first);
        assert_eq!(messages, ["1", "2"]);
        for expected in [vec!["3", "4"], vec!["5"]] {
            let (messages, next, _) = page(
                &state,
                json!({ "nextToken": token, "startFromHead": true, "limit": 2 }),
            );
            assert_eq!(messages, expected);
            token = next;
        }
        let (messages, next, _) = page(&state, json!({ "nextToken": token }));
        assert_eq!((messages.len(), &next), (0, &token));
        state.logs.append("g", "s", &["6"]);
        let (messages, next, _) = page(&state, json!({ "nextToken": token }));
        assert_eq!(messages, ["6"]);
        assert_ne!(next, token);
    }

    #[test]
    fn reading_starts_with_the_latest_unless_told_otherwise() {
        let state = five_lines();
        let (messages, _, backward) = page(&state, json!({ "limit": 2 }));
        assert_eq!(messages, ["4", "5"]);
        let (messages, forward, backward) =
            page(&state, json!({ "limit": 4, "nextToken": backward }));
        assert_eq!(messages, ["1", "2", "3"]);
        let (messages, _, again) = page(&state, json!({ "nextToken": backward }));
        assert_eq!((messages.len(), again), (0, backward));
        let (messages, ..) = page(&state, json!({ "nextToken": forward }));
        assert_eq!(messages, ["4", "5"]);
    }

    #[test]
    fn what_is_not_there_and_what_is_wrong_is_refused() {
        let state = five_lines();
        for (body, code) in [
            (
                json!({"logGroupName": "g", "logStreamName": "t"}),
                "ResourceNotFoundException",
            ),
            (
                json!({"logGroupName": "h", "logStreamName": "s"}),
                "ResourceNotFoundException",
            ),
            (json!({"logStreamName": "s"}), "InvalidParameterException"),
            (
                json!({"logGroupName": "g", "logStreamName": "s", "nextToken": "x"}),
                "InvalidParameterException",
            ),
            (
                json!({"logGroupName": "g", "logStreamName": "s", "limit": 10_001}),
                "InvalidParameterException",
            ),
        ] {
            let error = call(&state, "GetLogEvents", &body).unwrap_err();
            assert_eq!(error.code, code, "{body}");
        }
    }
}
