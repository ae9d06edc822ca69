//! Flags, configuration file, environment: which of them counts, and what each does.

use super::*;

/// The scope of the signature on what a daemon sends, and its access key: `AKLOCAL/eu-west-1`.
fn signed_by(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> String {
    let xray = Endpoint::start();
    let url = xray.url();
    let variables = [&[("AWS_ENDPOINT_URL_XRAY", url.as_str())], variables].concat();
    let daemon = Daemon::start_with(place, args, &variables);
    daemon.send("{}");
    let call = xray.wait_for_calls(1).remove(0);
    let scope = call.authorization.split_once("Credential=").unwrap().1;
    let scope: Vec<_> = scope.split('/').collect();
    daemon.terminate();
    format!("{}/{}", scope[0], scope[2])
}

#[test]
fn a_flag_comes_before_the_file_and_the_file_before_the_environment() {
    let place = Place::new();
    let environment = [("AWS_REGION", "eu-west-1")];
    let signed_by = |args: &[&str]| signed_by(&place, args, &environment);
    assert_eq!(signed_by(&[]), "AKLOCAL/eu-west-1");
    place.write("d.yaml", "Version: 2\nRegion: eu-west-2\n");
    assert_eq!(signed_by(&["-c", "d.yaml"]), "AKLOCAL/eu-west-2");
    let both = ["--config", "d.yaml", "--region", "eu-west-3"];
    assert_eq!(signed_by(&both), "AKLOCAL/eu-west-3");
    // The last of two, as with the official daemon.
    assert_eq!(
        signed_by(&["-n", "x", "-n", "eu-north-1"]),
        "AKLOCAL/eu-north-1"
    );
}

#[test]
fn the_sample_starts_the_daemon() {
    let place = Place::new();
    let xray = Endpoint::start();
    let sample = place.read("config/daemon.yaml");
    // Its addresses may be taken on this machine.
    let free = sample.replace("127.0.0.1:2000", "127.0.0.1:0");
    assert_ne!(free, sample);
    place.write("config/daemon.yaml", free);
    let mut command = place.command(&["daemon", "--config", "config/daemon.yaml"]);
    command
        .env("AWS_ENDPOINT_URL_XRAY", xray.url())
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKLOCAL")
        .env("AWS_SECRET_ACCESS_KEY", "local");
    let daemon = Daemon::started(Running::start(command));
    daemon.send("{}");
    let lines = daemon.terminate();
    assert!(
        !lines.iter().any(|line| line.contains("daemon.yaml")),
        "{lines:#?}"
    );
    assert_eq!(xray.documents(), ["{}"]);
    // Every key stands in it, and says what is the default anyway.
    for key in [
        "TotalBufferSizeMB: 0",
        "Concurrency: 8",
        "LogLevel: prod",
        "RoleARN: \"\"",
    ] {
        assert!(sample.contains(key), "{key}");
    }
}

#[test]
fn all_faults_of_a_named_file_are_told_and_nothing_starts() {
    let place = Place::new();
    let text = "Region: eu west\nSocket:\n  UDPAdress: 127.0.0.1:2000\nNoVerifySSL: true\n";
    place.write("d.yaml", text);
    for args in [
        &["daemon", "-c", "d.yaml"][..],
        &["daemon", "-c", "d.yaml", "--healthcheck"],
    ] {
        let ended = place.run(args);
        assert_eq!(ended.code, 2);
        let told: Vec<_> = ended.stderr.lines().collect();
        assert_eq!(
            told,
            [
                "error: d.yaml:1:9: Region: `eu west` is no region: write one such as eu-west-1",
                "d.yaml:3:3: Socket.UDPAdress: unknown key, did you mean `Socket.UDPAddress`?",
                "d.yaml:4:14: NoVerifySSL: certificates are always verified: leave it out, and \
                 name the file with those of your own authority in AWS_CA_BUNDLE",
            ]
        );
    }
}

#[test]
fn an_unknown_key_of_a_file_that_was_found_is_a_warning() {
    let place = Place::new();
    place.write(
        "cfg.yaml",
        "Version: 1\nColour: blue\nLogging:\n  LogPath: d.log\n",
    );
    let mut command = command(&place, &[], &[("AWS_REGION", "eu-west-1")]);
    let running = Running::start({
        command.env("AWS_ENDPOINT_URL_XRAY", format!("http://{NOWHERE}"));
        command
    });
    running.signal_once_caught("TERM");
    let (code, lines) = running.wait();
    // The file says where the log goes.
    assert_eq!((code, lines), (Some(0), Vec::<String>::new()));
    let log = place.read("d.log");
    let warning = log.lines().next().unwrap();
    assert!(
        warning.contains(" WARN ") && warning.contains("cfg.yaml:2:1: Colour: unknown key"),
        "{log}"
    );
    assert!(log.contains("x-ray daemon stopped"), "{log}");
}

#[test]
fn the_log_says_as_much_as_its_level() {
    let place = Place::new();
    let lines = |args: &[&str]| {
        let url = format!("http://{NOWHERE}");
        let variables = [("AWS_REGION", "r"), ("AWS_ENDPOINT_URL_XRAY", &url)];
        let running = Running::start(command(&place, args, &variables));
        running.signal_once_caught("TERM");
        let lines = running.wait().1;
        lines
            .iter()
            .filter(|line| line.contains(": x-ray daemon "))
            .count()
    };
    assert_eq!((lines(&["-l", "prod"]), lines(&["-l", "error"])), (4, 0));
    assert_eq!(lines(&["-l", "error", "--log", "xray_daemon=info"]), 4);
    let bad = place.run(&["daemon", "-l", "wran"]);
    assert_eq!(bad.code, 2);
    assert!(
        bad.stderr.contains("did you mean `warn`?"),
        "{}",
        bad.stderr
    );
}

#[test]
fn the_region_of_an_ecs_task_is_known_without_aws_region() {
    let place = Place::new();
    let agent = Endpoint::answering(|call| {
        let arn = "arn:aws:ecs:eu-south-2:111122223333:task/nightly/cd18";
        Some(match call.path.as_str() {
            "/v4/id/task" => format!("{{\"TaskARN\":\"{arn}\"}}"),
            _ => "{}".to_owned(),
        })
    });
    let url = format!("{}/v4/id", agent.url());
    let variables = [("ECS_CONTAINER_METADATA_URI_V4", url.as_str())];
    assert_eq!(signed_by(&place, &[], &variables), "AKLOCAL/eu-south-2");
}

#[test]
fn the_instance_is_asked_for_the_region_but_not_in_local_mode() {
    let place = Place::new();
    let instance = Endpoint::answering(|call| {
        Some(match call.path.as_str() {
            "/latest/api/token" => "token".to_owned(),
            _ => "ap-east-1".to_owned(),
        })
    });
    let url = instance.url();
    let variables = [
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str()),
    ];
    let local = ended(&mut command(&place, &["-o"], &variables));
    assert_eq!(local.code, 2);
    assert!(local.stderr.contains("AWS_REGION"), "{}", local.stderr);
    // Nor for credentials, when there are no others.
    let xray = Endpoint::start();
    let mut alone = command(
        &place,
        &["--local-mode=true", "-n", "eu-west-1"],
        &variables,
    );
    alone
        .env_remove("AWS_ACCESS_KEY_ID")
        .env("AWS_ENDPOINT_URL_XRAY", xray.url());
    let daemon = Daemon::started(Running::start(alone));
    daemon.send("{}");
    daemon.running.line_with("upload failed");
    daemon.running.signal("TERM");
    daemon.running.line_with("x-ray daemon drains");
    daemon.terminate();
    let asked: Vec<_> = instance.calls().into_iter().map(|call| call.path).collect();
    assert_eq!(asked, Vec::<String>::new());

    assert_eq!(
        signed_by(&place, &["-o=false"], &variables),
        "AKLOCAL/ap-east-1"
    );
    assert!(!instance.calls().is_empty());
}

