//! `--open`: the console in the browser, here a script that notes what it is to open.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::program::{Place, Running};
use crate::serve::FREE;

/// A place whose desktop opens addresses by writing them into `opened`.
fn with_desktop(args: &[&str]) -> (Place, Command) {
    let place = Place::new();
    let bin = place.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let opener = bin.join("xdg-open");
    std::fs::write(&opener, "#!/bin/sh\necho \"$1\" > opened\n").unwrap();
    std::fs::set_permissions(&opener, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = place.command(args);
    command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    (place, command)
}

fn get(url: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_run_opens_its_page_and_serves_it_until_stopped() {
    let args = [
        "run",
        "--local",
        "--open",
        "--run-id",
        "nightly/1",
        "jobs/create-bucket.json",
    ];
    let (place, command) = with_desktop(&args);
    let running = Running::start(command);
    let told = running.line("console ");
    running.line("serving the console until stopped");
    let url = place.read("opened");
    assert_eq!(told, format!("console {}", url.trim_end()));
    assert!(url.trim_end().ends_with("/runs/nightly%2F1"), "{url}");
    let page = get(url.trim_end());
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("create in us-east-1"), "{page}");
    running.signal("INT");
    let (code, lines) = running.wait();
    assert_eq!(code, Some(0), "{lines:#?}");
}

#[test]
fn a_run_beside_a_server_opens_its_console_and_ends() {
    let (place, mut server) = with_desktop(&FREE);
    server.arg("--open");
    let served = Running::start(server);
    let console = served.line("console ");
    served.line("serving ");
    assert_eq!(
        console,
        format!("console {}", place.read("opened").trim_end())
    );
    // Nothing here opens anything: the address is told.
    let run = place.run(&["run", "--local", "--open", "jobs/create-bucket.json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains(&format!("{console}runs/")),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("no browser opened: "), "{}", run.stderr);
}

#[test]
fn there_is_nothing_to_open_on_aws() {
    let run = Place::new().run(&["run", "--open", "jobs/create-bucket.json"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("--local"), "{}", run.stderr);
}
