//! How faults name words: the nearest known one, and lists of them.

/// The nearest known word, if it is near enough to be meant.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = word.to_lowercase();
    let likeness = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_lowercase());
    let (distance, near) = known
        .into_iter()
        .map(|known| (likeness(known), known))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= near.chars().count().div_ceil(3)).then_some(near)
}

/// `, did you mean `word`?`, when a known word is near; else which words are known.
pub fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!(", did you mean `{near}`?"),
        None => format!(", known are {}", listed(known)),
    }
}

/// Words as they are written in code: "`a`, `b`".
pub fn listed(words: &[&str]) -> String {
    let quoted = words.iter().map(|word| format!("`{word}`"));
    quoted.collect::<Vec<_>>().join(", ")
}

/// `a`, `a or b`, or `a, b or c`.
pub fn either(mut choices: Vec<String>) -> String {
    let last = choices.pop().unwrap_or_default();
    if choices.is_empty() {
        return last;
    }
    format!("{} or {last}", choices.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_word_is_meant() {
        let known = ["region", "retry", "tags"];
        assert_eq!(nearest("regoin", known), Some("region"));
        assert_eq!(nearest("Region", known), Some("region"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(suggestion("tgs", &known), ", did you mean `tags`?");
        assert_eq!(suggestion("x", &["a", "b"]), ", did you mean `a`?");
    }
}
