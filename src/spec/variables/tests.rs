//! Which job variables stand for, and which faults they have.

use chrono::DateTime;

use super::super::{Context, CustomKinds, JobSpec, load};
use super::*;

fn from_variables(variables: &[(&str, &str)]) -> Result<(String, Vec<JobSpec>), String> {
    let environment: Environment = variables.iter().copied().collect();
    let document = document(&environment).map_err(|error| error.to_string())?;
    let context = Context {
        account: "111122223333".into(),
        region: Some("us-east-1".into()),
        start: DateTime::UNIX_EPOCH,
        run_id: "run-1".into(),
        environment,
        kinds: CustomKinds::default(),
    };
    let checked = load(&[document], &context).map_err(|faults| faults.to_string())?;
    let file = &checked.files[0];
    let jobs = file.jobs().map(Result::unwrap);
    Ok((file.name.to_string(), jobs.collect()))
}

#[test]
fn variables_stand_for_one_job() {
    let (name, jobs) = from_variables(&[
        ("JOB_TYPE", "create-bucket"),
        ("JOB_BUCKET", "acme-{account}"),
        ("JOB_TIMEOUT", "5m"),
        ("JOB_VERSIONING", "true"),
        ("JOB_ENCRYPTION", "aws:kms"),
        ("JOB_KMS_KEY_ID", "alias/acme"),
        ("JOB_PUBLIC_ACCESS_BLOCK", "false"),
        ("JOB_OBJECT_OWNERSHIP", "BucketOwnerPreferred"),
        ("JOB_TAGS", "team=data, expression=a=b"),
        ("JOB_MAX_ATTEMPTS", "5"),
        ("JOB_REGION", ""),
        ("JOB_SPEC", ""),
        ("JOB_EVENT_ID", "e"),
        ("PATH", "/bin"),
    ])
    .unwrap();
    assert_eq!(name, "bucket creation");
    assert_eq!(
        serde_json::to_value(&jobs).unwrap(),
        serde_json::json!([{
            "name": "job",
            "type": "create-bucket",
            "bucket": "acme-111122223333",
            "region": "us-east-1",
            "timeout": "5m",
            "versioning": true,
            "encryption": {
                "algorithm": "aws:kms", "kms_key_id": "alias/acme",
            },
            "public_access_block": false,
            "object_ownership": "BucketOwnerPreferred",
            "tags": { "team": "data", "expression": "a=b" },
            "retry": { "max_attempts": 5, "base_delay": "200ms", "max_delay": "20s" },
        }])
    );
}

#[test]
fn tags_may_be_absent() {
    let of_bucket = [("JOB_TYPE", "create-bucket"), ("JOB_BUCKET", "acme")];
    let variables = [&of_bucket[..], &[("JOB_TAGS", "absent")]].concat();
    let (_, jobs) = from_variables(&variables).unwrap();
    let job = serde_json::to_value(&jobs[0]).unwrap();
    assert_eq!(job["tags"], "absent");
}

#[test]
fn the_bucket_names_a_job_of_variables() {
    let variables = [("JOB_TYPE", "create-bucket"), ("JOB_BUCKET", "acme")];
    assert_eq!(from_variables(&variables).unwrap().1[0].name, "acme");
}

#[test]
fn faults_of_variables_name_the_variable() {
    let faults = from_variables(&[
        ("JOB_TYPE", "create-buckets"),
        ("JOB_REGOIN", "eu-west-1"),
        ("JOB_TIMEOUT", "30"),
        ("JOB_VERSIONING", "yes"),
        ("JOB_KMS_KEY_ID", "{nope}"),
        ("JOB_TAGS", "team,a=1,a=2,b={env:NOPE}"),
        ("JOB_MAX_ATTEMPTS", "many"),
    ])
    .unwrap_err();
    let mut faults: Vec<_> = faults.lines().collect();
    faults.sort_unstable();
    assert_eq!(
        faults,
        [
            "environment: JOB_BUCKET: missing, give the bucket's name",
            "environment: JOB_ENCRYPTION: missing, give `AES256`, `aws:kms` or `aws:kms:dsse`",
            "environment: JOB_KMS_KEY_ID: unknown template `{nope}`, known are `account`, `region`, `job`, `env`, `date`, `rand`",
            "environment: JOB_MAX_ATTEMPTS: found the text `many`, wanted a whole number from 1 to 100",
            "environment: JOB_REGOIN: unknown variable, did you mean `JOB_REGION`?",
            "environment: JOB_TAGS: `team` is no tag, write `key=value,key2=value2`",
            "environment: JOB_TAGS: environment variable `NOPE` of template `{env:NOPE}` is not set",
            "environment: JOB_TAGS: tag `a` stands twice, keep one",
            "environment: JOB_TIMEOUT: `30` has no unit, write `30s` for seconds or `30ms` for milliseconds",
            "environment: JOB_TYPE: unknown value `create-buckets`, did you mean `create-bucket`?",
            "environment: JOB_VERSIONING: unknown value `yes`, wanted true, false or `absent`",
        ]
    );
}

#[test]
fn variables_stand_for_a_command() {
    for (command, wanted) in [
        (
            "sync --all now",
            serde_json::json!(["sync", "--all", "now"]),
        ),
        (
            r#"["sh", "-c", "echo {job} ${HOME}"]"#,
            serde_json::json!(["sh", "-c", "echo nightly ${HOME}"]),
        ),
    ] {
        let (name, jobs) = from_variables(&[
            ("JOB_TYPE", "command"),
            ("JOB_NAME", "nightly"),
            ("JOB_COMMAND", command),
            ("JOB_RETRY_ON", "exit-code, timeout"),
            ("JOB_STDIN", "hello"),
        ])
        .unwrap();
        assert_eq!(name, "commands");
        let job = serde_json::to_value(&jobs[0]).unwrap();
        assert_eq!(job["command"], wanted);
        assert_eq!(job["stdin"], "hello");
        assert_eq!(
            job["retry"]["on"],
            serde_json::json!(["timeout", "exit-code"])
        );
    }
}
