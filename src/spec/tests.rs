//! Job files as a whole: what they become, and which faults they have.

use std::num::NonZeroU32;
use std::time::Duration;

use checked_json::Checks;
use proptest::prelude::*;

use super::*;
use crate::bucket::{BucketSpec, Desired};

fn environment() -> Environment {
    let variables = [("STAGE", "prod"), ("REGION", "eu-north-1")];
    variables.into_iter().collect()
}

fn context() -> Context {
    Context {
        account: "111122223333".into(),
        region: Some("us-east-1".into()),
        start: "2026-03-09T04:05:06Z".parse().unwrap(),
        run_id: "run-1".into(),
        environment: environment(),
        kinds: CustomKinds::default(),
    }
}

#[derive(Debug)]
struct JobFile {
    name: String,
    limits: RunLimits,
    jobs: Vec<JobSpec>,
}

fn load_in(text: &str, context: &Context) -> Result<JobFile, Faults> {
    let checked = load(&[Document::new("a.json", text)], context)?;
    let file = &checked.files[0];
    assert_eq!(file.jobs().len(), file.len());
    Ok(JobFile {
        name: file.name.to_string(),
        limits: file.limits.clone(),
        jobs: file.jobs().map(Result::unwrap).collect(),
    })
}

fn load_text(text: &str) -> Result<JobFile, Faults> {
    load_in(text, &context())
}

fn uses_account(text: &str) -> bool {
    load(&[Document::new("a.json", text)], &context()).is_ok_and(|checked| checked.uses_account())
}

/// A file with these jobs, each on a line of its own from line 2.
fn file_with(jobs: &[&str]) -> String {
    let jobs = jobs.join(",\n");
    format!(
        r#"{{"version": 1, "name": "bucket creation", "jobs": [{}{jobs}]}}"#,
        "\n"
    )
}

/// A file with one job, on line 2 from column 60, that has `fields` beside the required ones.
fn job_with(fields: &str) -> String {
    let job = r#"{"name": "logs", "type": "create-bucket", "bucket": "acme", "#;
    file_with(&[&format!("{job}{fields}}}")])
}

