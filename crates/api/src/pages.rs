//! `/` and `/assets/…`: the dashboard's files, as they were built. Below which path a proxy shows them makes no difference:
//! what they name, they name from where they are.

use crate::headers;
use crate::problem::Problem;
use crate::routes;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fuelcell_domain::Digest;
use std::collections::HashMap;
use std::sync::Arc;

/// A file of the dashboard.
#[derive(Clone, Copy, Debug)]
pub struct PageFile {
    /// `index.html`, or its name below `/assets/`.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Whether other contents would have another name.
    pub is_hashed: bool,
    /// Its bytes.
    pub plain: &'static [u8],
    /// The same, compressed with gzip.
    pub gzip: &'static [u8],
    /// The same, compressed with Brotli.
    pub brotli: &'static [u8],
}

/// The page's name among the files.
const INDEX: &str = "index.html";

/// Shown where there is no dashboard.
const UNBUILT: &str = include_str!("unbuilt.html");
const UNBUILT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Nothing from elsewhere, nothing inline, and no text becomes markup or script. Frames are artifacts, which the server
/// sandboxes itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// A file with what tells it from other contents.
struct Known {
    file: PageFile,
    etag: String,
}

/// Serves the files, or without them a page that says how to build them.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(
    files: impl IntoIterator<Item = PageFile>,
) -> Router<S> {
    let known = |file: PageFile| (file.name, Known { file, etag: format!("\"{}\"", Digest::of(file.plain)) });
    let files: Arc<HashMap<&str, Known>> = Arc::new(files.into_iter().map(known).collect());
    let assets = Arc::clone(&files);
    let page =
        async move |headers: HeaderMap| files.get(INDEX).map_or_else(unbuilt, |index| index.serve(&headers));
    let asset = async move |Path(name): Path<String>, headers: HeaderMap| match assets.get(name.as_str()) {
        Some(asset) if name != INDEX => Ok(asset.serve(&headers)),
        _ => Err::<_, Problem>(routes::not_found()),
    };
    Router::new().route("/", get(page)).route("/assets/{name}", get(asset))
}

fn unbuilt() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    with_policy((headers, UNBUILT).into_response(), UNBUILT_POLICY)
}

impl Known {
    fn serve(&self, request: &HeaderMap) -> Response {
        let response = match headers::is_known(request, &self.etag) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => self.body(request),
        };
        self.with_headers(response)
    }

    fn body(&self, request: &HeaderMap) -> Response {
        let file = &self.file;
        let coded =
            [("br", file.brotli), ("gzip", file.gzip)].into_iter().find(|(coding, _)| takes(request, coding));
        let content_type = [(header::CONTENT_TYPE, file.media_type)];
        match coded {
            Some((coding, bytes)) => {
                (content_type, [(header::CONTENT_ENCODING, coding)], bytes).into_response()
            }
            None => (content_type, file.plain).into_response(),
        }
    }

    fn with_headers(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        let age = if self.file.is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(age));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            headers.insert(header::ETAG, etag);
        }
        with_policy(response, POLICY)
    }
}

/// What pages need beside the headers of every answer.
fn with_policy(mut response: Response, policy: &'static str) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

/// Whether the client named this coding, and not as one that it does not want.
fn takes(request: &HeaderMap, coding: &str) -> bool {
    let named = request.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|named| named.to_str().ok());
    named.flat_map(|named| named.split(',')).any(|entry| {
        let (name, weight) = entry.split_once(';').unwrap_or((entry, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(coding) && weight.is_some_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::takes;
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn codings_that_are_wanted_are_told_from_those_that_are_not() {
        let wants = |text, coding| {
            takes(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(text))]), coding)
        };
        assert!(wants("gzip, deflate, br", "br") && wants("GZIP;q=0.5", "gzip"));
        assert!(
            !wants("gzip;q=0, deflate", "gzip")
                && !wants("gzip", "br")
                && !wants("", "br")
                && !wants("br;q=x", "br")
        );
    }
}
