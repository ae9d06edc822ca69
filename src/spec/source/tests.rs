//! Which sources there are, and how they are opened.

use std::io::{Read as _, Write as _};

use super::*;

fn find(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let arguments: Vec<_> = arguments.iter().map(PathBuf::from).collect();
    let environment = variables.iter().copied().collect();
    let found = Source::find(&arguments, &environment).map_err(|error| error.to_string())?;
    Ok(found.iter().map(told).collect())
}

fn told(source: &Source) -> String {
    match source {
        Source::File(path) => format!("file {}", path.display()),
        Source::StandardInput => "stdin".to_owned(),
        Source::S3 { bucket, key } => format!("s3 {bucket} {key}"),
        Source::Inline(document) => format!("inline {}", text_of(document)),
        Source::Scalars(_) => "scalars".to_owned(),
    }
}

fn text_of(document: &Document) -> String {
    let mut text = String::new();
    document.reader().read_to_string(&mut text).unwrap();
    text
}

/// An S3 with these objects.
struct Objects(Vec<(&'static str, &'static str)>);

impl Fetch for Objects {
    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, FetchError> {
        assert_eq!(bucket, "acme");
        let keys = self.0.iter().map(|(key, _)| (*key).to_owned());
        Ok(keys.filter(|key| key.starts_with(prefix)).collect())
    }

    async fn fetch(&self, _: &str, key: &str, into: &mut File) -> Result<(), FetchError> {
        let object = self.0.iter().find(|(name, _)| *name == key);
        let (_, text) = object.ok_or("404 NoSuchKey: no such key")?;
        Ok(into.write_all(text.as_bytes())?)
    }
}

const NO_OBJECTS: Objects = Objects(Vec::new());

#[tokio::main(flavor = "current_thread")]
async fn open(source: &Source, fetch: &Objects) -> Result<Vec<(String, String)>, String> {
    let opened = source.open(fetch).await;
    let documents = opened.map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        errors.join("\n")
    })?;
    let told = |document: &Document| (document.source_name().to_owned(), text_of(document));
    Ok(documents.iter().map(told).collect())
}

#[test]
fn arguments_come_before_the_environment() {
    let both = [("JOB_SPEC", "{}"), ("JOB_FILE", "b.json")];
    let found = find(&["a.json", "-", "s3://b/k/", "s3://b"], &both);
    assert_eq!(
        found.unwrap_err(),
        "`s3://b` has no bucket, write `s3://bucket/key`"
    );
    let found = find(&["a.json", "-", "s3://b/k/c.json", "s3://b/"], &both).unwrap();
    assert_eq!(found, ["file a.json", "stdin", "s3 b k/c.json", "s3 b "]);
    assert_eq!(
        find(&[], &both).unwrap_err(),
        "JOB_SPEC and JOB_FILE are both set: unset one of them"
    );
    assert!(
        find(&["-", "-"], &[])
            .unwrap_err()
            .starts_with("`-` stands twice")
    );
}

#[test]
fn the_environment_names_one_source() {
    for (variables, wanted) in [
        (&[("JOB_SPEC", "{}"), ("JOB_BUCKET", "x")][..], "inline {}"),
        (&[("JOB_FILE", "jobs/a.json")], "file jobs/a.json"),
        (&[("JOB_FILE", "s3://b/k")], "s3 b k"),
        (&[("JOB_TYPE", "command")], "scalars"),
    ] {
        assert_eq!(find(&[], variables).unwrap(), [wanted]);
    }
    for (variables, wanted) in [
        (&[("JOB_BUCKET", "x")][..], "no job is given"),
        (
            &[("JOB_SPEC", "{}"), ("JOB_TYPE", "x")],
            "JOB_SPEC and JOB_TYPE",
        ),
        (
            &[("JOB_FILE", "a"), ("JOB_TYPE", "x")],
            "JOB_FILE and JOB_TYPE",
        ),
        (&[("JOB_FILE", "-")], "JOB_FILE is `-`"),
    ] {
        let error = find(&[], variables).unwrap_err();
        assert!(error.starts_with(wanted), "{error}");
    }
}

#[test]
fn files_are_opened_or_the_mend_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("buckets.json");
    std::fs::write(&path, "text").unwrap();
    let opened = open(&Source::File(path.clone()), &NO_OBJECTS).unwrap();
    assert_eq!(opened, [(path.display().to_string(), "text".to_owned())]);

    let error = |path: PathBuf| open(&Source::File(path), &NO_OBJECTS).unwrap_err();
    let missing = error(folder.path().join("bucket.json"));
    assert!(
        missing.contains("bucket.json: no such file, did you mean `"),
        "{missing}"
    );
    assert!(missing.ends_with("buckets.json`?"), "{missing}");
    let missing = error(folder.path().join("other.txt"));
    assert!(missing.ends_with("other.txt: no such file"), "{missing}");
}

#[test]
fn a_directory_is_its_job_files_in_the_order_of_their_paths() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(&Source::File(folder.path().to_owned()), &NO_OBJECTS).unwrap_err();
    assert!(error.starts_with("no job files in "), "{error}");
    for name in [
        "b.jsonl",
        "a/z.json",
        "a/b/c.ndjson",
        ".hidden.json",
        ".git/x.json",
        "a/y.txt",
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, name).unwrap();
    }
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
    let opened = open(&Source::File(folder.path().to_owned()), &NO_OBJECTS).unwrap();
    let texts: Vec<_> = opened.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["a/b/c.ndjson", "a/z.json", "b.jsonl"]);
}

#[test]
fn objects_are_fetched_one_or_all_beneath_a_prefix() {
    let objects = Objects(vec![
        ("jobs/b.json", "b"),
        ("jobs/a/x.jsonl", "x"),
        ("jobs/.old/c.json", "c"),
        ("jobs/readme.md", "r"),
    ]);
    let s3 = |key: &str| Source::S3 {
        bucket: "acme".to_owned(),
        key: key.to_owned(),
    };
    let url = |key: &str| format!("s3://acme/{key}");
    let opened = open(&s3("jobs/"), &objects).unwrap();
    let wanted = [("jobs/a/x.jsonl", "x"), ("jobs/b.json", "b")];
    assert_eq!(
        opened,
        wanted.map(|(key, text)| (url(key), text.to_owned()))
    );
    let opened = open(&s3("jobs/readme.md"), &objects).unwrap();
    assert_eq!(opened, [(url("jobs/readme.md"), "r".to_owned())]);
    let error = open(&s3("nothing/"), &objects).unwrap_err();
    assert!(
        error.starts_with("no job files beneath s3://acme/nothing/"),
        "{error}"
    );
    let error = open(&s3("jobs/none.json"), &objects).unwrap_err();
    assert_eq!(error, "read job file s3://acme/jobs/none.json");
}

#[test]
fn a_pipe_is_spooled_so_that_it_can_be_read_twice() {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(b"once").unwrap();
    drop(writer);
    let document = spool("pipe", reader).unwrap();
    assert_eq!(text_of(&document), "once");
    assert_eq!(text_of(&document), "once");
}
