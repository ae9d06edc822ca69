//! Object keys as paths that cannot leave their directory, and that people can read.
//!
//! A key is cut at its slashes: `reports/2026/a b.json` lies at `reports+/2026+/a%20b.json`.
//! Directories end in `+` (a slash follows) or `~` (a long segment goes on), files never do, so
//! the keys `a`, `a/` and `a/b` live side by side. On a file system that ignores case, keys that
//! differ in case alone are one.

use std::path::PathBuf;

/// Longest file name we make, without its suffix; file systems allow 255 bytes.
const NAME_LEN_MAX: usize = 200;
/// The file name of a key that ends with a slash: no escape is a lone `%`.
const EMPTY_NAME: &str = "%";

/// One entry of a directory of objects, by its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A directory; what it adds to the escaped key.
    Directory(String),
    /// An object; what it adds to the escaped key.
    File(String),
}

/// The path of `key`, relative to the directory of objects.
pub(super) fn to_path(key: &str) -> PathBuf {
    let mut path = PathBuf::new();
    let (folders, name) = key.rsplit_once('/').unwrap_or(("", key));
    if key.contains('/') {
        for folder in folders.split('/') {
            let last = push_chunks(&mut path, &escape(folder));
            path.push(format!("{last}+"));
        }
    }
    let last = push_chunks(&mut path, &escape(name));
    path.push(match last.as_str() {
        "" => EMPTY_NAME.to_owned(),
        "." | ".." => last.replace('.', "%2E"),
        _ => last,
    });
    path
}

/// The directory that holds every key with this prefix, and the escaped key of that directory.
pub(super) fn prefix_directory(prefix: &str) -> (PathBuf, String) {
    let folders = prefix.rfind('/').map_or("", |at| &prefix[..=at]);
    if folders.is_empty() {
        return (PathBuf::new(), String::new());
    }
    let mut path = to_path(folders);
    path.pop();
    let escaped: Vec<String> = folders.split('/').map(escape).collect();
    (path, escaped.join("/"))
}

/// What a directory entry adds to the escaped key of its directory.
pub(super) fn entry(name: &str) -> Entry {
    if let Some(folder) = name.strip_suffix('+') {
        Entry::Directory(format!("{folder}/"))
    } else if let Some(chunk) = name.strip_suffix('~') {
        Entry::Directory(chunk.to_owned())
    } else if name == EMPTY_NAME {
        Entry::File(String::new())
    } else {
        Entry::File(name.to_owned())
    }
}

/// The key of an escaped key; none when the name was not made here.
pub(super) fn unescape(escaped: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

fn escape(segment: &str) -> String {
    let mut escaped = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'=' | b',' => {
                escaped.push(char::from(byte));
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

/// Pushes all but the last chunk of a long segment as directories, and gives back the last.
fn push_chunks(path: &mut PathBuf, escaped: &str) -> String {
    let mut rest = escaped;
    while rest.len() > NAME_LEN_MAX {
        let (chunk, tail) = rest.split_at(NAME_LEN_MAX);
        path.push(format!("{chunk}~"));
        rest = tail;
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Component;

    fn key_of(path: &std::path::Path) -> Option<String> {
        let mut escaped = String::new();
        for component in path.components() {
            match entry(component.as_os_str().to_str()?) {
                Entry::Directory(piece) | Entry::File(piece) => escaped.push_str(&piece),
            }
        }
        unescape(&escaped)
    }

    fn check(key: &str) {
        let path = to_path(key);
        assert_eq!(key_of(&path).as_deref(), Some(key), "{}", path.display());
        for component in path.components() {
            assert!(matches!(component, Component::Normal(_)), "{key}");
            assert!(component.as_os_str().len() <= 255, "{key}");
        }
        let name = path.file_name().and_then(|n| n.to_str()).unwrap();
        assert!(matches!(entry(name), Entry::File(_)), "{key}");
    }

    #[test]
    fn keys_that_look_like_paths_stay_inside() {
        let dots_at_the_cut = format!("{}..", "x".repeat(NAME_LEN_MAX));
        for key in [
            "a",
            "a/",
            "a/b",
            "/",
            "//",
            "/a",
            "a//b",
            ".",
            "..",
            "../../etc/passwd",
            "a/..",
            "a/../b",
            "a+",
            "a~",
            "a%",
            "%2E",
            "nul\0byte",
            "tab\tand\nline",
            "Käse 🧀",
            "C:\\windows",
            &dots_at_the_cut,
            &"🧀".repeat(256),
            &"/".repeat(1024),
        ] {
            check(key);
        }
    }

    #[test]
    fn paths_are_readable() {
        assert_eq!(
            to_path("reports/2026/a b.json"),
            PathBuf::from("reports+/2026+/a%20b.json")
        );
        assert_eq!(
            prefix_directory("reports/20"),
            (PathBuf::from("reports+"), "reports/".to_owned())
        );
        assert_eq!(prefix_directory("rep"), (PathBuf::new(), String::new()));
    }

    proptest! {
        #[test]
        fn every_key_comes_back(key in "\\PC{1,300}") {
            check(&key);
        }

        #[test]
        fn every_path_like_key_comes_back(key in "[./%+~a]{1,400}") {
            check(&key);
        }

        #[test]
        fn two_keys_never_share_a_path(a in "[./%+~a2E]{1,12}", b in "[./%+~a2E]{1,12}") {
            prop_assume!(a != b);
            let (a, b) = (to_path(&a), to_path(&b));
            prop_assert_ne!(&a, &b);
            prop_assert!(!a.starts_with(&b) && !b.starts_with(&a), "an object as a directory");
        }

        #[test]
        fn foreign_names_do_no_harm(name in "\\PC{0,40}") {
            match entry(&name) {
                Entry::Directory(piece) | Entry::File(piece) => drop(unescape(&piece)),
            }
        }
    }
}
