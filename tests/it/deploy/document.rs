//! docs/deploy.md as somebody follows it: all its commands, in their order; first in one shell, and what
//! comes days later in shells of its own.
//!
//! `aws` is the AWS CLI against moto; `xray-ecs` is the program against an EventBridge and ECS of the
//! test's own, whose tasks are real workers with a local S3 and X-Ray; `docker` and `git` only look at
//! what they are told, and `docker push` tells moto of the image. Without the Python of
//! `XRAY_ECS_TEST_PYTHON`, else `python3`, the test skips and says so.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use super::filled::{ACCOUNT, REGION, TEMPLATES, fill, filled};
use super::stubs::{program, programs, xray_ecs};
use crate::docs::blocks;
use crate::program::{Ended, Place, ended, interpreter, repository};
use crate::schedule::moto::Moto;
use crate::schedule::tasks::Workers;

/// The commits of the two images.
const TAGS: [&str; 2] = ["1a2b3c4", "5d6e7f8"];

/// The commands of some lines of the document; a variable that nothing was found for ends the script, as
/// it would lead its reader astray.
fn script(is_wanted: impl Fn(usize) -> bool) -> String {
    let mut script = String::from("set -eu\n");
    let blocks = blocks(&document(), "sh");
    for (_, block) in blocks.into_iter().filter(|(line, _)| is_wanted(*line)) {
        for line in block.lines() {
            let shown = line.replace('\'', "'\\''");
            script += &format!("echo '+ {shown}' >&2\n{line}\n");
            let exported = line.strip_prefix("export ");
            if let Some((name, _)) = exported.and_then(|line| line.split_once('=')) {
                script += &format!(
                    "case \"${name}\" in '' | None) exit 9 ;; *) echo \"{name}=${name}\" ;; esac\n"
                );
            }
        }
    }
    script
}

fn document() -> PathBuf {
    repository().join("docs/deploy.md")
}

/// The line of a heading.
fn heading(name: &str) -> usize {
    let text = std::fs::read_to_string(document()).unwrap();
    let heading = format!("## {name}");
    text.lines().position(|line| line == heading).unwrap() + 1
}

/// The commands of one part of the document.
fn part(name: &str) -> String {
    let begin = heading(name);
    let text = std::fs::read_to_string(document()).unwrap();
    let mut lines = text.lines().skip(begin);
    let end = begin + 1 + lines.position(|line| line.starts_with("## ")).unwrap();
    script(|line| (begin..end).contains(&line))
}

