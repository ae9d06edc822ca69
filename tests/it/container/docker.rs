//! The `docker` command.

use std::process::Command;

/// The image to test; `None`, which is told, when nobody named one.
pub(super) fn image() -> Option<String> {
    let image = std::env::var("XRAY_ECS_TEST_IMAGE").ok();
    if image.is_none() {
        eprintln!(
            "skipped: no image to test; with Docker: docker build -t xray-ecs . && \
             XRAY_ECS_TEST_IMAGE=xray-ecs cargo test --test it container"
        );
    }
    image
}

/// Runs docker with these arguments, which must succeed; answers what it prints.
#[track_caller]
pub(super) fn docker<A: AsRef<str>>(args: &[A]) -> String {
    match attempt(args) {
        Ok(printed) => printed,
        Err(error) => panic!("{error}"),
    }
}

/// Runs docker with these arguments; an error is what it says.
pub(super) fn attempt<A: AsRef<str>>(args: &[A]) -> Result<String, String> {
    let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
    let output = Command::new("docker").args(&args).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(format!("docker {}: {error}{printed}", args.join(" ")))
}
