//! `/api/{tenantId}/{projectId}/modules/{name}/capabilities`: what a project grants to a module, and what waits for it.

use crate::auth::Caller;
use crate::extract::{Ids, JsonBody};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fuelcell_domain::{Capabilities, HttpAccess};
use fuelcell_service::grants::ModuleCapabilities;
use fuelcell_service::{Service, ServiceError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Capabilities, wanted or granted.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[derive(Default)]
pub(crate) struct CapabilitiesDto {
    /// Requests over HTTP; `null` = no network at all.
    http: Option<HttpAccessDto>,
    /// Names of the project's secrets that the host computes HMACs with for the module, if its manifest asks for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["PSEUDONYMS"]))]
    hmac: Vec<String>,
}

/// Hosts and secrets.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[derive(Default)]
struct HttpAccessDto {
    /// Such as `api.example.com` (https on port 443), `*.example.org:8443`, `http://192.0.2.7`.
    #[schema(example = json!(["api.example.com", "*.example.org:8443"]))]
    hosts: Vec<String>,
    /// Names of the project's secrets that its headers may carry.
    #[schema(example = json!(["CRM_TOKEN"]))]
    secrets: Vec<String>,
}

/// A module's capabilities as they stand.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CapabilitiesAnswer {
    module: String,
    /// What all its versions may use.
    granted: CapabilitiesDto,
    /// Who granted it; `null` while nothing is granted.
    granted_by: Option<String>,
    date_granted: Option<String>,
    /// Versions that wait for approval.
    waiting: Vec<WaitingVersion>,
}

/// A version that wants more than is granted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WaitingVersion {
    version: String,
    /// What is missing.
    waiting_for: CapabilitiesDto,
}

/// What a module is granted, and what its versions want beyond it.
#[utoipa::path(
    get,
    operation_id = "get_module_capabilities",
    path = "/api/{tenant_id}/{project_id}/modules/{name}/capabilities",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Modules",
    responses((status = 200, description = "The module's capabilities", body = CapabilitiesAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<CapabilitiesAnswer>, Problem> {
    let module = ids.text("name");
    let capabilities = service.capabilities(&caller, ids.project()?, module).await?;
    Ok(Json(answer(module, capabilities)))
}

/// Grants capabilities to all versions of a module, in place of what it was granted before.
#[utoipa::path(
    put,
    operation_id = "put_module_capabilities",
    path = "/api/{tenant_id}/{project_id}/modules/{name}/capabilities",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Modules",
    request_body = CapabilitiesDto,
    responses((status = 200, description = "It is granted from the next attempt on", body = CapabilitiesAnswer), (status = 400, description = "The request is wrong; `detail` says where"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn put(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<CapabilitiesDto>,
) -> Result<Json<CapabilitiesAnswer>, Problem> {
    let module = ids.text("name");
    let capabilities = service.grant(&caller, ids.project()?, module, body.try_into()?).await?;
    Ok(Json(answer(module, capabilities)))
}

/// Takes back everything that a module was granted.
#[utoipa::path(
    delete,
    operation_id = "delete_module_capabilities",
    path = "/api/{tenant_id}/{project_id}/modules/{name}/capabilities",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Modules",
    responses((status = 204, description = "Nothing is granted from the next attempt on")),
)]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.withdraw_grant(&caller, ids.project()?, ids.text("name")).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn answer(module: &str, capabilities: ModuleCapabilities) -> CapabilitiesAnswer {
    let ModuleCapabilities { grant, waiting } = capabilities;
    let waiting =
        waiting.into_iter().map(|(version, beyond)| WaitingVersion { version, waiting_for: beyond.into() });
    CapabilitiesAnswer {
        module: module.into(),
        waiting: waiting.collect(),
        granted_by: grant.as_ref().map(|grant| grant.by.clone()),
        date_granted: grant.as_ref().map(|grant| grant.at.to_rfc3339()),
        granted: grant.map(|grant| grant.capabilities).unwrap_or_default().into(),
    }
}

impl From<Capabilities> for CapabilitiesDto {
    fn from(capabilities: Capabilities) -> Self {
        let http = capabilities.http.map(|http| HttpAccessDto {
            hosts: http.hosts.iter().map(ToString::to_string).collect(),
            secrets: http.secrets,
        });
        Self { http, hmac: capabilities.hmac }
    }
}

impl TryFrom<CapabilitiesDto> for Capabilities {
    type Error = ServiceError;

    fn try_from(dto: CapabilitiesDto) -> Result<Self, ServiceError> {
        let CapabilitiesDto { http, hmac } = dto;
        let Some(HttpAccessDto { hosts, secrets }) = http else { return Ok(Self { http: None, hmac }) };
        let hosts = hosts.iter().map(|host| host.parse()).collect::<Result<_, _>>();
        let hosts = hosts.map_err(|error: fuelcell_domain::capability::NoHost| {
            ServiceError::invalid("InvalidCapabilities", error.to_string())
        })?;
        Ok(Self { http: Some(HttpAccess { hosts, secrets }), hmac })
    }
}
