//! The seeds and findings of the fuzz targets, without a fuzzer.

use std::path::Path;

use super::*;

/// Hands on every seed of a target.
#[expect(clippy::print_stdout, reason = "the seed is shown where it fails")]
fn each_seed(target: &str, mut check: impl FnMut(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut seeds = 0;
    for entry in std::fs::read_dir(dir.join(target)).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        check(&std::fs::read(path).unwrap());
        seeds += 1;
    }
    assert!(seeds > 5, "{target} has {seeds} seeds");
}

#[test]
fn the_seeds_of_documents_hold() {
    each_seed("document", |seed| documents(str::from_utf8(seed).unwrap()));
}

#[test]
fn the_seeds_of_filters_hold() {
    each_seed("filter", |seed| filter(str::from_utf8(seed).unwrap()));
}

#[test]
fn the_seeds_of_requests_hold() {
    let dir = tempfile::tempdir().unwrap();
    let mut requests = Requests::open(dir.path());
    each_seed("request", |seed| requests.send(seed));
}
