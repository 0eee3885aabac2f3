//! `/api/admin/tenants/{tenantId}/projects/{projectId}/limits`

use crate::auth::Caller;
use crate::execution::submit::LimitsBody;
use crate::extract::{Ids, JsonBody};
use crate::limits::LimitsAnswer;
use crate::object::object;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::{ProjectLimits, ProjectUsage, Quotas, StoredBytes};
use fuelcell_service::Service;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What is left out is not limited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectLimitsBody {
    #[serde(default, deserialize_with = "object")]
    caps: Option<LimitsBody>,
    #[serde(default, deserialize_with = "object")]
    quotas: Option<QuotasBody>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct QuotasBody {
    #[serde(default)]
    queued_jobs: Option<u64>,
    #[serde(default)]
    stored_bytes: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectLimitsAnswer {
    caps: LimitsAnswer,
    quotas: QuotasAnswer,
    usage: UsageAnswer,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QuotasAnswer {
    queued_jobs: Option<u64>,
    stored_bytes: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UsageAnswer {
    queued_jobs: u64,
    /// All parts together.
    stored_bytes: u64,
    stored_parts: PartsAnswer,
}

/// Bytes that a project stores, by what they are.
#[derive(Serialize, ToSchema)]
struct PartsAnswer {
    /// Files of datasets, and what was announced of those that are on their way.
    datasets: u64,
    modules: u64,
    /// Published artifacts of jobs.
    artifacts: u64,
    checkpoints: u64,
    logs: u64,
    /// What is kept of each job beside that: its texts and 1 KiB.
    records: u64,
    /// What was replaced or deleted and is not swept yet. It may lie beside all that `storedBytes` of the quotas allows,
    /// but not more than twice of that is stored in all.
    replaced: u64,
}

/// A project's limits, and what it uses of them.
#[utoipa::path(
    get,
    operation_id = "get_project_limits",
    path = "/api/admin/tenants/{tenant_id}/projects/{project_id}/limits",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    responses((status = 200, description = "The limits", body = ProjectLimitsAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ProjectLimitsAnswer>, Problem> {
    let (limits, usage) = service.project_limits(&caller, ids.project()?).await?;
    Ok(Json(answer(limits, usage)))
}

/// Replaces a project's limits as a whole.
#[utoipa::path(
    put,
    operation_id = "put_project_limits",
    path = "/api/admin/tenants/{tenant_id}/projects/{project_id}/limits",
    extensions(("x-required-role" = json!("operator"))),
    tag = "Administration",
    request_body = ProjectLimitsBody,
    responses((status = 200, description = "The limits that hold from now on", body = ProjectLimitsAnswer), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn put(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<ProjectLimitsBody>,
) -> Result<Json<ProjectLimitsAnswer>, Problem> {
    let QuotasBody { queued_jobs, stored_bytes } = checked(body.quotas.unwrap_or_default())?;
    let caps = body.caps.unwrap_or_default().request()?;
    let limits = ProjectLimits { caps, quotas: Quotas { queued_jobs, stored_bytes } };
    let usage = service.set_project_limits(&caller, ids.project()?, limits).await?;
    Ok(Json(answer(limits, usage)))
}

/// The quotas, unless one is no signed 64-bit number.
fn checked(quotas: QuotasBody) -> Result<QuotasBody, Problem> {
    let named = [("queuedJobs", quotas.queued_jobs), ("storedBytes", quotas.stored_bytes)];
    let wrong = |quota: Option<u64>| quota.is_some_and(|quota| i64::try_from(quota).is_err());
    match named.iter().find(|(_, quota)| wrong(*quota)) {
        Some((name, _)) => {
            Err(Problem::invalid("InvalidLimits", format!("quotas.{name} must be from 0 to {}", i64::MAX)))
        }
        None => Ok(quotas),
    }
}

fn answer(limits: ProjectLimits, usage: ProjectUsage) -> ProjectLimitsAnswer {
    let Quotas { queued_jobs, stored_bytes } = limits.quotas;
    let StoredBytes { datasets, modules, artifacts, checkpoints, logs, records, replaced } = usage.stored;
    ProjectLimitsAnswer {
        caps: limits.caps.into(),
        quotas: QuotasAnswer { queued_jobs, stored_bytes },
        usage: UsageAnswer {
            queued_jobs: usage.queued_jobs,
            stored_bytes: usage.stored.total(),
            stored_parts: PartsAnswer { datasets, modules, artifacts, checkpoints, logs, records, replaced },
        },
    }
}
