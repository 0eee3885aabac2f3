//! The life of jobs: into the queue, through attempts, to an end.

use crate::database::{Database, Read};
use crate::keys::{self, Place, Table, counters};
use crate::overlay::Overlay;
use crate::records::{self, held};
use crate::removal::refuse_removed;
use crate::{audit, processed, registry, stored, tenancy, usage};
use fuelcell_domain::state::{CancelOutcome, TransitionError};
use fuelcell_domain::{
    Artifact, AttemptId, CancelRequest, Digest, Job, JobError, JobId, JobState, Lease, ProjectRef, Receipt,
    Timestamp, Transition,
};
use fuelcell_store::jobs::{key_is_over, publishes, settle_partial};
use fuelcell_store::{BlobRef, Claim, Finish, IdempotencyKey, NewJob, StoreError, Submitted};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// What a client's key was used for.
#[derive(Serialize, Deserialize)]
pub(crate) struct UsedKey {
    pub(crate) body: Digest,
    pub(crate) job: JobId,
}

pub(crate) fn submit(overlay: &mut Overlay<'_>, new: NewJob) -> Result<Submitted, StoreError> {
    let NewJob { mut job, idempotency, audit } = new;
    if let Some(key) = &idempotency
        && let Some(answer) = used_key(overlay, job.project, key, job.created_at)?
    {
        return Ok(answer);
    }
    if job.state != JobState::Queued {
        return Err(TransitionError::NotQueued(job.state).into());
    }
    if records::place(overlay, job.id)?.is_some() {
        return Err(StoreError::Conflict(format!("job {} exists already", job.id)));
    }
    refuse_removed(overlay, job.project)?;
    let queued = overlay.queued_jobs(job.project);
    let stored = stored::of_project(overlay, job.project)?;
    tenancy::project_limits(overlay, job.project)?.admit(&mut job, queued, stored)?;
    stored::replace(overlay, job.project, stored::RECORDS, 0, job.stored_size())?;
    job.ordinal = overlay.next_number(&counters::jobs(job.project))?;
    if let Some(IdempotencyKey { key, body }) = idempotency {
        let used = UsedKey { body, job: job.id };
        overlay.put(Table::IdempotencyKeys, &keys::idempotency(job.project, &key), &used)?;
    }
    if let Some(entry) = audit {
        audit::append(overlay, &entry)?;
    }
    records::insert(overlay, &job)?;
    Ok(Submitted::Queued(job))
}

pub(crate) fn submit_many(
    overlay: &mut Overlay<'_>,
    new: Vec<NewJob>,
) -> Result<Vec<Result<Submitted, StoreError>>, StoreError> {
    let mut answers = Vec::with_capacity(new.len());
    for new in new {
        // A refusal comes before the first write, so that it leaves nothing of its job.
        match submit(overlay, new) {
            Err(error) if error.is_of_the_medium() => return Err(error),
            answer => answers.push(answer),
        }
    }
    Ok(answers)
}

