//! Looking at jobs, and forgetting those that have ended.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::blob::BlobRef;
use crate::jobs::{JobFilter, JobPage, PageRequest, QueueOrder, QueuePage, StateCounts, Total};
use crate::order::{JobOrder, Ranks};
use crate::pages::{Page, QueueSpot, QueuedJob, Seek, cut};
use crate::verbs::Jobs;
use async_trait::async_trait;
use fuelcell_domain::state::TransitionError;
use fuelcell_domain::{Artifact, Job, JobId, JobState, Ordinal, ProjectRef, Receipt, Timestamp};
use std::cmp::Reverse;

#[async_trait]
impl Jobs for MemoryStore {
    async fn job(&self, project: ProjectRef, id: JobId) -> Result<Option<Job>, StoreError> {
        Ok(self.records().job(project, id).cloned())
    }

    async fn checkpoint(&self, job: JobId) -> Result<Option<BlobRef>, StoreError> {
        Ok(self.records().checkpoints.get(&job).copied())
    }

    async fn artifacts(&self, job: JobId) -> Result<Vec<Artifact>, StoreError> {
        Ok(self.records().artifacts.get(&job).cloned().unwrap_or_default())
    }

    async fn receipts(&self, job: JobId) -> Result<Vec<Receipt>, StoreError> {
        Ok(self.records().receipts.get(&job).cloned().unwrap_or_default())
    }

    async fn list(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        page: PageRequest,
    ) -> Result<JobPage, StoreError> {
        Ok(self.records().list(project, filter, page))
    }

    async fn list_ordered(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        order: JobOrder,
        page: PageRequest,
    ) -> Result<JobPage, StoreError> {
        Ok(self.records().list_ordered(project, filter, order, page))
    }

    async fn jobs_page(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        seek: Seek<Reverse<Ordinal>>,
    ) -> Result<Page<Job>, StoreError> {
        let all = PageRequest { offset: 0, limit: usize::MAX };
        Ok(cut(self.records().list(project, filter, all).jobs, &seek))
    }

    async fn oldest_jobs(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        after: Option<Ordinal>,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let records = self.records();
        let mut jobs = records.matching(project, filter);
        jobs.sort_by_key(|job| job.ordinal);
        let behind = jobs.into_iter().filter(|job| after.is_none_or(|after| job.ordinal > after));
        Ok(behind.take(limit).cloned().collect())
    }

    async fn job_by_ordinal(&self, project: ProjectRef, ordinal: Ordinal) -> Result<Option<Job>, StoreError> {
        Ok(self.records().job_by_ordinal(project, ordinal).cloned())
    }

    async fn counts(&self, project: ProjectRef, filter: &JobFilter) -> Result<StateCounts, StoreError> {
        Ok(self.records().counts(project, filter))
    }

    async fn queued_before(&self, job: &Job, now: Timestamp) -> Result<Option<u64>, StoreError> {
        Ok(self.records().queued_before(job, now))
    }

    async fn queued(
        &self,
        project: ProjectRef,
        now: Timestamp,
        page: PageRequest,
    ) -> Result<QueuePage, StoreError> {
        Ok(self.records().queued_page(project, now, page))
    }

    async fn queue_page(
        &self,
        project: ProjectRef,
        now: Timestamp,
        seek: Seek<QueueSpot>,
    ) -> Result<Page<QueuedJob>, StoreError> {
        let all = PageRequest { offset: 0, limit: usize::MAX };
        let queue = self.records().queued_page(project, now, all).jobs.into_iter();
        Ok(cut(queue.map(|(_, job)| (QueueSpot::of(&job, now), job)).collect(), &seek))
    }

    async fn delete_ended(&self, project: ProjectRef, job: JobId) -> Result<(), StoreError> {
        self.records().delete_ended(project, job)
    }

    async fn delete_all_ended(&self, project: ProjectRef, jobs: &[JobId]) -> Result<u64, StoreError> {
        let mut records = self.records();
        Ok(jobs.iter().filter(|job| records.delete_ended(project, **job).is_ok()).count() as u64)
    }
}

impl Records {
    pub(super) fn job(&self, project: ProjectRef, id: JobId) -> Option<&Job> {
        self.jobs.get(&id).filter(|job| job.project == project)
    }

    pub(super) fn matching(&self, project: ProjectRef, filter: &JobFilter) -> Vec<&Job> {
        let mut jobs: Vec<_> =
            self.jobs.values().filter(|job| job.project == project && filter.matches(job)).collect();
        jobs.sort_by_key(|job| Reverse(job.ordinal));
        jobs
    }

    pub(super) fn list(&self, project: ProjectRef, filter: &JobFilter, page: PageRequest) -> JobPage {
        let matching = self.matching(project, filter);
        let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
        JobPage {
            total: Total::exact(matching.len() as u64),
            jobs: matching.into_iter().skip(offset).take(page.limit).cloned().collect(),
        }
    }

    pub(super) fn list_ordered(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        order: JobOrder,
        page: PageRequest,
    ) -> JobPage {
        let mut jobs: Vec<_> =
            self.matching(project, filter).into_iter().map(|job| (Ranks::of(job), job)).collect();
        jobs.sort_by(|(a, first), (b, second)| order.compare((a, first.ordinal), (b, second.ordinal)));
        let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
        JobPage {
            total: Total::exact(jobs.len() as u64),
            jobs: jobs.into_iter().skip(offset).take(page.limit).map(|(_, job)| job.clone()).collect(),
        }
    }

    pub(super) fn job_by_ordinal(&self, project: ProjectRef, ordinal: Ordinal) -> Option<&Job> {
        self.jobs.values().find(|job| job.project == project && job.ordinal == ordinal)
    }

    pub(super) fn counts(&self, project: ProjectRef, filter: &JobFilter) -> StateCounts {
        let any_state = filter.in_any_state();
        let mut counts = StateCounts::default();
        for job in self.matching(project, &any_state) {
            *counts.of(job.state) += 1;
        }
        counts
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
        self.forget_events(job.project, id);
        // What was deleted waits for nothing.
        let state = if job.state.is_ended() { job.state } else { JobState::Cancelled };
        self.deleted.push(Job { state, ..job });
    }
}
