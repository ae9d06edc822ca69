//! What came out of a variable that looks secret is shown nowhere.

use serde_json::{Value, json};

use crate::program::{Place, ended};

const SECRET: &str = "s3cr3t-value";

#[test]
fn a_secret_is_in_no_report_no_plan_no_log_and_no_trace() {
    let place = Place::new();
    let jobs = json!({ "version": 1, "name": "secrets", "jobs": [
        { "name": "bucket", "type": "create-bucket", "bucket": "secrets-1", "tags": { "token": "{env:API_TOKEN}" } },
        { "name": "command", "type": "command", "command": ["sh", "-c", "echo said {env:API_TOKEN} >&2; exit 1"],
          "retry": { "max_attempts": 2, "base_delay": "1ms" } }
    ]});
    place.write("jobs.json", jobs.to_string());
    let mut told = String::new();
    for args in [
        &["--plan"][..],
        &[
            "--report", "r.json", "--report", "r.md", "--report", "r.xml",
        ],
    ] {
        let args = [
            &["run", "--local", "--allow-command", "--log", "debug"],
            args,
            &["jobs.json"],
        ]
        .concat();
        let run = ended(place.command(&args).env("API_TOKEN", SECRET));
        told += &run.stdout;
        // The SDK's own debug log has its requests; ours has no secret.
        let ours = run.stderr.lines().filter(|line| !line.contains(" aws_"));
        told.extend(ours.filter(|line| line.contains("xray_ecs") || !line.contains("DEBUG")));
    }
    for report in ["r.json", "r.md", "r.xml"] {
        told += &place.read(report);
    }
    let report: Value = serde_json::from_str(&place.read("r.json")).unwrap();
    for job in report["jobs"].as_array().unwrap() {
        let trace_id = job["trace_id"].as_str().unwrap();
        told += &place.run(&["trace", trace_id, "--local", "--json"]).stdout;
    }
    assert!(told.contains("token"), "{told}");
    assert!(told.contains("said ***"), "{told}");
    let at = told.find(SECRET);
    assert_eq!(
        at,
        None,
        "…{}…",
        &told[at.unwrap_or(0).saturating_sub(300)..at.unwrap_or(0) + 20]
    );
}
