//! A ledger in a file: lines are appended, and the file is locked by the process that runs.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::Utc;

use super::line::{Entry, Line, text};
use super::{Found, FoundOr, JobKey, LedgerError, Opened, RunKey, is_cut_off};
use crate::outcome::ExitStatus;

/// An open, locked file. A line is written at once, so a killed process leaves whole lines, but for
/// the last one.
#[derive(Debug)]
pub(super) struct FileLedger {
    path: String,
    file: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    file: File,
    failed: usize,
}

/// The state of a run as its lines tell it.
#[derive(Clone, Debug)]
struct RunState {
    id: String,
    ended: Option<(u8, String)>,
}

impl FileLedger {
    pub(super) fn open(path: &Path, key: &RunKey) -> Result<FoundOr<Self>, LedgerError> {
        let path = &of_shard(path, key.shard);
        let name = path.display().to_string();
        let failed = |source| LedgerError::File {
            path: name.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let mut file = options.open(path).map_err(failed)?;
        let is_ours = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        };
        let states = read_states(&mut file, key.id.as_deref(), &name)?;
        if !is_ours {
            let run_id = states
                .last
                .map_or_else(|| "unknown".to_owned(), |run| run.id);
            return Ok(FoundOr::Otherwise(Opened::Busy { run_id }));
        }
        let run_id = match (&key.id, &states.last) {
            (Some(id), _) => id.clone(),
            (None, Some(last)) if last.is_cut_off() => last.id.clone(),
            (None, _) => key.new_id.clone(),
        };
        if let Some(RunState {
            ended: Some((0, ended_at)),
            ..
        }) = states.asked
        {
            return Ok(FoundOr::Otherwise(Opened::AlreadyDone { run_id, ended_at }));
        }
        let (is_resumed, recorded) = read_recorded(&mut file, &run_id).map_err(failed)?;
        end_torn_line(&mut file).map_err(failed)?;
        let start = Line::Start {
            run: run_id.clone(),
            started_at: Utc::now(),
        };
        file.write_all(text(&start).as_bytes()).map_err(failed)?;
        let file = Mutex::new(Written { file, failed: 0 });
        Ok(FoundOr::Found(Box::new(Found {
            run_id,
            is_resumed,
            recorded,
            store: Self { path: name, file },
        })))
    }

    pub(super) fn record(&self, entry: &Entry) {
        let mut written = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = written.file.write_all(text(entry).as_bytes()) {
            tracing::warn!("note a job in the ledger {}: {error}", self.path);
            written.failed += 1;
        }
    }

    pub(super) fn finish(&self, run_id: &str, status: ExitStatus) -> Result<(), LedgerError> {
        let end = Line::End {
            run: run_id.to_owned(),
            exit_code: status.code(),
            ended_at: Utc::now(),
        };
        let mut written = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let result = written.file.write_all(text(&end).as_bytes());
        let result = result.and_then(|()| written.file.sync_data());
        result.map_err(|source| LedgerError::File {
            path: self.path.clone(),
            source,
        })?;
        match written.failed {
            0 => Ok(()),
            count => Err(LedgerError::NotNoted {
                place: self.path.clone(),
                count,
            }),
        }
    }
}

impl RunState {
    fn is_cut_off(&self) -> bool {
        self.ended
            .as_ref()
            .is_none_or(|(exit_code, _)| is_cut_off(*exit_code))
    }
}

/// Each part of the jobs has a file of its own, as it has a lock of its own.
fn of_shard(path: &Path, shard: Option<(u32, u32)>) -> PathBuf {
    match shard {
        Some((index, count)) => {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".{index}-of-{count}"));
            name.into()
        }
        None => path.to_owned(),
    }
}

/// The last run of a file, and the one that is asked for.
struct States {
    last: Option<RunState>,
    asked: Option<RunState>,
}

fn read_states(file: &mut File, asked: Option<&str>, name: &str) -> Result<States, LedgerError> {
    let failed = |source| LedgerError::File {
        path: name.to_owned(),
        source,
    };
    let (mut last, mut of_asked): (Option<RunState>, Option<RunState>) = (None, None);
    let mut number = 0;
    for_each_line(file, |line, is_torn| {
        number += 1;
        match line {
            Some(Line::Start { run, .. }) => {
                last = Some(RunState {
                    id: run,
                    ended: None,
                });
            }
            Some(Line::End {
                run,
                exit_code,
                ended_at,
            }) => {
                let ended = Some((exit_code, ended_at.to_rfc3339()));
                last = Some(RunState { id: run, ended });
            }
            Some(Line::Job(_)) => {}
            // A line that a kill tore apart has others before it, or is a start.
            None if last.is_some() || is_torn => {}
            None => return Err(number),
        }
        of_asked = last
            .clone()
            .filter(|last| Some(&*last.id) == asked)
            .or(of_asked.take());
        Ok(())
    })
    .map_err(failed)?
    .map_err(|line| LedgerError::NotALedger {
        path: name.to_owned(),
        line,
    })?;
    Ok(States {
        last,
        asked: of_asked,
    })
}

/// Whether the run was begun before, and the jobs that it has done.
fn read_recorded(file: &mut File, run_id: &str) -> io::Result<(bool, HashSet<JobKey>)> {
    let (mut is_begun, mut is_within) = (false, false);
    let mut recorded = HashSet::new();
    let read = for_each_line(file, |line, _| {
        match line {
            Some(Line::Start { run, .. }) => {
                is_within = run == run_id;
                is_begun |= is_within;
            }
            Some(Line::Job(entry)) if is_within => recorded.extend(entry.key()),
            Some(Line::Job(_) | Line::End { .. }) | None => {}
        }
        Ok::<(), usize>(())
    });
    read.map(|_| (is_begun, recorded))
}

/// Gives each line, if it is one of a ledger, and whether it is the beginning of a start.
fn for_each_line<E>(
    file: &mut File,
    mut each: impl FnMut(Option<Line>, bool) -> Result<(), E>,
) -> io::Result<Result<(), E>> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let is_torn = !line.ends_with(b"\n") && line.starts_with(b"{\"run\":");
        if let Err(error) = each(serde_json::from_slice(&line).ok(), is_torn) {
            return Ok(Err(error));
        }
        line.clear();
    }
    Ok(Ok(()))
}

/// What a killed process wrote half must not run into the next line.
fn end_torn_line(file: &mut File) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;

    let len = file.seek(SeekFrom::End(0))?;
    let mut last = [b'\n'];
    if len > 0 {
        file.read_exact_at(&mut last, len - 1)?;
    }
    if last != [b'\n'] {
        file.write_all(b"\n")?;
    }
    Ok(())
}
