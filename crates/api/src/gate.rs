//! The way in. Every request that has a route passes here before its handler: the route must be in the [table](Routes), the
//! caller must be known, the place that the path names must be theirs, and their role must do. Use cases check again what
//! they need; but what is refused here was not even read.
//!
//! The gate is also where calls that ask for a change are written to the audit log, whether they are refused or
//! done; of many refusals of one kind the first and their number. Only a handler that panics leaves no entry. What queues
//! a job brings its entry along, in the same commit.

use crate::auth::{AuthFailures, Scheme};
use crate::config::ApiConfig;
use crate::extract::Ids;
use crate::problem::Problem;
use crate::protection::{Admission, Protection};
use crate::provider::check_step;
use crate::queries::KnownQueries;
use crate::request_id::REQUEST_ID;
use crate::routes::{Access, HEALTH, Routes};
use crate::serve::Arrival;
use crate::text::clipped;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use fuelcell_domain::{AuditOutcome, Role, Scope, TenantId};
use fuelcell_service::audit::AuditedCall;
use fuelcell_service::{Principal, Service};
use std::panic::resume_unwind;
use std::sync::Arc;
use tracing::Instrument;

/// Bytes of an address in the audit log.
pub(crate) const MAX_TARGET: usize = 512;

/// What the gate needs.
pub(crate) struct Gate {
    service: Arc<Service>,
    failures: AuthFailures,
    protection: Protection,
    routes: Arc<Routes>,
    queries: KnownQueries,
}

impl Gate {
    pub(crate) fn new(
        service: Arc<Service>,
        config: &ApiConfig,
        routes: Arc<Routes>,
        queries: KnownQueries,
    ) -> Self {
        let (failures, protection) = (AuthFailures::new(config), Protection::new(config));
        Self { service, failures, protection, routes, queries }
    }
}

/// What a handler made, for the audit log: it goes into the extensions of its response where the path does not tell.
#[derive(Clone)]
pub(crate) struct Made {
    /// The address of the new thing.
    pub(crate) target: String,
    /// Where it is, or holds.
    pub(crate) place: Scope,
    /// Whether the entry was written with it, so that there is none without the other.
    pub(crate) recorded: bool,
}

/// The call as the audit log will have it: in the extensions of each request that asks for a change.
#[derive(Clone)]
pub(crate) struct Asked(Arc<AuditedCall>);

impl Asked {
    /// The call, as plain data.
    pub(crate) fn call(&self) -> &AuditedCall {
        &self.0
    }
}

/// Lets a request in, or not.
pub(crate) async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    match enter(&gate, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn enter(gate: &Arc<Gate>, request: Request, next: Next) -> Result<Response, Problem> {
    // The fallback has no path of its own, and answers 404.
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        return Ok(next.run(request).await);
    };
    let arrival = request.extensions().get::<Arrival>().cloned();
    let beyond_caps = arrival.as_ref().is_some_and(|arrival| arrival.beyond_caps);
    let operation = gate.routes.operation(request.method(), path.as_str())?;
    let (scheme, role) = match operation.access {
        Access::Anyone | Access::SignedLink | Access::SignIn
            if beyond_caps && !HEALTH.contains(&path.as_str()) =>
        {
            return Err(Problem::too_many_connections());
        }
        Access::Anyone | Access::SignedLink => return Ok(next.run(request).await),
        Access::SignIn => {
            // What pages of others have a browser ask for does not keep its address from signing in.
            check_step(request.method(), request.headers(), gate.service.public_url())?;
            // Without a provider there is nothing that could be tried.
            if gate.service.provider_label().is_some() {
                gate.failures.count_sign_in(arrival.as_ref())?;
            }
            return Ok(next.run(request).await);
        }
        Access::Role(role) => (Scheme::Bearer, role),
        Access::Password(role) => (Scheme::Basic, role),
    };
    let (parts, body) = request.into_parts();
    let principal = gate.failures.recognise(&gate.service, &parts, scheme).await?;
    if beyond_caps && principal.scope != Scope::Server {
        return Err(Problem::too_many_connections());
    }
    let tenant = principal.scope.tenant();
    let admission = gate.protection.admit((principal.scope, principal.token), &parts.headers)?;
    let request = Request::from_parts(parts, body);
    let of_route = (path.as_str(), operation.takes_json);
    let response = answer(gate, request, of_route, (scheme, role), (principal, admission), next).await?;
    match arrival {
        Some(arrival) => counted(&arrival, tenant, response),
        None => Ok(response),
    }
}

