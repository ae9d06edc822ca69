//! The `docker` command.

use std::process::Command;

/// What containers, volumes and networks of these tests are known by.
pub(super) const LABEL: &str = "xray-ecs-test";

/// Seconds that a command may take: more than any container is given to stop.
const PATIENCE_S: &str = "180";

/// The image to test; `None`, which is told, when nobody named one, or when no task can be played here.
pub(super) fn image() -> Option<String> {
    let skip = |why: &str| {
        eprintln!("skipped: {why}");
        None
    };
    let Ok(image) = std::env::var("XRAY_ECS_TEST_IMAGE") else {
        return skip(
            "no image to test; as root on Linux with Docker: docker build -t xray-ecs . && \
             XRAY_ECS_TEST_IMAGE=xray-ecs cargo test --test it container",
        );
    };
    let user = Command::new("id").arg("-u").output();
    let is_root = user.is_ok_and(|user| user.stdout.starts_with(b"0\n"));
    if !cfg!(target_os = "linux") || !is_root {
        return skip("only root on Linux can listen where ECS answers a task");
    }
    if std::env::var_os("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").is_some() {
        return skip("this is a task itself, whose credentials' address the tests would take");
    }
    Some(image)
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
    let mut command = Command::new("timeout");
    let output = command.args([PATIENCE_S, "docker"]).args(&args).output();
    let output = output.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let error = String::from_utf8_lossy(&output.stderr);
    let (args, status) = (args.join(" "), output.status);
    Err(format!("docker {args}: {status}: {error}{printed}"))
}

/// Something of the engine that goes when it is dropped.
#[derive(Debug)]
pub(super) struct Removed {
    pub(super) name: String,
    how: &'static [&'static str],
}

impl Removed {
    pub(super) fn container(name: String) -> Self {
        let how = &["rm", "--force", "--volumes"];
        Self { name, how }
    }

    pub(super) fn volume(name: String) -> Self {
        let how = &["volume", "rm"];
        Self { name, how }
    }

    pub(super) fn network(name: String) -> Self {
        let how = &["network", "rm"];
        Self { name, how }
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = attempt(&[self.how, &[&self.name]].concat());
    }
}

/// Removes what tests that were killed have left. Nobody else may be at it.
pub(super) fn clean() {
    let filter = format!("label={LABEL}");
    for (list, remove) in [
        (&["ps", "--all"][..], &["rm", "--force", "--volumes"][..]),
        (&["volume", "ls"], &["volume", "rm"]),
        (&["network", "ls"], &["network", "rm"]),
    ] {
        let left = docker(&[list, &["--quiet", "--filter", &filter]].concat());
        let left: Vec<&str> = left.lines().collect();
        if !left.is_empty() {
            let _ = attempt(&[remove, &left].concat());
        }
    }
}
