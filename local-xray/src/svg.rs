//! The elements of an SVG: attributes and text escaped, every element closed, no script and no
//! `style` attribute, so that a drawing stands in a page whose content security policy allows neither.

use std::fmt::{self, Display, Write as _};

use unicode_width::UnicodeWidthChar as _;

/// Writes elements one after the other; those that are open at the end are closed then.
///
/// ```
/// let mut svg = local_xray::svg::Writer::default();
/// svg.open("g", &[("class", &"node")]);
/// svg.text("title", &[], "shop <1>");
/// svg.empty("circle", &[("r", &4)]);
/// assert_eq!(
///     svg.finish(),
///     "<g class=\"node\"><title>shop &lt;1&gt;</title><circle r=\"4\"/></g>"
/// );
/// ```
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
    open: Vec<&'static str>,
}

/// The attributes of an element, in their order; the values are escaped.
pub type Attributes<'a> = [(&'static str, &'a dyn Display)];

impl Writer {
    /// Begins an element that holds others.
    pub fn open(&mut self, name: &'static str, attributes: &Attributes<'_>) {
        self.start(name, attributes);
        self.text.push('>');
        self.open.push(name);
    }

    /// Ends the element that was begun last.
    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.end(name);
        }
    }

    /// An element without content.
    pub fn empty(&mut self, name: &'static str, attributes: &Attributes<'_>) {
        self.start(name, attributes);
        self.text.push_str("/>");
    }

    /// An element that holds text alone.
    pub fn text(&mut self, name: &'static str, attributes: &Attributes<'_>, text: &str) {
        self.start(name, attributes);
        self.text.push('>');
        self.escaped(text);
        self.end(name);
    }

    /// A line end between elements, for those who read the source.
    pub fn line(&mut self) {
        self.text.push('\n');
    }

    /// What was written.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn start(&mut self, name: &str, attributes: &Attributes<'_>) {
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.escaped(value);
            self.text.push('"');
        }
    }

    fn end(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    fn escaped(&mut self, value: impl Display) {
        // Writing to a string does not fail; a `Display` that does leaves its value short.
        let _ = write!(Escape(&mut self.text), "{value}");
    }
}

/// Text as it may stand in an element or an attribute: markup escaped; what XML does not allow, and
/// marks that would reorder the text around them, are U+FFFD.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let _ = Escape(&mut escaped).write_str(text);
    escaped
}

struct Escape<'a>(&'a mut String);

impl fmt::Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // Line ends of our own style sheet; in an attribute a parser makes them spaces.
                '\n' => self.0.push('\n'),
                '\0'..='\x1f' | '\x7f'..='\u{9f}' => self.0.push('\u{fffd}'),
                '\u{61c}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{fffe}'..='\u{ffff}' => self.0.push('\u{fffd}'),
                _ => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// About how wide a text is, in thousandths of the font's size: nobody here knows the font, so each
/// kind of letter counts as in a rather wide one (DejaVu Sans). What no `u32` tells is `u32::MAX`.
pub fn text_width(text: &str) -> u32 {
    text.chars().map(char_width).fold(0, u32::saturating_add)
}

/// Whether a text is at most so wide. Of one that is wider only the start is looked at.
fn fits(text: &str, limit: u32) -> bool {
    let mut used: u32 = 0;
    text.chars().all(|c| {
        used = used.saturating_add(char_width(c));
        used <= limit
    })
}

fn char_width(c: char) -> u32 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '·' => 340,
        'f' | 'r' | 't' | ' ' | '-' | '(' | ')' | '/' | '[' | ']' => 410,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 1000,
        'A'..='Z' | '+' | '=' | '<' | '>' | '#' | '–' | '→' => 800,
        _ => match c.width() {
            Some(0) | None => 0,
            Some(1) => 640,
            Some(_) => 1050,
        },
    }
}

/// A text that is at most `limit` thousandths of the font's size wide: where it is wider, its middle
/// gives way to `…`.
pub fn elide(text: &str, limit: u32) -> String {
    if fits(text, limit) {
        return text.to_owned();
    }
    let room = limit.saturating_sub(char_width('…'));
    let mut used: u32 = 0;
    let mut within = |most: u32, c: char| {
        used = used.saturating_add(char_width(c));
        used <= most
    };
    let start: String = text.chars().take_while(|&c| within(room / 2, c)).collect();
    used = text_width(&start);
    let mut within = |c: char| {
        used = used.saturating_add(char_width(c));
        used <= room
    };
    let end: Vec<char> = text.chars().rev().take_while(|&c| within(c)).collect();
    start + "…" + &end.into_iter().rev().collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_or_an_attribute_is_markup() {
        let hostile = "</title><script x=\"'\">&\0\u{1b}\u{202e}\u{ffff}";
        let mut svg = Writer::default();
        svg.text("text", &[("data", &hostile)], hostile);
        let escaped =
            "&lt;/title&gt;&lt;script x=&quot;&#39;&quot;&gt;&amp;\u{fffd}\u{fffd}\u{fffd}\u{fffd}";
        assert_eq!(
            svg.finish(),
            format!("<text data=\"{escaped}\">{escaped}</text>")
        );
        assert_eq!(escape(hostile), escaped);
        assert_eq!(escape("שלום 桶"), "שלום 桶");
    }

    #[test]
    fn what_is_open_is_closed_in_order() {
        let mut svg = Writer::default();
        svg.open("svg", &[("width", &10)]);
        svg.open("g", &[]);
        svg.close();
        svg.open("a", &[]);
        assert_eq!(svg.finish(), "<svg width=\"10\"><g></g><a></a></svg>");
    }

    #[test]
    fn a_text_that_is_too_wide_loses_its_middle() {
        assert_eq!(elide("bucket", text_width("bucket")), "bucket");
        let short = elide(&"abcdefgh".repeat(20), 8000);
        assert!(text_width(&short) <= 8000, "{short}");
        assert!(
            short.starts_with("abc") && short.ends_with("fgh"),
            "{short}"
        );
        assert_eq!(elide("桶桶桶桶", 3200), "桶…桶");
        assert_eq!(elide("long", 0), "…");
    }

    #[test]
    fn a_text_may_be_wider_than_a_number_tells() {
        let wide = "m".repeat(5_000_000);
        assert_eq!(text_width(&wide), u32::MAX);
        assert_eq!(elide(&wide, 5000), "mm…mm");
    }
}
