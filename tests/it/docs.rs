//! Every command in the documents is run, or at least checked for what it names.

use std::path::Path;

use crate::program::{Place, Running, repository};

/// How the program is called in the documents.
const CALLS: [&str; 3] = ["cargo run -- ", "target/release/xray-ecs ", "xray-ecs "];

/// Commands of others, which the documents use. `tests/it/python.rs` runs the AWS CLI.
const OF_OTHERS: [&str; 2] = ["aws xray ", "cargo test --workspace"];

/// The lines of the shell blocks of a document.
fn commands(document: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(document).unwrap();
    let mut commands = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        match line.trim_start() {
            "```sh" => in_block = true,
            fence if fence.starts_with("```") => in_block = false,
            "" => {}
            command if in_block && !command.starts_with('#') => commands.push(command.to_owned()),
            _ => {}
        }
    }
    commands
}

fn documents() -> Vec<std::path::PathBuf> {
    let root = repository();
    let mut documents = vec![root.join("README.md"), root.join("ARCHITECTURE.md")];
    for file in std::fs::read_dir(root.join("docs")).unwrap() {
        documents.push(file.unwrap().path());
    }
    documents.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    documents
}

#[test]
fn every_command_of_the_documents_runs() {
    let place = Place::new();
    let mut runs = 0;
    for document in documents() {
        for command in commands(&document) {
            let Some(args) = CALLS.iter().find_map(|call| command.strip_prefix(call)) else {
                assert!(
                    OF_OTHERS.iter().any(|known| command.starts_with(known)),
                    "{}: nobody checks `{command}`",
                    document.display()
                );
                continue;
            };
            check(
                &place,
                args,
                &format!("{}: `{command}`", document.display()),
            );
            runs += 1;
        }
    }
    assert!(runs >= 5, "only {runs} commands");
}

fn check(place: &Place, args: &str, what: &str) {
    let args: Vec<&str> = args
        .split(" #")
        .next()
        .unwrap()
        .split_whitespace()
        .map(|word| word.trim_matches('\''))
        .collect();
    let is_built = cfg!(feature = "local");
    match args[..] {
        // A server: on free ports, until it says that it is up.
        ["local", ..] if is_built => {
            let ports =
                "local --listen 127.0.0.1:0 --s3 127.0.0.1:0 --daemon 127.0.0.1:0 --dir of-docs";
            let ports: Vec<&str> = ports.split(' ').collect();
            Running::start(place.command(&ports)).line("export AWS_ENDPOINT_URL_S3=");
        }
        _ if args.contains(&"--local") && !is_built => {}
        // Against AWS: as far as the arguments are read and the region is missed.
        ["run" | "traces" | "trace" | "map" | "daemon", ..] if !args.contains(&"--local") => {
            let ended = place.run(&args);
            assert_eq!(ended.code, 2, "{what}: {}", ended.stderr);
            assert!(
                ended.stderr.contains("AWS_REGION"),
                "{what}: {}",
                ended.stderr
            );
        }
        _ => {
            let ended = place.run(&args);
            assert_eq!(ended.code, 0, "{what}: {}", ended.stderr);
        }
    }
}

#[cfg(feature = "local")]
#[test]
fn every_job_file_runs_as_it_stands() {
    let place = Place::new();
    for file in std::fs::read_dir(repository().join("jobs")).unwrap() {
        let path = format!("jobs/{}", file.unwrap().file_name().to_str().unwrap());
        let ended = place.run(&["run", "--local", "--allow-command", &path]);
        assert_eq!(ended.code, 0, "{path}: {}", ended.stderr);
    }
}

/// The blocks of a document in this language, with the lines they begin in.
#[cfg(feature = "local")]
fn blocks(document: &Path, language: &str) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(document).unwrap();
    let fence = format!("```{language}");
    let mut blocks = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match &mut block {
            None if line == fence => block = Some((index + 1, String::new())),
            Some(_) if line == "```" => blocks.extend(block.take()),
            Some((_, text)) => *text += &format!("{line}\n"),
            None => {}
        }
    }
    blocks
}

#[cfg(feature = "local")]
#[test]
fn every_job_file_of_the_documents_runs_as_a_plan() {
    let place = Place::new();
    let document = repository().join("docs/jobs.md");
    let mut runs = 0;
    for language in ["json", "jsonl"] {
        for (line, text) in blocks(&document, language) {
            if !text.contains("\"version\"") {
                continue; // a part of a job
            }
            let name = format!("line-{line}.{language}");
            place.write(&name, text);
            let mut command =
                place.command(&["run", "--local", "--plan", "--allow-command", &name]);
            let ended = crate::program::ended(command.env("STAGE", "test"));
            assert_eq!(ended.code, 0, "{name}: {}\n{}", ended.stdout, ended.stderr);
            runs += 1;
        }
    }
    assert!(runs >= 8, "only {runs} job files");
}
