//! The parameters of a request, each read by name so that an error can name it.

use std::ops::RangeInclusive;

use serde::Deserialize;
use serde_json::{Map, Value};
use tracing_xray::Timestamp;

use super::error::ApiError;

/// The members of a request's body, or of an object in it. A body may be absent.
pub(super) struct Parameters {
    /// What stands before the names of members in errors: `SamplingRule.`, or nothing.
    within: String,
    members: Map<String, Value>,
}

impl Parameters {
    pub(super) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        if body.trim_ascii().is_empty() {
            return Ok(Self::body(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self::body(members)),
            Ok(_) => Err(ApiError::invalid_request("the body is no JSON object")),
            Err(error) => Err(ApiError::invalid_request(format!(
                "the body is no JSON: {error}"
            ))),
        }
    }

    fn body(members: Map<String, Value>) -> Self {
        Self {
            within: String::new(),
            members,
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// An error about a member, which it names.
    pub(super) fn wrong(&self, name: &str, what: &str) -> ApiError {
        ApiError::invalid_request(format!("{}{name} {what}", self.within))
    }

    fn missing(&self, name: &str) -> ApiError {
        self.wrong(name, "is missing")
    }

    fn wrong_type(&self, name: &str, expected: &str) -> ApiError {
        self.wrong(name, &format!("is not {expected}"))
    }

    /// The member that must be there, read by one of the others.
    pub(super) fn required<'p, T>(
        &'p self,
        name: &str,
        read: impl FnOnce(&'p Self, &str) -> Result<Option<T>, ApiError>,
    ) -> Result<T, ApiError> {
        read(self, name)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.as_str() {
            Some(text) => Ok(Some(text)),
            None => Err(self.wrong_type(name, "a string")),
        }
    }

    pub(super) fn required_text(&self, name: &str) -> Result<&str, ApiError> {
        self.required(name, Self::text)
    }

    /// A string with so many characters.
    pub(super) fn text_of(
        &self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<Option<&str>, ApiError> {
        let text = self.text(name)?;
        if let Some(text) = text {
            self.check_length(name, text, length)?;
        }
        Ok(text)
    }

    pub(super) fn check_length(
        &self,
        name: &str,
        text: &str,
        length: RangeInclusive<usize>,
    ) -> Result<(), ApiError> {
        if length.contains(&text.chars().count()) {
            return Ok(());
        }
        let (least, most) = length.into_inner();
        Err(self.wrong(name, &format!("has not {least} to {most} characters")))
    }

    /// One of a few strings.
    pub(super) fn choice<'a>(
        &self,
        name: &str,
        choices: &[&'a str],
    ) -> Result<Option<&'a str>, ApiError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let choice = choices.iter().find(|choice| **choice == text);
        match choice {
            Some(choice) => Ok(Some(choice)),
            None => Err(self.wrong(name, &format!("is none of {}", choices.join(", ")))),
        }
    }

    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(self.wrong_type(name, "a boolean")),
        }
    }

    /// An integer of 32 bits in a range.
    pub(super) fn integer(
        &self,
        name: &str,
        range: RangeInclusive<i32>,
    ) -> Result<Option<i32>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let integer = value.as_i64().and_then(|value| i32::try_from(value).ok());
        match integer.filter(|value| range.contains(value)) {
            Some(integer) => Ok(Some(integer)),
            None => {
                let (least, most) = range.into_inner();
                Err(self.wrong_type(name, &format!("an integer from {least} to {most}")))
            }
        }
    }

    /// A count: an integer that is not negative.
    pub(super) fn count(&self, name: &str) -> Result<Option<u32>, ApiError> {
        let count = self.integer(name, 0..=i32::MAX)?;
        Ok(count.map(i32::unsigned_abs))
    }

    pub(super) fn number(
        &self,
        name: &str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<f64>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.as_f64().filter(|value| range.contains(value)) {
            Some(number) => Ok(Some(number)),
            None => {
                let (least, most) = range.into_inner();
                Err(self.wrong_type(name, &format!("a number from {least} to {most}")))
            }
        }
    }

    /// A time in seconds since the epoch.
    pub(super) fn required_time(&self, name: &str) -> Result<Timestamp, ApiError> {
        let value = self.get(name).ok_or_else(|| self.missing(name))?;
        Timestamp::deserialize(value)
            .map_err(|_| self.wrong_type(name, "a number of seconds since the epoch"))
    }

    pub(super) fn object(&self, name: &str) -> Result<Option<Self>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value {
            Value::Object(members) => Ok(Some(Self {
                within: format!("{}{name}.", self.within),
                members: members.clone(),
            })),
            _ => Err(self.wrong_type(name, "an object")),
        }
    }

    /// A list of at most so many objects; one that is absent is empty.
    pub(super) fn objects(&self, name: &str, most: usize) -> Result<Vec<Self>, ApiError> {
        let values = self.list(name)?.unwrap_or_default();
        if values.len() > most {
            return Err(self.wrong(name, &format!("has more than {most} entries")));
        }
        let object = |(index, value): (usize, &Value)| match value {
            Value::Object(members) => Ok(Self {
                within: format!("{}{name}[{index}].", self.within),
                members: members.clone(),
            }),
            _ => Err(self.wrong_type(&format!("{name}[{index}]"), "an object")),
        };
        values.iter().enumerate().map(object).collect()
    }

    /// A list of objects that must be there.
    pub(super) fn required_objects(&self, name: &str, most: usize) -> Result<Vec<Self>, ApiError> {
        self.required_list(name)?;
        self.objects(name, most)
    }

    /// An object whose values are strings, as pairs.
    pub(super) fn text_map(&self, name: &str) -> Result<Option<Vec<(&str, &str)>>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let pairs = value.as_object().and_then(|members| {
            let pairs = members.iter();
            let pairs = pairs.map(|(key, value)| Some((key.as_str(), value.as_str()?)));
            pairs.collect::<Option<Vec<_>>>()
        });
        match pairs {
            Some(pairs) => Ok(Some(pairs)),
            None => Err(self.wrong_type(name, "an object of strings")),
        }
    }

    pub(super) fn list(&self, name: &str) -> Result<Option<&[Value]>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values)),
            Some(_) => Err(self.wrong_type(name, "a list")),
        }
    }

    pub(super) fn required_list(&self, name: &str) -> Result<&[Value], ApiError> {
        self.list(name)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn required_texts(&self, name: &str) -> Result<Vec<&str>, ApiError> {
        let texts = self.required_list(name)?.iter().map(Value::as_str);
        let texts: Option<_> = texts.collect();
        texts.ok_or_else(|| self.wrong_type(name, "a list of strings"))
    }

    /// The times `StartTime` and `EndTime`, in order.
    pub(super) fn window(&self) -> Result<(Timestamp, Timestamp), ApiError> {
        let start = self.required_time("StartTime")?;
        let end = self.required_time("EndTime")?;
        if end < start {
            return Err(ApiError::invalid_request("EndTime is before StartTime"));
        }
        Ok((start, end))
    }

    /// `NextToken`, which holds what the page before left there.
    pub(super) fn next_token<T: std::str::FromStr>(&self) -> Result<Option<T>, ApiError> {
        let Some(token) = self.text("NextToken")?.filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        match token.parse() {
            Ok(place) => Ok(Some(place)),
            Err(_) => Err(ApiError::invalid_request("NextToken is none of ours")),
        }
    }
}
