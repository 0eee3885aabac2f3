//! The workers' side of the queue: jobs are chosen, claimed, run and ended.

use crate::index::entries::Placed;
use crate::index::queue::Queue as QueueIndex;
use crate::records::job::{self as records, held};
use crate::records::{stored, usage};
use crate::store::SledStore;
use crate::tables::database::Read;
use crate::tables::keys::{self, JobKey, Table};
use crate::verbs::{datasets, processed};
use crate::write::committer::{Durability, Space};
use crate::write::overlay::Overlay;
use crate::write::shared::Shared;
use async_trait::async_trait;
use fuelcell_domain::job::Pulse;
use fuelcell_domain::{
    AttemptId, Holder, Incarnation, Job, JobError, JobId, JobState, Lease, NodeId, Receipt, Timestamp,
    Transition,
};
use fuelcell_store::jobs::{is_of_earlier_life, settle_partial};
use fuelcell_store::verbs::{Backlog, Queue};
use fuelcell_store::{BlobRef, Claim, Finish, QueueEntry, StoreError};
use std::sync::Arc;

/// Places of the queue, with what is known of who waits there.
pub(crate) type Line = Vec<(Placed, Option<QueueEntry>)>;

/// So few records of the queue are read where somebody asks for them; to have another thread read them costs more.
const FEW: usize = 8;

impl SledStore {
    /// What the queue shows of who waits in this line.
    async fn entries(&self, line: Line) -> Result<Vec<QueueEntry>, StoreError> {
        match unknown(&line) <= FEW {
            true => entries(&self.shared, line),
            false => self.read_many(move |shared| entries(shared, line)).await,
        }
    }

    /// Reads what the next looks at the queue will ask for, so that they need not wait for it.
    fn read_ahead(&self, now: Timestamp, limit: usize) {
        let Ok(turn) = Arc::clone(&self.reads_ahead).try_acquire_owned() else { return };
        let line = heads(&self.shared, now, 2 * limit);
        if unknown(&line) > limit / 2 {
            let shared = Arc::clone(&self.shared);
            tokio::task::spawn_blocking(move || {
                // Whoever asks for what cannot be read will hear of it then.
                let _ = entries(&shared, line);
                drop(turn);
            });
        }
    }
}

#[async_trait]
impl Backlog for SledStore {
    async fn ready(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        self.shared.check()?;
        self.entries(ready(&self.shared, now, limit)).await
    }

    async fn heads(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        self.shared.check()?;
        let entries = self.entries(heads(&self.shared, now, limit)).await;
        self.read_ahead(now, limit);
        entries
    }

    async fn next_not_before(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.shared.check()?;
        Ok(next_not_before(&self.shared, now))
    }
}

#[async_trait]
impl Queue for SledStore {
    async fn claim(
        &self,
        jobs: &[JobId],
        lease: Lease,
        holder: Holder,
        now: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        let jobs = jobs.to_vec();
        self.write(move |overlay| claim(overlay, &jobs, &lease, holder, now)).await
    }

    async fn extend_leases(
        &self,
        attempts: &[AttemptId],
        until: Timestamp,
    ) -> Result<Vec<AttemptId>, StoreError> {
        let attempts = attempts.to_vec();
        self.end(move |overlay| extend_leases(overlay, &attempts, until)).await
    }

    async fn record_pulse(&self, attempt: AttemptId, pulse: Pulse, now: Timestamp) -> Result<(), StoreError> {
        self.call(Durability::Relaxed, Space::Takes, move |overlay| {
            records::write_pulse(overlay, attempt, pulse, now)
        })
        .await
    }

    async fn set_checkpoint(&self, attempt: AttemptId, blob: BlobRef) -> Result<(), StoreError> {
        self.write(move |overlay| set_checkpoint(overlay, attempt, blob)).await
    }

    async fn finish(&self, finish: Finish) -> Result<Job, StoreError> {
        self.end(move |overlay| self::finish(overlay, &finish)).await
    }