fn desired(spec: &JobSpec) -> &Desired {
    match &spec.kind {
        JobKind::CreateBucket(desired) => desired,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_faults(text: &str, wanted: &[&str]) {
    let faults = load_text(text).expect_err(text).to_string();
    assert_eq!(faults.lines().collect::<Vec<_>>(), wanted, "{text}");
}

#[track_caller]
fn assert_job_faults(fields: &str, wanted: &[&str]) {
    let wanted: Vec<_> = wanted
        .iter()
        .map(|fault| format!("a.json:2:{fault}"))
        .collect();
    let wanted: Vec<_> = wanted.iter().map(String::as_str).collect();
    assert_faults(&job_with(fields), &wanted);
}

const FULL: &str = r#"{
  "$schema": "job.schema.json",
  "version": 1,
  "name": "bucket creation",
  "defaults": {
    "region": "eu-west-1",
    "timeout": "30s",
    "retry": { "max_attempts": 4, "max_delay": "10s" },
    "tags": { "team": "data", "job": "{job}" },
    "public_access_block": true
  },
  "max_concurrency": 8,
  "jobs": [
    {
      "name": "logs",
      "type": "create-bucket",
      "bucket": "acme-logs-{account}-{region}",
      "versioning": true,
      "tags": { "team": "ops", "date": "{date:%Y-%m}" }
    },
    {
      "name": "backup",
      "type": "create-bucket",
      "bucket": "acme-{env:STAGE}-{job}",
      "region": "{env:REGION}",
      "timeout": "1m30s",
      "retry": { "base_delay": "1s" },
      "encryption": { "algorithm": "aws:kms", "kms_key_id": "alias/{env:STAGE}", "bucket_key": true },
      "object_ownership": "ObjectWriter",
      "expected_owner": "111122223333"
    }
  ]
}"#;

#[test]
fn a_full_file_is_understood() {
    let file = load_text(FULL).unwrap();
    assert_eq!(file.name, "bucket creation");
    assert_eq!(file.limits.max_concurrency.unwrap().get(), 8);
    let [logs, backup] = &file.jobs[..] else {
        panic!("{:?}", file.jobs)
    };
    assert_eq!(logs.kind.type_name(), "create-bucket");
    assert_eq!(logs.timeout, Some(Duration::from_secs(30)));
    assert_eq!(logs.retry.max_attempts.get(), 4);
    assert_eq!(logs.retry.base_delay, Duration::from_millis(200));
    assert_eq!(backup.retry.max_attempts.get(), 4);
    assert_eq!(backup.retry.base_delay, Duration::from_secs(1));
    assert_eq!(backup.retry.max_delay, Duration::from_secs(10));
    let (logs, backup) = (desired(logs), desired(backup));
    assert_eq!(
        serde_json::to_value(logs).unwrap(),
        serde_json::json!({
            "bucket": "acme-logs-111122223333-eu-west-1", "region": "eu-west-1",
            "versioning": true, "public_access_block": true,
            "tags": { "date": "2026-03", "job": "logs", "team": "ops" },
        })
    );
    assert_eq!(
        serde_json::to_value(backup).unwrap(),
        serde_json::json!({
            "bucket": "acme-prod-backup", "region": "eu-north-1",
            "encryption": { "algorithm": "aws:kms", "kms_key_id": "alias/prod", "bucket_key": true },
            "public_access_block": true, "tags": { "team": "data", "job": "backup" },
            "object_ownership": "ObjectWriter", "expected_owner": "111122223333",
        })
    );
}

#[test]
fn a_job_serializes_to_the_words_of_the_file() {
    let file = load_text(FULL).unwrap();
    assert_eq!(
        serde_json::to_value(&file.jobs[1]).unwrap(),
        serde_json::json!({
            "name": "backup",
            "type": "create-bucket",
            "bucket": "acme-prod-backup",
            "region": "eu-north-1",
            "timeout": "1m30s",
            "retry": { "max_attempts": 4, "base_delay": "1s", "max_delay": "10s" },
            "encryption": {
                "algorithm": "aws:kms", "kms_key_id": "alias/prod", "bucket_key": true,
            },
            "public_access_block": true,
            "object_ownership": "ObjectWriter",
            "tags": { "team": "data", "job": "backup" },
            "expected_owner": "111122223333",
        })
    );
}

#[test]
fn every_fault_is_told_in_the_order_of_the_file() {
    let text = r#"{
  "version": 2,
  "nmae": "x",
  "max_concurrency": 0,
  "defaults": { "regoin": "eu-west-1", "timeout": 30 },
  "jobs": [
    { "name": "logs", "type": "create-buckt", "bucket": "Acme", "versioning": "yes" },
    { "name": "logs", "bucket": "acme-{acount}" },
    7
  ]
}"#;
    assert_faults(
        text,
        &[
            "a.json:1:1: name: missing, give the name that the trace map shows, such as `bucket creation`",
            "a.json:2:14: version: found the number 2, wanted 1, the version that this program reads",
            "a.json:3:3: nmae: unknown field `nmae`, did you mean `name`?",
            "a.json:4:22: max_concurrency: found the number 0, wanted a whole number from 1 to 1000",
            "a.json:5:17: defaults.regoin: unknown field `regoin`, did you mean `region`?",
            "a.json:5:51: defaults.timeout: found the number 30, wanted a duration as text, such as `30s`",
            "a.json:7:31: jobs[0].type: unknown value `create-buckt`, did you mean `create-bucket`?",
            "a.json:7:57: jobs[0].bucket: bucket name `Acme` has `A`, S3 takes lower-case letters, digits, `.` and `-`",
            "a.json:7:79: jobs[0].versioning: unknown value `yes`, wanted true, false or `absent`",
            "a.json:8:5: jobs[1].type: missing, give `create-bucket` or `command`",
            "a.json:8:15: jobs[1].name: job `logs` stands in line 7 already, give the job a name of its own",
            "a.json:8:33: jobs[1].bucket: unknown template `{acount}`, did you mean `account`?",
            "a.json:9:5: jobs[2]: found the number 7, wanted an object",
        ],
    );
}

#[test]
fn what_is_not_json_is_told_where() {
    for (text, wanted) in [
        ("", "1:1: not JSON: EOF while parsing a value"),
        (
            "{\n  \"a\": 1,\n}",
            "2:9: not JSON: trailing commas are not allowed",
        ),
        ("// a\n{}", "1:1: not JSON: comments are not allowed"),
        (
            "{} {}",
            "1:4: not JSON: text cannot contain more than one JSON value",
        ),
        ("{\"a\": \"x\ny\"}", "1:8: not JSON: control character"),
        ("{\"ü\": 01}", "1:8: not JSON: expected comma"),
        ("[\u{a0}]", "1:2: not JSON: expected value"),
    ] {
        let faults = load_text(text).unwrap_err().to_string();
        let start = format!("a.json:{wanted}");
        assert!(faults.starts_with(&start), "{text:?}: {faults}");
        assert_eq!(faults.lines().count(), 1, "{faults}");
        assert!(!uses_account(text));
    }
    assert_faults("[]", &["a.json:1:1: found an array, wanted an object"]);
    assert!(load_text(&"[".repeat(100_000)).is_err());
}

