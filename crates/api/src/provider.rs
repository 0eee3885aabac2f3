//! `/api/session/provider` and `/api/session/callback`: a person signs in by an identity provider.
//!
//! The page asks where to go and goes there, with a cookie of its browser that comes back with it (`SameSite=Lax`: it comes
//! from another site). What came of it is a session, or a note of what went wrong; either way the browser ends at the
//! dashboard, of which nothing but the public address decides where it is.

use crate::cookie::{check_own_page, cookie, find, insert_cookie, public_path, secure};
use crate::extract::Query;
use crate::problem::Problem;
use crate::request_id::REQUEST_ID;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use fuelcell_service::audit::AuditedCall;
use fuelcell_service::sessions::Opened;
use fuelcell_service::single_sign_on::{Returned, SIGN_IN_TIME};
use fuelcell_service::{Principal, Service, ServiceError};
use serde::{Deserialize, Serialize};
use std::panic::resume_unwind;
use std::sync::Arc;
use tracing::Instrument;
use utoipa::ToSchema;

const CALLBACK: &str = "/api/session/callback";
/// The cookie that ties a sign-in to its browser.
const KEPT: &str = "fuelcell-sign-in";
/// The cookie of what went wrong, until the page asks.
const FAILURE: &str = "fuelcell-sign-in-failure";
const FAILURE_SECONDS: u64 = 300;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProviderAnswer {
    /// What people call the provider; `null` = there is none
    label: Option<String>,
    /// What became of the sign-in from which this browser has just come back, if it failed; told once
    failure: Option<SignInFailure>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInFailure {
    /// A stable word
    code: String,
    /// A sentence for people
    detail: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BegunAnswer {
    /// Where the browser goes; it comes back by itself
    url: String,
}

/// The identity provider by which people may sign in, and what went wrong when this browser tried last.
#[utoipa::path(
    get,
    operation_id = "get_provider",
    path = "/api/session/provider",
    extensions(("x-required-role" = json!("none"))),
    tag = "Session",
    responses((status = 200, description = "What it is called, if there is one", body = ProviderAnswer)),
)]
pub(crate) async fn get(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    let shown = find(&headers, FAILURE);
    let note = shown.and_then(|sealed| service.opened_note(sealed));
    let failure = note.and_then(|note| serde_json::from_str(&note).ok());
    let label = service.provider_label().map(str::to_owned);
    let mut response = Json(ProviderAnswer { label, failure }).into_response();
    if shown.is_some() {
        insert_cookie(&mut response, &failure_cookie(&service, None));
    }
    response
}

/// Begins a sign-in by the identity provider, for a page of this server at its public address.
#[utoipa::path(
    post,
    operation_id = "begin_sign_in",
    path = "/api/session/provider",
    extensions(("x-required-role" = json!("sign-in"))),
    tag = "Session",
    params(("again" = Option<bool>, Query, description = "Whether the provider asks who it is even if it knows; false by default")),
    responses(
        (status = 200, description = "Where the browser goes; `Set-Cookie` ties the sign-in to it", body = BegunAnswer),
        (status = 403, description = "A page of another site asks"),
        (status = 429, description = "Too many steps of sign-ins came from the address"),
    ),
)]
pub(crate) async fn begin(State(service): State<Arc<Service>>, query: Query) -> Result<Response, Problem> {
    let again = query.word("again", &[("true", true), ("false", false)])?.unwrap_or(false);
    let begun = service.begin_sign_in(&callback(&service), again).await?;
    let mut response = Json(BegunAnswer { url: begun.url }).into_response();
    insert_cookie(&mut response, &kept_cookie(&service, Some(&begun.kept)));
    Ok(response)
}

/// Where the identity provider sends a browser back to: signs in, or notes why not, and shows the dashboard.
#[utoipa::path(
    get,
    operation_id = "finish_sign_in",
    path = "/api/session/callback",
    extensions(("x-required-role" = json!("sign-in"))),
    tag = "Session",
    params(
        ("code" = Option<String>, Query, description = "What the provider gave"),
        ("state" = Option<String>, Query, description = "What it was sent"),
        ("iss" = Option<String>, Query, description = "Who it is"),
        ("error" = Option<String>, Query, description = "What it says is wrong"),
        ("error_description" = Option<String>, Query, description = "The same in more words"),
    ),
    responses(
        (status = 303, description = "To the dashboard; `Set-Cookie` has the session, or what went wrong, and nothing where this browser began no such sign-in"),
        (status = 403, description = "It is no page that a browser shows"),
        (status = 429, description = "Too many steps of sign-ins came from the address"),
    ),
)]
pub(crate) async fn come_back(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    if service.provider_label().is_none() {
        return Err(ServiceError::NotFound("an identity provider").into());
    }
    let returned = returned(&headers, &uri);
    let page = format!("{}/", service.public_url());
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, page)]).into_response();
    // Whoever sends a browser here with anything else ends no sign-in that is under way in it, and has it show nothing.
    if !service.has_begun(&returned) {
        return Ok(response);
    }
    let opened = finish(&service, &headers, returned).await;
    insert_cookie(&mut response, &kept_cookie(&service, None));
    match opened {
        Ok(opened) => {
            let session = cookie(&service, &headers, Some((&opened.secret, opened.ends)));
            insert_cookie(&mut response, &session);
        }
        Err(error) => {
            let problem = Problem::from(error);
            problem.log();
            insert_cookie(&mut response, &failure_cookie(&service, Some(&problem)));
        }
    }
    Ok(response)
}

