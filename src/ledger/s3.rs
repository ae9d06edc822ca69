//! A ledger as objects in S3: what is done is put in batches, behind the work.

use std::collections::HashSet;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use super::line::{Entry, text};
use super::lock::{Held, Lease, Lock, RenewError, Taken};
use super::{Found, FoundOr, JobKey, LedgerError, Opened, RunKey, S3Access, is_cut_off};
use crate::outcome::ExitStatus;

/// Entries that wait to be put; beyond these the newest are dropped and counted: their jobs would be
/// looked at again.
const WAITING_LEN_MAX: usize = 100_000;

/// Entries of one object.
const PART_LEN_MAX: usize = 500;

/// The least time from one object to the next, so that a fast run does not make one for each job.
const PART_INTERVAL: Duration = Duration::from_secs(1);

/// How often a part is put before it is given up, with a second in between; the SDK tries each time
/// three times.
const PART_TRIES: usize = 5;

/// The objects of a ledger.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    access: S3Access,
    bucket: String,
    prefix: String,
}

/// How a run ended, as `ended.json` has it.
#[derive(Debug, Serialize, Deserialize)]
struct Ended {
    exit_code: u8,
    ended_at: DateTime<Utc>,
}

/// The ledger of a run that has the lock.
#[derive(Debug)]
pub(super) struct S3Ledger {
    objects: Objects,
    run_id: String,
    lock: Lock,
    entries: mpsc::Sender<Entry>,
    dropped: AtomicUsize,
    is_lost: watch::Receiver<bool>,
    good_until: Arc<std::sync::Mutex<Instant>>,
    work: Mutex<Option<Work>>,
}

/// What goes on behind the run.
#[derive(Debug)]
struct Work {
    /// Ends when it is told to, with the entries that could not be put.
    writer: JoinHandle<usize>,
    end: watch::Sender<bool>,
    renewer: JoinHandle<Held>,
}