    async fn expire_leases(&self, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        self.end(move |overlay| {
            lose(overlay, now, |job| job.lease.as_ref().is_some_and(|lease| lease.expires_at <= now))
        })
        .await
    }

    async fn release_node(
        &self,
        node: &NodeId,
        present: Incarnation,
        now: Timestamp,
    ) -> Result<Vec<JobId>, StoreError> {
        let node = node.clone();
        self.end(move |overlay| lose(overlay, now, |job| is_of_earlier_life(job, &node, present))).await
    }

    async fn fail_queued(&self, job: JobId, error: JobError, now: Timestamp) -> Result<(), StoreError> {
        self.end(move |overlay| fail_queued(overlay, job, error, now)).await
    }
}

pub(crate) fn ready(shared: &Shared, now: Timestamp, limit: usize) -> Line {
    let image = shared.arrived(now);
    line(image.queue(), image.queue().ready(now, limit))
}

pub(crate) fn heads(shared: &Shared, now: Timestamp, limit: usize) -> Line {
    let image = shared.arrived(now);
    line(image.queue(), image.queue().heads(now, limit))
}

fn line(queue: &QueueIndex, places: Vec<Placed>) -> Line {
    places.into_iter().map(|placed| (placed, queue.entry(placed).cloned())).collect()
}

/// How many of a line are to be read from the database.
pub(crate) fn unknown(line: &Line) -> usize {
    line.iter().filter(|(_, known)| known.is_none()).count()
}

/// The entries of a line. Whoever has left the queue meanwhile may or may not be among them.
pub(crate) fn entries(shared: &Shared, line: Line) -> Result<Vec<QueueEntry>, StoreError> {
    let (mut entries, mut learnt) = (Vec::with_capacity(line.len()), Vec::new());
    for ((order, _), known) in line {
        let entry = match known {
            Some(entry) => Some(entry),
            None => {
                let place = JobKey::of(order.project, order.ordinal);
                let job = records::load(&shared.database, place)?;
                let entry = job.as_ref().and_then(records::queue_entry);
                learnt.extend(entry.clone());
                entry
            }
        };
        entries.extend(entry);
    }
    if !learnt.is_empty() {
        shared.image.write().learn(learnt);
    }
    Ok(entries)
}

pub(crate) fn next_not_before(shared: &Shared, now: Timestamp) -> Option<Timestamp> {
    shared.image().queue().next_time(now)
}

pub(crate) fn claim(
    overlay: &mut Overlay<'_>,
    jobs: &[JobId],
    lease: &Lease,
    holder: Holder,
    now: Timestamp,
) -> Result<Vec<Claim>, StoreError> {
    let mut claims = Vec::new();
    for id in jobs {
        let Some(before) = records::find(overlay, *id)? else { continue };
        let mut job = before.clone();
        if job.holder == Some(holder) {
            // It was started by this claim before, perhaps just now.
            if claims.iter().any(|claim: &Claim| claim.job.id == *id) {
                continue;
            }
        } else {
            if job.claim(lease.clone(), holder, now).is_err() {
                continue;
            }
            records::update(overlay, &before, &job, now)?;
        }
        let checkpoint = if before.attempt > 0 { checkpoint(overlay, *id)? } else { None };
        claims.push(Claim { job, checkpoint });
    }
    Ok(claims)
}

pub(crate) fn extend_leases(
    overlay: &mut Overlay<'_>,
    attempts: &[AttemptId],
    until: Timestamp,
) -> Result<Vec<AttemptId>, StoreError> {
    let mut stale = Vec::new();
    for attempt in attempts {
        let before = match held(overlay, *attempt) {
            Ok(job) => job,
            Err(StoreError::Stale(_)) => {
                stale.push(*attempt);
                continue;
            }
            Err(error) => return Err(error),
        };
        let mut job = before.clone();
        if let Some(lease) = &mut job.lease {
            lease.expires_at = until;
        }
        records::rewrite(overlay, &before, &job)?;
    }
    Ok(stale)
}

