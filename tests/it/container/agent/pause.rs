//! The container that holds a task's network namespace, as ECS has one in every task.

use std::process::Command;
use std::sync::OnceLock;

use super::super::docker::docker;

/// All that it does: nothing, or one connection to the address that is its argument.
const PROGRAM: &str = "fn main() {
    if let Some(address) = std::env::args().nth(1) {
        let _ = std::net::TcpStream::connect(address);
    }
    loop { std::thread::park() }
}";

/// Starts one in a network; answers its name.
pub(in super::super) fn start(network: &str, task: &str) -> String {
    let name = format!("{task}-pause");
    docker(&[
        "run",
        "--detach",
        "--network",
        network,
        "--name",
        &name,
        "--hostname",
        "ip-169-254-170-3",
        image(),
    ]);
    name
}

/// The name of its image, which is made once.
pub(in super::super) fn image() -> &'static str {
    static IMAGE: OnceLock<&str> = OnceLock::new();
    IMAGE.get_or_init(|| {
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
                "-o",
            ])
            .arg(dir.path().join("pause"))
            .arg(&source)
            .status();
        assert!(compiled.unwrap().success());
        std::fs::remove_file(source).unwrap();
        let archive = dir.path().join("pause.tar");
        let packed = Command::new("tar")
            .arg("-cf")
            .arg(&archive)
            .arg("-C")
            .arg(dir.path())
            .arg("pause")
            .status();
        assert!(packed.unwrap().success());
        let name = "xray-ecs-test-pause";
        docker(&[
            "import",
            "--change",
            r#"ENTRYPOINT ["/pause"]"#,
            archive.to_str().unwrap(),
            name,
        ]);
        name
    })
}
