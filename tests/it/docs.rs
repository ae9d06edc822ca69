//! Every command in the documents is run, or at least checked for what it names.

use std::path::Path;

use crate::program::{Place, Running, repository};

/// How the program is called in the documents.
const CALLS: [&str; 3] = ["cargo run -- ", "target/release/xray-ecs ", "xray-ecs "];

/// Commands of others, which the documents use. `tests/it/python.rs` runs the AWS CLI,
/// `tests/it/container/compose.rs` Compose.
const OF_OTHERS: [&str; 3] = ["aws xray ", "cargo test --workspace", "docker compose "];

/// Commands of docs/deploy.md, which `tests/it/deploy/document.rs` runs as one script.
const OF_DEPLOY: [&str; 7] = [
    "aws ",
    "cargo build --release",
    "docker ",
    "export ",
    "fill",
    "for ",
    "mkdir ",
];

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
    #[cfg(feature = "schedule")]
    let aws = schedules::Aws::new(&place);
    let mut runs = 0;
    for document in documents() {
        for command in commands(&document) {
            let Some(args) = CALLS.iter().find_map(|call| command.strip_prefix(call)) else {
                let is_run = document.ends_with("docs/deploy.md")
                    && OF_DEPLOY.iter().any(|known| command.starts_with(known));
                assert!(
                    is_run || OF_OTHERS.iter().any(|known| command.starts_with(known)),
                    "{}: nobody checks `{command}`",
                    document.display()
                );
                continue;
            };
            let what = format!("{}: `{command}`", document.display());
            runs += 1;
            if args.starts_with("schedule ") {
                #[cfg(feature = "schedule")]
                aws.check(&place, args, &what);
                continue;
            }
            check(&place, args, &what);
        }
    }
    assert!(runs >= 5, "only {runs} commands");
}

/// The words of a command; what stands between quotes is one.
fn words(command: &str) -> Vec<&str> {
    let command = command.split(" #").next().unwrap();
    let mut words = Vec::new();
    for (index, part) in command.split('\'').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace()),
            _ => words.push(part),
        }
    }
    words
}

