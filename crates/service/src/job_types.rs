//! The job types of a project: what runs them, what they take, and a submission that runs.

use crate::faults::unknown;
use crate::parameters::Extent;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::manifest::ManifestInput;
use fuelcell_domain::registry::ModuleChoice;
use fuelcell_domain::{Dataset, JobType, ModuleVersion, Pipeline, ProjectRef, Role, TenantId};
use fuelcell_store::JobFilter;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A job type as it stands in a project.
#[derive(Clone, Debug)]
pub struct JobTypeView {
    /// The type.
    pub job_type: JobType,
    /// What runs its jobs that name no module; none = nothing does.
    pub module: Option<ModuleVersion>,
    /// What says what its jobs take: that module, or one that declares the type as its own.
    pub described_by: Option<ModuleVersion>,
    /// Whether that module comes with the server.
    pub built_in: bool,
    /// The body of a submission that runs; none where the project has no dataset or pipeline for it, or nobody knows its
    /// parameters.
    pub example: Option<Value>,
}

impl Service {
    /// All job types of the project.
    pub async fn job_types(
        &self,
        principal: &Principal,
        project: ProjectRef,
    ) -> Result<Vec<JobTypeView>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let datasets = self.store.datasets(project).await?;
        let pipelines = self.store.pipelines(project).await?;
        let mut views = Vec::new();
        let own = self.own_types(project).await?;
        let types = JobType::RESERVED.into_iter().map(|reserved| (reserved, None));
        for (job_type, declaring) in types.chain(own.into_iter().map(|(own, module)| (own, Some(module)))) {
            let active = self.store.active_module(project, job_type).await?;
            let is_active = active.is_some();
            let module = active.or_else(|| self.built_in.get(&job_type).cloned());
            // One that leaves the module to the type.
            let pipeline =
                pipelines.iter().find(|pipeline| pipeline.job_type == job_type && pipeline.module.is_none());
            let described_by = match (&module, declaring) {
                (Some(module), _) => Some(module.clone()),
                (None, Some(name)) => {
                    Some(self.chosen_module(project, &ModuleChoice { name, version: None }).await?)
                }
                (None, None) => None,
            };
            let example = match &described_by {
                Some(module) => self.example(project.tenant, job_type, module, pipeline, &datasets).await,
                None => None,
            };
            let built_in = module.is_some() && !is_active;
            views.push(JobTypeView { job_type, built_in, module, described_by, example });
        }
        Ok(views)
    }

    /// The types that modules of the project declare as their own, each with one module that does.
    async fn own_types(&self, project: ProjectRef) -> Result<BTreeMap<JobType, String>, ServiceError> {
        let versions = self.store.module_versions(project).await?;
        let own = versions.into_iter().filter_map(|module| {
            let declared = module.manifest.job_type.filter(|declared| declared.is_own())?;
            Some((declared, module.name))
        });
        Ok(own.collect())
    }

    /// Refuses a type that is none of the four, that no module of the project declares, and that no job has.
    pub(crate) async fn check_job_type(
        &self,
        project: ProjectRef,
        job_type: JobType,
    ) -> Result<(), ServiceError> {
        if !job_type.is_own() {
            return Ok(());
        }
        let own = self.own_types(project).await?;
        if own.contains_key(&job_type) {
            return Ok(());
        }
        let filter = JobFilter { job_type: Some(job_type), ..JobFilter::default() };
        if self.store.counts(project, &filter).await?.total() > 0 {
            return Ok(());
        }
        let known: Vec<&str> = JobType::RESERVED.iter().chain(own.keys()).map(JobType::as_str).collect();
        Err(ServiceError::invalid(
            "InvalidJobType",
            format!("the job type {:?} {}", job_type.as_str(), unknown(job_type.as_str(), &known)),
        ))
    }

    /// Only what would be accepted is shown.
    async fn example(
        &self,
        tenant: TenantId,
        job_type: JobType,
        module: &ModuleVersion,
        pipeline: Option<&Pipeline>,
        datasets: &[Dataset],
    ) -> Option<Value> {
        let parameters = parameters(module, datasets)?;
        self.check_parameters(tenant, module, &parameters, Extent::Whole).await.ok()?;
        let job_type = job_type.as_str();
        let mut example =
            json!({"jobName": format!("{job_type} example"), "jobType": job_type, "parameters": parameters});
        if module.project.is_some() {
            example["module"] = json!({"name": module.name, "version": module.version});
        } else {
            // Modules of the server are reached by pipelines.
            let id = pipeline?.id.to_string();
            example["resource"] = json!({"resourceType": "Pipeline", "resourceId": id});
        }
        Some(example)
    }
}

/// Those of the schema's own example, or what it requires; and a dataset for each input that needs one.
fn parameters(module: &ModuleVersion, datasets: &[Dataset]) -> Option<Map<String, Value>> {
    let schema = &module.manifest.parameters;
    let mut parameters = match &schema["examples"][0] {
        Value::Object(example) => example.clone(),
        _ => required(schema),
    };
    for input in module.manifest.inputs.iter().filter(|input| input.required) {
        let dataset = datasets.iter().find(|dataset| fits(input, dataset))?;
        let id = dataset.id.to_string();
        let value = if input.many { json!({"example": id}) } else { json!(id) };
        parameters.insert(input.parameter.clone(), value);
    }
    Some(parameters)
}

fn required(schema: &Value) -> Map<String, Value> {
    let names = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter_map(|name| Some((name.to_owned(), value_of(&schema["properties"][name])?))).collect()
}

/// A value that the schema of a parameter names itself.
fn value_of(schema: &Value) -> Option<Value> {
    let named = [&schema["const"], &schema["default"], &schema["examples"][0], &schema["enum"][0]];
    named.into_iter().find(|value| !value.is_null()).cloned()
}

fn fits(input: &ManifestInput, dataset: &Dataset) -> bool {
    let name = dataset.name.to_lowercase();
    input.formats.is_empty()
        || input.formats.iter().any(|format| name.ends_with(&format!(".{}", format.to_lowercase())))
}
