//! What others know of AWS: cfn-lint of CloudFormation, botocore of the API's model.
//!
//! They are those of `XRAY_ECS_TEST_PYTHON`, else of `python3`. Without them these tests skip and say so.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::filled::{TASK_DEFINITIONS, filled};
use crate::program::{Ended, Place, ended, interpreter, repository};

/// What cfn-lint says of templates.
fn lint(python: &Path, place: &Place, templates: &[&str]) -> Ended {
    let mut command = Command::new(python);
    command
        .args([
            "-c",
            "from cfnlint.runner import main; main()",
            "--regions",
            "eu-west-1",
            "--non-zero-exit-code",
            "informational",
            "--",
        ])
        .args(templates)
        .current_dir(place.path());
    ended(&mut command)
}

/// What botocore says of the parameters of a call.
fn validate(python: &Path, service: &str, operation: &str, parameters: &Value) -> Ended {
    let mut child = Command::new(python)
        .arg(repository().join("tests/it/python/valid_parameters.py"))
        .args([service, operation])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let written = child
        .stdin
        .take()
        .unwrap()
        .write_all(parameters.to_string().as_bytes());
    written.unwrap();
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The properties of a resource of CloudFormation, out of the parameters of a call.
fn properties(parameters: &Value) -> Value {
    let capital = |name: &String| {
        let (first, rest) = name.split_at(1);
        first.to_uppercase() + rest
    };
    match parameters {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| match name.as_str() {
                // Its names are those of the log driver.
                "options" => ("Options".to_owned(), value.clone()),
                _ => (capital(name), properties(value)),
            });
            fields.collect()
        }
        Value::Array(values) => values.iter().map(properties).collect(),
        other => other.clone(),
    }
}

fn template(kind: &str, properties: &Value) -> String {
    let resources = json!({ "One": { "Type": kind, "Properties": properties } });
    json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources }).to_string()
}

fn of_task_definition(definition: &Value) -> String {
    template("AWS::ECS::TaskDefinition", &properties(definition))
}

/// A role with its trust and its policy.
fn of_role(trust: &Value, policy: &Value) -> String {
    let properties = json!({
        "AssumeRolePolicyDocument": trust,
        "Policies": [{ "PolicyName": "it", "PolicyDocument": policy }],
    });
    template("AWS::IAM::Role", &properties)
}

const ROLES: [&str; 3] = ["execution", "task", "trigger"];

#[test]
fn cfn_lint_has_nothing_to_say() {
    let Some(python) = interpreter("cfnlint") else {
        return;
    };
    let place = Place::new();
    let mut templates = vec!["config/cloudformation.yaml"];
    let names = ROLES.map(|role| format!("{role}.json"));
    for (role, name) in ROLES.iter().zip(&names) {
        let [trust, policy] =
            ["trust", "policy"].map(|what| filled(&format!("iam-{role}-{what}.json")));
        place.write(name, of_role(&trust, &policy));
        templates.push(name);
    }
    for name in TASK_DEFINITIONS {
        place.write(name, of_task_definition(&filled(name)));
        templates.push(name);
    }
    let queue = filled("lost-firings-queue.json");
    let policy = queue["Attributes"]["Policy"].as_str().unwrap();
    let policy: Value = serde_json::from_str(policy).unwrap();
    let queue = json!({ "Queues": ["https://sqs.eu-west-1.amazonaws.com/123456789012/q"], "PolicyDocument": policy });
    place.write("queue.json", template("AWS::SQS::QueuePolicy", &queue));
    templates.push("queue.json");
    let said = lint(&python, &place, &templates);
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (0, ""),
        "{}",
        said.stderr
    );
}

#[test]
fn cfn_lint_finds_what_is_broken() {
    let Some(python) = interpreter("cfnlint") else {
        return;
    };
    let place = Place::new();
    let broken = |change: fn(&mut Value)| {
        let mut definition = filled("task-definition.json");
        change(&mut definition);
        of_task_definition(&definition)
    };
    place.write(
        "memory.json",
        broken(|definition| definition["memory"] = json!("300")),
    );
    let mut policy = filled("iam-task-policy.json");
    policy["Statement"][0]["Action"][0] = json!("s3:MakeBucket");
    place.write(
        "policy.json",
        of_role(&filled("iam-task-trust.json"), &policy),
    );
    let stack = place.read("config/cloudformation.yaml");
    place.write(
        "stack.yaml",
        stack.replace("!Ref LogGroup\n", "!Ref LogGroups\n"),
    );
    let said = lint(
        &python,
        &place,
        &["memory.json", "policy.json", "stack.yaml"],
    );
    assert_ne!(said.code, 0);
    for words in ["memory.json:", "policy.json:", "'LogGroups'"] {
        assert!(
            said.stdout.contains(words),
            "no `{words}` in {}",
            said.stdout
        );
    }
}

#[test]
fn the_api_takes_the_task_definitions() {
    let Some(python) = interpreter("botocore") else {
        return;
    };
    let register =
        |definition: &Value| validate(&python, "ecs", "RegisterTaskDefinition", definition);
    for name in TASK_DEFINITIONS {
        let said = register(&filled(name));
        assert_eq!(
            (said.code, said.stdout.trim()),
            (0, ""),
            "{name}: {}",
            said.stderr
        );
    }
    let queue = filled("lost-firings-queue.json");
    let said = validate(&python, "sqs", "CreateQueue", &queue);
    assert_eq!((said.code, said.stdout.trim()), (0, ""), "{}", said.stderr);

    let mut definition = filled("task-definition.json");
    definition["memroy"] = json!("512");
    definition["containerDefinitions"][0]["stopTimeout"] = json!("80");
    let said = register(&definition);
    assert_eq!(said.code, 1);
    for words in ["memroy", "stopTimeout"] {
        assert!(said.stdout.contains(words), "{}", said.stdout);
    }
}
