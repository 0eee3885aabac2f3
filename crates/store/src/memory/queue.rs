//! The workers' side of the queue: jobs are chosen, claimed, run and ended.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::blob::BlobRef;
use crate::jobs::{
    Claim, Finish, Lane, QueueEntry, QueueOrder, first_wait, is_of_earlier_life, run_micros, settle_partial,
    share_of_lane,
};
use crate::verbs::{Backlog, Queue};
use async_trait::async_trait;
use fuelcell_domain::job::Pulse;
use fuelcell_domain::{
    AttemptId, Holder, Incarnation, Job, JobError, JobEvent, JobId, JobState, Lease, NodeId, Receipt,
    Timestamp, Transition,
};
use std::collections::{BTreeMap, BTreeSet};

#[async_trait]
impl Backlog for MemoryStore {
    async fn ready(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        Ok(self.records().ready(now, limit))
    }

    async fn heads(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        Ok(self.records().heads(now, limit))
    }

    async fn next_not_before(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.records().next_not_before(now))
    }
}

#[async_trait]
impl Queue for MemoryStore {
    async fn claim(
        &self,
        jobs: &[JobId],
        lease: Lease,
        holder: Holder,
        now: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        Ok(self.records().claim(jobs, &lease, holder, now))
    }

    async fn extend_leases(
        &self,
        attempts: &[AttemptId],
        until: Timestamp,
    ) -> Result<Vec<AttemptId>, StoreError> {
        Ok(self.records().extend_leases(attempts, until))
    }

    async fn record_pulse(&self, attempt: AttemptId, pulse: Pulse, now: Timestamp) -> Result<(), StoreError> {
        let mut records = self.records();
        let job = records.held(attempt)?;
        let (project, event) = (job.project, JobEvent::of_progress(job, &pulse.progress, now));
        job.pulse = pulse;
        if let Some(event) = event {
            records.tell(project, event);
        }
        Ok(())
    }

    async fn set_checkpoint(&self, attempt: AttemptId, blob: BlobRef) -> Result<(), StoreError> {
        self.records().set_checkpoint(attempt, blob)
    }

    async fn finish(&self, finish: Finish) -> Result<Job, StoreError> {
        self.records().finish(finish)
    }

    async fn expire_leases(&self, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        self.records().lose(now, |job| job.lease.as_ref().is_some_and(|lease| lease.expires_at <= now))
    }

    async fn release_node(
        &self,
        node: &NodeId,
        present: Incarnation,
        now: Timestamp,
    ) -> Result<Vec<JobId>, StoreError> {
        self.records().lose(now, |job| is_of_earlier_life(job, node, present))
    }

    async fn fail_queued(&self, job: JobId, error: JobError, now: Timestamp) -> Result<(), StoreError> {
        self.records().fail_queued(job, error, now)
    }
}

impl Records {
    /// The job that this attempt holds.
    pub(super) fn held(&mut self, attempt: AttemptId) -> Result<&mut Job, StoreError> {
        let job = self.jobs.get_mut(&attempt.job).ok_or(StoreError::Stale(attempt))?;
        job.check_attempt(attempt)?;
        Ok(job)
    }

    pub(super) fn queued(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().filter(|job| job.state == JobState::Queued)
    }

    pub(super) fn ready(&self, now: Timestamp, limit: usize) -> Vec<QueueEntry> {
        self.in_line(now).into_iter().take(limit).map(QueueEntry::of).collect()
    }

    /// All queued jobs that may start, in order.
    pub(super) fn in_line(&self, now: Timestamp) -> Vec<&Job> {
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

    pub(super) fn claim(
        &mut self,
        jobs: &[JobId],
        lease: &Lease,
        holder: Holder,
        now: Timestamp,
    ) -> Vec<Claim> {
        let mut asked = BTreeSet::new();
        let once = jobs.iter().filter(|id| asked.insert(**id));
        once.filter_map(|id| self.claim_one(*id, lease.clone(), holder, now)).collect()
    }

    fn claim_one(&mut self, id: JobId, lease: Lease, holder: Holder, now: Timestamp) -> Option<Claim> {
        let job = self.jobs.get_mut(&id)?;
        let wait = first_wait(job, now);
        let before = job.clone();
        if job.holder != Some(holder) {
            job.claim(lease, holder, now).ok()?;
            self.first_starts.entry(id).or_insert((now, u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)));
        }
        let job = job.clone();
        self.tell_move(Some(&before), &job, now);
        Some(Claim { job, checkpoint: self.checkpoints.get(&id).copied() })
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

    pub(super) fn set_checkpoint(&mut self, attempt: AttemptId, blob: BlobRef) -> Result<(), StoreError> {
        let project = self.held(attempt)?.project;
        if let Some(before) = self.checkpoints.insert(attempt.job, blob)
            && before.digest != blob.digest
        {
            self.let_go(project, before.digest, before.size);
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, finish: Finish) -> Result<Job, StoreError> {
        let given = self.receipts.get(&finish.attempt.job).into_iter().flatten();
        if given.into_iter().any(|receipt| *receipt == finish.receipt)
            && let Some(job) = self.jobs.get(&finish.attempt.job)
        {
            return Ok(job.clone());
        }
        let job = self.held(finish.attempt)?;
        let before = job.clone();
        finish.apply(job)?;
        let job = job.clone();
        self.tell_move(Some(&before), &job, finish.at);
        self.count_usage(&job, Some(&finish.receipt), finish.at);
        let published = finish.published(&job).into_owned();
        if !published.is_empty() {
            self.artifacts.insert(job.id, published);
        }
        self.receipts.entry(job.id).or_default().push(finish.receipt);
        if job.state == JobState::Completed {
            if !job.profile {
                self.durations.push((job.module.digest, run_micros(&job)));
            }
            self.count_rows(&job);
            self.mark_processed(&job, finish.marks);
        }
        Ok(job)
    }

    /// Takes the job from every running attempt whose lease is `gone`; returns the jobs in the order of their ids.
    pub(super) fn lose(
        &mut self,
        now: Timestamp,
        gone: impl Fn(&Job) -> bool,
    ) -> Result<Vec<JobId>, StoreError> {
        let mut lost = Vec::new();
        for job in self.jobs.values_mut().filter(|job| gone(job)) {
            let receipt = Receipt::of_lost(job, now);
            let before = job.clone();
            job.leave_running(job.current_attempt(), Transition::Lose, now)?;
            settle_partial(job);
            lost.push((before, job.clone(), receipt));
        }
        let ids = lost.iter().map(|(_, job, _)| job.id).collect();
        for (before, job, receipt) in lost {
            self.tell_move(Some(&before), &job, now);
            self.count_usage(&job, Some(&receipt), now);
            self.receipts.entry(job.id).or_default().push(receipt);
        }
        Ok(ids)
    }

    pub(super) fn fail_queued(
        &mut self,
        id: JobId,
        error: JobError,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let job = self.jobs.get_mut(&id).ok_or(StoreError::NotFound("job"))?;
        let before = job.clone();
        job.fail_queued(error, now)?;
        settle_partial(job);
        let job = job.clone();
        self.tell_move(Some(&before), &job, now);
        self.count_usage(&job, None, now);
        Ok(())
    }
}
