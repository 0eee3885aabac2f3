//! Pipelines: the resources that jobs name.

use crate::admin::check_name;
use crate::parameters::Extent;
use crate::schedules::ScheduleSpec;
use crate::submit::parameter_values;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::registry::ModuleChoice;
use fuelcell_domain::{
    DatasetId, JobType, LimitRequest, Ordinal, Parameters, Pipeline, PipelineId, ProjectRef, Role,
};
use fuelcell_store::{Page, Seek};

/// Bytes of a pipeline's parameters, and of its schedule's, as JSON: lists of pipelines show them all.
pub(crate) const MAX_PARAMETERS: usize = 64 * 1024;

/// What a client says of a pipeline.
pub struct PipelineSpec {
    /// The client's id for it.
    pub id: PipelineId,
    /// Its name.
    pub name: String,
    /// The type of its jobs.
    pub job_type: JobType,
    /// The module that runs them.
    pub module: Option<ModuleChoice>,
    /// Default parameters.
    pub parameters: Parameters,
    /// Default dataset.
    pub dataset: Option<DatasetId>,
    /// Default limits.
    pub limits: LimitRequest,
    /// When its jobs are due by themselves.
    pub schedule: Option<ScheduleSpec>,
}

fn check_size(field: &str, parameters: &Parameters) -> Result<(), ServiceError> {
    match parameters.as_text().len() > MAX_PARAMETERS {
        true => Err(ServiceError::invalid(
            "TooLargeParameters",
            format!("{field} of a pipeline are at most {MAX_PARAMETERS} bytes of JSON"),
        )),
        false => Ok(()),
    }
}

impl Service {
    /// Adds or replaces a pipeline.
    pub async fn put_pipeline(
        &self,
        principal: &Principal,
        project: ProjectRef,
        spec: PipelineSpec,
    ) -> Result<Pipeline, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        check_name("name", &spec.name)?;
        check_size("parameters", &spec.parameters)?;
        if let Some(schedule) = &spec.schedule {
            check_size("schedule.parameters", &schedule.parameters)?;
        }
        if let Some(choice) = &spec.module {
            self.chosen_module(project, choice).await?;
        }
        let own = parameter_values(&spec.parameters)?;
        let mut of_runs = own.clone();
        if let Some(schedule) = &spec.schedule {
            of_runs.extend(parameter_values(&schedule.parameters)?);
        }
        match self.bound_module(project, spec.job_type, spec.module.as_ref(), None).await {
            Ok(module) => {
                self.check_parameters(project.tenant, &module, &own, Extent::Part).await?;
                self.check_parameters(project.tenant, &module, &of_runs, Extent::Part).await?;
            }
            // A pipeline may come before the module that will run its jobs.
            Err(ServiceError::Unprocessable { code: "NoModuleBound", .. }) => {}
            Err(error) => return Err(error),
        }
        if let Some(dataset) = spec.dataset {
            self.store.dataset(project, dataset).await?.ok_or(ServiceError::NotFound("dataset"))?;
        }
        let schedule = spec.schedule.map(|schedule| self.new_schedule(principal, schedule)).transpose()?;
        let now = self.clock.now();
        let pipeline = Pipeline {
            id: spec.id,
            project,
            ordinal: 0,
            name: spec.name,
            job_type: spec.job_type,
            module: spec.module,
            parameters: spec.parameters.into_text(),
            dataset: spec.dataset,
            limits: spec.limits,
            schedule,
            created_at: now,
            updated_at: now,
        };
        let put = self.store.put_pipeline(pipeline).await?;
        self.schedules_changed.notify_one();
        Ok(put)
    }

    /// One pipeline.
    pub async fn pipeline(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: PipelineId,
    ) -> Result<Pipeline, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        self.store.pipeline(project, id).await?.ok_or(ServiceError::NotFound("pipeline"))
    }

    /// All pipelines by ordinal.
    pub async fn pipelines(
        &self,
        principal: &Principal,
        project: ProjectRef,
    ) -> Result<Vec<Pipeline>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        Ok(self.store.pipelines(project).await?)
    }

    /// A page of the same list.
    pub async fn pipelines_page(
        &self,
        principal: &Principal,
        project: ProjectRef,
        seek: Seek<Ordinal>,
    ) -> Result<Page<Pipeline>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        Ok(self.store.pipelines_page(project, seek).await?)
    }

    /// Removes a pipeline. Its jobs go on, and keep their name of it.
    pub async fn delete_pipeline(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: PipelineId,
    ) -> Result<(), ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        self.store.delete_pipeline(project, id).await?;
        self.forget_processed(project, Some(id)).await?;
        tracing::info!(pipeline = %id, %project, by = %principal.subject, "a pipeline was deleted");
        Ok(())
    }
}
