//! Forgetting many ended jobs at once, and what their pipelines remember.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Digest, Job, JobId, JobState, PipelineId, ProjectRef, Role, Timestamp};
use fuelcell_store::{JobFilter, Page, PageRequest, ProcessedItem, ProcessedPage, Seek, StoreError};
use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};

/// Jobs that are looked up at a time, with their parameters.
const PAGE: usize = 50;
/// Deletions under way at a time. The store does them in turn with everything else, so that a submit waits for so many
/// at most.
const AT_A_TIME: usize = 32;
/// Processed items that are forgotten in one transaction.
const ITEMS_AT_A_TIME: usize = 500;

/// Which jobs to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All that have ended.
    All,
    /// Those that failed.
    Failed,
}

/// What is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Jobs.
    pub jobs: u64,
    /// Processed items.
    pub processed_items: u64,
}

impl Service {
    /// Forgets all jobs of a kind that have ended by now, as [`Service::delete_job_data`] forgets one.
    /// Queued and running jobs stay. Each deletion is durable by itself: what breaks off in between leaves whole jobs.
    pub async fn clear_jobs(
        &self,
        principal: &Principal,
        project: ProjectRef,
        which: Ended,
        with_processed_items: bool,
    ) -> Result<Cleared, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        // A job may be seen to have ended a moment before lists know of it. After a write of our own they do.
        self.store.check().await?;
        let states = match which {
            Ended::All => vec![JobState::Completed, JobState::Failed, JobState::Cancelled],
            Ended::Failed => vec![JobState::Failed],
        };
        let now = self.clock.now();
        let filter = JobFilter { states, created_to: Some(now), ..JobFilter::default() };
        let mut cleared = Cleared::default();
        let mut after = None;
        loop {
            let jobs = self.store.oldest_jobs(project, &filter, after, PAGE).await?;
            let Some(last) = jobs.last() else { break };
            after = Some(last.ordinal);
            cleared.jobs += self.delete_those_ended_by(now, jobs).await?;
        }
        if with_processed_items {
            cleared.processed_items = self.forget_processed(project, None).await?;
        }
        tracing::info!(%project, ?which, ?cleared, by = %principal.subject, "ended jobs were cleared");
        Ok(cleared)
    }

    /// Says how many were there. What ends while others are being forgotten is somebody's fresh result.
    async fn delete_those_ended_by(&self, moment: Timestamp, jobs: Vec<Job>) -> Result<u64, ServiceError> {
        let ended = jobs.into_iter().filter(|job| job.ended_at.is_some_and(|at| at <= moment));
        stream::iter(ended)
            .map(|job| self.delete_if_there(job.project, job.id).boxed())
            .buffer_unordered(AT_A_TIME)
            .try_fold(0, async |sum, deleted| Ok(sum + u64::from(deleted)))
            .await
    }

    /// Says whether it was there: another call may clear at the same time.
    async fn delete_if_there(&self, project: ProjectRef, job: JobId) -> Result<bool, ServiceError> {
        match self.store.delete_ended(project, job).await {
            Ok(()) => Ok(true),
            Err(StoreError::NotFound(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Items that completed jobs of a pipeline marked as processed.
    pub async fn processed_items(
        &self,
        principal: &Principal,
        project: ProjectRef,
        pipeline: PipelineId,
        page: PageRequest,
    ) -> Result<ProcessedPage, ServiceError> {
        self.pipeline(principal, project, pipeline).await?;
        Ok(self.store.processed(project, pipeline, page).await?)
    }

    /// A page of the same list.
    pub async fn processed_page(
        &self,
        principal: &Principal,
        project: ProjectRef,
        pipeline: PipelineId,
        seek: Seek<Digest>,
    ) -> Result<Page<ProcessedItem>, ServiceError> {
        self.pipeline(principal, project, pipeline).await?;
        Ok(self.store.processed_page(project, pipeline, seek).await?)
    }

    /// Forgets the processed items of a pipeline, so that its next job sees everything as new. Returns their number.
    pub async fn clear_processed_items(
        &self,
        principal: &Principal,
        project: ProjectRef,
        pipeline: PipelineId,
    ) -> Result<u64, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        self.pipeline(principal, project, pipeline).await?;
        let forgotten = self.forget_processed(project, Some(pipeline)).await?;
        tracing::info!(%project, %pipeline, forgotten, by = %principal.subject, "processed items were forgotten");
        Ok(forgotten)
    }

    pub(crate) async fn forget_processed(
        &self,
        project: ProjectRef,
        pipeline: Option<PipelineId>,
    ) -> Result<u64, ServiceError> {
        let mut forgotten = 0;
        loop {
            match self.store.forget_processed(project, pipeline, ITEMS_AT_A_TIME).await? {
                0 => return Ok(forgotten),
                some => forgotten += some,
            }
        }
    }
}