pub(crate) fn set_checkpoint(
    overlay: &mut Overlay<'_>,
    attempt: AttemptId,
    blob: BlobRef,
) -> Result<(), StoreError> {
    let job = held(overlay, attempt)?;
    let before = checkpoint(overlay, job.id)?;
    if before.is_none_or(|before| before.digest != blob.digest) {
        if let Some(before) = before {
            stored::let_go(overlay, job.project, stored::CHECKPOINTS, before)?;
        }
        stored::replace(overlay, job.project, stored::CHECKPOINTS, 0, blob.size)?;
    }
    overlay.put(Table::Checkpoints, attempt.job.0.as_bytes(), &blob)
}

pub(crate) fn checkpoint(records: &impl Read, job: JobId) -> Result<Option<BlobRef>, StoreError> {
    records.get(Table::Checkpoints, job.0.as_bytes())
}

pub(crate) fn finish(overlay: &mut Overlay<'_>, finish: &Finish) -> Result<Job, StoreError> {
    let before = match held(overlay, finish.attempt) {
        Ok(job) => job,
        Err(refusal) => return finished(overlay, finish)?.ok_or(refusal),
    };
    let mut job = before.clone();
    finish.apply(&mut job)?;
    records::update(overlay, &before, &job, finish.at)?;
    overlay.add(Table::Receipts, &keys::of_job(job.id, finish.attempt.number), &finish.receipt)?;
    usage::count(overlay, &job, Some(&finish.receipt), finish.at)?;
    let published = finish.published(&job);
    if !published.is_empty() {
        // Nothing was published before: whoever publishes has ended.
        stored::replace(overlay, job.project, stored::ARTIFACTS, 0, stored::of_artifacts(&published))?;
        overlay.put(Table::Artifacts, job.id.0.as_bytes(), &published)?;
    }
    if job.state == JobState::Completed {
        processed::mark(overlay, &job, &finish.marks)?;
        datasets::count_rows(overlay, &job)?;
    }
    Ok(job)
}

/// The job of an end that was stored before.
fn finished(overlay: &Overlay<'_>, finish: &Finish) -> Result<Option<Job>, StoreError> {
    let AttemptId { job, number, .. } = finish.attempt;
    let given: Option<Receipt> = overlay.get(Table::Receipts, &keys::of_job(job, number))?;
    match given {
        Some(given) if given == finish.receipt => records::find(overlay, job),
        _ => Ok(None),
    }
}

/// Takes the job from every running attempt whose lease is `gone`.
pub(crate) fn lose(
    overlay: &mut Overlay<'_>,
    now: Timestamp,
    gone: impl Fn(&Job) -> bool,
) -> Result<Vec<JobId>, StoreError> {
    let mut lost = Vec::new();
    for place in overlay.maybe_running() {
        let Some(before) = records::load(overlay, place)? else { continue };
        if !gone(&before) {
            continue;
        }
        let attempt = before.current_attempt();
        let receipt = Receipt::of_lost(&before, now);
        overlay.add(Table::Receipts, &keys::of_job(attempt.job, attempt.number), &receipt)?;
        let mut job = before.clone();
        job.leave_running(job.current_attempt(), Transition::Lose, now)?;
        settle_partial(&mut job);
        records::update(overlay, &before, &job, now)?;
        usage::count(overlay, &job, Some(&receipt), now)?;
        lost.push(job.id);
    }
    Ok(lost)
}

pub(crate) fn fail_queued(
    overlay: &mut Overlay<'_>,
    id: JobId,
    error: JobError,
    now: Timestamp,
) -> Result<(), StoreError> {
    let before = records::find(overlay, id)?.ok_or(StoreError::NotFound("job"))?;
    let mut job = before.clone();
    job.fail_queued(error, now)?;
    settle_partial(&mut job);
    records::update(overlay, &before, &job, now)?;
    usage::count(overlay, &job, None, now)
}