/// The answer, if there is room for what it holds until it is read.
fn counted(arrival: &Arrival, tenant: Option<TenantId>, response: Response) -> Result<Response, Problem> {
    let (parts, body) = response.into_parts();
    let body = arrival.unread.count(tenant, body).ok_or_else(Problem::too_much_unread)?;
    Ok(Response::from_parts(parts, body))
}

async fn answer(
    gate: &Arc<Gate>,
    request: Request,
    (path, takes_json): (&str, bool),
    (scheme, role): (Scheme, Role),
    (principal, admission): (Principal, Admission),
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let place = match scheme {
        Scheme::Bearer => Ids::from_request_parts(&mut parts, &()).await?.place()?,
        // These addresses name no place: a password has its own.
        Scheme::Basic => principal.scope,
    };
    parts.extensions.insert(principal.clone());
    let mut request = Request::from_parts(parts, body);
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        gate.service.authorise(&principal, place, role).await?;
        gate.queries.check(request.method(), path, request.uri())?;
        return Ok(next.run(request).await);
    }
    let call = Arc::new(call(&request, path, principal, place));
    if let Some(turn) = &admission.turn {
        if takes_json && let Err(problem) = turn.look() {
            return Err(unread(gate, call, problem).await);
        }
        request.extensions_mut().insert(turn.clone());
    }
    request.extensions_mut().insert(Asked(Arc::clone(&call)));
    // A task of its own: a client that goes away does not keep what it began from being carried out and written down.
    let known = gate.queries.check(request.method(), path, request.uri());
    let work = audited(Arc::clone(&gate.service), call, (place, role, known), request, next);
    let work = async move {
        let _admission = admission;
        work.await
    };
    let task = tokio::spawn(work.in_current_span());
    Ok(task.await.unwrap_or_else(|error| resume_unwind(error.into_panic())))
}

/// Refuses a call of which nothing was read, as cheaply as it can be done: an overloaded server does it more often than
/// anything else. A client that goes away does not keep it from being written down.
async fn unread(gate: &Gate, call: Arc<AuditedCall>, problem: Problem) -> Problem {
    let (service, code) = (Arc::clone(&gate.service), problem.code().to_owned());
    let noted = async move { service.record_refusal(Arc::unwrap_or_clone(call), code).await };
    if let Err(error) = tokio::spawn(noted.in_current_span()).await {
        resume_unwind(error.into_panic());
    }
    problem
}

fn call(request: &Request, path: &str, principal: Principal, place: Scope) -> AuditedCall {
    let request_id = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    AuditedCall {
        principal,
        action: format!("{} {path}", request.method()),
        target: clipped(request.uri().path(), MAX_TARGET).into_owned(),
        place,
        request_id: request_id.to_owned(),
        trace: request.extensions().get().copied(),
    }
}

async fn audited(
    service: Arc<Service>,
    call: Arc<AuditedCall>,
    (place, role, known): (Scope, Role, Result<(), Problem>),
    request: Request,
    next: Next,
) -> Response {
    let may = service.authorise(&call.principal, place, role).await;
    let mut response = match may.map_err(Problem::from).and(known) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let made = response.extensions_mut().remove::<Made>();
    if made.as_ref().is_some_and(|made| made.recorded) {
        return response;
    }
    let outcome = match (response.status().is_success(), response.extensions().get::<Problem>()) {
        (true, _) => AuditOutcome::Done,
        (false, Some(problem)) => AuditOutcome::Refused(problem.code().into()),
        (false, None) => AuditOutcome::Refused(response.status().as_str().into()),
    };
    let mut call = Arc::unwrap_or_clone(call);
    if let Some(made) = made {
        call.target = made.target;
        call.place = made.place;
    }
    match outcome {
        // A server that failed may have done part of it.
        AuditOutcome::Refused(code) if !response.status().is_server_error() => {
            service.record_refusal(call, code).await;
        }
        outcome => service.record(call, outcome).await,
    }
    response
}
