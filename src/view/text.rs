//! Text by display columns: names from outside made harmless, shortened and wrapped.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// Makes text from outside harmless on a terminal: control characters, and with them ANSI escapes,
/// become visible pictures, marks that reorder text become `\u{fffd}`, joiners vanish.
pub fn neutralise(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| shown(c) == Some(c)) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter_map(shown).collect())
    }
}

fn shown(c: char) -> Option<char> {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)),
        '\x7f' => Some('\u{2421}'),
        // Variation selectors and joiners: terminals disagree on the width of what they join.
        '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => None,
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => Some('\u{fffd}'),
        _ => Some(c),
    }
}

/// The columns that `text` takes once it is neutralised.
///
/// The sum over its characters, as terminals count; a terminal that joins clusters needs fewer.
pub(super) fn columns(text: &str) -> usize {
    text.chars().filter_map(shown).map(char_columns).sum()
}

fn char_columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// `text`, neutralised; when it is wider than `limit` columns its end gives way to `…`.
pub(crate) fn clip(text: &str, limit: usize) -> Cow<'_, str> {
    shorten(text, limit, 0)
}

/// `text`, neutralised; when it is wider than `limit` columns its middle gives way to `…`.
pub(super) fn elide(text: &str, limit: usize) -> Cow<'_, str> {
    shorten(text, limit, limit.saturating_sub(1) / 2)
}

/// Keeps `tail` columns of the end of a text that is too wide.
fn shorten(text: &str, limit: usize, tail: usize) -> Cow<'_, str> {
    if columns(text) <= limit {
        return neutralise(text);
    }
    if limit == 0 {
        return Cow::Borrowed("");
    }
    let chars: Vec<char> = text.chars().filter_map(shown).collect();
    let mut kept = start_within(chars.iter().copied(), limit - 1 - tail);
    let end = start_within(chars.iter().rev().copied(), tail);
    kept.push('…');
    kept.extend(end.chars().rev());
    Cow::Owned(kept)
}

fn start_within(chars: impl Iterator<Item = char>, limit: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|&c| {
            used += char_columns(c);
            used <= limit
        })
        .collect()
}

/// `text` in lines of at most `limit` columns: broken at its own line ends, else between words,
/// else inside a word that is too long.
pub(super) fn wrap(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(1);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let (mut line, mut used) = (String::new(), 0);
        for word in paragraph.split_whitespace() {
            if used > 0 && used + 1 + columns(word) <= limit {
                line.push(' ');
                used += 1;
            } else if used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            for c in word.chars().filter_map(shown) {
                if used > 0 && used + char_columns(c) > limit {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push(c);
                used += char_columns(c);
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines
}

/// `1 trace`, `2 traces`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_pictures_and_reordering_marks_a_sign() {
        assert_eq!(neutralise("plain – ok"), "plain – ok");
        assert_eq!(neutralise("\x1b[31mred\r\n\x07"), "␛[31mred␍␊␇");
        assert_eq!(neutralise("a\u{9b}2Jb\u{202e}c"), "a\u{fffd}2Jb\u{fffd}c");
        assert_eq!(neutralise("👩\u{200d}💻"), "👩💻");
    }

    #[test]
    fn text_is_shortened_by_display_columns() {
        assert_eq!(clip("bucket", 6), "bucket");
        assert_eq!(clip("buckets", 6), "bucke…");
        assert_eq!(elide("acme-logs-eu-west-1", 11), "acme-…est-1");
        assert_eq!(elide("桶桶桶桶", 6), "桶…桶");
        assert_eq!(clip("桶", 1), "…");
        assert_eq!(clip("x", 0), "");
    }

    #[test]
    fn text_wraps_between_words_and_inside_long_ones() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("a\n\nb c", 9), ["a", "b c"]);
        assert!(wrap("", 9).is_empty());
    }
}
