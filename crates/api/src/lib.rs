//! HTTP: the router, who is asking, problems, downloads, and for each protocol its own DTOs and mapping.
//!
//! This crate knows the service and the domain's words. It decides nothing: no rule about jobs lives here, and no store,
//! scheduler or engine is known here. Each protocol is a folder that holds DTOs and their mapping only.

mod admin;
mod auth;
mod downloads;
mod drain;
mod execution;
mod extract;
mod problem;
mod registry;
mod text;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, StatusCode};
use axum::middleware;
use axum::routing::{delete, get, post, put};
use fuelcell_service::Service;
use problem::Problem;
use std::sync::Arc;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

/// Largest JSON body in bytes.
const MAX_JSON_BYTES: usize = 1024 * 1024;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// All routes of the server.
pub fn router(service: Arc<Service>) -> Router {
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(REQUEST_ID.clone(), MakeRequestUuid))
        .layer(TraceLayer::new_for_http().make_span_with(request_span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID.clone()))
        .layer(middleware::from_fn(problem::render))
        .layer(middleware::from_fn(drain::drain))
        .layer(CatchPanicLayer::custom(problem::after_panic));
    Router::new()
        .route("/healthz", get(healthz))
        .merge(execution_routes())
        .merge(registry_routes())
        .merge(admin_routes())
        .route("/downloads/{tenant_id}/{project_id}/{job_id}/{name}", get(downloads::download))
        .fallback(async || {
            Problem::new(StatusCode::NOT_FOUND, "NotFound", "there is nothing at this address")
        })
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "MethodNotAllowed",
                "this address does not take that method",
            )
        })
        .layer(layers)
        .with_state(service)
}

fn execution_routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/api/{tenant_id}/{project_id}/execution/job", post(execution::submit::submit))
        .route(
            "/api/{tenant_id}/{project_id}/execution/job/{job_id}",
            get(execution::status::status).delete(execution::cancel::cancel),
        )
        .route("/api/{tenant_id}/{project_id}/execution/jobs", get(execution::list::list))
        .route(
            "/api/{tenant_id}/{project_id}/execution/job/{job_id}/results",
            get(execution::results::results),
        )
        .route("/api/{tenant_id}/{project_id}/execution/job/{job_id}/retry", post(execution::retry::retry))
        .route("/api/{tenant_id}/{project_id}/execution/job/{job_id}/logs", get(execution::logs::logs))
        .route("/api/{tenant_id}/execution/system/status", get(execution::system::status))
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
}

fn registry_routes() -> Router<Arc<Service>> {
    let json = DefaultBodyLimit::max(MAX_JSON_BYTES);
    Router::new()
        .route(
            "/api/{tenant_id}/{project_id}/datasets/{dataset_id}",
            put(registry::datasets::put).get(registry::datasets::get).layer(DefaultBodyLimit::disable()),
        )
        .route(
            "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}",
            put(registry::pipelines::put).get(registry::pipelines::get).layer(json),
        )
        .route(
            "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}",
            put(registry::modules::put).get(registry::modules::get).layer(DefaultBodyLimit::disable()),
        )
}

fn admin_routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/api/admin/tenants", post(admin::create_tenant).get(admin::tenants))
        .route("/api/admin/tenants/{tenant_id}/projects", post(admin::create_project).get(admin::projects))
        .route("/api/admin/tokens", post(admin::create_token))
        .route("/api/admin/tokens/{token_id}", delete(admin::revoke_token))
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
}

/// 200 when the store can be written, 503 otherwise. Needs no token.
async fn healthz(State(service): State<Arc<Service>>) -> Result<&'static str, Problem> {
    match service.healthy().await {
        true => Ok("ok\n"),
        false => {
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Unhealthy", "the store cannot be written"))
        }
    }
}

/// The path only: a query may hold a link's signature.
fn request_span<B>(request: &axum::http::Request<B>) -> tracing::Span {
    let id = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or("");
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), request_id = id)
}
