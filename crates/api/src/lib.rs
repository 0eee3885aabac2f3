//! HTTP: the router, who is asking, problems, downloads, and for each protocol its own DTOs and mapping.
//!
//! This crate knows the service and the domain's words. It decides nothing: no rule about jobs lives here, and no store,
//! scheduler or engine is known here. Each protocol is a folder that holds DTOs and their mapping only.

mod admin;
mod auth;
mod config;
mod connections;
mod cookie;
mod cors;
mod datamachine;
mod diagnosis;
mod downloads;
mod drain;
mod duplicates;
mod engine;
mod execution;
mod extract;
#[cfg(test)]
mod fuzz;
mod gate;
mod headers;
mod health;
mod hours;
#[cfg(test)]
mod in_process;
mod limits;
mod metrics;
mod moments;
mod notices;
mod object;
mod openapi;
mod pages;
mod paging;
mod problem;
mod protection;
mod provider;
mod queries;
mod registry;
mod request_id;
mod routes;
mod serve;
mod session;
#[cfg(test)]
mod stated;
mod stop;
mod text;
mod tls;
mod trace;
mod usage;

pub use metrics::{Gather, metrics_router};
pub use pages::PageFile;
pub use serve::{Listening, serve};
pub use tls::{Tls, TlsConfig};

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderValue, Uri};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::{Extension, Router};
pub use config::ApiConfig;
use diagnosis::{Received, Schemas};
pub use execution::receipt_document;
use extract::MAX_JSON_BYTES;
use fuelcell_domain::trace::TraceContext;
use fuelcell_service::Service;
use gate::Gate;
use problem::Problem;
use queries::KnownQueries;
use request_id::REQUEST_ID;
use routes::Routes;
use std::sync::Arc;
use std::time::Instant;
use stop::Stop;
use text::clipped;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use tracing::field::display;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

/// Bytes of a method and of a path in the log.
const MAX_LOGGED_METHOD: usize = 32;
const MAX_LOGGED_PATH: usize = 512;

/// All routes of the server, with the dashboard's files. `stop` ends requests that only wait.
pub fn router(
    service: Arc<Service>,
    config: &ApiConfig,
    pages: impl IntoIterator<Item = PageFile>,
    stop: CancellationToken,
) -> Router {
    let (routes, document) = described_routes().split_for_parts();
    let known = Arc::new(Routes::of(&document));
    let shown = openapi::finished(&document, &known);
    let finishing =
        Finishing { schemas: Arc::new(Schemas::of(&shown)), strict_transport: config.tls.strict_transport() };
    let gate = Gate::new(Arc::clone(&service), config, Arc::clone(&known), KnownQueries::of(&document));
    let gate = Arc::new(gate);
    let layers = ServiceBuilder::new()
        .map_request(request_id::keep_if_safe)
        .layer(SetRequestIdLayer::new(REQUEST_ID.clone(), MakeRequestUuid))
        .layer(middleware::from_fn(trace::follow))
        .layer(TraceLayer::new_for_http().make_span_with(request_span).on_failure(()))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID.clone()))
        .layer(middleware::from_fn_with_state(Arc::new(finishing), finish))
        .layer(CatchPanicLayer::custom(problem::after_panic));
    let routes = routes
        .merge(openapi::routes(&shown))
        .merge(pages::routes(pages))
        .fallback(async move |uri: Uri| known.not_found_at(uri.path()))
        .method_not_allowed_fallback(async || routes::not_allowed())
        .layer(middleware::from_fn_with_state(gate, gate::pass))
        .layer(Extension(Stop(stop)));
    let routes = match cors::layer(&config.cors_origins) {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    routes.layer(layers).with_state(service)
}

/// The OpenAPI document of all routes.
pub fn document() -> serde_json::Value {
    let document = described_routes().into_openapi();
    openapi::finished(&document, &Routes::of(&document))
}

#[cfg(test)]
fn known_routes() -> Routes {
    Routes::of(&described_routes().into_openapi())
}

/// Every route comes with its description: `routes!` takes the address from the handler's annotation.
fn described_routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::with_openapi(openapi::empty())
        .routes(routes!(health::healthz))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(downloads::download))
        .merge(json_routes())
        .merge(upload_routes())
}

