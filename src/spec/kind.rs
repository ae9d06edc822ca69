//! The kinds of jobs: which fields they have, and how these are read.

use std::sync::Arc;

use checked_json::{At, Checks, RawFault, ShapeId, Shapes, Texts, nearest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::context::{CheckPayload, Context, CustomKinds};
use super::job::{CustomJob, JobKind};
use super::schema;
use crate::bucket::BucketSpec;
use crate::job::command::CommandSpec;

/// All kinds of jobs, with the schema of the job file.
#[derive(Debug)]
pub(super) struct Kinds {
    shapes: Shapes,
    kinds: Vec<Kind>,
}

struct Kind {
    type_name: Arc<str>,
    job: ShapeId,
    reads: Reads,
}

/// As what the fields of a job are read.
enum Reads {
    Bucket,
    Command,
    Custom(CheckPayload),
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.type_name)
    }
}

impl Kinds {
    pub(super) fn new(custom: &CustomKinds) -> Self {
        let mut schema = schema::strict(custom);
        // Jobs are checked one by one.
        schema["properties"]["jobs"]["items"] = Value::Bool(true);
        let shapes = Shapes::compile(&schema);
        let own = [
            (Arc::from("create-bucket"), Reads::Bucket),
            (Arc::from("command"), Reads::Command),
        ];
        let registered = custom.types().filter_map(|name| custom.check(name));
        let registered =
            registered.map(|(name, check)| (Arc::clone(name), Reads::Custom(Arc::clone(check))));
        let all = own.into_iter().chain(registered).enumerate();
        let kinds = all.map(|(index, (type_name, reads))| Kind {
            job: shapes
                .definition(&schema::definition_of(index, &type_name))
                .unwrap_or(shapes.root()),
            type_name,
            reads,
        });
        Self {
            kinds: kinds.collect(),
            shapes,
        }
    }

    pub(super) fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    pub(super) fn type_names(&self) -> Vec<&str> {
        self.kinds.iter().map(|kind| &*kind.type_name).collect()
    }

    pub(super) fn of_type(&self, name: &str) -> Option<KindId> {
        let index = self.kinds.iter().position(|kind| &*kind.type_name == name);
        index.map(KindId)
    }

    /// The kind that a job without a known type is most likely of.
    pub(super) fn guess(&self, word: Option<&str>, job: &Map<String, Value>) -> Option<KindId> {
        let near = word.and_then(|word| nearest(word, self.type_names()));
        let by_fields = || match (job.contains_key("bucket"), job.contains_key("command")) {
            (true, _) => Some("create-bucket"),
            (false, true) => Some("command"),
            (false, false) => None,
        };
        self.of_type(near.or_else(by_fields)?)
    }

    /// Whether jobs of a kind have such a field, as far as its defaults go.
    pub(super) fn has_field(&self, kind: KindId, name: &str) -> bool {
        self.shapes.has_field(self.kinds[kind.0].job, name)
    }

    /// Whether a field belongs to a kind and not to every job.
    pub(super) fn is_of_kind(&self, name: &str) -> bool {
        !["timeout", "retry"].contains(&name)
    }

    /// The faults of a job's shape; of a job of no kind, that it is none.
    pub(super) fn check_shape(
        &self,
        kind: Option<KindId>,
        job: &Value,
        at: At<'_>,
    ) -> Vec<RawFault> {
        let shape = match kind {
            Some(kind) => self.kinds[kind.0].job,
            None if job.is_object() => return Vec::new(),
            None => self.kinds[0].job,
        };
        self.shapes.check(shape, job, at, Texts::MayBeTemplates)
    }

    /// The faults of what the fields became when their templates were expanded.
    pub(super) fn check_fields(&self, kind: KindId, fields: &Value) -> Vec<RawFault> {
        let root = At::Root("");
        let mut faults = self
            .shapes
            .check(self.kinds[kind.0].job, fields, root, Texts::Plain);
        // What is missing was told before, or stands beside the fields.
        faults.retain(|fault| fault.path.contains(['.', '[']) || fields.get(&fault.path).is_some());
        faults
    }

    /// What the job does. With `is_whole` false something is missing or wrong already, and only more
    /// faults are looked for.
    pub(super) fn read(
        &self,
        kind: KindId,
        mut fields: Value,
        context: &Context,
        is_whole: bool,
    ) -> (Option<JobKind>, Vec<RawFault>) {
        let kind = &self.kinds[kind.0];
        match &kind.reads {
            Reads::Bucket => {
                // The others are looked at all the same. An empty name is a fault itself, so nothing is
                // held against it.
                let stands_in = !is_whole && fields.get("bucket").is_none();
                if stands_in {
                    fields["bucket"] = "".into();
                }
                let (made, mut faults) = typed::<BucketSpec, _>(fields, |spec, checks| {
                    spec.check(context.region.as_deref(), checks)
                });
                if stands_in {
                    faults.retain(|fault| fault.path != "bucket");
                }
                (
                    made.map(|desired| JobKind::CreateBucket(Box::new(desired))),
                    faults,
                )
            }
            Reads::Command if !is_whole && fields.get("command").is_none() => (None, Vec::new()),
            Reads::Command => {
                let (made, faults) = typed::<CommandSpec, _>(fields, |spec, checks| {
                    for (field, message) in spec.faults() {
                        checks.field(field, |checks| checks.fault(message));
                    }
                    Some(spec)
                });
                (made.map(|spec| JobKind::Command(Box::new(spec))), faults)
            }
            Reads::Custom(check) => {
                let payload = fields
                    .get_mut("payload")
                    .map(Value::take)
                    .unwrap_or_default();
                let faults = match check(&payload) {
                    Ok(()) => Vec::new(),
                    Err(message) => vec![RawFault::of_value("payload", message)],
                };
                let type_name = Arc::clone(&kind.type_name);
                (
                    Some(JobKind::Custom(CustomJob { type_name, payload })),
                    faults,
                )
            }
        }
    }
}

/// A kind among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KindId(usize);

fn typed<T: DeserializeOwned, U>(
    fields: Value,
    check: impl FnOnce(T, &mut Checks) -> Option<U>,
) -> (Option<U>, Vec<RawFault>) {
    let spec = match serde_json::from_value(fields) {
        Ok(spec) => spec,
        // The schema comes from the type, so what it lets pass can be read.
        Err(error) => return (None, vec![RawFault::of_value("", error.to_string())]),
    };
    let mut checks = Checks::default();
    let made = check(spec, &mut checks);
    let faults = checks.into_faults().into_iter();
    (
        made,
        faults
            .map(|(path, message)| RawFault::of_value(path, message))
            .collect(),
    )
}
