//! Which commit the program says that it is built from. The build script is also compiled alone, and run
//! in repositories that the tests make.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::program::{Place, repository};

const COMMIT: &str = "XRAY_ECS_COMMIT";
const DATE: &str = "XRAY_ECS_COMMIT_DATE";

/// Git in a directory, with nothing of the tester's own settings.
fn git(dir: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(["-c", "init.defaultBranch=main", "-c", "safe.directory=*"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_COMMITTER_DATE", "2026-11-28T23:30:00+0200")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then(|| text.trim().to_owned())
}

#[test]
fn the_program_names_the_commit_it_is_built_from() {
    let place = Place::new();
    let version = place.run(&["--version"]);
    assert_eq!(version.code, 0, "{}", version.stderr);
    assert_eq!(version.stdout, place.run(&["-V"]).stdout);
    let root = repository();
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let commit = match set(COMMIT) {
        Some(hash) => Some((hash, set(DATE).unwrap())),
        None if root.join(".git").exists() => {
            let part = |format| git(&root, &["show", "--no-patch", format, "HEAD"]);
            part("--format=%H").zip(part("--format=%cs"))
        }
        None => None,
    };
    let wanted = match commit {
        Some((hash, date)) => format!(" ({} {date})", &hash[..7]),
        None => String::new(),
    };
    let version_of_package = env!("CARGO_PKG_VERSION");
    assert_eq!(
        version.stdout,
        format!("xray-ecs {version_of_package}{wanted}\n")
    );
}

/// The build script, compiled, and a directory to run it in.
struct Script {
    dir: tempfile::TempDir,
}

/// What the script told cargo.
struct Told {
    is_done: bool,
    text: String,
}

impl Told {
    fn version(&self) -> &str {
        assert!(self.is_done, "{}", self.text);
        self.values("cargo::rustc-env=XRAY_ECS_VERSION=")
            .next()
            .unwrap()
    }

    fn watched(&self) -> Vec<PathBuf> {
        self.values("cargo::rerun-if-changed=")
            .map(PathBuf::from)
            .collect()
    }

    fn values<'a>(&'a self, key: &'static str) -> impl Iterator<Item = &'a str> {
        self.text
            .lines()
            .filter_map(move |line| line.strip_prefix(key))
    }
}

impl Script {
    /// `None`, and a reason, where git or rustc is missing.
    fn compile() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        if git(dir.path(), &["--version"]).is_none() {
            eprintln!("skipped: there is no git");
            return None;
        }
        let compiled = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--edition", "2024", "-o"])
            .arg(dir.path().join("script"))
            .arg(repository().join("build.rs"))
            .output();
        let Ok(Output { status, stderr, .. }) = compiled else {
            eprintln!("skipped: there is no rustc");
            return None;
        };
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        Some(Self { dir })
    }

    /// A directory of this name.
    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.dir.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A repository of this name with a commit in it.
    fn repository(&self, name: &str) -> PathBuf {
        let folder = self.folder(name);
        git(&folder, &["init", "--quiet"]).unwrap();
        commit(&folder);
        folder
    }

    fn run(&self, manifest: &Path, variables: &[(&str, &str)]) -> Told {
        let output = Command::new(self.dir.path().join("script"))
            .env("CARGO_PKG_VERSION", "1.2.3")
            .env("CARGO_MANIFEST_DIR", manifest)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env_remove(COMMIT)
            .env_remove(DATE)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        Told {
            is_done: output.status.success(),
            text: String::from_utf8(output.stdout).unwrap(),
        }
    }
}

fn commit(repository: &Path) {
    git(
        repository,
        &["commit", "--quiet", "--allow-empty", "-m", "c"],
    )
    .unwrap();
}

/// The version with the commit that is checked out.
fn version_of(repository: &Path) -> String {
    let hash = git(repository, &["rev-parse", "HEAD"]).unwrap();
    format!("1.2.3 ({} 2026-11-28)", &hash[..7])
}

#[test]
fn a_work_tree_has_the_commit_that_is_checked_out() {
    let Some(script) = Script::compile() else {
        return;
    };
    let main = script.repository("main");
    assert_eq!(script.run(&main, &[]).version(), version_of(&main));

    // A hook of git builds with the variables of its own repository.
    let other = script.repository("other");
    git(
        &other,
        &["commit", "--quiet", "--allow-empty", "-m", "another"],
    )
    .unwrap();
    let of_hook = [("GIT_DIR", other.join(".git"))];
    let of_hook = of_hook
        .each_ref()
        .map(|(name, path)| (*name, path.to_str().unwrap()));
    assert_eq!(script.run(&main, &of_hook).version(), version_of(&main));

    let linked = script.dir.path().join("linked");
    git(
        &main,
        &[
            "worktree",
            "add",
            "--quiet",
            "-b",
            "side",
            linked.to_str().unwrap(),
        ],
    )
    .unwrap();
    git(
        &linked,
        &["commit", "--quiet", "--allow-empty", "-m", "on the side"],
    )
    .unwrap();
    assert_ne!(version_of(&linked), version_of(&main));
    assert_eq!(script.run(&linked, &[]).version(), version_of(&linked));

    git(&main, &["checkout", "--quiet", "--detach"]).unwrap();
    assert_eq!(script.run(&main, &[]).version(), version_of(&main));
}

#[test]
fn a_copy_in_another_repository_does_not_name_its_commit() {
    let Some(script) = Script::compile() else {
        return;
    };
    let vendored = script.repository("product").join("vendor/xray-ecs");
    std::fs::create_dir_all(&vendored).unwrap();
    assert_eq!(script.run(&vendored, &[]).version(), "1.2.3");
    // What is left of a repository is none.
    std::fs::create_dir(vendored.join(".git")).unwrap();
    assert_eq!(script.run(&vendored, &[]).version(), "1.2.3");
    // One of its own, as a submodule has, counts.
    git(&vendored, &["init", "--quiet"]).unwrap();
    assert_eq!(script.run(&vendored, &[]).version(), "1.2.3");
    git(
        &vendored,
        &["commit", "--quiet", "--allow-empty", "-m", "ours"],
    )
    .unwrap();
    assert_eq!(script.run(&vendored, &[]).version(), version_of(&vendored));
}

#[test]
fn what_is_watched_changes_with_each_commit_and_is_there() {
    let Some(script) = Script::compile() else {
        return;
    };
    let main = script.repository("main");
    let linked = script.dir.path().join("linked");
    git(
        &main,
        &[
            "worktree",
            "add",
            "--quiet",
            "-b",
            "a/side",
            linked.to_str().unwrap(),
        ],
    )
    .unwrap();
    for tree in [&main, &linked] {
        for is_packed in [false, true] {
            if is_packed {
                git(tree, &["pack-refs", "--all"]).unwrap();
            }
            let watched = script.run(tree, &[]).watched();
            let changed_at = || {
                let files = watched.iter().filter(|path| path.as_os_str() != "build.rs");
                let time = |path: &PathBuf| std::fs::metadata(path).unwrap().modified().unwrap();
                files.map(time).collect::<Vec<_>>()
            };
            let before = changed_at();
            assert!(before.len() >= 2, "{watched:?}");
            commit(tree);
            assert_ne!(before, changed_at(), "{tree:?} {is_packed} {watched:?}");
            let before = changed_at();
            git(tree, &["checkout", "--quiet", "--detach"]).unwrap();
            assert_ne!(before, changed_at(), "{tree:?} {is_packed} {watched:?}");
            git(tree, &["checkout", "--quiet", "-"]).unwrap();
        }
    }
}

#[test]
fn variables_go_before_git_and_junk_in_them_ends_the_build() {
    let Some(script) = Script::compile() else {
        return;
    };
    let main = script.repository("main");
    let run = |hash, date| script.run(&main, &[(COMMIT, hash), (DATE, date)]);
    let full = "04561A2c0ffee04561a2c0ffee04561a2c0ffee0";
    assert_eq!(
        run(full, "2026-01-31").version(),
        "1.2.3 (04561a2 2026-01-31)"
    );
    assert_eq!(
        run("04561a2", "2026-01-31").version(),
        "1.2.3 (04561a2 2026-01-31)"
    );
    assert_eq!(run("", "").version(), version_of(&main));
    for (hash, date, told) in [
        (
            "main",
            "2026-01-31",
            "XRAY_ECS_COMMIT `main` is no commit's hash",
        ),
        ("04561a", "2026-01-31", "7 to 64 hexadecimal digits"),
        (
            "04561a2",
            "31.1.2026",
            "XRAY_ECS_COMMIT_DATE `31.1.2026` is no date",
        ),
        ("04561a2", "2026-13-01", "as 2026-11-28"),
        ("04561a2", "2026-1-1", "as 2026-11-28"),
        ("04561a2", "+026-01-01", "as 2026-11-28"),
        ("04561a2", "2026-01-01-01", "as 2026-11-28"),
        ("04561a2\ncargo::x", "2026-01-01", "04561a2\\ncargo::x"),
        ("no", "no", "XRAY_ECS_COMMIT_DATE `no`"),
        ("04561a2", "", "without XRAY_ECS_COMMIT_DATE: set both"),
        ("", "2026-01-31", "without XRAY_ECS_COMMIT: set both"),
    ] {
        let refused = run(hash, date);
        assert!(!refused.is_done, "{hash} {date}");
        let error = refused.values("cargo::error=").next().unwrap();
        assert!(error.contains(told), "{hash} {date}: {error}");
    }
}
