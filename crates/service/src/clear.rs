//! Forgetting many ended jobs at once, and what their pipelines remember.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{JobId, JobState, PipelineId, ProjectRef, Role};
use fuelcell_store::{JobFilter, PageRequest, ProcessedPage, StoreError};
use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};

/// Jobs that are looked up at a time.
const PAGE: PageRequest = PageRequest { offset: 0, limit: 500 };
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
    /// Forgets all ended jobs of a kind that were submitted before now, as [`Service::delete_job_data`] forgets one.
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
        // Without a last moment this would not end while jobs keep coming.
        let filter = JobFilter { states, created_to: Some(self.clock.now()), ..JobFilter::default() };
        let mut cleared = Cleared::default();
        loop {
            let jobs = self.store.list(project, &filter, PAGE).await?.jobs;
            if jobs.is_empty() {
                break;
            }
            let deletions: Vec<_> =
                jobs.iter().map(|job| self.delete_if_there(project, job.id).boxed()).collect();
            cleared.jobs += stream::iter(deletions)
                .buffer_unordered(AT_A_TIME)
                .try_fold(0, async |sum, deleted| Ok(sum + u64::from(deleted)))
                .await?;
        }
        if with_processed_items {
            cleared.processed_items = self.forget_processed(project, None).await?;
        }
        tracing::info!(%project, ?which, ?cleared, by = %principal.subject, "ended jobs were cleared");
        Ok(cleared)
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
