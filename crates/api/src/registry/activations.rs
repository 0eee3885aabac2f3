//! `/api/{tenantId}/{projectId}/activations…` and `…/modules/{name}/versions/{version}/activate`: which version serves a job
//! type. Rolling back is activating the earlier version.

use crate::auth::Caller;
use crate::extract::{Ids, JsonBody};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::registry::VersionName;
use fuelcell_domain::{Activation, JobType};
use fuelcell_service::Service;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ActivateBody {
    job_type: JobType,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivationAnswer {
    job_type: &'static str,
    /// `null` = the built-in module.
    module: Option<VersionNames>,
    activated_by: String,
    date_activated: String,
}

#[derive(Serialize)]
struct VersionNames {
    name: String,
    version: String,
}

#[derive(Serialize)]
pub(crate) struct ActivationList {
    activations: Vec<ActivationAnswer>,
}

/// Makes the version serve a job type from now on.
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
pub(crate) async fn reset(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ActivationAnswer>, Problem> {
    let word = ids.text("job_type");
    let Some(job_type) = JobType::ALL.into_iter().find(|job_type| job_type.as_str() == word) else {
        let allowed = JobType::ALL.map(JobType::as_str).join(", ");
        return Err(Problem::invalid(
            "InvalidJobType",
            format!("the job type in the address must be one of {allowed}"),
        ));
    };
    Ok(Json(service.activate(&caller, ids.project()?, job_type, None).await?.into()))
}

/// Every activation, newest first: the first of each job type holds.
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ActivationList>, Problem> {
    let activations = service.activations(&caller, ids.project()?).await?;
    Ok(Json(ActivationList { activations: activations.into_iter().map(Into::into).collect() }))
}

impl From<Activation> for ActivationAnswer {
    fn from(activation: Activation) -> Self {
        Self {
            job_type: activation.job_type.as_str(),
            module: activation.module.map(|VersionName { name, version }| VersionNames { name, version }),
            activated_by: activation.by,
            date_activated: activation.at.to_rfc3339(),
        }
    }
}
