//! The clients' side of the queue: jobs go in, and cancels of them.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::jobs::{IdempotencyKey, NewJob, Submitted, is_same_submission, key_is_over, settle_partial};
use crate::verbs::Submissions;
use async_trait::async_trait;
use fuelcell_domain::state::{CancelOutcome, TransitionError};
use fuelcell_domain::{CancelRequest, Job, JobId, JobState, Ordinal, ProjectRef, Timestamp};

#[async_trait]
impl Submissions for MemoryStore {
    async fn submit(&self, new: NewJob) -> Result<Submitted, StoreError> {
        self.records().submit(new)
    }

    async fn submit_many(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted, StoreError>>, StoreError> {
        let mut records = self.records();
        Ok(new.into_iter().map(|new| records.submit(new)).collect())
    }

    async fn used_key(
        &self,
        project: ProjectRef,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Submitted>, StoreError> {
        Ok(self.records().used_key(project, key, now))
    }

    async fn forget_keys(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        Ok(self.records().forget_keys(now, limit))
    }

    async fn request_cancel(
        &self,
        project: ProjectRef,
        job: JobId,
        request: CancelRequest,
    ) -> Result<(CancelOutcome, Job), StoreError> {
        self.records().request_cancel(project, job, request)
    }
}

impl Records {
    pub(super) fn submit(&mut self, new: NewJob) -> Result<Submitted, StoreError> {
        let NewJob { mut job, idempotency, audit } = new;
        if let Some(stored) = self.jobs.get(&job.id) {
            return match is_same_submission(stored, &job) {
                true => Ok(Submitted::Queued(stored.clone())),
                false => Err(StoreError::Conflict(format!("job {} exists already", job.id))),
            };
        }
        let now = job.created_at;
        if let Some(used) = idempotency.as_ref().and_then(|key| self.used_key(job.project, key, now)) {
            return Ok(used);
        }
        if job.state != JobState::Queued {
            return Err(TransitionError::NotQueued(job.state).into());
        }
        self.refuse_removed(job.project)?;
        let queued = self.queued().filter(|other| other.project == job.project).count() as u64;
        let stored = self.stored_bytes(job.project);
        self.project_limits(job.project).admit(&mut job, queued, stored)?;
        job.ordinal = self.last_ordinal(job.project) + 1;
        if let Some(IdempotencyKey { key, body }) = idempotency {
            self.keys.insert((job.project, key), (body, job.id));
        }
        self.audit.extend(audit);
        self.jobs.insert(job.id, job.clone());
        self.tell_move(None, &job, now);
        Ok(Submitted::Queued(job))
    }

    fn last_ordinal(&self, project: ProjectRef) -> Ordinal {
        let own = self.jobs.values().chain(&self.deleted).filter(|job| job.project == project);
        own.map(|job| job.ordinal).max().unwrap_or(0)
    }

    pub(super) fn used_key(
        &self,
        project: ProjectRef,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Option<Submitted> {
        let used = self.keys.get(&(project, key.key.clone()));
        let (body, first) = used.filter(|(_, job)| !key_is_over(*job, now))?;
        Some(match (*body == key.body, self.jobs.get(first)) {
            (true, Some(job)) => Submitted::Repeated(job.clone()),
            (true, None) => Submitted::Forgotten(*first),
            (false, _) => Submitted::KeyConflict,
        })
    }

    pub(super) fn forget_keys(&mut self, now: Timestamp, limit: usize) -> u64 {
        let over = self.keys.iter().filter(|(_, (_, job))| key_is_over(*job, now));
        let over: Vec<_> = over.map(|(key, _)| key.clone()).take(limit).collect();
        for key in &over {
            self.keys.remove(key);
        }
        over.len() as u64
    }

    pub(super) fn request_cancel(
        &mut self,
        project: ProjectRef,
        id: JobId,
        request: CancelRequest,
    ) -> Result<(CancelOutcome, Job), StoreError> {
        let job =
            self.jobs.get_mut(&id).filter(|job| job.project == project).ok_or(StoreError::NotFound("job"))?;
        let at = request.at;
        let before = job.clone();
        let outcome = job.request_cancel(request)?;
        settle_partial(job);
        let job = job.clone();
        self.tell_move(Some(&before), &job, at);
        if outcome == CancelOutcome::Cancelled {
            self.count_usage(&job, None, at);
        }
        Ok((outcome, job))
    }
}
