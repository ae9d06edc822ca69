//! Commands that people copy: what shows a view in a terminal, what sends a first trace.

use maud::{Markup, html};

use super::Surroundings;

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
    for argument in arguments.iter().chain([&surroundings.local]) {
        line.push(' ');
        line.push_str(&quoted(argument));
    }
    line
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
