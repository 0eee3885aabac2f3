//! The life of jobs.

use super::Records;
use crate::jobs::{
    Claim, Finish, IdempotencyKey, Lane, NewJob, PageRequest, QueueEntry, QueueOrder, QueuePage, Submitted,
    first_wait, key_is_over, publishes, run_micros, settle_partial, share_of_lane,
};
use crate::{BlobRef, BlobReferences, StoreError};
use fuelcell_domain::state::{CancelOutcome, TransitionError};
use fuelcell_domain::{
    AttemptId, CancelRequest, Job, JobError, JobId, JobState, Lease, Ordinal, ProjectRef, Receipt, Timestamp,
    Transition,
};

use std::collections::BTreeMap;

impl Records {
    pub(super) fn job(&self, project: ProjectRef, id: JobId) -> Option<&Job> {
        self.jobs.get(&id).filter(|job| job.project == project)
    }

    /// The job that this attempt holds.
    pub(super) fn held(&mut self, attempt: AttemptId) -> Result<&mut Job, StoreError> {
        let job = self.jobs.get_mut(&attempt.job).ok_or(StoreError::Stale(attempt))?;
        job.check_attempt(attempt)?;
        Ok(job)
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

    pub(super) fn submit(&mut self, new: NewJob) -> Result<Submitted, StoreError> {
        let NewJob { mut job, idempotency, audit } = new;
        let now = job.created_at;
        if let Some(used) = idempotency.as_ref().and_then(|key| self.used_key(job.project, key, now)) {
            return Ok(used);
        }
        if job.state != JobState::Queued {
            return Err(TransitionError::NotQueued(job.state).into());
        }
        if self.jobs.contains_key(&job.id) {
            return Err(StoreError::Conflict(format!("job {} exists already", job.id)));
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
        Ok(Submitted::Queued(job))
    }

    fn last_ordinal(&self, project: ProjectRef) -> Ordinal {
        let own = self.jobs.values().chain(&self.deleted).filter(|job| job.project == project);
        own.map(|job| job.ordinal).max().unwrap_or(0)
    }

    pub(super) fn queued(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().filter(|job| job.state == JobState::Queued)
    }

    pub(super) fn ready(&self, now: Timestamp, limit: usize) -> Vec<QueueEntry> {
        self.in_line(now).into_iter().take(limit).map(QueueEntry::of).collect()
    }

    /// All queued jobs that may start, in order.
    fn in_line(&self, now: Timestamp) -> Vec<&Job> {
        let mut line: Vec<_> = self.queued().filter(|job| job.is_due(now)).collect();
        line.sort_by_key(|job| QueueOrder::of(job));
        line
    }

    pub(super) fn heads(&self, now: Timestamp, limit: usize) -> Vec<QueueEntry> {
        let mut lanes: BTreeMap<Lane, Vec<(QueueOrder, &Job)>> = BTreeMap::new();
        for job in self.queued().filter(|job| job.is_due(now)) {
            let order = QueueOrder::of(job);
            lanes.entry(order.lane()).or_default().push((order, job));
        }
        let share = share_of_lane(limit, lanes.len());
        let mut heads = Vec::new();
        for mut lane in lanes.into_values() {
            if share < lane.len() {
                lane.select_nth_unstable_by_key(share, |(order, _)| *order);
                lane.truncate(share);
            }
            heads.extend(lane);
        }
        heads.sort_unstable_by_key(|(order, _)| *order);
        heads.into_iter().map(|(_, job)| QueueEntry::of(job)).collect()
    }

    pub(super) fn next_not_before(&self, now: Timestamp) -> Option<Timestamp> {
        self.queued().filter_map(|job| job.not_before).filter(|at| *at > now).min()
    }

    pub(super) fn queued_before(&self, job: &Job, now: Timestamp) -> Option<u64> {
        let place = QueueOrder::of(job);
        let same = |other: &Job| QueueOrder::of(other) == place && other.not_before == job.not_before;
        let is_before = |other: &&Job| other.is_due(now) && QueueOrder::of(other) < place;
        self.queued().any(same).then(|| self.queued().filter(is_before).count() as u64)
    }

    pub(super) fn queued_page(&self, project: ProjectRef, now: Timestamp, page: PageRequest) -> QueuePage {
        let line = (0..).zip(self.in_line(now)).filter(|(_, job)| job.project == project);
        let due: Vec<_> = line.map(|(before, job)| (Some(before), job)).collect();
        let later = self.queued().filter(|job| job.project == project && !job.is_due(now));
        let mut scheduled: Vec<_> = later.map(|job| (None, job)).collect();
        scheduled.sort_by_key(|(_, job)| (job.not_before, QueueOrder::of(job)));
        let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let (due_jobs, scheduled_jobs) = (due.len() as u64, scheduled.len() as u64);
        let jobs = due.into_iter().chain(scheduled).skip(offset).take(page.limit);
        QueuePage {
            jobs: jobs.map(|(before, job)| (before, job.clone())).collect(),
            due: due_jobs,
            scheduled: scheduled_jobs,
        }
    }

    pub(super) fn delete_ended(&mut self, project: ProjectRef, id: JobId) -> Result<(), StoreError> {
        let state = self.job(project, id).ok_or(StoreError::NotFound("job"))?.state;
        if !state.is_ended() {
            return Err(TransitionError::NotEnded(state).into());
        }
        if let Some(job) = self.jobs.get(&id).cloned() {
            self.forget(job);
        }
        Ok(())
    }

    pub(super) fn forget(&mut self, job: Job) {
        let id = job.id;
        self.jobs.remove(&id);
        if let Some(BlobRef { digest, size }) = self.checkpoints.remove(&id) {
            self.let_go(job.project, digest, size);
        }
        for artifact in self.artifacts.remove(&id).unwrap_or_default() {
            self.let_go(job.project, artifact.digest, artifact.size);
        }
        self.receipts.remove(&id);
        self.logs.remove(&id);
        // What was deleted waits for nothing.
        let state = if job.state.is_ended() { job.state } else { JobState::Cancelled };
        self.deleted.push(Job { state, ..job });
    }

    pub(super) fn set_checkpoint(&mut self, attempt: AttemptId, blob: BlobRef) -> Result<(), StoreError> {
        let project = self.held(attempt)?.project;
        if let Some(before) = self.checkpoints.insert(attempt.job, blob)
            && before.digest != blob.digest
        {
            self.let_go(project, before.digest, before.size);
        }
        Ok(())
    }

    pub(super) fn blob_references(&self) -> BlobReferences {
        let datasets = self.datasets.values().map(|dataset| dataset.digest);
        let modules = self.modules.iter().map(|(_, (_, module))| module.digest);
        let artifacts = self.artifacts.values().flatten().map(|artifact| artifact.digest);
        let checkpoints = self.checkpoints.values().map(|blob| blob.digest);
        let jobs = self.jobs.values().flat_map(|job| {
            std::iter::once(job.module.digest).chain(job.inputs.iter().map(|input| input.digest))
        });
        let counted = datasets.chain(modules).chain(artifacts).chain(checkpoints).collect();
        BlobReferences { counted, pinned: jobs.collect(), next: None }
    }

    pub(super) fn claim(&mut self, jobs: &[JobId], lease: &Lease, now: Timestamp) -> Vec<Claim> {
        jobs.iter().filter_map(|id| self.claim_one(*id, lease.clone(), now)).collect()
    }

    fn claim_one(&mut self, id: JobId, lease: Lease, now: Timestamp) -> Option<Claim> {
        let job = self.jobs.get_mut(&id)?;
        let wait = first_wait(job, now);
        job.claim(lease, now).ok()?;
        self.first_starts.entry(id).or_insert((now, u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)));
        Some(Claim { job: job.clone(), checkpoint: self.checkpoints.get(&id).copied() })
    }

    pub(super) fn extend_leases(&mut self, attempts: &[AttemptId], until: Timestamp) -> Vec<AttemptId> {
        let mut stale = Vec::new();
        for attempt in attempts {
            match self.held(*attempt).ok().and_then(|job| job.lease.as_mut()) {
                Some(lease) => lease.expires_at = until,
                None => stale.push(*attempt),
            }
        }
        stale
    }

    pub(super) fn finish(&mut self, finish: Finish) -> Result<Job, StoreError> {
        let job = self.held(finish.attempt)?;
        finish.apply(job)?;
        let job = job.clone();
        self.count_usage(&job, Some(&finish.receipt), finish.at);
        self.receipts.entry(job.id).or_default().push(finish.receipt);
        if publishes(&job) {
            self.artifacts.insert(job.id, finish.artifacts);
        }
        if job.state == JobState::Completed {
            self.durations.push((job.module.digest, run_micros(&job)));
            self.count_rows(&job);
            self.mark_processed(&job, finish.marks);
        }
        Ok(job)
    }

    /// Takes the job from every running attempt whose lease is `gone`; returns the jobs in the order of their ids.
    pub(super) fn lose(
        &mut self,
        now: Timestamp,
        gone: impl Fn(&Lease) -> bool,
    ) -> Result<Vec<JobId>, StoreError> {
        let mut lost = Vec::new();
        for job in self.jobs.values_mut().filter(|job| job.lease.as_ref().is_some_and(&gone)) {
            let receipt = Receipt::of_lost(job, now);
            job.leave_running(job.current_attempt(), Transition::Lose, now)?;
            settle_partial(job);
            lost.push((job.clone(), receipt));
        }
        let ids = lost.iter().map(|(job, _)| job.id).collect();
        for (job, receipt) in lost {
            self.count_usage(&job, Some(&receipt), now);
            self.receipts.entry(job.id).or_default().push(receipt);
        }
        Ok(ids)
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
        let outcome = job.request_cancel(request)?;
        settle_partial(job);
        let job = job.clone();
        if outcome == CancelOutcome::Cancelled {
            self.count_usage(&job, None, at);
        }
        Ok((outcome, job))
    }

    pub(super) fn fail_queued(
        &mut self,
        id: JobId,
        error: JobError,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let job = self.jobs.get_mut(&id).ok_or(StoreError::NotFound("job"))?;
        job.fail_queued(error, now)?;
        settle_partial(job);
        let job = job.clone();
        self.count_usage(&job, None, now);
        Ok(())
    }
}
