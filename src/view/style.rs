//! How the views write: the width and colour of a line, and the words and colours of a status.

use super::text::{clip, columns};

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
#[cfg_attr(
    not(feature = "local"),
    expect(dead_code, reason = "only traces tell of all of them")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Ok,
    Error,
    Throttle,
    InProgress,
    Fault,
}

#[cfg(feature = "local")]
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

#[cfg(feature = "local")]
impl From<local_xray::timeline::Status> for Status {
    fn from(status: local_xray::timeline::Status) -> Self {
        use local_xray::timeline::Status as OfEntity;
        match status {
            OfEntity::Ok => Self::Ok,
            OfEntity::Error => Self::Error,
            OfEntity::Throttle => Self::Throttle,
            OfEntity::InProgress => Self::InProgress,
            OfEntity::Fault => Self::Fault,
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

/// The pieces in one line, or in more where they do not fit, each line after the first indented.
#[cfg(feature = "local")]
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

#[cfg(test)]
mod tests {
    use super::*;

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