/// A task of its own: a browser that goes away keeps nothing from being written down that was done.
async fn finish(
    service: &Arc<Service>,
    headers: &HeaderMap,
    returned: Returned,
) -> Result<Opened, ServiceError> {
    let request_id = headers.get(&REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let call = move |principal: Principal| AuditedCall {
        action: format!("GET {CALLBACK}"),
        target: CALLBACK.to_owned(),
        place: principal.scope,
        request_id,
        trace: None,
        principal,
    };
    let service = Arc::clone(service);
    let work = async move { service.finish_sign_in(returned, &callback(&service), call).await };
    tokio::spawn(work.in_current_span()).await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// What the browser brought. What stands twice is not there: nobody knows which is meant.
fn returned(headers: &HeaderMap, uri: &Uri) -> Returned {
    let pairs: Vec<_> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).collect();
    let one = |wanted: &str| {
        let mut found = pairs.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value);
        found.next().filter(|_| found.next().is_none()).map(|value| value.clone().into_owned())
    };
    Returned {
        kept: find(headers, KEPT).map(str::to_owned),
        state: one("state"),
        code: one("code"),
        issuer: one("iss"),
        error: one("error").map(|error| (error, one("error_description"))),
    }
}

fn callback(service: &Service) -> String {
    format!("{}{CALLBACK}", service.public_url())
}

/// Refuses a step that neither a page of this server nor a browser on its way back takes.
pub(crate) fn check_step(method: &Method, headers: &HeaderMap, public_url: &str) -> Result<(), Problem> {
    match *method {
        Method::POST => {
            check_own_page(method, headers, public_url).and_then(|()| check_address(headers, public_url))
        }
        _ => check_navigation(headers),
    }
}

/// Refuses what a page loads or asks for by itself: a browser comes back with the page that it shows.
fn check_navigation(headers: &HeaderMap) -> Result<(), Problem> {
    let says = |name: &str, wanted: &str| headers.get(name).is_none_or(|value| value == wanted);
    match says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document") {
        true => Ok(()),
        false => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "CrossSite",
            "a sign-in ends with a page that the browser shows, and with nothing that a page loads",
        )),
    }
}

/// The provider sends browsers back to the public address, where the cookie of another address does not go.
fn check_address(headers: &HeaderMap, public_url: &str) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let path = public_path(public_url);
    let public = public_url.trim_end_matches('/').strip_suffix(&path[..]).unwrap_or(public_url);
    match origin.as_bytes().eq_ignore_ascii_case(public.as_bytes()) {
        true => Ok(()),
        false => Err(Problem::invalid(
            "WrongAddress",
            format!("the identity provider sends browsers back to {public_url}/; open the dashboard there"),
        )),
    }
}

fn kept_cookie(service: &Service, kept: Option<&str>) -> String {
    let life = if kept.is_some() { SIGN_IN_TIME.as_secs() } else { 0 };
    short_cookie(service, (KEPT, kept.unwrap_or_default()), "Lax", life)
}

fn failure_cookie(service: &Service, problem: Option<&Problem>) -> String {
    let Some(problem) = problem else { return short_cookie(service, (FAILURE, ""), "Strict", 0) };
    let failure = SignInFailure { code: problem.code().into(), detail: problem.detail().into() };
    // Two texts have a JSON form.
    let note = serde_json::to_string(&failure).unwrap_or_default();
    short_cookie(service, (FAILURE, &service.sealed_note(&note)), "Strict", FAILURE_SECONDS)
}

/// A cookie for what is below `/api/session` alone.
fn short_cookie(service: &Service, (name, value): (&str, &str), same_site: &str, seconds: u64) -> String {
    let public_url = service.public_url();
    let (path, secure) = (public_path(public_url), secure(public_url));
    format!(
        "{name}={value}; Path={path}/api/session; HttpOnly; SameSite={same_site}{secure}; Max-Age={seconds}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_twice_is_not_brought() {
        let brought = |query: &str| {
            let uri = format!("{CALLBACK}?{query}").parse().unwrap();
            let Returned { code, state, error, .. } = returned(&HeaderMap::new(), &uri);
            (code, state, error)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(brought("code=a%20b&state=c"), (some("a b"), some("c"), None));
        assert_eq!(brought("code=a&code=b&state=c"), (None, some("c"), None));
        let error = Some(("access_denied".to_owned(), some("no")));
        assert_eq!(brought("error=access_denied&error_description=no"), (None, None, error));
    }

    #[test]
    fn only_pages_that_a_browser_shows_end_a_sign_in() {
        let may = |pairs: &[(&'static str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            check_navigation(&pairs.collect()).is_ok()
        };
        assert!(may(&[]) && may(&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]));
        assert!(!may(&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")]));
        assert!(!may(&[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")]));
        assert!(!may(&[("sec-fetch-mode", "cors")]));
    }

    #[test]
    fn a_sign_in_begins_where_it_ends() {
        let at = |origin: &str, public: &str| {
            check_address(&HeaderMap::from_iter([(header::ORIGIN, origin.parse().unwrap())]), public).is_ok()
        };
        assert!(at("https://jobs.example.com", "https://jobs.example.com/tools/fuelcell"));
        assert!(at("http://127.0.0.1:7300", "http://127.0.0.1:7300"));
        assert!(!at("http://localhost:7300", "http://127.0.0.1:7300"));
        assert!(!at("http://jobs.example.com", "https://jobs.example.com"));
        assert!(!at("null", "https://jobs.example.com"));
        assert!(check_address(&HeaderMap::new(), "https://jobs.example.com").is_ok(), "no browser");
    }
}
