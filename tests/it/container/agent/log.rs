//! A container's output, in a file for each stream, as the driver `awslogs` has it in the cloud.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use crate::program::PATIENCE;

/// A stream that grows while its container runs.
pub(in super::super) struct Log {
    path: PathBuf,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    progress: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Default)]
struct Progress {
    lines: usize,
    is_over: bool,
}

impl Log {
    /// Follows a container to its end.
    pub(super) fn follow(docker_id: &str, path: PathBuf) -> Self {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = File::create(&path).unwrap();
        let mut child = Command::new("sh")
            .args([
                "-c",
                r#"exec docker logs --follow "$1" 2>&1"#,
                "sh",
                docker_id,
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let shared = Arc::<Shared>::default();
        let written = Arc::clone(&shared);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                writeln!(file, "{line}").unwrap();
                written.progress.lock().unwrap().lines += 1;
                written.changed.notify_all();
            }
            let _ = child.wait();
            written.progress.lock().unwrap().is_over = true;
            written.changed.notify_all();
        });
        Self { path, shared }
    }

    /// Waits until so many lines have `text` in them.
    pub(in super::super) fn wait_for(&self, text: &str, count: usize) {
        let counted = |lines: &[String]| lines.iter().filter(|line| line.contains(text)).count();
        self.wait_until(&format!("{count} lines with `{text}`"), |lines, _| {
            counted(lines) >= count
        });
    }

    /// All lines, once the container has ended.
    pub(super) fn all(&self) -> Vec<String> {
        self.wait_until("an end", |_, is_over| is_over);
        read(&self.path)
    }

    fn wait_until(&self, what: &str, is_reached: impl Fn(&[String], bool) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut progress = self.shared.progress.lock().unwrap();
        loop {
            let lines = read(&self.path);
            if is_reached(&lines, progress.is_over) {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let may_come = !progress.is_over && !left.is_zero();
            assert!(may_come, "no {what} in {lines:#?}");
            progress = self.shared.changed.wait_timeout(progress, left).unwrap().0;
        }
    }
}

fn read(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(str::to_owned).collect()
}
