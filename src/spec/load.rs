//! From documents to checked jobs, or to every fault in them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Read as _;
use std::sync::Arc;

use checked_json::{At, FAULTS_TOLD_MAX, FaultLog, Faults, Position, Texts, read, text_of};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::checked::{Checked, CheckedFile, JobLines, JobsOfFile, Warnings};
use super::context::Context;
use super::document::Document;
use super::fields::FileFields;
use super::kind::Kinds;
use super::lines::Lines;
use super::resolve::{Resolved, Resolver, Trust, top_field};
use super::variables;

/// Reads and checks documents: merges the defaults into the jobs, expands the templates, finds wrong
/// combinations. Names and buckets are unique in all of them together.
///
/// # Errors
/// Every fault of every document, in the order of their places.
pub fn load(documents: &[Document], context: &Context) -> Result<Checked, Faults> {
    let mut load = Load {
        context,
        kinds: context.kinds.with_own(),
        documents,
        taken: HashMap::new(),
        uses_account: false,
        warnings: Warnings::default(),
    };
    let mut files = Vec::new();
    let mut faults = Faults::default();
    for index in 0..documents.len() {
        match load.document(index) {
            Ok(file) => files.push(file),
            Err(more) => faults.append(more),
        }
    }
    if faults.count() > 0 {
        return Err(faults);
    }
    Ok(Checked {
        files,
        uses_account: load.uses_account,
        warnings: load.warnings,
    })
}

struct Load<'a> {
    context: &'a Context,
    kinds: Arc<Kinds>,
    documents: &'a [Document],
    /// Where names and buckets stand first, by their hashes: the texts of very many jobs would not
    /// stay small.
    taken: HashMap<[u8; 16], Place>,
    uses_account: bool,
    warnings: Warnings,
}

/// A document and in it the line of a job, or the job's index in a JSON file.
#[derive(Clone, Copy)]
struct Place {
    document: u32,
    job: u32,
}

/// What a job must not share with another one.
#[derive(Clone, Copy)]
enum Unique {
    Name,
    Bucket,
}

/// A job that stands in the way of another one.
enum First<'a> {
    SameDocument(u32),
    Other(&'a str),
}

