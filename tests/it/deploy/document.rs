//! docs/deploy.md as somebody follows it: all its commands, in their order, in one shell.
//!
//! `aws` is the AWS CLI against moto; `xray-ecs` is the program against an EventBridge and ECS of the
//! test's own, whose tasks are real workers with a local S3 and X-Ray; `docker` and `git` only look at
//! what they are told, and `docker push` tells moto of the image. Without the Python of
//! `XRAY_ECS_TEST_PYTHON`, else `python3`, the test skips and says so.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::filled::{ACCOUNT, REGION, TEMPLATES, fill, filled};
use crate::docs::blocks;
use crate::program::{Ended, Place, ended, interpreter, repository};
use crate::schedule::moto::Moto;
use crate::schedule::tasks::Workers;

/// The commits of the two images.
const TAGS: [&str; 2] = ["1a2b3c4", "5d6e7f8"];

/// Knows the commands of the document, and none beside.
const DOCKER: &str = r#"#!/bin/sh
set -eu
echo "docker $*" >> log
case "$*" in
"build --tag "*" --build-arg COMMIT="*" --build-arg COMMIT_DATE=2026-"*" .") ;;
"login --username AWS --password-stdin "*) test -n "$(cat)" ;;
"push "*)
    tag=${2##*:}
    media=application/vnd.oci.image.manifest.v1+json
    aws ecr put-image --repository-name xray-ecs --image-tag "$tag" \
        --image-manifest "{\"schemaVersion\": 2, \"mediaType\": \"$media\", \"config\": {\"digest\": \"$tag\"}}" > pushed
    ;;
*)
    echo "what is docker $*?" >&2
    exit 1
    ;;
esac
"#;

/// Builds nothing: the program stands beside it.
const CARGO: &str = "#!/bin/sh\ntest \"$*\" = 'build --release'\n";

/// Each commit has another one after it.
const GIT: &str = r#"#!/bin/sh
set -eu
if test "$*" = "log -1 --format=%cs"; then echo 2026-01-02; exit; fi
test "$*" = "rev-parse --short HEAD"
if test -e commit; then echo 5d6e7f8; else echo 1a2b3c4; touch commit; fi
"#;

fn program(place: &Place, name: &str, text: &str) {
    std::fs::create_dir_all(place.path().join("bin")).unwrap();
    let name = format!("bin/{name}");
    place.write(&name, text);
    let permissions = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path().join(name), permissions).unwrap();
}

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
    let end = heading("Without CloudFormation");
    let followed = follow(&script(|line| line < end), place, &moto);

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
    // The images, and the way back to the first one.
    let registry = format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com");
    let log = place.read("log");
    let told: Vec<&str> = log.lines().collect();
    let [first, second] = TAGS.map(|tag| format!("{registry}/xray-ecs:{tag}"));
    let build = |image: &str, commit: &str| {
        format!(
            "docker build --tag {image} --build-arg COMMIT={commit} --build-arg COMMIT_DATE=2026-01-02 ."
        )
    };
    assert_eq!(
        told,
        [
            build(&first, TAGS[0]),
            format!("docker login --username AWS --password-stdin {registry}"),
            format!("docker push {first}"),
            build(&second, TAGS[1]),
            format!("docker push {second}"),
        ]
    );
    assert!(
        followed
            .stdout
            .contains(&format!("PREVIOUS_TAG={}\n", TAGS[0])),
        "{}",
        followed.stdout
    );
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

/// The programs of others. For SQS version 1 of the AWS CLI takes its endpoint from the flag alone.
fn programs(place: &Place, python: &Path) {
    let aws = format!(
        "#!/bin/sh\nexec '{}' -m awscli --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"\n",
        python.display()
    );
    program(place, "aws", &aws);
    program(place, "docker", DOCKER);
    program(place, "git", GIT);
    program(place, "cargo", CARGO);
}

/// The program. An audit finds what was due before the rule was made.
fn xray_ecs(workers: &Workers) -> String {
    format!(
        "#!/bin/sh\n\
         export AWS_ENDPOINT_URL='{}' AWS_ENDPOINT_URL_S3='{}' AWS_ENDPOINT_URL_XRAY='{}' COLUMNS=80\n\
         if test \"$2\" = audit; then '{program}' \"$@\" --local=of-audit || test $? = 1; exit; fi\n\
         exec '{program}' \"$@\"\n",
        workers.scene.aws.endpoint(),
        workers.served.s3,
        workers.served.xray,
        program = env!("CARGO_BIN_EXE_xray-ecs"),
    )
}
