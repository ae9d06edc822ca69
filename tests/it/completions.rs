//! Completions, each asked of the shell that it is for.

use std::process::Command;

use crate::program::{Place, ended};

/// The place with the script of a shell in it, as the file `script`; nothing, and a reason, where there
/// is no such shell.
fn script(shell: &str) -> Option<Place> {
    let place = Place::new();
    let script = place.run(&["completions", shell]);
    assert_eq!(script.code, 0, "{}", script.stderr);
    place.write("script", script.stdout);
    if Command::new(shell).arg("--version").output().is_err() {
        eprintln!("skipped: there is no {shell}");
        return None;
    }
    Some(place)
}

/// What a shell answers to this program of its own, word by word.
fn answer(place: &Place, shell: &str, args: &[&str]) -> Vec<String> {
    let mut command = Command::new(shell);
    command.args(args).current_dir(place.path());
    let answer = ended(&mut command);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert_eq!(answer.stderr, "");
    answer
        .stdout
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

/// What bash completes the last of these words to.
fn by_bash(place: &Place, words: &str) -> Vec<String> {
    let program = format!(
        "source ./script
        complete=$(complete -p xray-ecs)
        function=${{complete#*-F }}
        COMP_WORDS=({words}) COMP_CWORD=$(( $(wc -w <<< '{words}') - 1 ))
        COMP_LINE='{words}' COMP_POINT=${{#COMP_LINE}}
        \"${{function%% *}}\" xray-ecs \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"
        echo \"${{COMPREPLY[@]}}\""
    );
    answer(place, "bash", &["--norc", "--noprofile", "-c", &program])
}

#[test]
fn bash_completes_commands_and_flags() {
    let Some(place) = script("bash") else {
        return;
    };
    assert_eq!(by_bash(&place, "xray-ecs comp"), ["completions"]);
    #[cfg(feature = "schedule")]
    {
        assert_eq!(by_bash(&place, "xray-ecs sch"), ["schedule", "schema"]);
        assert_eq!(by_bash(&place, "xray-ecs schedule val"), ["validate"]);
    }
    assert_eq!(by_bash(&place, "xray-ecs run --conc"), ["--concurrency"]);
    assert_eq!(by_bash(&place, "xray-ecs completions po"), ["powershell"]);
}

#[test]
fn fish_completes_commands_and_flags() {
    let Some(place) = script("fish") else {
        return;
    };
    let by_fish = |line: &str| {
        let program = format!("source script; complete --do-complete '{line}'");
        let told = answer(&place, "fish", &["--no-config", "-c", &program]);
        told.into_iter().next().unwrap_or_default()
    };
    assert_eq!(by_fish("xray-ecs comp"), "completions");
    assert_eq!(by_fish("xray-ecs run --conc"), "--concurrency");
}

#[test]
fn zsh_reads_its_script() {
    let Some(place) = script("zsh") else {
        return;
    };
    // Completing needs a terminal; that it is a completion of zsh can be asked without one.
    let program = "autoload -Uz compinit; compinit -u -D; source ./script; \
                   print ${_comps[xray-ecs]}; whence -w _xray-ecs_commands";
    let told = answer(&place, "zsh", &["-f", "-c", program]);
    assert_eq!(told, ["_xray-ecs", "_xray-ecs_commands:", "function"]);
}

#[test]
fn every_shell_has_a_script_and_another_word_is_refused() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.run(&["completions", shell]);
        assert_eq!(script.code, 0, "{}", script.stderr);
        for word in ["xray-ecs", "completions", "sampling-rules"] {
            assert!(script.stdout.contains(word), "{shell}: no {word}");
        }
    }
    let refused = place.run(&["completions", "csh"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("bash, elvish, fish"),
        "{}",
        refused.stderr
    );
}