impl Load<'_> {
    fn document(&mut self, index: usize) -> Result<CheckedFile, Faults> {
        let document = &self.documents[index];
        let loaded = match is_lines(document) {
            Ok(true) => self.lines(index),
            Ok(false) => self.json(index),
            Err(error) => Err(Faults::cannot_be_read(document.source_name(), &error)),
        };
        match &document.variables {
            None => loaded,
            Some(own) => variables::with_faults(loaded, own),
        }
    }

    fn json(&mut self, index: usize) -> Result<CheckedFile, Faults> {
        let document = &self.documents[index];
        let mut bytes = Vec::new();
        if let Err(error) = document.reader().read_to_end(&mut bytes) {
            return Err(Faults::cannot_be_read(document.source_name(), &error));
        }
        let text = text_of(&bytes, document.source_name())?;
        let mut log = FaultLog::new(text, 0);
        let file = self.json_text(index, text, &mut log);
        let faults = log.finish(document.source_name());
        match file {
            Some(file) if faults.count() == 0 => Ok(file),
            _ => Err(faults),
        }
    }

    fn json_text(
        &mut self,
        index: usize,
        text: &str,
        log: &mut FaultLog<'_>,
    ) -> Option<CheckedFile> {
        let (header, jobs) = self.header(read(text, log)?, log);
        let mut specs = Vec::with_capacity(jobs.len());
        for (job_index, job) in jobs.into_iter().enumerate() {
            let path = format!("jobs[{job_index}]");
            let resolved = header.resolver.resolve(job, &path, Trust::None);
            for (unique, value) in resolved.uniques() {
                let place = Place::new(index, job_index);
                let field = format!("{path}.{}", unique.field());
                match self.take(unique, value, place) {
                    None => {}
                    Some(First::SameDocument(first)) => {
                        let other = format!("jobs[{first}].{}", unique.field());
                        log.with_line_of(other, field, unique.message(value, "{line}"));
                    }
                    Some(First::Other(name)) => log.value(field, other_document(value, name)),
                }
            }
            self.uses_account |= resolved.uses_account;
            resolved.faults.into_iter().for_each(|fault| log.add(fault));
            if let Some(spec) = resolved.spec {
                self.warnings.of(&spec);
                specs.push(spec);
            }
        }
        let document = &self.documents[index];
        Some(CheckedFile {
            name: header.fields.name.as_deref()?.into(),
            source_name: Arc::clone(&document.source_name),
            limits: header.fields.limits(),
            jobs: JobsOfFile::Held(specs.into()),
        })
    }

    /// What stands beside the jobs, without what has faults; and the jobs.
    fn header(&self, mut root: Value, log: &mut FaultLog<'_>) -> (Header, Vec<Value>) {
        let shapes = self.kinds.shapes();
        let faults = shapes.check(shapes.root(), &root, At::Root(""), Texts::MayBeTemplates);
        let mut fields = Map::new();
        let mut jobs = Vec::new();
        if let Value::Object(root) = &mut root {
            for fault in &faults {
                // A fault in one default does not hide those of the others.
                match (top_field(&fault.path, ""), root.get_mut("defaults")) {
                    ("defaults", Some(Value::Object(defaults))) => {
                        defaults.remove(top_field(&fault.path, "defaults"));
                    }
                    (top, _) => drop(root.remove(top)),
                }
            }
            fields = std::mem::take(root);
            if let Some(Value::Array(all)) = fields.remove("jobs") {
                jobs = all;
            }
            fields.retain(|name, _| shapes.has_field(shapes.root(), name));
        }
        let defaults = match fields.get("defaults") {
            Some(Value::Object(defaults)) => defaults.clone(),
            _ => Map::new(),
        };
        faults.into_iter().for_each(|fault| log.add(fault));
        let fields = serde_json::from_value(Value::Object(fields));
        let fields: FileFields = fields.unwrap_or_else(|error| {
            log.value(String::new(), error.to_string());
            FileFields::default()
        });
        if let Some(name) = &fields.name
            && !tracing_xray::is_legal_name(name)
        {
            let message = "X-Ray takes names of 1 to 200 letters, digits, spaces and \
                           `_ . : / % & # = + \\ - @`";
            log.value("name".to_owned(), message);
        }
        let resolver = Resolver {
            context: self.context.clone(),
            kinds: Arc::clone(&self.kinds),
            defaults,
        };
        resolver
            .check_defaults()
            .into_iter()
            .for_each(|fault| log.add(fault));
        (Header { fields, resolver }, jobs)
    }

    /// Notes a job's name or bucket; answers which job had it first.
    fn take(&mut self, unique: Unique, value: &str, place: Place) -> Option<First<'_>> {
        let digest = Sha256::digest([unique.field(), ":", value].concat());
        let mut hash = [0; 16];
        hash.copy_from_slice(&digest[..16]);
        match self.taken.entry(hash) {
            Entry::Vacant(entry) => {
                entry.insert(place);
                None
            }
            Entry::Occupied(entry) => {
                let first = *entry.get();
                Some(if first.document == place.document {
                    First::SameDocument(first.job)
                } else {
                    First::Other(self.documents[first.document as usize].source_name())
                })
            }
        }
    }

    /// A file with the header in its first line and a job in each other one.
    fn lines(&mut self, index: usize) -> Result<CheckedFile, Faults> {
        let document = self.documents[index].clone();
        let unreadable =
            |error: &std::io::Error| Faults::cannot_be_read(document.source_name(), error);
        let mut lines = Lines::new(document.reader());
        let first = lines.next().map_err(|error| unreadable(&error))?;
        let (line, text) = match first.as_ref().map(|line| (line.number, line.text())) {
            Some((number, Ok(text))) => (number, text.to_owned()),
            _ => (1, String::new()),
        };
        let mut header_log = FaultLog::new(&text, line - 1);
        let mut fields = match read(&text, &mut header_log) {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        if fields.contains_key("type") {
            header_log.value(String::new(), HEADER_MISSING);
        }
        // Its jobs are the other lines.
        fields.insert("jobs".to_owned(), Value::Array(vec![Value::Null]));
        let (header, _) = self.header(Value::Object(fields), &mut header_log);
        let mut told = Faults::default();
        let mut fingerprints = Vec::new();
        while let Some(line) = lines.next().map_err(|error| unreadable(&error))? {
            fingerprints.push(line.fingerprint());
            let text = match line.text() {
                Ok(text) => text,
                Err(message) => {
                    let place = Position {
                        line: line.number,
                        column: 1,
                    };
                    told.append(Faults::one(document.source_name(), Some(place), message));
                    continue;
                }
            };
            let mut log = FaultLog::new(text, line.number - 1);
            self.line(
                index,
                line.number,
                text,
                &header.resolver,
                &mut log,
                &mut header_log,
            );
            if told.told.len() < FAULTS_TOLD_MAX {
                told.append(log.finish(document.source_name()));
            } else {
                told.untold += log.count();
            }
        }
        let mut faults = header_log.finish(document.source_name());
        faults.append(told);
        match header.fields.name.as_deref() {
            Some(name) if faults.count() == 0 => Ok(CheckedFile {
                name: name.into(),
                source_name: Arc::clone(&document.source_name),
                limits: header.fields.limits(),
                jobs: JobsOfFile::Lines(Arc::new(JobLines {
                    document,
                    resolver: header.resolver,
                    fingerprints,
                })),
            }),
            _ => Err(faults.cut()),
        }
    }

    /// Checks the job of one line.
    fn line(
        &mut self,
        index: usize,
        number: usize,
        text: &str,
        resolver: &Resolver,
        log: &mut FaultLog<'_>,
        header_log: &mut FaultLog<'_>,
    ) {
        let Some(job) = read(text, log) else { return };
        let resolved = resolver.resolve(job, "", Trust::None);
        for (unique, value) in resolved.uniques() {
            let message = match self.take(unique, value, Place::new(index, number)) {
                None => continue,
                Some(First::SameDocument(first)) => unique.message(value, &first.to_string()),
                Some(First::Other(name)) => other_document(value, name),
            };
            log.value(unique.field().to_owned(), message);
        }
        self.uses_account |= resolved.uses_account;
        if let Some(spec) = &resolved.spec {
            self.warnings.of(spec);
        }
        for fault in resolved.faults {
            if !fault.is_name && fault.path.starts_with("defaults.") {
                header_log.add(fault);
            } else {
                log.add(fault);
            }
        }
    }
}