#[expect(clippy::too_many_lines, reason = "a route after another")]
fn json_routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(execution::submit::submit))
        .routes(routes!(execution::status::status, execution::cancel::cancel))
        .routes(routes!(execution::delete::delete_data))
        .routes(routes!(execution::retry::retry))
        .routes(routes!(execution::results::results))
        .routes(routes!(execution::logs::logs))
        .routes(routes!(execution::events::of_job))
        .routes(routes!(execution::events::of_project))
        .routes(batch_routes())
        .routes(routes!(execution::bulk::change))
        .merge(bulk_routes())
        .routes(routes!(execution::queue::queue))
        .routes(routes!(execution::ping::ping))
        .routes(routes!(execution::system::status))
        .routes(routes!(registry::datasets::list))
        .routes(routes!(registry::datasets::content))
        .routes(routes!(registry::resumable::begin, registry::resumable::list))
        .routes(routes!(registry::pipelines::list))
        .routes(routes!(registry::pipelines::put, registry::pipelines::get, registry::pipelines::delete))
        .routes(routes!(registry::processed::list, registry::processed::clear))
        .routes(routes!(registry::job_types::list))
        .routes(routes!(registry::modules::list))
        .routes(routes!(registry::modules::get_module))
        .routes(routes!(registry::modules::content))
        .routes(routes!(
            registry::capabilities::get,
            registry::capabilities::put,
            registry::capabilities::delete
        ))
        .routes(routes!(registry::secrets::list))
        .routes(routes!(registry::secrets::put, registry::secrets::delete))
        .routes(routes!(registry::saved::list))
        .routes(routes!(registry::saved::put, registry::saved::get, registry::saved::delete))
        .merge(notice_routes())
        .routes(routes!(registry::activations::activate))
        .routes(routes!(registry::activations::list))
        .routes(routes!(registry::activations::reset))
        .routes(routes!(session::sign_in, session::get, session::sign_out))
        .routes(routes!(provider::get, provider::begin))
        .routes(routes!(provider::come_back))
        .routes(routes!(admin::create_tenant, admin::tenants))
        .routes(routes!(admin::create_project, admin::projects))
        .routes(routes!(admin::tenant, admin::removal::rename_tenant, admin::removal::delete_tenant))
        .routes(routes!(admin::removal::tenant_contents))
        .routes(routes!(admin::project, admin::removal::rename_project, admin::removal::delete_project))
        .routes(routes!(admin::removal::project_contents))
        .routes(routes!(admin::limits::get, admin::limits::put))
        .routes(routes!(usage::of_project))
        .routes(routes!(hours::of_project))
        .routes(routes!(usage::of_all))
        .routes(routes!(admin::audit::list))
        .routes(routes!(admin::backups::get, admin::backups::begin))
        .routes(routes!(admin::engines::list))
        .routes(routes!(admin::system::status))
        .routes(routes!(admin::create_token, admin::tokens))
        .routes(routes!(admin::revoke_token))
        .routes(routes!(admin::passwords::create, admin::passwords::list))
        .routes(routes!(admin::passwords::revoke))
        .routes(routes!(datamachine::jobs::list, datamachine::clear::clear))
        .routes(routes!(datamachine::jobs::get))
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
}

/// What is done with many jobs, as a record of the server.
fn bulk_routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(execution::bulk_runs::preview))
        .routes(routes!(execution::bulk_runs::list, execution::bulk_runs::begin))
        .routes(routes!(execution::bulk_runs::get))
        .routes(routes!(execution::bulk_runs::jobs))
        .routes(routes!(execution::bulk_runs::stop))
}

/// Who is told of the ends of jobs, and how that went.
fn notice_routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(notices::webhooks::list, notices::webhooks::create))
        .routes(routes!(notices::webhooks::get, notices::webhooks::change, notices::webhooks::delete))
        .routes(routes!(notices::webhooks::rotate))
        .routes(routes!(notices::mail::get, notices::mail::put))
        .routes(routes!(notices::deliveries::list))
        .routes(routes!(notices::deliveries::get))
        .routes(routes!(notices::deliveries::resend))
}

/// The list of jobs, and the batch, whose body may be larger than others.
fn batch_routes() -> UtoipaMethodRouter<Arc<Service>> {
    routes!(execution::list::list, execution::batch::submit)
        .layer(DefaultBodyLimit::max(execution::batch::MAX_BATCH_BYTES))
}

/// Bodies here are streamed; the use cases bound them.
fn upload_routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(registry::datasets::put, registry::datasets::get, registry::datasets::delete))
        .routes(routes!(registry::resumable::get, registry::resumable::append, registry::resumable::delete))
        .routes(routes!(registry::modules::put, registry::modules::get, registry::modules::delete))
        .layer(DefaultBodyLimit::disable())
}

/// What every answer is ended with.
struct Finishing {
    schemas: Arc<Schemas>,
    strict_transport: Option<HeaderValue>,
}

/// Ends every response: a refused client may finish its sentence, problems are told in the words of their protocol, and
/// browsers are told what to make of it. One layer for all: each costs every request some allocations.
async fn finish(State(finishing): State<Arc<Finishing>>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let (method, route) = (request.method().clone(), request.extensions().get::<MatchedPath>().cloned());
    let received = Received::new(Arc::clone(&finishing.schemas));
    request.extensions_mut().insert(received.clone());
    let id = request.headers().get(&REQUEST_ID).cloned();
    let is_datamachine = request.uri().path().starts_with(datamachine::BASE);
    let mut response = drain::drain(request, next).await;
    metrics::answered(&method, route.as_ref(), response.status(), began.elapsed());
    headers::secure(response.headers_mut(), finishing.strict_transport.as_ref());
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let problem = problem.completed(&received);
    problem.log();
    match is_datamachine {
        true => datamachine::errors::render(&problem, &mut response),
        false => problem::render(&problem, id.as_ref().and_then(|id| id.to_str().ok()), &mut response),
    }
    response
}

/// The path only: a query may hold a link's signature.
fn request_span<B>(request: &axum::http::Request<B>) -> tracing::Span {
    let id = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or("");
    let method = clipped(request.method().as_str(), MAX_LOGGED_METHOD);
    let path = clipped(request.uri().path(), MAX_LOGGED_PATH);
    let trace = request.extensions().get::<TraceContext>().map(|context| display(context.trace_id()));
    tracing::info_span!("request", %method, path = &*path, request_id = id, trace_id = trace)
}
