//! A job's record with everything that moves with it: index, live figures, counters of its tenant and module.

use crate::index::entry::IndexEntry;
use crate::index::image::Change;
use crate::records::{deliveries, events, figures, stored};
use crate::tables::codec::damaged;
use crate::tables::database::Read;
use crate::tables::keys::{self, JobKey, Table, counters};
use crate::write::overlay::Overlay;
use fuelcell_domain::job::Pulse;
use fuelcell_domain::{Artifact, AttemptId, Job, JobEvent, JobId, JobState, LogLine, Timestamp};
use fuelcell_store::{BlobRef, QueueEntry, StoreError};
use serde::{Deserialize, Serialize};

/// Parameters longer than this many bytes are written once, apart from the record that every transition writes again.
const LONG_PARAMETERS: usize = 1024;

/// A job on disk.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredJob {
    pub(crate) job: Job,
    pub(crate) parameters_apart: bool,
}

/// The live figures of an attempt, which may be lost.
#[derive(Serialize, Deserialize)]
pub(crate) struct LivePulse {
    pub(crate) attempt: u32,
    pub(crate) pulse: Pulse,
}

/// Where a job lies.
pub(crate) fn place(records: &impl Read, id: JobId) -> Result<Option<JobKey>, StoreError> {
    records.get(Table::JobPlaces, id.0.as_bytes())
}

/// The job at a place, with its live figures.
pub(crate) fn load(records: &impl Read, place: JobKey) -> Result<Option<Job>, StoreError> {
    let Some(job) = load_without_pulse(records, place)? else { return Ok(None) };
    if job.state != JobState::Running {
        return Ok(Some(job));
    }
    // The figures first: if the job leaves its attempt in between, its record has taken them over.
    let live: Option<LivePulse> = records.get(Table::Pulses, job.id.0.as_bytes())?;
    let again = match records.stands_still() {
        true => Some(job),
        false => load_without_pulse(records, place)?,
    };
    let Some(mut job) = again else { return Ok(None) };
    if let Some(live) = live.filter(|live| job.state == JobState::Running && live.attempt == job.attempt) {
        job.pulse = live.pulse;
    }
    Ok(Some(job))
}

fn load_without_pulse(records: &impl Read, place: JobKey) -> Result<Option<Job>, StoreError> {
    let key = place.key();
    let Some(StoredJob { mut job, parameters_apart }) = records.get(Table::Jobs, &key)? else {
        return Ok(None);
    };
    if parameters_apart {
        job.parameters = records.get(Table::Parameters, &key)?.ok_or_else(|| damaged(Table::Parameters))?;
    }
    Ok(Some(job))
}

/// The job with this id.
pub(crate) fn find(records: &impl Read, id: JobId) -> Result<Option<Job>, StoreError> {
    match place(records, id)? {
        Some(place) => load(records, place),
        None => Ok(None),
    }
}

/// The job that this attempt holds.
pub(crate) fn held(records: &impl Read, attempt: AttemptId) -> Result<Job, StoreError> {
    let job = find(records, attempt.job)?.ok_or(StoreError::Stale(attempt))?;
    job.check_attempt(attempt)?;
    Ok(job)
}

/// Writes a new job.
pub(crate) fn insert(overlay: &mut Overlay<'_>, job: &Job) -> Result<(), StoreError> {
    let place = JobKey::of(job.project, job.ordinal);
    overlay.add(Table::JobPlaces, job.id.0.as_bytes(), &place)?;
    if job.parameters.len() > LONG_PARAMETERS {
        overlay.put(Table::Parameters, &place.key(), &job.parameters)?;
    }
    overlay.add(Table::Jobs, &place.key(), &stored(job))?;
    let after = IndexEntry::of(job);
    overlay.add(Table::JobIndex, &place.key(), &after)?;
    overlay.note(Change { place, before: None, after: Some(after), entry: queue_entry(job) });
    events::tell_move(overlay, None, job, job.created_at)
}

/// Writes a job that moved, and whatever follows from the move.
pub(crate) fn update(
    overlay: &mut Overlay<'_>,
    before: &Job,
    after: &Job,
    at: Timestamp,
) -> Result<(), StoreError> {
    rewrite(overlay, before, after)?;
    deliveries::note_end(overlay, before, after)?;
    events::tell_move(overlay, Some(before), after, at)
}

