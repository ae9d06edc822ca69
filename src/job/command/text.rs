//! A program's output as one may show it: no control characters, no escape sequences.

/// The most that is told of a failed program's last lines, in characters.
const LAST_LINES_LEN_MAX: usize = 1000;

/// How many of them.
const LAST_LINES: usize = 5;

/// The text without terminal escape sequences; every other control character is a blank.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, chars.peek()) {
            // ESC [ parameters, and a final byte from `@` to `~` (ECMA-48, 5.4).
            ('\x1b', Some('[')) => {
                chars.next();
                chars.by_ref().find(|char| ('@'..='~').contains(char));
            }
            // ESC ] a title, ended by BEL or ESC \.
            ('\x1b', Some(']')) => {
                while chars
                    .next_if(|char| !"\x07\x1b\n".contains(*char))
                    .is_some()
                {}
                if chars.next_if_eq(&'\x1b').is_some() {
                    chars.next_if_eq(&'\\');
                } else {
                    chars.next_if_eq(&'\x07');
                }
            }
            ('\x1b', _) => {}
            (char, _) if char.is_control() => plain.push(' '),
            (char, _) => plain.push(char),
        }
    }
    plain
}

/// The last lines that say something, on one line.
pub(super) fn last_lines(text: &str) -> String {
    let lines = text.lines().rev().map(plain);
    let mut lines: Vec<String> = lines
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .take(LAST_LINES)
        .collect();
    lines.reverse();
    let joined = lines.join(" | ");
    let too_many = joined.chars().count().saturating_sub(LAST_LINES_LEN_MAX);
    if too_many == 0 {
        return joined;
    }
    let tail: String = joined.chars().skip(too_many).collect();
    format!("…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_left_out_and_controls_are_blanks() {
        for (text, expected) in [
            ("\x1b[1;31mred\x1b[0m", "red"),
            ("\x1b]0;title\x07shown", "shown"),
            ("\x1b]8;;http://x\x1b\\link", "link"),
            ("10%\r20%\tdone\0", "10% 20% done "),
            ("\x1b", ""),
            ("\x1b[", ""),
            ("\u{9b}31m", " 31m"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_last_lines_are_few_and_short() {
        assert_eq!(last_lines("a\n\n b \nc\n"), "a | b | c");
        assert_eq!(last_lines("1\n2\n3\n4\n5\n6"), "2 | 3 | 4 | 5 | 6");
        assert_eq!(last_lines(" \n\n"), "");
        let long = last_lines(&"x".repeat(5000));
        assert_eq!(long.chars().count(), LAST_LINES_LEN_MAX + 1);
    }

    proptest::proptest! {
        #[test]
        fn no_control_character_is_left(text: String) {
            assert!(!plain(&text).contains(char::is_control));
        }
    }
}
