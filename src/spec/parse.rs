//! The job file: from its text to checked jobs, or to every fault in it.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use jsonc_parser::ast::Value;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::expand::Expander;
use super::fault::{FaultLog, Faults};
use super::node::{Fields, Node};
use super::options::{OPTIONS, Options, Text};
use super::template::{Part, Template};
use super::{Context, JobFile, JobKind, JobSpec};
use crate::bucket::BucketName;

/// The most attempts of a job.
pub const ATTEMPTS_MAX: u32 = 100;

/// The most jobs at once.
pub const CONCURRENCY_MAX: u32 = 1000;

/// The most characters of a job's name.
const JOB_NAME_LEN_MAX: usize = 200;

/// The version of the job file that this program reads.
const VERSION: u32 = 1;

const FILE_FIELDS: [&str; 6] = [
    "$schema",
    "version",
    "name",
    "defaults",
    "max_concurrency",
    "jobs",
];

/// Reads a job file: merges the defaults into the jobs, expands the templates, checks it all.
/// `source` names the text in the faults.
///
/// # Errors
/// Every fault of the text, in the order of their places.
pub fn load(source: &str, text: &str, context: &Context<'_>) -> Result<JobFile, Faults> {
    let text = without_byte_order_mark(text);
    let mut log = FaultLog::new(source, text);
    let file = match parse(text) {
        Ok(value) => read_file(&Node::root(&value), context, &mut log),
        Err((offset, message)) => {
            log.add(offset, "", format!("not JSON: {message}"));
            None
        }
    };
    log.finish(file)
}

/// Whether a template in the job file stands for the account, so that it must be known.
/// A text that is not JSON uses nothing.
pub fn uses_account(text: &str) -> bool {
    parse(without_byte_order_mark(text)).is_ok_and(|value| mentions_account(&value))
}

fn mentions_account(value: &Value<'_>) -> bool {
    match value {
        Value::StringLit(text) => Template::parse(&text.value)
            .is_ok_and(|template| template.parts().contains(&Part::Account)),
        Value::Object(object) => object.properties.iter().any(|p| mentions_account(&p.value)),
        Value::Array(array) => array.elements.iter().any(mentions_account),
        Value::NumberLit(_) | Value::BooleanLit(_) | Value::NullKeyword(_) => false,
    }
}

fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Parses strict JSON, or tells where it is none, as an offset, and why.
fn parse(text: &str) -> Result<Value<'_>, (usize, String)> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &strict)
        .map_err(|error| (error.range().start, lower_first(&error.kind().to_string())))?;
    // The parser lets some of what only JSON5 allows pass, such as line breaks in a text.
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let lines = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1));
        let offset = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        return Err((text.floor_char_boundary(offset), message.to_owned()));
    }
    parsed
        .value
        .ok_or_else(|| (0, "the text is empty".to_owned()))
}

fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

fn read_file(root: &Node<'_>, context: &Context<'_>, log: &mut FaultLog<'_>) -> Option<JobFile> {
    let fields = root.object(log, Some(&FILE_FIELDS))?;
    if let Some(schema) = fields.get("$schema") {
        schema.text(log);
    }
    check_version(&fields, log);
    let name = file_name(&fields, log);
    let max_concurrency = fields
        .get("max_concurrency")
        .and_then(|node| node.whole_number(log, 1..=CONCURRENCY_MAX))
        .and_then(|number| NonZeroUsize::new(number as usize));
    let defaults = fields.get("defaults");
    let defaults = defaults.and_then(|node| node.object(log, Some(&OPTIONS)));
    let defaults = defaults.map(|fields| Options::read(&fields, log));
    let jobs = read_jobs(&fields, &defaults.unwrap_or_default(), context, log);
    Some(JobFile {
        name: name?,
        max_concurrency,
        jobs: jobs?,
    })
}

fn check_version(fields: &Fields<'_>, log: &mut FaultLog<'_>) {
    let Some(node) = fields.required(log, "version", "give `\"version\": 1`") else {
        return;
    };
    if let Some(version) = node.whole_number(log, 1..=u32::MAX)
        && version != VERSION
    {
        let message = format!("version {version} is not known, this program reads version 1");
        node.fault(log, message);
    }
}