/// The same of a change that nobody need be told of.
pub(crate) fn rewrite(overlay: &mut Overlay<'_>, before: &Job, after: &Job) -> Result<(), StoreError> {
    let place = JobKey::of(after.project, after.ordinal);
    if before.state == JobState::Running && after.state != JobState::Running {
        overlay.remove(Table::Pulses, after.id.0.as_bytes())?;
    }
    overlay.put(Table::Jobs, &place.key(), &stored(after))?;
    index(overlay, place, before, after)?;
    figures::follow(overlay, before, after)
}

/// Replaces the live figures of a running attempt.
pub(crate) fn write_pulse(
    overlay: &mut Overlay<'_>,
    attempt: AttemptId,
    pulse: Pulse,
    now: Timestamp,
) -> Result<(), StoreError> {
    let job = held(overlay, attempt)?;
    if let Some(event) = JobEvent::of_progress(&job, &pulse.progress, now) {
        events::tell(overlay, job.project, event)?;
    }
    overlay.put(Table::Pulses, attempt.job.0.as_bytes(), &LivePulse { attempt: attempt.number, pulse })
}

fn stored(job: &Job) -> StoredJob {
    let parameters_apart = job.parameters.len() > LONG_PARAMETERS;
    let mut job = job.clone();
    if parameters_apart {
        job.parameters = String::new();
    }
    StoredJob { job, parameters_apart }
}

/// What the queue shows of the job, if it is there.
pub(crate) fn queue_entry(job: &Job) -> Option<QueueEntry> {
    (job.state == JobState::Queued).then(|| QueueEntry::of(job))
}

fn index(overlay: &mut Overlay<'_>, place: JobKey, before: &Job, after: &Job) -> Result<(), StoreError> {
    let entry = queue_entry(after);
    let (before, after) = (IndexEntry::of(before), IndexEntry::of(after));
    if before == after {
        return Ok(());
    }
    overlay.put(Table::JobIndex, &place.key(), &after)?;
    overlay.note(Change { place, before: Some(before), after: Some(after), entry });
    Ok(())
}

/// Does not count any more what is kept under a job's id.
fn free_bytes(overlay: &mut Overlay<'_>, job: &Job) -> Result<(), StoreError> {
    let (id, project) = (job.id.0.as_bytes(), job.project);
    let artifacts: Vec<Artifact> = overlay.get(Table::Artifacts, id)?.unwrap_or_default();
    let checkpoint: Option<BlobRef> = overlay.get(Table::Checkpoints, id)?;
    let mut logs = 0;
    for number in 1..=overlay.get(Table::Counters, &counters::logs(job.id))?.unwrap_or(0) {
        let lines: Vec<LogLine> =
            overlay.get(Table::Logs, &keys::of_job(job.id, number))?.unwrap_or_default();
        logs += stored::of_lines(&lines);
    }
    for Artifact { digest, size, .. } in artifacts {
        stored::let_go(overlay, project, stored::ARTIFACTS, BlobRef { digest, size })?;
    }
    if let Some(bytes) = checkpoint {
        stored::let_go(overlay, project, stored::CHECKPOINTS, bytes)?;
    }
    stored::replace(overlay, project, stored::LOGS, logs, 0)?;
    stored::replace(overlay, project, stored::RECORDS, job.stored_size(), 0)
}

/// Removes an ended job and everything that is kept under its id. A tombstone stays, so that the gap in the ordinals is
/// not taken for a loss.
pub(crate) fn delete(overlay: &mut Overlay<'_>, job: &Job) -> Result<(), StoreError> {
    let place = JobKey::of(job.project, job.ordinal);
    let (id, key) = (job.id.0.as_bytes(), place.key());
    free_bytes(overlay, job)?;
    for table in [Table::JobPlaces, Table::Checkpoints, Table::Artifacts] {
        overlay.remove(table, id)?;
    }
    for table in [Table::Jobs, Table::Parameters, Table::JobIndex] {
        overlay.remove(table, &key)?;
    }
    for attempt in 1..=job.attempt {
        overlay.remove(Table::Receipts, &keys::of_job(job.id, attempt))?;
    }
    let log = counters::logs(job.id);
    for number in 1..=overlay.get(Table::Counters, &log)?.unwrap_or(0) {
        overlay.remove(Table::Logs, &keys::of_job(job.id, number))?;
    }
    overlay.remove(Table::Counters, &log)?;
    events::forget(overlay, job.project, job.id)?;
    overlay.put(Table::DeletedJobs, &key, &job.ordinal)?;
    overlay.note(Change { place, before: Some(IndexEntry::of(job)), after: None, entry: None });
    Ok(())
}
