//! Commands that people copy: what shows a view in a terminal, what sends a first trace.

use maud::{Markup, html};

use super::{Address, Surroundings};

/// A command with a button that copies it.
pub(super) fn copied(label: &str, command: &str) -> Markup {
    html! {
        div class="copied" {
            code tabindex="0" role="group" aria-label=(label) { (command) }
            button type="button" data-copy aria-label={ "Copy: " (label) } hidden { "Copy" }
        }
    }
}

/// `xray-ecs` with arguments, as a shell takes it, asking this store.
pub(super) fn line(surroundings: &Surroundings, arguments: &[String]) -> String {
    let mut line = String::from("xray-ecs");
    let flags_end = arguments.iter().position(|argument| argument == "--");
    let (before, after) = arguments.split_at(flags_end.unwrap_or(arguments.len()));
    for argument in before.iter().chain([&surroundings.local]).chain(after) {
        line.push(' ');
        line.push_str(&quoted(argument));
    }
    line
}

/// The arguments of a command about what has this name.
pub(super) fn of(command: &str, name: &str, flags: Vec<String>) -> Vec<String> {
    let (command, name) = (command.to_owned(), name.to_owned());
    match name.starts_with('-') {
        // Among the flags, it would be taken for one.
        true => [vec![command], flags, vec!["--".to_owned(), name]].concat(),
        false => [vec![command, name], flags].concat(),
    }
}

/// The flags that say what an address says with these keys: flags and keys have the same names.
pub(super) fn flags(address: &Address, keys: &[&str]) -> Vec<String> {
    let said = keys.iter().filter_map(|key| Some((key, address.get(key)?)));
    let flags = said.flat_map(|(key, value)| match value.starts_with('-') {
        // Apart, it would be taken for a flag.
        true => vec![format!("--{key}={value}")],
        false => vec![format!("--{key}"), value.to_owned()],
    });
    flags.collect()
}

/// What makes a first trace.
pub(super) fn first_run(surroundings: &Surroundings) -> String {
    let local = quoted(&surroundings.local);
    format!("xray-ecs run {local} jobs/create-bucket.json")
}

/// An argument as a POSIX shell takes it.
fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    match !argument.is_empty() && argument.chars().all(is_plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_an_address_become_flags() {
        let address = Address::of(
            &"/runs?outcome=no+end+seen&page=2&name=&find=-x"
                .parse()
                .unwrap(),
        );
        assert_eq!(
            flags(&address, &["find", "name", "outcome"]),
            ["--find=-x", "--outcome", "no end seen"]
        );
    }

    #[test]
    fn a_name_is_taken_for_no_flag() {
        let of_name = |name| {
            let arguments = of("jobs", name, vec!["--find=-x".to_owned()]);
            line(&Surroundings::default(), &arguments)
        };
        assert_eq!(of_name("a"), "xray-ecs jobs a --find=-x --local");
        assert_eq!(of_name("-a"), "xray-ecs jobs --find=-x --local -- -a");
        assert_eq!(of_name("--"), "xray-ecs jobs --find=-x --local -- --");
    }

    #[test]
    fn arguments_are_quoted_where_a_shell_would_read_them() {
        let line = line(
            &Surroundings::default(),
            &["traces", "--filter", r#"user = "o'hara" AND $x"#].map(str::to_owned),
        );
        assert_eq!(
            line,
            r#"xray-ecs traces --filter 'user = "o'\''hara" AND $x' --local"#
        );
    }
}
