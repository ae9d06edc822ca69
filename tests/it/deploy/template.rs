//! The template of the stack, with what its functions stand for.

use std::process::Command;

use serde_json::Value;

use super::filled::{ACCOUNT, IMAGE_TAG, REGION};
use crate::program::{ended, interpreter, repository};

/// The template, and what its words stand for.
pub(super) struct Stack(Value);

impl Stack {
    pub(super) fn read() -> Option<Self> {
        let python = interpreter("yaml")?;
        let mut command = Command::new(python);
        command
            .arg(repository().join("tests/it/python/template_as_json.py"))
            .arg(repository().join("config/cloudformation.yaml"));
        let read = ended(&mut command);
        assert_eq!(read.code, 0, "{}", read.stderr);
        Some(Self(serde_json::from_str(&read.stdout).unwrap()))
    }

    /// The properties of a resource, its functions resolved.
    pub(super) fn properties(&self, resource: &str) -> Value {
        let properties = &self.0["Resources"][resource]["Properties"];
        assert!(properties.is_object(), "no {resource}");
        self.resolved(properties)
    }

    pub(super) fn parameter(&self, name: &str) -> &Value {
        &self.0["Parameters"][name]
    }

    fn resolved(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => match fields.iter().next() {
                Some((function, Value::String(name))) if function == "Ref" => {
                    self.reference(name).into()
                }
                Some((function, Value::Array(path))) if function == "Fn::GetAtt" => {
                    let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
                    self.attribute(path[0], path[1]).into()
                }
                Some((function, Value::String(text))) if function == "Fn::Sub" => {
                    self.substituted(text).into()
                }
                Some((function, _)) if function.starts_with("Fn::") => {
                    panic!("{function} is not known here")
                }
                _ => {
                    let fields = fields.iter();
                    fields
                        .map(|(name, value)| (name.clone(), self.resolved(value)))
                        .collect()
                }
            },
            Value::Array(values) => values.iter().map(|value| self.resolved(value)).collect(),
            other => other.clone(),
        }
    }

    fn substituted(&self, text: &str) -> String {
        let mut becomes = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').unwrap();
            becomes += before;
            becomes += &match name.split_once('.') {
                Some((resource, attribute)) => self.attribute(resource, attribute),
                None => self.reference(name),
            };
            rest = after;
        }
        becomes + rest
    }

    pub(super) fn reference(&self, name: &str) -> String {
        let properties = &self.0["Resources"][name]["Properties"];
        match name {
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Region" => REGION.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "ImageTag" => IMAGE_TAG.to_owned(),
            "Alarms" => format!("arn:aws:sns:{REGION}:{ACCOUNT}:xray-ecs-alarms"),
            "LogGroup" => self.text(&properties["LogGroupName"]),
            "ReportsBucket" => self.text(&properties["BucketName"]),
            "LostFirings" => self.text(&properties["QueueName"]),
            parameter => self.text(&self.0["Parameters"][parameter]["Default"]),
        }
    }

    fn text(&self, value: &Value) -> String {
        match self.resolved(value) {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            other => panic!("{other} is no text"),
        }
    }

    /// As the reference of CloudFormation says, "Return values" of each resource.
    fn attribute(&self, resource: &str, attribute: &str) -> String {
        let properties = &self.0["Resources"][resource]["Properties"];
        let name = |field: &str| self.text(&properties[field]);
        let at = |service: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:");
        let kind = self.0["Resources"][resource]["Type"]
            .as_str()
            .unwrap_or_default();
        match (kind, attribute) {
            ("AWS::ECR::Repository", "RepositoryUri") => {
                format!(
                    "{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{}",
                    name("RepositoryName")
                )
            }
            ("AWS::ECR::Repository", "Arn") => at("ecr") + "repository/" + &name("RepositoryName"),
            ("AWS::ECS::Cluster", "Arn") => at("ecs") + "cluster/" + &name("ClusterName"),
            ("AWS::IAM::Role", "Arn") => {
                format!("arn:aws:iam::{ACCOUNT}:role/{}", name("RoleName"))
            }
            ("AWS::Logs::LogGroup", "Arn") => {
                at("logs") + "log-group:" + &name("LogGroupName") + ":*"
            }
            ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{}", name("BucketName")),
            ("AWS::SQS::Queue", "Arn") => at("sqs") + &name("QueueName"),
            ("AWS::SQS::Queue", "QueueName") => name("QueueName"),
            _ => panic!("{resource}.{attribute} is not known here"),
        }
    }
}