pub(crate) fn used_key(
    records: &impl Read,
    project: ProjectRef,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Result<Option<Submitted>, StoreError> {
    let used = records.get::<UsedKey>(Table::IdempotencyKeys, &keys::idempotency(project, &key.key))?;
    let Some(used) = used.filter(|used| !key_is_over(used.job, now)) else { return Ok(None) };
    if used.body != key.body {
        return Ok(Some(Submitted::KeyConflict));
    }
    let first = records::find(records, used.job)?;
    Ok(Some(first.map_or(Submitted::Forgotten(used.job), Submitted::Repeated)))
}

/// Places of keys whose life is over.
pub(crate) fn keys_that_are_over(
    database: &Database,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut over = Vec::new();
    database.visit(Table::IdempotencyKeys, &[], |key, used: UsedKey| {
        if key_is_over(used.job, now) {
            over.push(key.to_vec());
        }
        if over.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(over)
}

/// Forgets those of them whose life is still over: one may have been used again.
pub(crate) fn forget_keys(
    overlay: &mut Overlay<'_>,
    found: &[Vec<u8>],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    for key in found {
        let used = overlay.get::<UsedKey>(Table::IdempotencyKeys, key)?;
        if used.is_some_and(|used| key_is_over(used.job, now)) {
            overlay.remove(Table::IdempotencyKeys, key)?;
            forgotten += 1;
        }
    }
    Ok(forgotten)
}

pub(crate) fn claim(
    overlay: &mut Overlay<'_>,
    jobs: &[JobId],
    lease: &Lease,
    now: Timestamp,
) -> Result<Vec<Claim>, StoreError> {
    let mut claims = Vec::new();
    for id in jobs {
        let Some(before) = records::find(overlay, *id)? else { continue };
        let mut job = before.clone();
        if job.claim(lease.clone(), now).is_err() {
            continue;
        }
        records::update(overlay, &before, &job)?;
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
        records::update(overlay, &before, &job)?;
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

pub(crate) fn artifacts(records: &impl Read, job: JobId) -> Result<Vec<Artifact>, StoreError> {
    Ok(records.get(Table::Artifacts, job.0.as_bytes())?.unwrap_or_default())
}

pub(crate) fn finish(overlay: &mut Overlay<'_>, finish: &Finish) -> Result<Job, StoreError> {
    let before = held(overlay, finish.attempt)?;
    let mut job = before.clone();
    finish.apply(&mut job)?;
    records::update(overlay, &before, &job)?;
    overlay.add(Table::Receipts, &keys::of_job(job.id, finish.attempt.number), &finish.receipt)?;
    usage::count(overlay, &job, Some(&finish.receipt), finish.at)?;
    match &finish.artifacts[..] {
        _ if !publishes(&job) => {}
        [] => overlay.remove(Table::Artifacts, job.id.0.as_bytes())?,
        artifacts => {
            // Nothing was published before: whoever publishes has ended.
            let bytes = stored::of_artifacts(artifacts);
            stored::replace(overlay, job.project, stored::ARTIFACTS, 0, bytes)?;
            overlay.put(Table::Artifacts, job.id.0.as_bytes(), &artifacts)?;
        }
    }
    if job.state == JobState::Completed {
        processed::mark(overlay, &job, &finish.marks)?;
        registry::count_rows(overlay, &job)?;
    }
    Ok(job)
}

/// Takes the job from every running attempt whose lease is `gone`.
pub(crate) fn lose(
    overlay: &mut Overlay<'_>,
    now: Timestamp,
    gone: impl Fn(&Lease) -> bool,
) -> Result<Vec<JobId>, StoreError> {
    let mut lost = Vec::new();
    for place in overlay.maybe_running() {
        let Some(before) = records::load(overlay, place)? else { continue };
        if !before.lease.as_ref().is_some_and(&gone) {
            continue;
        }
        let attempt = before.current_attempt();
        let receipt = Receipt::of_lost(&before, now);
        overlay.add(Table::Receipts, &keys::of_job(attempt.job, attempt.number), &receipt)?;
        let mut job = before.clone();
        job.leave_running(job.current_attempt(), Transition::Lose, now)?;
        settle_partial(&mut job);
        records::update(overlay, &before, &job)?;
        usage::count(overlay, &job, Some(&receipt), now)?;
        lost.push(job.id);
    }
    Ok(lost)
}

pub(crate) fn request_cancel(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    id: JobId,
    request: CancelRequest,
) -> Result<(CancelOutcome, Job), StoreError> {
    let before = job(overlay, project, id)?.ok_or(StoreError::NotFound("job"))?;
    let mut job = before.clone();
    let at = request.at;
    let outcome = job.request_cancel(request)?;
    settle_partial(&mut job);
    records::update(overlay, &before, &job)?;
    if outcome == CancelOutcome::Cancelled {
        usage::count(overlay, &job, None, at)?;
    }
    Ok((outcome, job))
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
    records::update(overlay, &before, &job)?;
    usage::count(overlay, &job, None, now)
}

pub(crate) fn delete_ended(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    id: JobId,
) -> Result<(), StoreError> {
    let job = job(overlay, project, id)?.ok_or(StoreError::NotFound("job"))?;
    match job.state.is_ended() {
        true => records::delete(overlay, &job),
        false => Err(TransitionError::NotEnded(job.state).into()),
    }
}

/// The project's job with this id.
pub(crate) fn job(records: &impl Read, project: ProjectRef, id: JobId) -> Result<Option<Job>, StoreError> {
    match records::place(records, id)? {
        Some(place) if place.project == project => records::load(records, place),
        Some(Place { .. }) | None => Ok(None),
    }
}