fn file_name(fields: &Fields<'_>, log: &mut FaultLog<'_>) -> Option<String> {
    let mend = "give the name that the trace map shows, such as `bucket creation`";
    let node = fields.required(log, "name", mend)?;
    let name = node.text(log)?;
    if tracing_xray::is_legal_name(name) {
        return Some(name.to_owned());
    }
    node.fault(
        log,
        "X-Ray takes names of 1 to 200 letters, digits, spaces and `_ . : / % & # = + \\ - @`",
    );
    None
}

fn read_jobs(
    fields: &Fields<'_>,
    defaults: &Options<'_>,
    context: &Context<'_>,
    log: &mut FaultLog<'_>,
) -> Option<Vec<JobSpec>> {
    let node = fields.required(log, "jobs", "give at least one job")?;
    let nodes = node.array(log)?;
    if nodes.is_empty() {
        node.fault(log, "no jobs, give at least one");
    }
    let mut taken = Taken::default();
    let mut jobs = Vec::with_capacity(nodes.len());
    for node in &nodes {
        jobs.extend(read_job(node, defaults, context, &mut taken, log));
    }
    (jobs.len() == nodes.len()).then_some(jobs)
}

/// The names and buckets of the jobs so far, with their lines.
#[derive(Default)]
struct Taken<'a> {
    names: HashMap<&'a str, usize>,
    buckets: HashMap<BucketName, usize>,
}

fn read_job<'a>(
    node: &Node<'a>,
    defaults: &Options<'a>,
    context: &Context<'_>,
    taken: &mut Taken<'a>,
    log: &mut FaultLog<'_>,
) -> Option<JobSpec> {
    const KNOWN: [&str; 3] = ["name", "type", "bucket"];
    let known = [&KNOWN[..], &OPTIONS[..]].concat();
    let fields = node.object(log, Some(&known))?;
    let name = job_name(&fields, taken, log);
    let kind = fields.required(log, "type", "give `create-bucket`");
    let kind = kind.and_then(|node| node.word(log, &[("create-bucket", ())]));
    let bucket_node = fields.required(log, "bucket", "give the bucket's name");
    let bucket = bucket_node.and_then(|node| Text::read(node, log));
    let options = Options::read(&fields, log).or(defaults);
    let mut expander = Expander {
        context,
        // A fault in the name is told once, not again with each field that names the job.
        job: name.unwrap_or("job"),
        log,
    };
    let retry = expander.retry(&options.retry);
    let desired = expander.desired(&fields, bucket.as_ref(), &options);
    if let (Some(desired), Some(node)) = (&desired, bucket_node) {
        let line = log.position(node.offset()).line;
        if let Some(first) = taken.buckets.insert(desired.bucket.clone(), line) {
            let bucket = &desired.bucket;
            let message = format!(
                "bucket `{bucket}` has a job in line {first} already, keep one job for a bucket"
            );
            node.fault(log, message);
        }
    }
    kind?;
    Some(JobSpec {
        name: name?.to_owned(),
        kind: JobKind::CreateBucket(desired?),
        timeout: options.timeout,
        retry,
    })
}

fn job_name<'a>(
    fields: &Fields<'a>,
    taken: &mut Taken<'a>,
    log: &mut FaultLog<'_>,
) -> Option<&'a str> {
    let mend = "give the job a name of its own";
    let node = fields.required(log, "name", mend)?;
    let name = node.text(log)?;
    let len = name.chars().count();
    if name.trim().is_empty() || len > JOB_NAME_LEN_MAX || name.contains(char::is_control) {
        let wanted = format!("1 to {JOB_NAME_LEN_MAX} characters that can be seen");
        return node.wrong_type(log, &wanted);
    }
    let line = log.position(node.offset()).line;
    if let Some(first) = taken.names.insert(name, line) {
        node.fault(
            log,
            format!("job `{name}` stands in line {first} already, {mend}"),
        );
    }
    Some(name)
}
