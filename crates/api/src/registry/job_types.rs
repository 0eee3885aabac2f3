//! `/api/{tenantId}/{projectId}/job-types`: what can be submitted, with what, and what runs it.

use crate::auth::Caller;
use crate::extract::Ids;
use crate::openapi::words::JobTypeWord;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::JobType;
use fuelcell_domain::manifest::{ManifestInput, ManifestOutput};
use fuelcell_service::Service;
use fuelcell_service::job_types::JobTypeView;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobTypeList {
    job_types: Vec<JobTypeAnswer>,
}

/// A job type.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct JobTypeAnswer {
    #[schema(value_type = JobTypeWord)]
    job_type: JobType,
    /// What runs jobs that name no module; `null` = nothing does, and a job must name one.
    module: Option<RunsItAnswer>,
    title: Option<String>,
    description: Option<String>,
    /// JSON Schema of the parameters; `null` = they are not checked.
    parameters: Value,
    /// The files that it reads: the parameter that names a dataset, what may be read, and whether it must be there. With
    /// `many` the parameter is an object, NAME → dataset, and each entry is the input `INPUT/NAME` of the job.
    #[schema(value_type = Vec<Object>)]
    inputs: Vec<ManifestInput>,
    #[schema(value_type = Vec<Object>)]
    outputs: Vec<ManifestOutput>,
    /// The body of a submission that runs as it is; `null` where the project has no dataset for it, no pipeline
    /// that reaches the server's own module, or where the module does not say enough of its parameters.
    example: Option<Value>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RunsItAnswer {
    name: String,
    version: String,
    digest: String,
    /// Whether it comes with the server.
    built_in: bool,
}

/// The job types, with what runs them here.
#[utoipa::path(
    get,
    operation_id = "list_job_types",
    path = "/api/{tenant_id}/{project_id}/job-types",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Modules",
    responses((status = 200, description = "All of them", body = JobTypeList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<JobTypeList>, Problem> {
    let job_types = service.job_types(&caller, ids.project()?).await?;
    Ok(Json(JobTypeList { job_types: job_types.into_iter().map(JobTypeAnswer::from).collect() }))
}

impl From<JobTypeView> for JobTypeAnswer {
    fn from(view: JobTypeView) -> Self {
        let JobTypeView { job_type, module, described_by, built_in, example } = view;
        let described = described_by.is_some();
        let manifest = described_by.map(|module| Arc::unwrap_or_clone(module.manifest)).unwrap_or_default();
        let said = |text: String| described.then_some(text);
        Self {
            job_type,
            title: said(manifest.title),
            description: said(manifest.description),
            parameters: manifest.parameters,
            inputs: manifest.inputs,
            outputs: manifest.outputs,
            example,
            module: module.map(|module| RunsItAnswer {
                name: module.name,
                version: module.version,
                digest: module.digest.to_string(),
                built_in,
            }),
        }
    }
}
