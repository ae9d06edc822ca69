//! The blocks of a segment document: http, aws, sql, service, links. Field names are X-Ray's own.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::id::{SegmentId, TraceId};

/// An HTTP request and its response.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Http {
    /// What was asked.
    #[serde(skip_serializing_if = "HttpRequest::is_empty")]
    pub request: HttpRequest,
    /// What was answered.
    #[serde(skip_serializing_if = "HttpResponse::is_empty")]
    pub response: HttpResponse,
}

/// An HTTP request, as it came in or went out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HttpRequest {
    /// `GET`, `PUT`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The whole URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The caller's User-Agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The caller's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ip: Option<String>,
    /// On a segment: the address came from X-Forwarded-For and may be forged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_forwarded_for: Option<bool>,
    /// On a subsegment: the callee is traced as well, so X-Ray waits for its segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traced: Option<bool>,
}

/// An HTTP response.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HttpResponse {
    /// The status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The length of the body in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_length: Option<u64>,
}

impl HttpRequest {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl HttpResponse {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where on AWS a segment ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SegmentAws {
    /// The account, when it is not the one that the segment is sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The container on ECS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecs: Option<Ecs>,
    /// The instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ec2: Option<Ec2>,
    /// The pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks: Option<Eks>,
    /// The Elastic Beanstalk environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elastic_beanstalk: Option<ElasticBeanstalk>,
    /// Where its logs went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cloudwatch_logs: Vec<CloudWatchLogs>,
    /// Who wrote the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xray: Option<XraySdk>,
}

/// A container on ECS. The fields after `container_arn` are those of the OpenTelemetry exporters.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ecs {
    /// The container's host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The runtime's id of the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_id: Option<String>,
    /// The container's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_arn: Option<String>,
    /// The cluster's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_arn: Option<String>,
    /// The task's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_arn: Option<String>,
    /// The family of the task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_family: Option<String>,
    /// `FARGATE`, `EC2` or `EXTERNAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<String>,
    /// The availability zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
}

/// An EC2 instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ec2 {
    /// The instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// Its type, such as `m7g.large`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_size: Option<String>,
    /// The image it was started from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ami_id: Option<String>,
    /// The availability zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
}

/// A pod on EKS.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Eks {
    /// The cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// The pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The runtime's id of the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_id: Option<String>,
}

/// An Elastic Beanstalk environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ElasticBeanstalk {
    /// The environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_name: Option<String>,
    /// The version of the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_label: Option<String>,
    /// The deployment's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<u64>,
}

/// A log group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CloudWatchLogs {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group: Option<String>,
    /// Its ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}

/// Who wrote a document.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct XraySdk {
    /// The SDK's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdk: Option<Cow<'static, str>>,
    /// The SDK's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdk_version: Option<Cow<'static, str>>,
    /// The code was not changed to be traced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_instrumentation: Option<bool>,
    /// The sampling rule that chose the trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_rule_name: Option<String>,
}

/// What was called on AWS. Parameters that have no field of their own stand in `parameters`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SubsegmentAws {
    /// The API call, such as `CreateBucket`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The callee's account, when it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The callee's region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The id AWS gave the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// S3's second id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_2: Option<String>,
    /// Attempts after the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// The SQS queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_url: Option<String>,
    /// The DynamoDB table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_name: Option<String>,
    /// The S3 bucket: its node on the service map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_name: Option<String>,
    /// The key of the S3 object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The names of the resources that were touched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    /// Other parameters of the call, in snake case.
    #[serde(flatten)]
    pub parameters: BTreeMap<Cow<'static, str>, Value>,
}

/// What was asked of an SQL database.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sql {
    /// How to connect, for databases without a URL; never with a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_string: Option<String>,
    /// How to connect; never with a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The statement with its values left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sanitized_query: Option<String>,
    /// The database engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_type: Option<String>,
    /// The engine's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_version: Option<String>,
    /// The driver's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_version: Option<String>,
    /// The database's user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `call` or `statement`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preparation: Option<Cow<'static, str>>,
}

/// What a service is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Service {
    /// The service's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Cow<'static, str>>,
    /// The service's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'static, str>>,
    /// What runs the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Cow<'static, str>>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_version: Option<Cow<'static, str>>,
}

/// Another trace that this one belongs with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// The other trace.
    pub trace_id: TraceId,
    /// The segment or subsegment there.
    pub id: SegmentId,
    /// What the link is; `aws.xray.reserved.reference_type` is `parent` or `child`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<Cow<'static, str>, Value>,
}