struct Header {
    fields: FileFields,
    resolver: Resolver,
}

const HEADER_MISSING: &str = "the first line of JSON Lines is the file's header, put a line such as \
                              `{\"version\": 1, \"name\": \"bucket creation\"}` before the jobs";

impl Place {
    fn new(document: usize, job: usize) -> Self {
        // More than fit would need more memory than there is.
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            document: narrow(document),
            job: narrow(job),
        }
    }
}

impl Unique {
    fn field(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Bucket => "bucket",
        }
    }

    fn message(self, value: &str, line: &str) -> String {
        match self {
            Self::Name => format!(
                "job `{value}` stands in line {line} already, give the job a name of its own"
            ),
            Self::Bucket => format!(
                "bucket `{value}` has a job in line {line} already, keep one job for a bucket"
            ),
        }
    }
}

impl Resolved {
    fn uniques(&self) -> impl Iterator<Item = (Unique, &str)> {
        let name = self.name.as_deref().map(|name| (Unique::Name, name));
        let bucket = self.spec.as_ref().and_then(|spec| spec.kind.bucket());
        name.into_iter()
            .chain(bucket.map(|bucket| (Unique::Bucket, bucket)))
    }
}

/// Whether the document is JSON Lines: its first line is an object without `jobs`, and another line
/// follows.
fn is_lines(document: &Document) -> std::io::Result<bool> {
    let mut lines = Lines::new(document.reader());
    let is_header = match lines.next()? {
        Some(line) => {
            let header = line
                .text()
                .ok()
                .and_then(|text| serde_json::from_str(text).ok());
            header.is_some_and(|header: Map<String, Value>| !header.contains_key("jobs"))
        }
        None => false,
    };
    Ok(is_header && lines.next()?.is_some())
}

fn other_document(value: &str, name: &str) -> String {
    format!("`{value}` stands in a job of {name} already, run it once")
}