#[test]
fn a_role_is_assumed() {
    let place = Place::new();
    let sts = Endpoint::answering(|_| {
        Some(
            "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
             <AccessKeyId>AKROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>\
             </Credentials></AssumeRoleResult></AssumeRoleResponse>"
                .to_owned(),
        )
    });
    let url = sts.url();
    let variables = [("AWS_REGION", "eu-west-1"), ("AWS_ENDPOINT_URL_STS", &url)];
    let role = ["-r", "arn:aws:iam::111122223333:role/xray"];
    for args in [&role[..], &["-o", role[0], role[1]]] {
        assert_eq!(signed_by(&place, args, &variables), "AKROLE/eu-west-1");
        let asked = sts.calls().pop().unwrap();
        let parts = [
            "Action=AssumeRole",
            "RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fxray",
            "RoleSessionName=xray-daemon",
        ];
        for part in parts {
            assert!(asked.body.contains(part), "{}", asked.body);
        }
        assert!(asked.authorization.contains("Credential=AKLOCAL/"));
    }
}

#[test]
fn the_health_check_reads_the_file_too() {
    let place = Place::new();
    let daemon = Daemon::start(&place, NOWHERE, &[]);
    let text = format!("Version: 2\nSocket:\n  TCPAddress: \"{}\"\n", daemon.tcp);
    place.write("d.yaml", text);
    let check = place.run(&["daemon", "-c", "d.yaml", "--healthcheck"]);
    assert_eq!(check.stdout, format!("healthy: {}\n", daemon.tcp));
    let nowhere = place.run(&["daemon", "-t", "127.0.0.1:0", "--healthcheck"]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.stderr.contains("--bind-tcp"), "{}", nowhere.stderr);
}

#[test]
fn the_flags_are_those_of_the_official_daemon() {
    let place = Place::new();
    let version = place.run(&["daemon", "-v"]);
    assert_eq!(version.code, 0);
    assert!(version.stdout.contains(env!("CARGO_PKG_VERSION")));
    assert_eq!(place.run(&["daemon", "--version"]).stdout, version.stdout);
    let help = place.run(&["daemon", "-h"]);
    assert_eq!(help.code, 0);
    insta::assert_snapshot!("daemon_help", help.stdout);
    for bad in [
        ["-m", "2"],
        ["-b", "2000"],
        ["-p", "proxy"],
        ["-r", "xray"],
        ["-a", "i-1"],
    ] {
        let ended = place.run(&["daemon", bad[0], bad[1]]);
        assert_eq!(ended.code, 2, "{bad:?}");
    }
}
