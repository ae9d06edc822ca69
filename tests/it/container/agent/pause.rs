//! The container that holds a task's network namespace, as ECS has one in every task.

use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use super::super::docker::{LABEL, Removed, attempt, docker};

/// All that it does: nothing, or one connection to the address that is its argument.
const PROGRAM: &str = "fn main() {
    if let Some(address) = std::env::args().nth(1) {
        let _ = std::net::TcpStream::connect(address);
    }
    loop { std::thread::park() }
}";

/// Starts one in a network.
pub(in super::super) fn start(network: &str, task: &str) -> Removed {
    let name = format!("{task}-pause");
    let network = ["--network", network, "--hostname", "ip-169-254-170-3"];
    let run = ["run", "--detach", "--label", LABEL, "--name", &name];
    docker(&[&run[..], &network, &[image()]].concat());
    Removed::container(name)
}

/// The name of its image, which is made once for each program.
pub(in super::super) fn image() -> &'static str {
    static IMAGE: OnceLock<String> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let hash: String = Sha256::digest(PROGRAM)
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let name = format!("xray-ecs-test-pause:{hash}");
        if attempt(&["image", "inspect", &name]).is_ok() {
            return name;
        }
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("pause.rs");
        std::fs::write(&source, PROGRAM).unwrap();
        let compiled = Command::new("rustc")
            .args([
                "-O",
                "-C",
                "target-feature=+crt-static",
                "-C",
                "strip=symbols",
            ])
            .arg("-o")
            .arg(dir.path().join("pause"))
            .arg(&source)
            .status();
        assert!(compiled.unwrap().success());
        let archive = dir.path().join("pause.tar");
        let mut pack = Command::new("tar");
        pack.arg("-cf")
            .arg(&archive)
            .arg("-C")
            .arg(dir.path())
            .arg("pause");
        assert!(pack.status().unwrap().success());
        let entrypoint = r#"ENTRYPOINT ["/pause"]"#;
        docker(&[
            "import",
            "--change",
            entrypoint,
            archive.to_str().unwrap(),
            &name,
        ]);
        name
    })
}
