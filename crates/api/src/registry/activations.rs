//! `/api/{tenantId}/{projectId}/activations…` and `…/modules/{name}/versions/{version}/activate`: which version serves a job
//! type. Rolling back is activating the earlier version.

use crate::auth::Caller;
use crate::extract::{Ids, JsonBody, Query};
use crate::openapi::words::JobTypeWord;
use crate::paging::{Reader, SeekParams};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::job_type::NoJobType;
use fuelcell_domain::registry::VersionName;
use fuelcell_domain::{Activation, JobType};
use fuelcell_service::Service;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ActivateBody {
    #[schema(value_type = JobTypeWord)]
    job_type: JobType,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivationAnswer {
    #[schema(value_type = JobTypeWord)]
    job_type: JobType,
    /// `null` = the built-in module.
    module: Option<VersionNames>,
    activated_by: String,
    date_activated: String,
}

#[derive(Serialize, ToSchema)]
struct VersionNames {
    name: String,
    version: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivationList {
    activations: Vec<ActivationAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

/// Makes the version serve a job type from now on.
#[utoipa::path(
    post,
    operation_id = "activate_module_version",
    path = "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}/activate",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Modules",
    request_body = ActivateBody,
    responses((status = 200, description = "The version serves the job type from now on", body = ActivationAnswer), (status = 400, description = "The request is wrong, or the module is of another job type; `detail` says which"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn activate(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<ActivateBody>,
) -> Result<Json<ActivationAnswer>, Problem> {
    let version = VersionName { name: ids.text("name").to_owned(), version: ids.text("version").to_owned() };
    Ok(Json(service.activate(&caller, ids.project()?, body.job_type, Some(version)).await?.into()))
}

/// Goes back to the built-in module of a job type.
#[utoipa::path(
    delete,
    operation_id = "reset_activation",
    path = "/api/{tenant_id}/{project_id}/activations/{job_type}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Modules",
    responses((status = 200, description = "The built-in module serves the job type again", body = ActivationAnswer)),
)]
pub(crate) async fn reset(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ActivationAnswer>, Problem> {
    let wrong = |error: NoJobType| Problem::invalid("InvalidJobType", format!("in the address: {error}"));
    let job_type = ids.text("job_type").parse().map_err(wrong)?;
    Ok(Json(service.activate(&caller, ids.project()?, job_type, None).await?.into()))
}

/// Every activation, newest first: the first of each job type holds.
#[utoipa::path(
    get,
    operation_id = "list_activations",
    path = "/api/{tenant_id}/{project_id}/activations",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Modules",
    params(SeekParams),
    responses((status = 200, description = "A page of activations, newest first", body = ActivationList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<ActivationList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let page = service.activations(&caller, ids.project()?, reader.seek()?).await?;
    let next_cursor = reader.next(&page);
    let activations = page.rows.into_iter().map(|(_, activation)| activation.into()).collect();
    Ok(Json(ActivationList { activations, next_cursor }))
}

impl From<Activation> for ActivationAnswer {
    fn from(activation: Activation) -> Self {
        Self {
            job_type: activation.job_type,
            module: activation.module.map(|VersionName { name, version }| VersionNames { name, version }),
            activated_by: activation.by,
            date_activated: activation.at.to_rfc3339(),
        }
    }
}
