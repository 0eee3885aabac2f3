//! Health checks: `/livez` for whoever would start the process anew, `/readyz` for whoever sends it work, and `/healthz` for
//! both as it always was.

use crate::problem::Problem;
use crate::stop::Stop;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use fuelcell_service::Service;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Whether the server can take work, and what of it is not well.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReadyAnswer {
    /// Whether everything is well.
    ready: bool,
    /// What was looked at.
    checks: Vec<ReadyCheck>,
}

/// Something that the server needs to take work.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReadyCheck {
    /// `store`, `blobs`, `disk` or `notDraining`.
    name: &'static str,
    /// Whether it is well.
    well: bool,
    /// What is wrong.
    detail: Option<&'static str>,
}

/// Whether the store can be written.
#[utoipa::path(
    get,
    path = "/healthz",
    extensions(("x-required-role" = json!("none"))),
    tag = "System",
    responses((status = 200, description = "It can", body = String, content_type = "text/plain")),
)]
pub(crate) async fn healthz(State(service): State<Arc<Service>>) -> Result<&'static str, Problem> {
    match service.health().await.store {
        true => Ok("ok\n"),
        false => {
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Unhealthy", "the store cannot be written"))
        }
    }
}

/// Whether the process turns. It looks at nothing else, and says yes while the server drains.
#[utoipa::path(
    get,
    path = "/livez",
    extensions(("x-required-role" = json!("none"))),
    tag = "System",
    responses((status = 200, description = "It does", body = String, content_type = "text/plain")),
)]
pub(crate) async fn livez() -> &'static str {
    "ok\n"
}

/// Whether the server can take work: the store takes writes, bytes can be stored, the disk has room, and nobody told the
/// server to stop.
#[utoipa::path(
    get,
    path = "/readyz",
    extensions(("x-required-role" = json!("none"))),
    tag = "System",
    responses(
        (status = 200, description = "It can", body = ReadyAnswer),
        (status = 503, description = "It cannot; `checks` names what is not well", body = ReadyAnswer),
    ),
)]
pub(crate) async fn readyz(
    State(service): State<Arc<Service>>,
    Extension(Stop(stop)): Extension<Stop>,
) -> (StatusCode, Json<ReadyAnswer>) {
    let health = service.health().await;
    let checks = vec![
        check("store", health.store, "the store cannot be written"),
        check("blobs", health.blobs, "the store of bytes cannot be written"),
        check("disk", health.disk, "fewer bytes are free than service.ready_free_bytes asks for"),
        check("notDraining", !stop.is_cancelled(), "the server was told to stop"),
    ];
    let ready = checks.iter().all(|check| check.well);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ReadyAnswer { ready, checks }))
}

fn check(name: &'static str, well: bool, wrong: &'static str) -> ReadyCheck {
    ReadyCheck { name, well, detail: (!well).then_some(wrong) }
}
