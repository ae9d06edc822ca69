//! What the image is: small, without a shell, for a user without rights.

use std::process::Command;

use serde_json::Value;

use super::agent::pause;
use super::docker::{Removed, attempt, docker, image};
use super::network::Network;
use crate::docs::blocks;
use crate::program::{Place, repository};

/// Bytes of the image in DESIGN's and ECR's sense: 20 MB.
const SIZE_MAX: u64 = 20_000_000;

#[test]
fn it_is_small_and_holds_one_program_for_a_user_without_rights() {
    let Some(image) = image() else { return };
    let inspected: Value = serde_json::from_str(&docker(&["image", "inspect", &image])).unwrap();
    let inspected = &inspected[0];
    let size = inspected["Size"].as_u64().unwrap();
    eprintln!("image: {:.1} MB (at most 20)", size as f64 / 1e6);
    assert!(size <= SIZE_MAX, "{size}");
    let config = &inspected["Config"];
    assert_eq!(config["User"], "10001:10001");
    assert_eq!(config["Entrypoint"], serde_json::json!(["/xray-ecs"]));
    for label in ["title", "description", "licenses"] {
        let label = format!("org.opencontainers.image.{label}");
        let text = config["Labels"][&label].as_str();
        assert!(text.is_some_and(|text| !text.is_empty()), "{label}");
    }

    let container = Removed::container(docker(&["create", &image]));
    let listed = Command::new("sh")
        .args([
            "-c",
            r#"docker export "$1" | tar -tv"#,
            "sh",
            &container.name,
        ])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let files: Vec<&str> = listed
        .lines()
        .filter(|line| line.starts_with('-'))
        .collect();
    // The engine adds empty files of its own to what it exports.
    let programs: Vec<&&str> = files
        .iter()
        .filter(|line| line[..10].contains('x') && !line.contains("root/root         0 "))
        .collect();
    let [program] = programs[..] else {
        panic!("one program, not {programs:#?}");
    };
    assert!(
        program.starts_with("-rwxr-xr-x") && program.ends_with(" xray-ecs"),
        "{program}"
    );
    for file in [
        "etc/ssl/certs/ca-certificates.crt",
        "etc/passwd",
        "jobs/create-bucket.json",
    ] {
        assert!(
            files.iter().any(|line| line.ends_with(file)),
            "{file}: {files:#?}"
        );
    }
    assert!(
        listed
            .lines()
            .any(|line| line.starts_with("drwxrwxrwt") && line.ends_with(" tmp/")),
        "{listed}"
    );
}

#[test]
fn it_runs_read_only_and_tells_its_version() {
    let Some(image) = image() else { return };
    let version = docker(&[
        "run",
        "--rm",
        "--read-only",
        "--network",
        "none",
        &image,
        "--version",
    ]);
    // The label and the program name the same commit, or none.
    let revision = r#"{{index .Config.Labels "org.opencontainers.image.revision"}}"#;
    let revision = docker(&["image", "inspect", "--format", revision, &image]);
    let named = revision
        .get(..7)
        .map_or_else(String::new, |commit| format!(" ({commit} "));
    let wanted = format!("xray-ecs {}{named}", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(&wanted), "{version}, not {wanted}");
    let shell = attempt(&[
        "run",
        "--rm",
        "--network",
        "none",
        "--entrypoint",
        "sh",
        &image,
    ]);
    assert!(shell.unwrap_err().contains("executable file not found"));
    let lean = attempt(&["run", "--rm", "--network", "none", &image, "local"]);
    let lean = lean.unwrap_err();
    assert!(lean.contains("--build-arg FEATURES=local"), "{lean}");
}

#[test]
fn an_image_on_top_of_it_runs_programs() {
    let Some(image) = image() else { return };
    let Ok(debian) = std::env::var("XRAY_ECS_TEST_DEBIAN_IMAGE") else {
        eprintln!("skipped: XRAY_ECS_TEST_DEBIAN_IMAGE names no image of Debian to build on");
        return;
    };
    let document = repository().join("docs/deploy.md");
    let [(_, dockerfile)] = &blocks(&document, "dockerfile")[..] else {
        panic!("one Dockerfile");
    };
    let dockerfile = dockerfile
        .replace("debian:bookworm-slim", &debian)
        .replace("--from=xray-ecs", &format!("--from={image}"));
    let place = Place::new();
    place.write("Dockerfile", dockerfile);
    let name = "xray-ecs-test-commands";
    docker(&["build", "--tag", name, place.path().to_str().unwrap()]);
    let run = ["run", "--rm", "--network", "none", "--read-only", name];
    let daemon = [
        "run",
        "--allow-command",
        "--daemon",
        "off",
        "/jobs/commands.json",
    ];
    let told = docker(&[&run[..], &daemon].concat());
    docker(&["image", "rm", name]);
    assert!(told.contains("changed"), "{told}");
}

/// What becomes of a call to a name that leads to a place where nobody listens.
fn call_to(image: &str, network: &str, options: &[&str], host: &str) -> String {
    let endpoint = format!("AWS_ENDPOINT_URL_STS=http://{host}:9");
    let mut args = vec!["run", "--rm", "--network", network, "--env", &endpoint];
    for variable in [
        "AWS_REGION=eu-west-1",
        "AWS_ACCESS_KEY_ID=a",
        "AWS_SECRET_ACCESS_KEY=b",
    ] {
        args.extend(["--env", variable]);
    }
    args.extend(options);
    args.extend([image, "run", "--daemon", "off", "jobs/create-bucket.json"]);
    attempt(&args).unwrap_err()
}

#[test]
fn names_are_resolved_by_dns_and_by_the_file_of_hosts() {
    let Some(image) = image() else { return };
    let network = Network::new();
    // The engine's DNS knows it by its name.
    let neighbour = pause::start(network.name(), "neighbour");
    let by_dns = call_to(&image, network.name(), &[], &neighbour.name);
    let host = ["--add-host", "sts.test:127.0.0.1"];
    let by_file = call_to(&image, network.name(), &host, "sts.test");
    drop(neighbour);
    for told in [by_dns, by_file] {
        assert!(told.contains("Connection refused"), "{told}");
    }
}