impl S3Ledger {
    pub(super) async fn open(
        bucket: &str,
        prefix: &str,
        key: &RunKey,
        access: S3Access,
    ) -> Result<FoundOr<Self>, LedgerError> {
        let objects = Objects {
            access,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        if let Some(id) = &key.id
            && let Some(done) = objects.done_before(id).await?
        {
            return Ok(FoundOr::Otherwise(done));
        }
        let lock = Lock {
            key: objects.key(&lock_name(key.shard)),
            objects: objects.clone(),
        };
        let owner = format!("{:016x}", rand::random::<u64>());
        let lease = objects.access.lease;
        let ours = |before: Option<&Lease>| Lease {
            run_id: run_id(key, before),
            owner: owner.clone(),
            expires_at: Utc::now() + lease,
            exit_code: None,
        };
        let (mut held, before) = match lock.take(ours).await? {
            Taken::Ours { held, before } => (held, before),
            Taken::Live(lease) => {
                let run_id = lease.run_id;
                return Ok(FoundOr::Otherwise(Opened::Busy { run_id }));
            }
        };
        let taken_at = Instant::now();
        // It may have ended well between the first look and the lock, or without giving it back.
        if before.is_some()
            && let Some(done) = objects.done_before(&held.lease.run_id).await?
        {
            if key.id.is_some() {
                let _ = lock.release(held, ExitStatus::Done.code()).await;
                return Ok(FoundOr::Otherwise(done));
            }
            held.lease.run_id.clone_from(&key.new_id);
        }
        let run_id = held.lease.run_id.clone();
        let store = Self::start(objects.clone(), lock, held, taken_at);
        // The lease is renewed while all that was done is read.
        let (is_begun, recorded) = match objects.recorded(&run_id).await {
            Ok(recorded) => recorded,
            Err(error) => {
                store.abandon().await;
                return Err(error);
            }
        };
        let is_resumed = is_begun || before.is_some_and(|before| before.run_id == run_id);
        Ok(FoundOr::Found(Box::new(Found {
            run_id,
            is_resumed,
            recorded,
            store,
        })))
    }

    fn start(objects: Objects, lock: Lock, held: Held, taken_at: Instant) -> Self {
        let (entries, waiting) = mpsc::channel(WAITING_LEN_MAX);
        let (end, ended) = watch::channel(false);
        let (lose, is_lost) = watch::channel(false);
        let Lease { run_id, owner, .. } = held.lease.clone();
        let writer = Writer {
            objects: objects.clone(),
            parts: objects.key(&format!("runs/{run_id}/part-{owner}")),
            waiting,
            ended: ended.clone(),
        };
        let good_until = Arc::new(std::sync::Mutex::new(taken_at + objects.access.lease));
        let renewer = Renewer {
            lock: lock.clone(),
            lease: objects.access.lease,
            good_until: Arc::clone(&good_until),
            lose,
        };
        let work = Work {
            writer: tokio::spawn(writer.write()),
            end,
            renewer: tokio::spawn(renewer.renew(held, ended)),
        };
        Self {
            objects,
            run_id,
            lock,
            entries,
            dropped: AtomicUsize::new(0),
            is_lost,
            good_until,
            work: Mutex::new(Some(work)),
        }
    }

    /// Whether the lease is good at this moment, by our own clock.
    pub(super) fn is_held(&self) -> bool {
        let good_until = self.good_until.lock();
        Instant::now() < *good_until.unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the lock back for a run that did nothing, so that it may be started again at once.
    pub(super) async fn abandon(&self) {
        if let Some(work) = self.work.lock().await.take() {
            work.end.send_replace(true);
            if let Ok(held) = work.renewer.await {
                let _ = self.lock.release(held, ExitStatus::Stopped.code()).await;
            }
        }
    }

    pub(super) fn record(&self, entry: Entry) {
        if self.entries.try_send(entry).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) async fn lost(&self) {
        let mut is_lost = self.is_lost.clone();
        if is_lost.wait_for(|is_lost| *is_lost).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) async fn finish(&self, status: ExitStatus) -> Result<(), LedgerError> {
        let place = || self.objects.place("");
        let Some(work) = self.work.lock().await.take() else {
            return Ok(());
        };
        work.end.send_replace(true);
        let not_put = work.writer.await.unwrap_or(0);
        let held = work.renewer.await;
        if *self.is_lost.borrow() {
            return Err(LedgerError::LeaseLost { place: place() });
        }
        let ended = Ended {
            exit_code: status.code(),
            ended_at: Utc::now(),
        };
        let key = self
            .objects
            .key(&format!("runs/{}/ended.json", self.run_id));
        let body = serde_json::to_vec(&ended).unwrap_or_default();
        let put = self.objects.put(&key, body).send().await;
        let noted = put.map_err(|error| self.objects.failed(&key, "PutObject", &error));
        // The lock is given back whatever came of the note.
        if let Ok(held) = held {
            match self.lock.release(held, status.code()).await {
                Ok(()) => {}
                Err(RenewError::Lost) => return Err(LedgerError::LeaseLost { place: place() }),
                Err(RenewError::Failed(error)) => return Err(error),
            }
        }
        noted?;
        match not_put + self.dropped.load(Ordering::Relaxed) {
            0 => Ok(()),
            count => Err(LedgerError::NotNoted {
                place: place(),
                count,
            }),
        }
    }
}

/// The run that the lock is taken for.
fn run_id(key: &RunKey, before: Option<&Lease>) -> String {
    let cut_off = before.filter(|lease| lease.exit_code.is_none_or(is_cut_off));
    match (&key.id, cut_off) {
        (Some(id), _) => id.clone(),
        (None, Some(lease)) => lease.run_id.clone(),
        (None, None) => key.new_id.clone(),
    }
}

fn lock_name(shard: Option<(u32, u32)>) -> String {
    match shard {
        Some((index, count)) => format!("lock-{index}-of-{count}.json"),
        None => "lock.json".to_owned(),
    }
}

/// Keeps the lease.
struct Renewer {
    lock: Lock,
    lease: Duration,
    /// Until when the lease is surely ours: counted from before the call that wrote it.
    good_until: Arc<std::sync::Mutex<Instant>>,
    lose: watch::Sender<bool>,
}

impl Renewer {
    /// Until it is told to end or the lease is lost; answers what it then holds.
    async fn renew(self, mut held: Held, mut ended: watch::Receiver<bool>) -> Held {
        let mut ticks = tokio::time::interval(self.lease / 3);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            tokio::select! {
                _ = ended.wait_for(|ended| *ended) => return held,
                _ = ticks.tick() => {}
            }
            let renewed_at = Instant::now();
            let renewed = self.lock.renew(&mut held, self.lease);
            match tokio::time::timeout_at(self.good_until(), renewed).await {
                Ok(Ok(())) => {
                    let good_until = renewed_at + self.lease;
                    *self
                        .good_until
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner) = good_until;
                }
                Ok(Err(RenewError::Failed(error))) if Instant::now() < self.good_until() => {
                    tracing::warn!("renew the lease: {error}");
                }
                Ok(Err(RenewError::Failed(_) | RenewError::Lost)) | Err(_) => {
                    tracing::error!("the lease of run {} is lost", held.lease.run_id);
                    self.lose.send_replace(true);
                    return held;
                }
            }
        }
    }

