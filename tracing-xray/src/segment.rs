//! Segments and subsegments as X-Ray knows them: every block of a segment document
//! (X-Ray developer guide, "Segment documents"), and how each is written as JSON.

mod blocks;
mod cause;
mod entity;
mod size;

pub use blocks::{
    CloudWatchLogs, Ec2, Ecs, Eks, ElasticBeanstalk, Http, HttpRequest, HttpResponse, Link,
    SegmentAws, Service, Sql, SubsegmentAws, XraySdk,
};
pub use cause::{Cause, Exception, StackFrame};
pub use entity::{AnnotationValue, Entity};

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::id::{SegmentId, TraceId};
use entity::{put, put_some};

/// The work of one service on one request or job: a node on the service map.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// The caller's segment or subsegment, when there is a caller that is traced.
    pub parent_id: Option<SegmentId>,
    /// The kind of resource that ran it, such as `AWS::ECS::Container`: the node's type.
    pub origin: Option<Cow<'static, str>>,
    /// The ARN of that resource.
    pub resource_arn: Option<String>,
    /// The user who asked for it; X-Ray indexes it. At most 250 characters.
    pub user: Option<String>,
    /// What the service is.
    pub service: Option<Service>,
    /// Where on AWS it ran.
    pub aws: Option<Box<SegmentAws>>,
    /// What it has in common with a subsegment.
    pub entity: Entity,
}

/// A part of a segment's work: a step, a call to AWS or to another service.
#[derive(Clone, Debug, PartialEq)]
pub struct Subsegment {
    /// `Aws` and `Remote` calls get a node of their own on the service map.
    pub namespace: Option<Namespace>,
    /// What was called on AWS.
    pub aws: Option<Box<SubsegmentAws>>,
    /// What was asked of an SQL database.
    pub sql: Option<Box<Sql>>,
    /// Subsegments of the same parent that had to end first.
    pub precursor_ids: Vec<SegmentId>,
    /// What it has in common with a segment.
    pub entity: Entity,
}

/// What kind of call a subsegment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// A call through an AWS SDK.
    Aws,
    /// Another call that leaves the process.
    Remote,
}

impl Namespace {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Remote => "remote",
        }
    }
}

impl Segment {
    /// A segment of this trace that nobody called.
    pub fn new(trace_id: TraceId, entity: Entity) -> Self {
        Self {
            trace_id,
            parent_id: None,
            origin: None,
            resource_arn: None,
            user: None,
            service: None,
            aws: None,
            entity,
        }
    }

    /// What is known of it while it is open, without the subsegments that have ended: those are
    /// sent once, with the complete segment or before it.
    pub(crate) fn in_progress(&self) -> Self {
        Self {
            trace_id: self.trace_id,
            parent_id: self.parent_id,
            origin: self.origin.clone(),
            resource_arn: self.resource_arn.clone(),
            user: self.user.clone(),
            service: self.service.clone(),
            aws: self.aws.clone(),
            entity: self.entity.in_progress(),
        }
    }
}

impl Serialize for Segment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("trace_id", &self.trace_id)?;
        put_some(&mut map, "parent_id", &self.parent_id)?;
        put_some(&mut map, "origin", &self.origin)?;
        put_some(&mut map, "resource_arn", &self.resource_arn)?;
        put_some(&mut map, "user", &self.user)?;
        put_some(&mut map, "service", &self.service)?;
        put_some(&mut map, "aws", &self.aws)?;
        self.entity.put(&mut map)?;
        map.end()
    }
}

impl Subsegment {
    /// A step that is no call.
    pub fn new(entity: Entity) -> Self {
        Self {
            namespace: None,
            aws: None,
            sql: None,
            precursor_ids: Vec::new(),
            entity,
        }
    }

    /// Writes it as a document of its own, as a subsegment is sent apart from its segment.
    pub(crate) fn put_apart<M: SerializeMap>(
        &self,
        map: &mut M,
        trace_id: TraceId,
        parent_id: SegmentId,
    ) -> Result<(), M::Error> {
        map.serialize_entry("type", "subsegment")?;
        map.serialize_entry("trace_id", &trace_id)?;
        map.serialize_entry("parent_id", &parent_id)?;
        self.put(map)
    }

    fn put<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        put_some(map, "namespace", &self.namespace.map(Namespace::as_str))?;
        put_some(map, "aws", &self.aws)?;
        put_some(map, "sql", &self.sql)?;
        put(
            map,
            "precursor_ids",
            &self.precursor_ids,
            self.precursor_ids.is_empty(),
        )?;
        self.entity.put(map)
    }
}

impl Serialize for Subsegment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.put(&mut map)?;
        map.end()
    }
}

#[cfg(test)]
mod tests;