/// Runs a script in a place with the programs that the document calls.
fn follow(script: &str, place: &Place, moto: &Moto) -> Ended {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", script])
        .current_dir(place.path())
        .env_clear()
        .env("HOME", place.path())
        .env(
            "PATH",
            format!("{}/bin:/usr/bin:/bin", place.path().display()),
        )
        .env("AWS_ENDPOINT_URL", &moto.endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_PAGER", "");
    let followed = ended(&mut command);
    assert_eq!(followed.code, 0, "{}\n{}", followed.stdout, followed.stderr);
    followed
}

#[test]
fn the_document_leads_from_a_clone_to_a_trace_and_back() {
    let Some(python) = interpreter("awscli, boto3, flask, moto.server") else {
        return;
    };
    let moto = Moto::start(&python);
    let workers = Workers::of(filled("task-definition.json"));
    workers.scene.aws.seed_cluster("xray-ecs");
    let place = &workers.scene.place;
    // The stack's bucket is in moto; that of the workers is in the local S3.
    let bucket = format!("xray-ecs-reports-{ACCOUNT}");
    let job = json!({ "name": "reports", "type": "create-bucket", "bucket": bucket });
    let file = json!({ "version": 1, "name": "reports", "jobs": [job] });
    place.write("reports.json", file.to_string());
    assert_eq!(workers.worker(&["run", "reports.json"]).code, 0);

    program(place, "xray-ecs", &xray_ecs(&workers));
    programs(place, &python);
    // Where an audit looks for reports.
    let made = place.run(&["run", "--local=of-audit", "reports.json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let later = heading("In a new shell");
    let followed = follow(&script(|line| line < later), place, &moto);

    // The first trace.
    assert!(
        followed.stdout.contains("create in eu-west-1"),
        "{}",
        followed.stdout
    );
    for words in ["S3 CreateBucket xray-e", "Clients", "segments: 2 sent"] {
        assert!(
            followed.stdout.contains(words),
            "no `{words}` in {}",
            followed.stdout
        );
    }
    // Days later: each part in a shell that knows nothing of what was before.
    let in_a_new_shell = |name| {
        let script = part("In a new shell") + &part(name);
        follow(&script, place, &moto).stdout
    };
    let updated = in_a_new_shell("Update and roll back");
    in_a_new_shell("The task");
    let lost = "aws sqs send-message --queue-url $(aws sqs get-queue-url --queue-name xray-ecs-lost-firings \
                --query QueueUrl --output text) --message-body lost --message-attributes \
                'ERROR_CODE={DataType=String,StringValue=NO_PERMISSIONS}'";
    let region = format!("export AWS_DEFAULT_REGION={REGION}\n");
    follow(&(region.clone() + lost), place, &moto);
    let read = in_a_new_shell("Alarms");
    assert!(read.contains("NO_PERMISSIONS"), "{read}");
    let count = "aws sqs get-queue-attributes --queue-url $(aws sqs get-queue-url \
                 --queue-name xray-ecs-lost-firings --query QueueUrl --output text) \
                 --attribute-names ApproximateNumberOfMessages --query Attributes --output text";
    let left = follow(&(region + count), place, &moto).stdout;
    assert_eq!(left, "0\n", "the queue is purged");
    in_a_new_shell("Clean up");

    // The images, and the way back to the first one.
    let registry = format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com");
    let log = place.read("log");
    let told: Vec<&str> = log.lines().collect();
    let [first, second] = TAGS.map(|tag| format!("{registry}/xray-ecs:{tag}"));
    let build = |image: &str, commit: &str| {
        format!(
            "docker build --platform linux/amd64 --tag {image} --build-arg COMMIT={commit} --build-arg COMMIT_DATE=2026-01-02 ."
        )
    };
    let login = format!("docker login --username AWS --password-stdin {registry}");
    assert_eq!(
        told,
        [
            build(&first, TAGS[0]),
            login.clone(),
            format!("docker push {first}"),
            build(&second, TAGS[1]),
            login,
            format!("docker push {second}"),
        ]
    );
    let previous = format!("PREVIOUS_TAG={}\n", TAGS[0]);
    assert!(updated.contains(&previous), "{updated}");
    let left = workers.scene.rules();
    assert_eq!(left, Vec::<String>::new(), "the schedule was deleted");
}

#[test]
fn the_same_is_made_by_single_commands() {
    let Some(python) = interpreter("awscli, flask, moto.server") else {
        return;
    };
    let moto = Moto::start(&python);
    let place = Place::new();
    programs(&place, &python);
    // What comes before is the account and the network.
    let (network, begin) = (heading("The stack"), heading("Without CloudFormation"));
    follow(
        &script(|line| line < network || line > begin),
        &place,
        &moto,
    );
    for name in TEMPLATES {
        let text = fill(&place.read(&format!("config/{name}")));
        assert_eq!(place.read(&format!("filled/{name}")), text, "{name}");
    }
}

#[test]
fn what_is_not_committed_has_no_tag() {
    let place = Place::new();
    let git = |words: &str| {
        let identity = "-c user.name=t -c user.email=t@example.com -c safe.directory=*";
        let mut command = Command::new("/bin/sh");
        let words = format!("git {identity} {words}");
        command.args(["-c", &words]).current_dir(place.path());
        ended(command.env("GIT_CONFIG_GLOBAL", "/dev/null")).code == 0
    };
    if !git("init --quiet") {
        eprintln!("skipped: no git");
        return;
    }
    let text = std::fs::read_to_string(document()).unwrap();
    let exports: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("export IMAGE_TAG="))
        .collect();
    assert_eq!(exports.len(), 2);
    let tag = |export: &str| {
        let mut command = Command::new("/bin/sh");
        let script = format!("{export}\nprintf %s \"$IMAGE_TAG\"");
        ended(command.args(["-c", &script]).current_dir(place.path())).stdout
    };
    assert!(git(
        "add . && git -c user.name=t -c user.email=t@example.com commit --quiet -m first"
    ));
    for export in &exports {
        assert_eq!(tag(export).len(), 7, "{export}");
    }
    let spoilt = ["jobs/create-bucket.json", "jobs/new.json"];
    for name in spoilt {
        place.write(name, "{}");
        assert_eq!(
            exports.iter().map(|export| tag(export)).collect::<String>(),
            ""
        );
        assert!(git("stash --quiet --include-untracked"));
    }
}
