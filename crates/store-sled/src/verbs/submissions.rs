//! The clients' side of the queue: jobs go in, and cancels of them.

use crate::records::removed::refuse_removed;
use crate::records::{job as records, stored, usage};
use crate::store::SledStore;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table, counters};
use crate::verbs::{accounts, audit, jobs};
use crate::write::overlay::Overlay;
use crate::write::shared::Shared;
use async_trait::async_trait;
use fuelcell_domain::state::{CancelOutcome, TransitionError};
use fuelcell_domain::{CancelRequest, Digest, Job, JobId, JobState, ProjectRef, Timestamp};
use fuelcell_store::jobs::{is_same_submission, key_is_over, settle_partial};
use fuelcell_store::verbs::Submissions;
use fuelcell_store::{IdempotencyKey, NewJob, StoreError, Submitted};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// What a client's key was used for.
#[derive(Serialize, Deserialize)]
pub(crate) struct UsedKey {
    pub(crate) body: Digest,
    pub(crate) job: JobId,
}

#[async_trait]
impl Submissions for SledStore {
    async fn submit(&self, new: NewJob) -> Result<Submitted, StoreError> {
        self.write(move |overlay| submit(overlay, new)).await
    }

    async fn submit_many(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted, StoreError>>, StoreError> {
        self.write(move |overlay| submit_many(overlay, new)).await
    }

    async fn used_key(
        &self,
        project: ProjectRef,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Submitted>, StoreError> {
        used_key(self.database()?, project, key, now)
    }

    async fn forget_keys(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let find = move |shared: &Shared| keys_that_are_over(&shared.database, now, limit);
        let found = self.read_many(find).await?;
        match found.is_empty() {
            true => Ok(0),
            false => self.end(move |overlay| forget_keys(overlay, &found, now)).await,
        }
    }

    async fn request_cancel(
        &self,
        project: ProjectRef,
        job: JobId,
        request: CancelRequest,
    ) -> Result<(CancelOutcome, Job), StoreError> {
        self.end(move |overlay| request_cancel(overlay, project, job, request)).await
    }
}

pub(crate) fn submit(overlay: &mut Overlay<'_>, new: NewJob) -> Result<Submitted, StoreError> {
    let NewJob { mut job, idempotency, audit } = new;
    if let Some(stored) = records::find(overlay, job.id)? {
        return match is_same_submission(&stored, &job) {
            true => Ok(Submitted::Queued(stored)),
            false => Err(StoreError::Conflict(format!("job {} exists already", job.id))),
        };
    }
    if let Some(key) = &idempotency
        && let Some(answer) = used_key(overlay, job.project, key, job.created_at)?
    {
        return Ok(answer);
    }
    if job.state != JobState::Queued {
        return Err(TransitionError::NotQueued(job.state).into());
    }
    refuse_removed(overlay, job.project)?;
    let queued = overlay.queued_jobs(job.project);
    let stored = stored::of_project(overlay, job.project)?;
    accounts::project_limits(overlay, job.project)?.admit(&mut job, queued, stored)?;
    stored::replace(overlay, job.project, stored::RECORDS, 0, job.stored_size())?;
    job.ordinal = overlay.next_number(&counters::jobs(job.project))?.into();
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

pub(crate) fn request_cancel(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    id: JobId,
    request: CancelRequest,
) -> Result<(CancelOutcome, Job), StoreError> {
    let before = jobs::job(overlay, project, id)?.ok_or(StoreError::NotFound("job"))?;
    let mut job = before.clone();
    let at = request.at;
    let outcome = job.request_cancel(request)?;
    settle_partial(&mut job);
    records::update(overlay, &before, &job, at)?;
    if outcome == CancelOutcome::Cancelled {
        usage::count(overlay, &job, None, at)?;
    }
    Ok((outcome, job))
}
