//! A project's pipelines and their schedules.

use crate::error::StoreError;
use crate::pages::{Page, Seek};
use crate::schedules::ScheduleStep;
use async_trait::async_trait;
use fuelcell_domain::{Ordinal, Pipeline, PipelineId, ProjectRef};

/// A project's pipelines and their schedules.
#[async_trait]
pub trait Pipelines: Send + Sync {
    /// Adds or replaces a pipeline with its schedule. Ordinal (set by the store, from 1), `created_at` of the first
    /// put, and what [`Schedule::replaces`](fuelcell_domain::Schedule::replaces) says of a schedule stay.
    async fn put_pipeline(&self, pipeline: Pipeline) -> Result<Pipeline, StoreError>;
    /// One pipeline.
    async fn pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<Option<Pipeline>, StoreError>;
    /// A project's pipelines by ordinal.
    async fn pipelines(&self, project: ProjectRef) -> Result<Vec<Pipeline>, StoreError>;
    /// A page of the same list.
    async fn pipelines_page(
        &self,
        project: ProjectRef,
        seek: Seek<Ordinal>,
    ) -> Result<Page<Pipeline>, StoreError>;
    /// Removes a pipeline; jobs keep their name of it, its ordinal is not given out again. `NotFound("pipeline")`.
    async fn delete_pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<(), StoreError>;
    /// All pipelines with a schedule, whoever owns them.
    async fn scheduled_pipelines(&self) -> Result<Vec<Pipeline>, StoreError>;
    /// Moves a pipeline's schedule on, queues the job of its run, as
    /// [`Submissions::submit`](super::Submissions::submit) does, and asks for the cancel of the job that it replaces,
    /// as [`Submissions::request_cancel`](super::Submissions::request_cancel) does, in one transaction; a replaced job
    /// that has ended or is gone is left alone. `Conflict` when the schedule is not as the caller saw it,
    /// `NotFound("schedule")`. A job that is refused leaves everything as it was.
    async fn advance_schedule(&self, step: ScheduleStep) -> Result<(), StoreError>;
}
