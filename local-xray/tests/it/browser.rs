//! The console in a real browser: each script in `browser/` opens a view, clicks, types and looks.
//!
//! They are run by `XRAY_ECS_TEST_PYTHON`, a Python interpreter that has Playwright and axe, else by
//! `python3`; the browser is `XRAY_ECS_TEST_CHROMIUM`, else `chromium-headless-shell`. Without them these tests skip
//! and say so, or fail where `XRAY_ECS_TEST_INSIST` is set. With `XRAY_ECS_TEST_SCREENSHOTS=DIR` what was looked at is kept there.

use std::path::Path;
use std::process::Command;

use crate::local::Local;

mod compare;
mod map;
mod rejects;
mod runs;
mod shell;
mod trace;
mod traces;

/// Whether scripts can be run here; tells when they cannot.
#[allow(clippy::print_stderr)]
fn has_browser() -> bool {
    let chromium = std::env::var("XRAY_ECS_TEST_CHROMIUM")
        .unwrap_or_else(|_| "chromium-headless-shell".to_owned());
    let works =
        |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let has_python = works(python().args(["-c", "import playwright, axe_playwright_python"]));
    let has_chromium = works(Command::new(&chromium).arg("--version"));
    let is_there = has_python && has_chromium;
    // Where everything was installed, a skip is a fault.
    let is_needed = std::env::var_os("XRAY_ECS_TEST_INSIST").is_some();
    assert!(
        is_there || !is_needed,
        "python: {has_python}, chromium: {has_chromium}"
    );
    if !is_there {
        eprintln!(
            "skipped: no Python with playwright and axe-playwright-python (XRAY_ECS_TEST_PYTHON), or no \
             Chromium (XRAY_ECS_TEST_CHROMIUM)"
        );
    }
    is_there
}

fn python() -> Command {
    Command::new(std::env::var("XRAY_ECS_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned()))
}

/// Runs a script against a server. It gets the server's URL, then these arguments.
fn browse(local: &Local, script: &str, arguments: &[&str]) {
    if !has_browser() {
        return;
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/browser");
    let output = python()
        .arg(scripts.join(script))
        .arg(format!("http://{}", local.address))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let (told, wrong) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{script}\n{told}\n{wrong}");
}
