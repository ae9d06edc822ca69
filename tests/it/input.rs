//! Bad input: a clear error before anything is done, every fault at once, exit code 2.

use std::os::unix::ffi::OsStringExt;

use crate::program::{Place, ended};

fn assert_refused(place: &Place, args: &[&str], told: &[&str]) {
    let ended = place.run(args);
    assert_eq!(ended.code, 2, "{args:?}: {}", ended.stderr);
    assert_eq!(ended.stdout, "", "{args:?}");
    for text in told {
        assert!(
            ended.stderr.contains(text),
            "{args:?}: no `{text}` in\n{}",
            ended.stderr
        );
    }
    let state = place.path().join(".xray-ecs");
    assert!(!state.exists(), "{args:?} made {}", state.display());
}

#[test]
fn every_fault_of_a_file_is_told_with_its_place_and_mend() {
    let place = Place::new();
    place.write(
        "bad.json",
        r#"{
  "version": 1,
  "name": "bucket creation",
  "jobs": [
    { "name": "a", "type": "create-bucket", "bucket": "Bad_Name" },
    { "name": "a", "type": "create-bucket", "bucket": "good-name", "regoin": "eu-west-1" },
    { "name": "c", "type": "create-bucket", "bucket": "other-name", "timeout": 30 }
  ]
}"#,
    );
    assert_refused(
        &place,
        &["run", "bad.json"],
        &[
            "bad.json:5:55: jobs[0].bucket: bucket name `Bad_Name`",
            "bad.json:6:15: jobs[1].name: job `a` stands in line 5 already",
            "unknown field `regoin`, did you mean `region`?",
            "bad.json:7:80: jobs[2].timeout: found the number 30, wanted a duration",
            "error: 4 faults; nothing was run",
        ],
    );
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let place = Place::new();
    place.write("not.json", "{,");
    place.write("latin1.json", b"{\n\xff}");
    for (args, told) in [
        (vec!["run", "not.json"], "not.json:1:2: not JSON"),
        (vec!["run", "latin1.json"], "latin1.json"),
        (
            vec!["run", "jobs/create-buket.json"],
            "no such file, did you mean `jobs/create-bucket.json`?",
        ),
        (vec!["run"], "JOB_FILE, JOB_SPEC or JOB_TYPE"),
    ] {
        assert_refused(&place, &args, &[told]);
    }
}

#[test]
fn a_missing_file_hides_no_fault_of_the_others() {
    let place = Place::new();
    place.write("not.json", "{,");
    std::fs::create_dir(place.path().join("empty")).unwrap();
    assert_refused(
        &place,
        &["run", "not.json", "nowhere.json", "empty"],
        &[
            "not.json:1:2: not JSON",
            "nowhere.json: no such file",
            "no job files in empty",
        ],
    );
}

#[test]
fn what_a_file_holds_cannot_write_escapes_to_the_terminal() {
    let place = Place::new();
    place.write("esc.json", "{\"version\": 1, \"\\u001b[31mred\": 1}");
    let ended = place.run(&["run", "esc.json"]);
    assert_eq!(ended.code, 2);
    assert!(!ended.stderr.contains('\u{1b}'), "{:?}", ended.stderr);
}

#[test]
fn one_bucket_in_two_files_is_a_fault() {
    let place = Place::new();
    place.write("copy.json", place.read("jobs/create-bucket.json"));
    assert_refused(
        &place,
        &["run", "jobs/create-bucket.json", "copy.json"],
        &[
            ": jobs[0].name: `bucket` stands in a job of jobs/create-bucket.json already",
            ": jobs[0].bucket: `xray-ecs-000000000000-us-east-1` stands in a job of",
        ],
    );
}

#[test]
fn without_region_or_credentials_the_error_names_variable_and_local() {
    let place = Place::new();
    assert_refused(
        &place,
        &["run", "jobs/create-bucket.json"],
        &["AWS_REGION", "--local"],
    );
    let mut command = place.command(&["run", "jobs/create-bucket.json"]);
    let ended = ended(command.env("AWS_REGION", "eu-west-1"));
    assert_eq!(ended.code, 2);
    for told in ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "--local"] {
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
}