fn check(place: &Place, args: &str, what: &str) {
    let args = words(args);
    let is_built = cfg!(feature = "local");
    match args[..] {
        // A server: on free ports, until it says that it is up.
        ["local", ..] if is_built => {
            let ports =
                "local --listen 127.0.0.1:0 --s3 127.0.0.1:0 --daemon 127.0.0.1:0 --dir of-docs";
            let ports: Vec<&str> = ports.split(' ').collect();
            Running::start(place.command(&ports)).line("export AWS_ENDPOINT_URL_S3=");
        }
        // Until stopped: until the console is served.
        ["run", ..] if is_built && args.contains(&"--open") => {
            Running::start(place.command(&args)).line("serving the console until stopped");
        }
        // Until stopped: until it has shown what there is.
        ["map", ..] if is_built && args.contains(&"--watch") => {
            Running::start(place.command(&args)).line("NODE");
        }
        _ if (args.contains(&"--local") || args[0] == "completions") && !is_built => {}
        // A file that an export wrote.
        ["import", file, ..] if is_built => {
            let exported = place.run(&["export", "--local"]);
            place.write(file, exported.stdout);
            let ended = place.run(&args);
            assert_eq!(ended.code, 0, "{what}: {}", ended.stderr);
        }
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
#[cfg(any(feature = "local", feature = "schedule"))]
pub(crate) fn blocks(document: &Path, language: &str) -> Vec<(usize, String)> {
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

/// The commands and files of docs/schedule.md.
#[cfg(feature = "schedule")]
mod schedules {
    use fake_aws::FakeAws;
    use serde_json::{Value, json};

    use super::{blocks, words};
    use crate::program::{Place, ended, repository};

    /// An AWS in which the sample is at home.
    pub(super) struct Aws(FakeAws);

    const ACCOUNT: &str = "111122223333";

    impl Aws {
        pub(super) fn new(place: &Place) -> Self {
            let builder = FakeAws::builder().account(ACCOUNT).region("eu-west-1");
            let aws = builder.start().unwrap();
            aws.seed_cluster("xray-ecs");
            let definition =
                std::fs::read_to_string(repository().join("config/task-definition.json"));
            let definition = definition.unwrap().replace("${AWS_ACCOUNT_ID}", ACCOUNT);
            let definition = definition.replace("${AWS_REGION}", "eu-west-1");
            let definition = definition.replace("${IMAGE_TAG}", "1");
            aws.seed_task_definition(serde_json::from_str(&definition).unwrap())
                .unwrap();
            // Where an audit looks for reports.
            let bucket =
                |name: &str| json!({ "name": name, "type": "create-bucket", "bucket": name });
            let buckets = ["xray-ecs-reports-111122223333", "acme-reports"].map(bucket);
            let job_file = json!({ "version": 1, "name": "reports", "jobs": buckets });
            place.write("reports.json", job_file.to_string());
            #[cfg(feature = "local")]
            assert_eq!(
                place.run(&["run", "--local=of-audit", "reports.json"]).code,
                0
            );
            Self(aws)
        }

        /// Runs a command; what it redirects into a file is written there.
        pub(super) fn check(&self, place: &Place, args: &str, what: &str) {
            let mut args = words(args);
            let file = args
                .iter()
                .position(|word| *word == ">")
                .map(|at| args.split_off(at)[1]);
            let is_audit = args[1] == "audit";
            if is_audit && !cfg!(feature = "local") {
                return;
            }
            if is_audit {
                args.push("--local=of-audit");
            }
            let mut command = place.command(&args);
            command
                .env("AWS_ENDPOINT_URL", self.0.endpoint())
                .env("AWS_REGION", "eu-west-1")
                .env("AWS_ACCOUNT_ID", ACCOUNT)
                .env("AWS_ACCESS_KEY_ID", "local")
                .env("AWS_SECRET_ACCESS_KEY", "local")
                .env("STAGE", "test");
            let ended = ended(&mut command);
            // Nothing ran here, which an audit finds if anything was due.
            let worst = i32::from(is_audit);
            assert!(
                (0..=worst).contains(&ended.code),
                "{what}: {}\n{}",
                ended.stdout,
                ended.stderr
            );
            let tells = !ended.stdout.is_empty() || !ended.stderr.is_empty();
            assert!(tells, "{what}");
            if let Some(file) = file {
                place.write(file, &ended.stdout);
            }
        }
    }

    #[test]
    fn every_schedule_file_of_the_documents_is_valid() {
        let place = Place::new();
        let mut runs = 0;
        for (line, text) in blocks(&repository().join("docs/schedule.md"), "json") {
            let name = format!("line-{line}.json");
            place.write(&name, text);
            let mut command = place.command(&["schedule", "validate", &name]);
            let ended = ended(command.env("STAGE", "test"));
            assert_eq!(ended.code, 0, "{name}: {}", ended.stderr);
            runs += 1;
        }
        assert!(runs >= 2, "only {runs} schedule files");
    }

    #[test]
    fn every_field_of_the_schedule_file_is_documented() {
        let place = Place::new();
        let schema = place.run(&["schema", "schedule"]).stdout;
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let document = std::fs::read_to_string(repository().join("docs/schedule.md")).unwrap();
        let mut fields = Vec::new();
        names(&schema, &mut fields);
        assert!(fields.len() > 50, "{fields:?}");
        for field in fields {
            let told = [format!("`{field}`"), format!("\"{field}\"")];
            assert!(
                told.iter().any(|told| document.contains(told)),
                "{field} is not documented"
            );
        }
    }

    /// The names of all fields in a schema.
    fn names(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(keywords) => {
                if let Some(Value::Object(properties)) = keywords.get("properties") {
                    found.extend(properties.keys().cloned());
                }
                keywords.values().for_each(|value| names(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| names(value, found)),
            _ => {}
        }
    }
}