    fn good_until(&self) -> Instant {
        *self
            .good_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts what is done, so many entries at once.
struct Writer {
    objects: Objects,
    /// What the keys of the parts begin with.
    parts: String,
    waiting: mpsc::Receiver<Entry>,
    ended: watch::Receiver<bool>,
}

impl Writer {
    /// Until it is told to end and nothing waits; answers how many entries could not be put.
    async fn write(mut self) -> usize {
        let (mut number, mut not_put) = (0, 0);
        let mut batch = Vec::new();
        loop {
            let is_last = *self.ended.borrow();
            if is_last {
                self.waiting.close();
            }
            tokio::select! {
                received = self.waiting.recv_many(&mut batch, PART_LEN_MAX) => if received == 0 {
                    return not_put;
                },
                _ = self.ended.wait_for(|ended| *ended), if !is_last => continue,
            }
            let next = Instant::now() + PART_INTERVAL;
            let key = format!("{}-{number:06}.jsonl", self.parts);
            number += 1;
            if !self.put(&key, &batch).await {
                not_put += batch.len();
            }
            batch.clear();
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                _ = self.ended.wait_for(|ended| *ended) => {}
            }
        }
    }

    async fn put(&self, key: &str, batch: &[Entry]) -> bool {
        let body: String = batch.iter().map(text).collect();
        for attempt in 1..=PART_TRIES {
            let put = self
                .objects
                .put(key, body.clone().into_bytes())
                .send()
                .await;
            let Err(error) = put else { return true };
            let error = self.objects.failed(key, "PutObject", &error);
            tracing::warn!(attempt, "note what is done: {error}");
            if attempt < PART_TRIES {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        false
    }
}

impl Objects {
    pub(super) fn key(&self, name: &str) -> String {
        match self.prefix.as_str() {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        }
    }

    /// How errors name an object.
    pub(super) fn place(&self, key: &str) -> String {
        let key = if key.is_empty() { &self.prefix } else { key };
        format!("s3://{}/{key}", self.bucket)
    }

    /// An object's bytes and its ETag; nothing when it is not there.
    pub(super) async fn read(&self, key: &str) -> Result<Option<(Vec<u8>, String)>, LedgerError> {
        let get = self
            .access
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key);
        let get = get.set_expected_bucket_owner(self.access.owner.clone());
        let object = match get.send().await {
            Ok(object) => object,
            Err(error)
                if matches!(error.as_service_error(), Some(GetObjectError::NoSuchKey(_))) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(self.failed(key, "GetObject", &error)),
        };
        let etag = object.e_tag.unwrap_or_default();
        let body = object.body.collect().await;
        let body = body.map_err(|error| LedgerError::Call {
            place: self.place(key),
            operation: "GetObject",
            message: error.to_string(),
        })?;
        Ok(Some((body.to_vec(), etag)))
    }

    /// What an object of ours says.
    pub(super) fn parse<T: DeserializeOwned>(
        &self,
        key: &str,
        body: &[u8],
    ) -> Result<T, LedgerError> {
        let parsed = serde_json::from_slice(body);
        parsed.map_err(|_| LedgerError::Foreign {
            place: self.place(key),
        })
    }

    pub(super) fn put(&self, key: &str, body: Vec<u8>) -> PutObjectFluentBuilder {
        let put = self
            .access
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key);
        put.set_expected_bucket_owner(self.access.owner.clone())
            .content_type("application/json")
            .body(body.into())
    }

    pub(super) fn failed(
        &self,
        key: &str,
        operation: &'static str,
        error: &SdkError<impl ProvideErrorMetadata + Error + 'static, HttpResponse>,
    ) -> LedgerError {
        LedgerError::Call {
            place: self.place(key),
            operation,
            message: crate::aws::told(error),
        }
    }

    async fn done_before(&self, run_id: &str) -> Result<Option<Opened>, LedgerError> {
        let key = self.key(&format!("runs/{run_id}/ended.json"));
        let Some((body, _)) = self.read(&key).await? else {
            return Ok(None);
        };
        let ended: Ended = self.parse(&key, &body)?;
        Ok((ended.exit_code == 0).then(|| Opened::AlreadyDone {
            run_id: run_id.to_owned(),
            ended_at: ended.ended_at.to_rfc3339(),
        }))
    }

    /// Whether the run was begun before, and the jobs that it has done.
    async fn recorded(&self, run_id: &str) -> Result<(bool, HashSet<JobKey>), LedgerError> {
        let prefix = self.key(&format!("runs/{run_id}/"));
        let mut pages = self
            .access
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(&prefix)
            .set_expected_bucket_owner(self.access.owner.clone())
            .into_paginator()
            .send();
        let (mut is_begun, mut recorded) = (false, HashSet::new());
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.failed(&prefix, "ListObjectsV2", &error))?;
            for object in page.contents() {
                let key = object.key().unwrap_or_default();
                let name = key.strip_prefix(&prefix).unwrap_or_default();
                // A shard's objects stand deeper, and are another run's.
                is_begun |= !name.contains('/');
                if name.starts_with("part-") {
                    recorded.extend(self.part(key).await?);
                }
            }
        }
        Ok((is_begun, recorded))
    }

    async fn part(&self, key: &str) -> Result<Vec<JobKey>, LedgerError> {
        let (body, _) = self.read(key).await?.unwrap_or_default();
        let entries = body.split(|&byte| byte == b'\n');
        let entry = |line| serde_json::from_slice::<Entry>(line).ok()?.key();
        Ok(entries.filter_map(entry).collect())
    }
}
