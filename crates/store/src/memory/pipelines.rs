//! Schedules of pipelines.

use super::Records;
use crate::schedules::{ScheduleStep, check, replaced};
use crate::{NewJob, StoreError};
use fuelcell_domain::Pipeline;

impl Records {
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
