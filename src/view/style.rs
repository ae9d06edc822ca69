//! How the views write: width and colour, names from outside made harmless, and the few words and
//! colours that every view shares.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// How wide a view may be and whether it may use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to write ANSI escapes (the 16 colours only). No view says anything by colour alone.
    pub colour: bool,
    /// Display columns of the terminal; taken as at least 40 and at most 1000.
    pub width: usize,
}

impl Default for Style {
    /// 80 columns, no colour.
    fn default() -> Self {
        Self {
            colour: false,
            width: 80,
        }
    }
}

impl Style {
    /// The columns to fill: `width` within what the views can draw.
    pub(super) fn columns(self) -> usize {
        self.width.clamp(40, 1000)
    }
}

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Quiet,
    Strong,
    Status(Status),
}

impl Paint {
    fn sgr(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Quiet => Some("2"),
            Self::Strong => Some("1"),
            Self::Status(Status::Ok) => Some("32"),
            Self::Status(Status::Error) => Some("33"),
            Self::Status(Status::Throttle) => Some("35"),
            Self::Status(Status::Fault) => Some("31"),
            Self::Status(Status::InProgress) => Some("36"),
        }
    }
}

/// How a request went, in the words and colours of X-Ray; the later, the more it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Ok,
    Error,
    Throttle,
    InProgress,
    Fault,
}

impl Status {
    pub(super) const ALL: [Self; 5] = [
        Self::Ok,
        Self::Error,
        Self::Throttle,
        Self::InProgress,
        Self::Fault,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Throttle => "throttle",
            Self::InProgress => "in progress",
            Self::Fault => "fault",
        }
    }
}

/// One line of a view. It never grows past the width of its style, and whatever is pushed to it is
/// neutralised, so both hold for every view.
pub(super) struct Line {
    colour: bool,
    columns: usize,
    text: String,
    used: usize,
    gap: usize,
}

impl Line {
    pub(super) fn new(style: Style) -> Self {
        Self {
            colour: style.colour,
            columns: style.columns(),
            text: String::new(),
            used: 0,
            gap: 0,
        }
    }

    /// Writes `text`, shortened to the columns that are left.
    pub(super) fn push(&mut self, paint: Paint, text: &str) -> &mut Self {
        let text = clip(text, self.columns.saturating_sub(self.used + self.gap));
        if text.is_empty() {
            return self;
        }
        // Gaps are written only before text, so that no line ends in spaces.
        self.text.extend(std::iter::repeat_n(' ', self.gap));
        self.used += self.gap + columns(&text);
        self.gap = 0;
        match paint.sgr().filter(|_| self.colour) {
            Some(sgr) => {
                self.text.push_str("\x1b[");
                self.text.push_str(sgr);
                self.text.push('m');
                self.text.push_str(&text);
                self.text.push_str("\x1b[0m");
            }
            None => self.text.push_str(&text),
        }
        self
    }

    /// Leaves so many columns free before what comes next.
    pub(super) fn space(&mut self, columns: usize) -> &mut Self {
        self.gap += columns;
        self
    }

    /// What comes next starts at `column`, or right here when the line is already past it.
    pub(super) fn pad_to(&mut self, column: usize) -> &mut Self {
        self.gap = self.gap.max(column.saturating_sub(self.used));
        self
    }

    /// Whether `text` would stand here unshortened.
    pub(super) fn fits(&self, text: &str) -> bool {
        self.used + self.gap + columns(text) <= self.columns
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

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
pub(super) fn clip(text: &str, limit: usize) -> Cow<'_, str> {
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

/// A duration in seconds as people read it: `412 µs`, `12.3 ms`, `1.24 s`, `2 min 3 s`, `1 h 2 min`,
/// `3 d 4 h`. Three digits, or two units; `–` for what is no duration.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".to_owned();
    }
    // Each limit is where the text would round up to the next unit.
    match seconds {
        s if s < 999.5e-6 => format!("{:.0} µs", s * 1e6),
        s if s < 999.5e-3 => three_digits(s * 1e3, "ms"),
        s if s < 59.95 => three_digits(s, "s"),
        s if s < 3599.5 => two_units(s, 60, "min", "s"),
        s if s < 86_370.0 => two_units(s / 60.0, 60, "h", "min"),
        s => two_units(s / 3600.0, 24, "d", "h"),
    }
}

fn three_digits(value: f64, unit: &str) -> String {
    let decimals = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

fn two_units(small: f64, per_large: u64, large_unit: &str, small_unit: &str) -> String {
    let small = small.round() as u64; // saturates
    match (small / per_large, small % per_large) {
        (large, 0) => format!("{large} {large_unit}"),
        (large, rest) => format!("{large} {large_unit} {rest} {small_unit}"),
    }
}

/// The pieces in one line, or in more where they do not fit, each line after the first indented.
pub(super) fn flow(
    first: Line,
    pieces: &[(Paint, String)],
    separator: &str,
    indent: usize,
    style: Style,
) -> Vec<String> {
    let (mut lines, mut line, mut fresh) = (Vec::new(), first, true);
    for (paint, piece) in pieces {
        if !fresh && line.fits(&format!("{separator}{piece}")) {
            line.push(Paint::Quiet, separator);
        } else if !fresh || !line.fits(piece) {
            lines.push(std::mem::replace(&mut line, Line::new(style)).into_text());
            line.pad_to(indent);
        }
        line.push(*paint, piece);
        fresh = false;
    }
    lines.push(line.into_text());
    lines
}

/// One quiet line.
pub(super) fn note(text: &str, style: Style) -> String {
    let mut line = Line::new(style);
    line.push(Paint::Quiet, text);
    line.into_text()
}

/// `1 trace`, `2 traces`.
pub(super) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_or_two_units() {
        for (seconds, text) in [
            (0.0, "0 µs"),
            (0.000_412, "412 µs"),
            (0.000_999_6, "1.00 ms"),
            (0.0123, "12.3 ms"),
            (0.009_996, "10.0 ms"),
            (0.099_96, "100 ms"),
            (0.5, "500 ms"),
            (0.9996, "1.00 s"),
            (1.24, "1.24 s"),
            (59.9, "59.9 s"),
            (59.96, "1 min"),
            (123.0, "2 min 3 s"),
            (3599.6, "1 h"),
            (3720.0, "1 h 2 min"),
            (86_399.0, "1 d"),
            (273_600.0, "3 d 4 h"),
            (-1.0, "–"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
        assert!(duration(f64::MAX).ends_with(" h"));
    }

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

    #[test]
    fn a_line_keeps_to_its_width_and_ends_without_spaces() {
        let style = Style {
            colour: true,
            width: 1,
        };
        let mut line = Line::new(style);
        line.push(Paint::Strong, "name").pad_to(38);
        line.push(Paint::Plain, "long").space(3);
        assert_eq!(
            line.into_text(),
            format!("\x1b[1mname\x1b[0m{}l…", " ".repeat(34))
        );
    }
}
