//! `/api/admin/backups`: backups that the server makes of itself.

use crate::auth::Caller;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fuelcell_domain::backup::{BackupEnd, BackupState};
use fuelcell_service::Service;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// How the server's backups stand.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupsAnswer {
    /// Whether the server makes backups: it has a folder for them
    enabled: bool,
    /// Seconds from one that is made by itself to the next; 0 = they are only made when somebody asks
    every_seconds: u64,
    /// Since when one is being made; `null` = none is
    running_since: Option<String>,
    /// When the latest good one ended, also before the server started; `null` = nobody knows of one
    last_good: Option<String>,
    /// The latest that ended since the server started; `null` = none did
    last: Option<BackupDto>,
    /// Those since the server started that came to nothing
    failures: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BackupDto {
    started_at: String,
    ended_at: String,
    good: bool,
    /// What is in it, or why there is none
    message: String,
}

/// How backups of the server stand.
#[utoipa::path(
    get,
    operation_id = "get_backups",
    path = "/api/admin/backups",
    extensions(("x-required-role" = json!("operator"))),
    tag = "Administration",
    responses((status = 200, description = "How they stand", body = BackupsAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
) -> Result<Json<BackupsAnswer>, Problem> {
    Ok(Json(service.backup_state(&caller)?.into()))
}

/// Begins a backup into the server's folder for them (`backup.folder`). What it has of an earlier one is brought up to date.
#[utoipa::path(
    post,
    operation_id = "begin_backup",
    path = "/api/admin/backups",
    extensions(("x-required-role" = json!("operator"))),
    tag = "Administration",
    responses(
        (status = 202, description = "It has begun", body = BackupsAnswer),
        (status = 409, description = "One is being made, or the server makes none"),
    ),
)]
pub(crate) async fn begin(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
) -> Result<(StatusCode, Json<BackupsAnswer>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(Some(service.begin_backup(&caller)?).into())))
}

impl From<Option<BackupState>> for BackupsAnswer {
    fn from(state: Option<BackupState>) -> Self {
        let enabled = state.is_some();
        let BackupState { running_since, last, last_good, failures, every_seconds } =
            state.unwrap_or_default();
        Self {
            enabled,
            every_seconds,
            running_since: running_since.map(|at| at.to_string()),
            last_good: last_good.map(|at| at.to_string()),
            last: last.map(BackupDto::from),
            failures,
        }
    }
}

impl From<BackupEnd> for BackupDto {
    fn from(end: BackupEnd) -> Self {
        let BackupEnd { started_at, ended_at, outcome } = end;
        let good = outcome.is_ok();
        let (Ok(message) | Err(message)) = outcome;
        Self { started_at: started_at.to_string(), ended_at: ended_at.to_string(), good, message }
    }
}