#[test]
fn an_empty_region_is_as_good_as_none() {
    let place = Place::new();
    let run = |variables: &[(&str, &str)]| {
        let mut command = place.command(&["run", "jobs/create-bucket.json"]);
        ended(
            command
                .env("AWS_REGION", "")
                .envs(variables.iter().copied()),
        )
    };
    let none = run(&[]);
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("set AWS_REGION"), "{}", none.stderr);
    // The next thing that is missing.
    let default = run(&[("AWS_DEFAULT_REGION", "eu-west-1")]);
    assert!(default.stderr.contains("AWS_PROFILE"), "{}", default.stderr);
    place.write("config-of-aws", "[default]\nregion = eu-west-1\n");
    let path = place.path().join("config-of-aws");
    let profile = run(&[("AWS_CONFIG_FILE", path.to_str().unwrap())]);
    assert!(profile.stderr.contains("AWS_PROFILE"), "{}", profile.stderr);
}

#[test]
fn variables_that_are_no_text_or_no_setting_are_errors() {
    let place = Place::new();
    for (name, value, told) in [
        (
            "JOB_SPEC",
            std::ffi::OsString::from_vec(vec![0xff]),
            "JOB_SPEC",
        ),
        (
            "AWS_XRAY_DAEMON_ADDRESS",
            "nowhere".into(),
            "AWS_XRAY_DAEMON_ADDRESS: daemon address `nowhere`",
        ),
        (
            "XRAY_ECS_CONCURRENCY",
            "0".into(),
            "XRAY_ECS_CONCURRENCY: `0`: write a whole number from 1 to 1000",
        ),
        ("XRAY_ECS_TIMEOUT", "10".into(), "XRAY_ECS_TIMEOUT"),
        (
            "XRAY_ECS_LOG",
            "loud=verbose".into(),
            "log filter `loud=verbose`",
        ),
    ] {
        let args: &[&str] = if name == "JOB_SPEC" {
            &["run"]
        } else {
            &["run", "jobs/create-bucket.json"]
        };
        let mut command = place.command(args);
        command
            .env(name, &value)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCOUNT_ID", "000000000000")
            .env("AWS_ACCESS_KEY_ID", "a")
            .env("AWS_SECRET_ACCESS_KEY", "b");
        let ended = ended(&mut command);
        assert_eq!(ended.code, 2, "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(told), "{name}: {}", ended.stderr);
    }
}

#[cfg(feature = "local")]
#[test]
fn a_directory_after_local_gets_a_hint() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("state")).unwrap();
    assert_refused(
        &place,
        &["run", "--local", "state"],
        &["write --local=state"],
    );
}

#[test]
fn wrong_arguments_exit_with_2() {
    let place = Place::new();
    assert_refused(&place, &["run", "--lcal"], &["unexpected argument"]);
    assert_refused(&place, &["rnu"], &["unrecognized subcommand"]);
    assert_refused(
        &place,
        &["run", "--daemon", "x", "jobs/create-bucket.json"],
        &["host:port"],
    );
}

#[test]
fn jobs_come_from_directories_and_standard_input() {
    use std::io::Write as _;
    use std::process::Stdio;

    let place = Place::new();
    std::fs::create_dir_all(place.path().join("all/b")).unwrap();
    let file = |bucket: &str| {
        let job = format!(r#"{{"name": "a", "type": "create-bucket", "bucket": "{bucket}"}}"#);
        format!(r#"{{"version": 1, "name": "n", "jobs": [{job}]}}"#)
    };
    place.write("all/b/x.json", file("Bad_X"));
    place.write(
        "all/a.jsonl",
        "{\"version\": 1, \"name\": \"n\"}\n{\"name\": \"l\"}\n",
    );
    let mut command = place.command(&["run", "all", "-"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(file("Bad_S").as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    for told in [
        "all/a.jsonl:2:1: type: missing, give `create-bucket` or `command`",
        "all/b/x.json:1:87: jobs[0].bucket: bucket name `Bad_X`",
        "-:1:87: jobs[0].bucket: bucket name `Bad_S`",
        "nothing was run",
    ] {
        assert!(stderr.contains(told), "no `{told}` in\n{stderr}");
    }
}

#[test]
fn the_schema_is_printed_and_a_file_may_name_it() {
    let place = Place::new();
    let ended = place.run(&["schema", "job"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let schema: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(schema["properties"]["version"]["const"], 1);
    place.write("job.schema.json", &ended.stdout);
    let file = r#"{"$schema": "job.schema.json", "version": 1, "name": "n", "jobs": []}"#;
    place.write("a.json", file);
    let ended = place.run(&["run", "a.json"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("error: 1 fault; nothing was run"),
        "{}",
        ended.stderr
    );
}
