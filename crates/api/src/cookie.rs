//! Cookies of browsers, above all that of a session: read, made, and believed only when a page of this server sent it. A browser sends it by itself,
//! with whatever any page makes it ask for.

use crate::problem::Problem;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use fuelcell_domain::Timestamp;
use fuelcell_service::{Principal, Service, ServiceError};

const COOKIE: &str = "fuelcell-session";

/// Recognises who shows no token but a session.
pub(crate) async fn recognise(service: &Service, parts: &Parts) -> Result<Principal, Problem> {
    let secret = secret(&parts.headers).ok_or(ServiceError::Unauthenticated)?;
    check_own_page(&parts.method, &parts.headers, service.public_url())?;
    Ok(service.session_holder(secret).await?)
}

fn secret(headers: &HeaderMap) -> Option<&str> {
    find(headers, COOKIE)
}

/// The cookie of this name.
pub(crate) fn find<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == wanted).then_some(value))
}

/// Refuses what a page of somebody else made the browser send. Browsers say it themselves (`Sec-Fetch-Site`); where they do
/// not, because the page came without TLS, `Origin` tells of whatever asks for a change.
pub(crate) fn check_own_page(method: &Method, headers: &HeaderMap, public_url: &str) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let own = match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin"), _) => true,
        // Typed into the address bar.
        (Some("none"), _) => reads,
        (Some(_), _) => false,
        (None, Some(origin)) => is_own(origin, text("host"), public_url),
        (None, None) => true,
    };
    let refusal =
        "a page of another site asked for this with the cookie of a session; only pages of this server may";
    if own { Ok(()) } else { Err(Problem::new(StatusCode::FORBIDDEN, "CrossSite", refusal)) }
}

fn is_own(origin: &str, host: Option<&str>, public_url: &str) -> bool {
    let Some((scheme, origin_host)) = origin.split_once("://") else { return false };
    let public = public_url.parse::<Uri>().ok();
    let is_public = public.as_ref().is_some_and(|public| {
        public.scheme_str() == Some(scheme)
            && public.authority().map(|host| host.as_str()) == Some(origin_host)
    });
    is_public || host.is_some_and(|host| host.eq_ignore_ascii_case(origin_host))
}

/// A cookie with a session, or one that takes it away. It is for TLS only where the page came by TLS, and for no other
/// page of the same host than those below the public address.
pub(crate) fn cookie(service: &Service, headers: &HeaderMap, session: Option<(&str, Timestamp)>) -> String {
    let public_url = service.public_url();
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or(public_url);
    let secure = secure(origin);
    let path = public_path(public_url);
    let path = if path.is_empty() { "/" } else { &path };
    let (secret, life) = match session {
        Some((secret, ends)) => {
            (secret, format!("; Expires={}", ends.to_utc().format("%a, %d %b %Y %H:%M:%S GMT")))
        }
        None => ("", "; Max-Age=0".to_owned()),
    };
    format!("{COOKIE}={secret}; Path={path}; HttpOnly; SameSite=Strict{secure}{life}")
}

/// The path of the public address, without a slash at its end.
pub(crate) fn public_path(public_url: &str) -> String {
    let public = public_url.parse::<Uri>().ok();
    public.as_ref().map_or("", |public| public.path()).trim_end_matches('/').to_owned()
}

/// What a cookie says that goes over TLS only, because it was set so.
pub(crate) fn secure(origin: &str) -> &'static str {
    if origin.starts_with("https://") { "; Secure" } else { "" }
}

/// Has the response set it.
pub(crate) fn insert_cookie(response: &mut Response, cookie: &str) {
    // Secret, path and date are ASCII without control characters: a public URL is checked when it is read.
    if let Ok(cookie) = cookie.parse() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const PUBLIC: &str = "https://jobs.example.com/fuelcell";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let found = |cookie| secret(&headers(&[("cookie", cookie)])).map(str::to_owned);
        assert_eq!(found("a=b; fuelcell-session=x_y-z; c=d"), Some("x_y-z".into()));
        for other in ["", "fuelcell-session", "xfuelcell-session=1", "fuelcell=1; session=2"] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    fn may(method: Method, pairs: &[(&'static str, &'static str)]) -> bool {
        check_own_page(&method, &headers(pairs), PUBLIC).is_ok()
    }

    #[test]
    fn only_pages_of_this_server_are_believed() {
        for site in ["cross-site", "same-site", "", "SAME-ORIGIN", "none, same-origin"] {
            let pairs = [("sec-fetch-site", site), ("origin", "https://jobs.example.com")];
            assert!(!may(Method::GET, &pairs) && !may(Method::POST, &pairs), "{site}");
        }
        assert!(may(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(may(Method::GET, &[("sec-fetch-site", "none")]));
        assert!(!may(Method::POST, &[("sec-fetch-site", "none")]));
        let from = |origin| may(Method::POST, &[("origin", origin), ("host", "10.0.0.5:7300")]);
        assert!(from("https://jobs.example.com") && from("http://10.0.0.5:7300"));
        for other in
            ["null", "", "http://jobs.example.com", "https://jobs.example.com.evil", "http://10.0.0.5"]
        {
            assert!(!from(other), "{other}");
        }
        assert!(may(Method::POST, &[]), "no browser");
    }
}
