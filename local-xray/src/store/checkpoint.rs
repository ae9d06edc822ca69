//! Carrying the write-ahead log over into the file, beside the writers, which would otherwise wait
//! for the disk every few thousand documents.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::schema;

/// How many bytes of documents and what stands beside them are written before the log is carried
/// over.
const BYTES: usize = 16 << 20;

/// Wakes the thread that carries over, which is started when there is enough for the first time.
#[derive(Debug)]
pub(super) struct Checkpointer {
    path: PathBuf,
    /// Since the thread was last woken.
    written: usize,
    thread: Option<Thread>,
}

#[derive(Debug)]
struct Thread {
    /// A thread that is busy carries over what is new when it is done.
    wake: SyncSender<()>,
    handle: JoinHandle<()>,
}

impl Checkpointer {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            written: 0,
            thread: None,
        }
    }

    /// Notes that so many bytes were written. Where no thread can be had, the writer itself carries
    /// over, later (`wal_autocheckpoint`).
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written += bytes;
        if self.written < BYTES {
            return;
        }
        self.written = 0;
        if self.thread.is_none() {
            self.thread = Thread::start(self.path.clone());
        }
        if let Some(thread) = &self.thread {
            let _ = thread.wake.try_send(());
        }
    }
}

impl Thread {
    fn start(path: PathBuf) -> Option<Self> {
        let (wake, woken) = sync_channel(1);
        let thread = std::thread::Builder::new().name("checkpoint".to_owned());
        match thread.spawn(move || carry_over(&path, &woken)) {
            Ok(handle) => Some(Self { wake, handle }),
            Err(error) => {
                tracing::debug!(%error, "no thread for the log of the trace store");
                None
            }
        }
    }
}

fn carry_over(path: &Path, woken: &Receiver<()>) {
    let connection = match schema::connect(path) {
        Ok(connection) => connection,
        Err(error) => return tracing::debug!(%error, "log of the trace store not carried over"),
    };
    while woken.recv().is_ok() {
        let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = done {
            tracing::debug!(%error, "log of the trace store not carried over");
        }
    }
}

/// The file is whole once the last connection to it is closed: the thread's must not be the last.
impl Drop for Checkpointer {
    fn drop(&mut self) {
        if let Some(Thread { wake, handle }) = self.thread.take() {
            drop(wake);
            let _ = handle.join();
        }
    }
}
