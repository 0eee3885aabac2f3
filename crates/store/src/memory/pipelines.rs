//! A project's pipelines and their schedules.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::jobs::NewJob;
use crate::pages::{Page, Seek, cut};
use crate::schedules::{ScheduleStep, check, replaced};
use crate::verbs::Pipelines;
use async_trait::async_trait;
use fuelcell_domain::{Ordinal, Pipeline, PipelineId, ProjectRef};

#[async_trait]
impl Pipelines for MemoryStore {
    async fn put_pipeline(&self, pipeline: Pipeline) -> Result<Pipeline, StoreError> {
        self.records().put_pipeline(pipeline)
    }

    async fn pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<Option<Pipeline>, StoreError> {
        Ok(self.records().pipelines.get(&(project, id)).cloned())
    }

    async fn pipelines(&self, project: ProjectRef) -> Result<Vec<Pipeline>, StoreError> {
        Ok(self.records().pipelines(project))
    }

    async fn pipelines_page(
        &self,
        project: ProjectRef,
        seek: Seek<Ordinal>,
    ) -> Result<Page<Pipeline>, StoreError> {
        Ok(cut(self.records().pipelines(project), &seek))
    }

    async fn delete_pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<(), StoreError> {
        self.records().delete_pipeline(project, id)
    }

    async fn scheduled_pipelines(&self) -> Result<Vec<Pipeline>, StoreError> {
        Ok(self.records().scheduled_pipelines())
    }

    async fn advance_schedule(&self, step: ScheduleStep) -> Result<(), StoreError> {
        self.records().advance_schedule(step)
    }
}

impl Records {
    pub(super) fn put_pipeline(&mut self, mut pipeline: Pipeline) -> Result<Pipeline, StoreError> {
        self.refuse_removed(pipeline.project)?;
        let key = (pipeline.project, pipeline.id);
        match self.pipelines.get(&key) {
            Some(first) => pipeline.replaces(first),
            None => {
                let last = self.last_pipelines.entry(pipeline.project).or_default();
                *last += 1;
                pipeline.ordinal = *last;
            }
        }
        self.pipelines.insert(key, pipeline.clone());
        Ok(pipeline)
    }

    pub(super) fn pipelines(&self, project: ProjectRef) -> Vec<Pipeline> {
        let mut pipelines: Vec<_> =
            self.pipelines.values().filter(|pipeline| pipeline.project == project).cloned().collect();
        pipelines.sort_by_key(|pipeline| pipeline.ordinal);
        pipelines
    }

    pub(super) fn delete_pipeline(&mut self, project: ProjectRef, id: PipelineId) -> Result<(), StoreError> {
        self.pipelines.remove(&(project, id)).map(drop).ok_or(StoreError::NotFound("pipeline"))
    }

    pub(super) fn scheduled_pipelines(&self) -> Vec<Pipeline> {
        self.pipelines.values().filter(|pipeline| pipeline.schedule.is_some()).cloned().collect()
    }

    pub(super) fn advance_schedule(&mut self, step: ScheduleStep) -> Result<(), StoreError> {
        let key = (step.project, step.pipeline);
        let stored = self.pipelines.get(&key).and_then(|pipeline| pipeline.schedule.as_ref());
        check(&step, stored)?;
        if let Some(job) = step.job {
            self.submit(NewJob::from(job))?;
        }
        if let Some((job, request)) = step.replaces {
            replaced(self.request_cancel(step.project, job, request))?;
        }
        if let Some(pipeline) = self.pipelines.get_mut(&key) {
            pipeline.schedule = Some(step.after);
        }
        Ok(())
    }
}
