//! Files that are right, and all that can be wrong with them.

use super::*;

fn options(text: &str) -> Options {
    let found = read("cfg.yaml", text, true).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(found.warnings.count(), 0);
    found.options
}

fn faults(text: &str) -> String {
    read("cfg.yaml", text, true).unwrap_err().to_string()
}

#[test]
fn every_key_says_something() {
    let text = r#"
TotalBufferSizeMB: 24
Concurrency: 4
Region: eu-west-1
Endpoint: "https://xray.example"
Socket:
  UDPAddress: "0.0.0.0:2001"
  TCPAddress: 127.0.0.1:2002
Logging:
  LogRotation: false
  LogLevel: "warn"
  LogPath: "/var/log/xray.log"
LocalMode: true
ResourceARN: arn:aws:ec2:eu-west-1:111122223333:instance/i-1
RoleARN: "arn:aws:iam::111122223333:role/xray"
NoVerifySSL: false
ProxyAddress: "http://proxy:3128"
Version: 2
"#;
    let options = options(text);
    let config = options.config();
    assert_eq!(config.queue_bytes_max, 24 << 20);
    assert_eq!(config.upload_concurrency, 4);
    assert_eq!(config.udp.to_string(), "0.0.0.0:2001");
    assert_eq!(options.tcp().to_string(), "127.0.0.1:2002");
    assert!(options.is_local());
    assert_eq!(options.log_level, Some(LogLevel::Warn));
    assert_eq!(options.log_file, Some("/var/log/xray.log".into()));
    assert_eq!(options.region.as_deref(), Some("eu-west-1"));
    assert!(options.role_arn.is_some() && options.resource_arn.is_some());
    assert!(options.proxy_address.is_some());
    let of_file = options.of_file;
    assert_eq!(of_file.log_rotation, Some(false));
    assert_eq!(
        of_file.endpoint.unwrap().to_string(),
        "https://xray.example"
    );
}

#[test]
fn what_is_empty_zero_or_not_there_is_the_default() {
    for text in [
        "Version: 1",
        "Version: 2\nRegion: \"\"\nConcurrency: 0\nTotalBufferSizeMB: 0\nLocalMode:\n",
        "Version: 2\nSocket:\nLogging:\n  LogPath: \"\"\n",
    ] {
        let options = options(text);
        assert_eq!(options.config(), xray_daemon::Config::default(), "{text}");
        assert!(options.region.is_none() && options.log_file.is_none());
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let text = r#"TotalBufferSizeMB: 2
Concurrency: many
Region: eu west
Regoin: eu-west-1
Endpoint: xray.example
Socket:
  UDPAdress: 127.0.0.1:2000
  TCPAddress: 2000
  BufferSizeKB: 64
UDPAddress: 127.0.0.1:2000
Logging:
  LogRotation: yes
  LogLevel: warning
LocalMode: "true"
ResourceARN: [1]
RoleARN: xray
NoVerifySSL: true
ProxyAddress: proxy:3128
Processor:
  Region: eu-west-1
Colour: blue
Version: 3
"#;
    insta::assert_snapshot!(faults(text));
}

#[test]
fn a_version_is_needed() {
    let missing = "cfg.yaml: Version: is missing, write `Version: 2`";
    assert_eq!(faults(""), missing);
    assert_eq!(faults("# nothing\n"), missing);
    assert_eq!(faults("Region: eu-west-1\n"), missing);
    assert_eq!(
        faults("Version: \"2\"\n"),
        "cfg.yaml:1:10: Version: found the text `2`, wanted a whole number"
    );
}

#[test]
fn what_is_no_yaml_or_no_keys_is_told_with_its_place() {
    for (text, start) in [
        ("Version: 2\nRegion: [eu\n", "cfg.yaml:3:1: no YAML: "),
        ("Version: 2\nVersion: 2\n", "cfg.yaml:2:"),
        ("- Version: 2\n", "cfg.yaml:1:1: wanted keys with values"),
        (
            "Version: 2\n---\nVersion: 2\n",
            "cfg.yaml:3:1: one document is read",
        ),
    ] {
        let faults = faults(text);
        assert!(faults.starts_with(start), "{text:?}: {faults}");
    }
}

#[test]
fn a_file_that_was_only_found_may_know_more_than_we_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cfg.yaml");
    let text = "Version: 2\nRegoin: eu-west-1\nRegion: eu-west-1\n";
    std::fs::write(&path, text).unwrap();
    let found = find(None, [dir.path().join("none"), path.clone()]).unwrap();
    assert_eq!(found.options.region.as_deref(), Some("eu-west-1"));
    let warning = ":2:1: Regoin: unknown key, did you mean `Region`?";
    let warnings = found.warnings.to_string();
    assert!(warnings.ends_with(warning), "{warnings}");
    // What it does say must be right all the same.
    std::fs::write(&path, "Version: 2\nConcurrency: x\n").unwrap();
    assert!(find(None, [path.clone()]).is_err());

    std::fs::write(&path, text).unwrap();
    assert!(find(Some(&path), []).is_err());
    let none = dir.path().join("none");
    let error = find(Some(&none), []).unwrap_err().to_string();
    assert!(error.contains("none: cannot be read: "), "{error}");
    assert_eq!(
        find(None, [none]).unwrap().options.config(),
        xray_daemon::Config::default()
    );
}
