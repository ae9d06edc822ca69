//! Pages of lists: a token says which list it is of and after which entry to go on, so that it holds
//! when entries come and go.

use serde::Serialize;

use super::answer::Answer;
use super::error::ApiError;
use super::parameters::Parameters;

/// The entries of a list that a request asks for, and the token of what follows.
pub(super) struct Page<'a, T> {
    entries: &'a [T],
    next: Option<String>,
}

impl<'a, T: Serialize> Page<'a, T> {
    /// Cuts at most `size` entries from a list, which is sorted by `key`, from where `NextToken` says.
    pub(super) fn of(
        parameters: &Parameters,
        list: &str,
        sorted: &'a [T],
        size: usize,
        key: impl Fn(&T) -> String,
    ) -> Result<Self, ApiError> {
        let rest = match after(parameters, list)? {
            Some(last) => {
                let from = sorted.partition_point(|entry| key(entry).as_str() <= last);
                &sorted[from..]
            }
            None => sorted,
        };
        let entries = &rest[..size.min(rest.len())];
        let more = entries.last().filter(|_| entries.len() < rest.len());
        let next = more.map(|last| format!("{list}:{}", key(last)));
        Ok(Self { entries, next })
    }

    /// The answer that has the entries in a member of that name.
    pub(super) fn answer(self, member: &'static str) -> Result<Answer, ApiError> {
        Answer::new()
            .member(member, self.entries)?
            .next_token(self.next)
    }
}

/// Refuses any token: the list is too short for a second page.
pub(super) fn only_page(parameters: &Parameters) -> Result<(), ApiError> {
    match token(parameters)? {
        Some(_) => Err(foreign()),
        None => Ok(()),
    }
}

fn after<'a>(parameters: &'a Parameters, list: &str) -> Result<Option<&'a str>, ApiError> {
    let Some(token) = token(parameters)? else {
        return Ok(None);
    };
    let last = token.strip_prefix(list);
    let last = last.and_then(|rest| rest.strip_prefix(':'));
    last.map(Some).ok_or_else(foreign)
}

fn token(parameters: &Parameters) -> Result<Option<&str>, ApiError> {
    Ok(parameters
        .text("NextToken")?
        .filter(|token| !token.is_empty()))
}

fn foreign() -> ApiError {
    ApiError::invalid_request("NextToken is none that this operation gave")
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    fn page(numbers: &[u32], token: Option<&str>) -> Result<Map<String, Value>, ApiError> {
        let body = json!({ "NextToken": token }).to_string();
        let parameters = Parameters::parse(body.as_bytes())?;
        let page = Page::of(&parameters, "numbers", numbers, 2, |number| {
            format!("{number:03}")
        })?;
        let body = page.answer("Numbers")?.into_body();
        Ok(serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn a_token_leads_on_from_its_entry_even_when_that_is_gone() {
        let numbers = [1, 2, 3, 4];
        let first = page(&numbers, None).unwrap();
        assert_eq!(first["Numbers"], json!([1, 2]));
        let token = first["NextToken"].as_str().unwrap();
        let second = page(&numbers, Some(token)).unwrap();
        assert_eq!(second, *json!({ "Numbers": [3, 4] }).as_object().unwrap());
        let without = page(&[1, 3, 4, 5], Some(token)).unwrap();
        assert_eq!(without["Numbers"], json!([3, 4]));
        assert_eq!(without["NextToken"], "numbers:004");
        assert_eq!(page(&[], Some(token)).unwrap()["Numbers"], json!([]));
    }

    #[test]
    fn a_token_of_others_is_refused() {
        for token in ["x", "2", "numbers", "letters:002", "numbersx:002"] {
            assert!(page(&[1, 2, 3], Some(token)).is_err(), "{token}");
        }
        assert!(page(&[1], Some("")).is_ok(), "as good as none");
    }
}