#[test]
fn a_byte_order_mark_is_no_fault() {
    assert!(load_text(&format!("\u{feff}{FULL}")).is_ok());
}

#[test]
fn a_file_needs_jobs() {
    let file = |jobs| format!(r#"{{"version": 1, "name": "n", "jobs": {jobs}}}"#);
    assert_faults(
        &file("[]"),
        &["a.json:1:37: jobs: empty, give at least one"],
    );
    assert_faults(
        &file("{}"),
        &["a.json:1:37: jobs: found an object, wanted an array"],
    );
    assert_faults(
        "{}",
        &[
            "a.json:1:1: version: missing, give `\"version\": 1`",
            "a.json:1:1: name: missing, give the name that the trace map shows, such as `bucket creation`",
            "a.json:1:1: jobs: missing, give at least one job",
        ],
    );
}

#[test]
fn the_files_name_is_one_of_x_ray() {
    let text = FULL.replace("bucket creation", "bucket <creation>");
    let faults = load_text(&text).unwrap_err().to_string();
    assert!(
        faults.starts_with("a.json:4:11: name: X-Ray takes names of"),
        "{faults}"
    );
}

#[test]
fn illegal_values_are_told_with_their_mend() {
    for (fields, wanted) in [
        (
            r#""timeout": "30""#,
            "72: jobs[0].timeout: `30` has no unit, write `30s` for seconds or `30ms` for milliseconds",
        ),
        (
            r#""timeout": null"#,
            "72: jobs[0].timeout: found null, wanted a duration as text, such as `30s`",
        ),
        (
            r#""retry": {"max_attempts": 0}"#,
            "87: jobs[0].retry.max_attempts: found the number 0, wanted a whole number from 1 to 100",
        ),
        (
            r#""retry": {"max_attempts": 2.5}"#,
            "87: jobs[0].retry.max_attempts: found the number 2.5, wanted a whole number from 1 to 100",
        ),
        (
            r#""retry": {"base_delay": "30s"}"#,
            "70: jobs[0].retry: base_delay 30s is longer than max_delay 20s, raise max_delay",
        ),
        (
            r#""region": "eu-wst-1""#,
            "71: jobs[0].region: `eu-wst-1` is no region, did you mean `eu-west-1`?",
        ),
        (
            r#""region": "{account}""#,
            "71: jobs[0].region: a region takes no template but `{env:NAME}`",
        ),
        (
            r#""encryption": "AES-256""#,
            "75: jobs[0].encryption: unknown value `AES-256`, did you mean `AES256`?",
        ),
        (
            r#""encryption": {}"#,
            "75: jobs[0].encryption.algorithm: missing, give `AES256`, `aws:kms` or `aws:kms:dsse`",
        ),
        (
            r#""encryption": {"algorithm": "AES256", "kms_key_id": "x"}"#,
            "113: jobs[0].encryption.kms_key_id: `AES256` takes no key, leave it out or set the algorithm to `aws:kms`",
        ),
        (
            r#""encryption": {"algorithm": "aws:kms:dsse", "bucket_key": true}"#,
            "119: jobs[0].encryption.bucket_key: only `aws:kms` has a bucket key, leave it out",
        ),
        (
            r#""encryption": {"algorithm": "aws:kms", "kms_key_id": " "}"#,
            "114: jobs[0].encryption.kms_key_id: empty, give a key's id, ARN or alias, or leave it out",
        ),
        (
            r#""public_access_block": "all""#,
            "84: jobs[0].public_access_block: unknown value `all`, wanted true, false, an object or `absent`",
        ),
        (
            r#""object_ownership": "BucketOwnerEnforce""#,
            "81: jobs[0].object_ownership: unknown value `BucketOwnerEnforce`, did you mean `BucketOwnerEnforced`?",
        ),
        (
            r#""expected_owner": "1234""#,
            "79: jobs[0].expected_owner: `1234` is no account id, which has 12 digits",
        ),
        (
            r#""tags": {"AWS:x": "1"}"#,
            "79: jobs[0].tags.AWS:x: tag key `AWS:x` begins with `aws:`, which AWS reserves",
        ),
        (
            r#""tags": {"": "1"}"#,
            "74: jobs[0].tags.: tag key has 0 characters, S3 takes 1 to 128",
        ),
        (
            r#""tags": {"a": "x;y"}"#,
            "75: jobs[0].tags.a: tag value has `;`, S3 takes letters, digits, spaces and `+ - = . _ : / @`",
        ),
        (
            r#""tags": {"a": 1}"#,
            "75: jobs[0].tags.a: found the number 1, wanted text",
        ),
        (
            r#""tags": {"a": "1", "a": "2"}"#,
            "80: jobs[0].tags.a: field `a` stands here again, first in line 2: keep one",
        ),
        (
            r#""versioning": true, "versioning": false"#,
            "81: jobs[0].versioning: field `versioning` stands here again, first in line 2: keep one",
        ),
        (
            r#""tags": {"a": "{env:NOPE}"}"#,
            "75: jobs[0].tags.a: environment variable `NOPE` of template `{env:NOPE}` is not set",
        ),
        (
            r#""tags": {"a": "{date:%!}"}"#,
            "75: jobs[0].tags.a: template `{date:%!}` has no format of strftime, write one such as `{date:%Y-%m-%d}`",
        ),
    ] {
        assert_job_faults(fields, &[wanted]);
    }
}

#[test]
fn a_partial_public_access_block_names_what_is_missing() {
    let mend = "missing, give true or false";
    assert_job_faults(
        r#""public_access_block": {"block_public_acls": true, "ignore_public_acls": false}"#,
        &[
            &format!("84: jobs[0].public_access_block.block_public_policy: {mend}"),
            &format!("84: jobs[0].public_access_block.restrict_public_buckets: {mend}"),
        ],
    );
}

#[test]
fn tags_have_limits() {
    let tags = |count: usize, len: usize| {
        let tag = |i| format!(r#""k{i}": "{}""#, "v".repeat(len));
        let tags: Vec<_> = (0..count).map(tag).collect();
        job_with(&format!(r#""tags": {{{}}}"#, tags.join(",")))
    };
    assert!(load_text(&tags(50, 256)).is_ok());
    let faults = load_text(&tags(51, 1)).unwrap_err().to_string();
    assert!(faults.contains("jobs[0].tags: 51 tags"), "{faults}");
    let faults = load_text(&tags(1, 257)).unwrap_err().to_string();
    assert!(faults.contains("tag value has 257 characters"), "{faults}");
}

#[test]
fn jobs_do_not_share_a_name_or_a_bucket() {
    let job = |name| {
        format!(r#"{{"name": "{name}", "type": "create-bucket", "bucket": "acme-{{job}}"}}"#)
    };
    assert!(load_text(&file_with(&[&job("a"), &job("b")])).is_ok());
    let job = |name| format!(r#"{{"name": "{name}", "type": "create-bucket", "bucket": "acme"}}"#);
    assert_faults(
        &file_with(&[&job("a"), &job("b")]),
        &[
            "a.json:3:50: jobs[1].bucket: bucket `acme` has a job in line 2 already, keep one job for a bucket",
        ],
    );
}

#[test]
fn a_fault_of_the_defaults_is_told_once_and_also_when_no_job_uses_them() {
    let defaults = r#""defaults": {"tags": {"a": "{env:NOPE}", "b": "{nope}"}},"#;
    let text = file_with(&[
        r#"{"name": "a", "type": "create-bucket", "bucket": "acme-a"}"#,
        r#"{"name": "b", "type": "create-bucket", "bucket": "acme-b"}"#,
    ]);
    let text = text.replacen(r#""jobs""#, &format!("{defaults} \"jobs\""), 1);
    let faults = load_text(&text).unwrap_err();
    let fields: Vec<_> = faults
        .told
        .iter()
        .map(|fault| fault.field.as_str())
        .collect();
    assert_eq!(fields, ["defaults.tags.a", "defaults.tags.b"], "{faults}");
    let text = text.replace("{env:NOPE}", "x").replace("acme-", "acme.");
    assert_eq!(load_text(&text).unwrap_err().count(), 1);
}

#[test]
fn a_job_needs_a_region_from_somewhere() {
    let context = |region: Option<&str>| Context {
        region: region.map(Into::into),
        ..context()
    };
    let text = job_with(r#""versioning": true"#);
    let region = |name| {
        let file = load_in(&text, &context(name)).map_err(|faults| faults.to_string());
        file.map(|file| desired(&file.jobs[0]).region.to_string())
    };
    assert_eq!(region(Some("eu-west-2")).as_deref(), Ok("eu-west-2"));
    assert_eq!(
        region(None).unwrap_err(),
        "a.json:2:1: jobs[0].region: missing, give the job or the defaults a region, set AWS_REGION, or try it by --local"
    );
    let wrong = region(Some("Ireland")).unwrap_err();
    assert!(wrong.contains("`Ireland` is no region"), "{wrong}");
}

#[test]
fn the_account_is_asked_for_only_where_a_template_names_it() {
    assert!(uses_account(FULL));
    assert!(uses_account(&job_with(
        r#""tags": {"a": "\u007baccount}"}"#
    )));
    assert!(!uses_account(&job_with(r#""tags": {"a": "{{account}}"}"#)));
    assert!(!uses_account(&job_with(r#""tags": {"{account}": "x"}"#)));
}

prop_compose! {
    fn any_spec()(
        name in "[a-zA-Z0-9 ü]{0,20}x",
        bucket in "[a-z0-9]{3,60}",
        timeout in prop::option::of(1_u64..=604_800_000),
        versioning in any::<Option<bool>>(),
        encryption in 0..4_usize,
        bucket_key in any::<bool>(),
        key_id in prop::option::of("[a-z0-9/:-]{1,20}"),
        public_access_block in any::<Option<bool>>(),
        object_ownership in prop::option::of(prop::sample::select(
            &["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"][..],
        )),
        tags in prop::option::of(prop::collection::btree_map("[b-z]{1,8}", "[a-z ]{0,8}", 0..5)),
        max_attempts in 1..=ATTEMPTS_MAX,
        base_delay_ms in 1_u64..20_000,
    ) -> JobSpec {
        let algorithm = ["AES256", "aws:kms", "aws:kms:dsse"].get(encryption);
        let mut encryption = serde_json::Map::new();
        if let Some(algorithm) = algorithm {
            encryption.insert("algorithm".to_owned(), (*algorithm).into());
            if let Some(key_id) = key_id.filter(|_| *algorithm != "AES256") {
                encryption.insert("kms_key_id".to_owned(), key_id.into());
            }
            if *algorithm == "aws:kms" {
                encryption.insert("bucket_key".to_owned(), bucket_key.into());
            }
        }
        let mut wanted = serde_json::json!({
            "bucket": bucket, "versioning": versioning, "encryption": encryption,
            "public_access_block": public_access_block, "object_ownership": object_ownership,
            "tags": tags,
        });
        let fields = wanted.as_object_mut().unwrap();
        fields.retain(|_, value| !value.is_null() && *value != serde_json::json!({}));
        let wanted: BucketSpec = serde_json::from_value(wanted).unwrap();
        let desired = wanted.check(Some("eu-west-1"), &mut Checks::default()).unwrap();
        JobSpec {
            timeout: timeout.map(Duration::from_millis),
            retry: RetrySpec {
                max_attempts: NonZeroU32::new(max_attempts).unwrap(),
                base_delay: Duration::from_millis(base_delay_ms),
                ..RetrySpec::default()
            },
            ..JobSpec::new(name, JobKind::CreateBucket(Box::new(desired)))
        }
    }
}

proptest! {
    #[test]
    fn what_a_job_serializes_to_loads_to_the_job(spec in any_spec()) {
        let text = file_with(&[&serde_json::to_string(&spec).unwrap()]);
        prop_assert_eq!(load_text(&text).unwrap().jobs, [spec]);
    }

    #[test]
    fn a_broken_file_never_panics(cut in 0..FULL.len(), byte in " -~") {
        let mut text = FULL.to_owned();
        text.replace_range(cut..=cut, &byte);
        let _ = load_text(&text);
        let _ = load_text(&FULL[..cut]);
    }

    #[test]
    fn what_loads_is_json(text in r#"[ \n{}\[\]":,a0-9.+e'/*\\-]{0,24}"#) {
        let parsed = load_text(&text).map_err(|faults| faults.to_string());
        let is_json = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        let refused = parsed.is_err_and(|faults| faults.contains(": not JSON: "));
        prop_assert_eq!(refused, !is_json);
    }
}

mod kinds;
mod lines;
mod schema;
