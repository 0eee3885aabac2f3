//! Following a signed link: a person clicks it, so it must open without a header and do no harm in a browser.

use crate::extract::{Ids, Query};
use crate::headers;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fuelcell_domain::output_name::{extension, file_part};
use fuelcell_domain::{Digest, ReadAt};
use fuelcell_service::links::{Download, LinkGrant, LinkTarget};
use fuelcell_service::{Service, ServiceError};
use futures::stream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::ops::Range;
use std::sync::Arc;

/// What stands for itself in `filename*` (RFC 8187).
const IN_HEADER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Bytes per read.
const CHUNK: usize = 256 * 1024;

/// Downloads an output by a signed link, as `results` answers it. No token is needed: the signature is the right.
#[utoipa::path(
    get,
    path = "/downloads/{tenant_id}/{project_id}/{job_id}/{*name}",
    extensions(("x-required-role" = json!("signed-link"))),
    tag = "Downloads",
    params(("expires" = i64, Query, description = "Until when the link is valid, in seconds since 1970"), ("signature" = String, Query, description = "The server's signature of all this"), ("Range" = Option<String>, Header, description = "One range of bytes"), ("If-None-Match" = Option<String>, Header, description = "What the client has already")),
    responses(
        (status = 200, description = "The bytes", content((Vec<u8> = "application/octet-stream"), (String = "*/*"))),
        (status = 206, description = "A part of the bytes", content((Vec<u8> = "application/octet-stream"), (String = "*/*"))),
        (status = 304, description = "The client has it already"),
        (status = 403, description = "The signature is not this server's, or the link was changed"),
        (status = 410, description = "The link has expired"),
        (status = 416, description = "There is no such range"),
    ),
)]
pub(crate) async fn download(
    State(service): State<Arc<Service>>,
    ids: Ids,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let target =
        LinkTarget { project: ids.project()?, job: ids.id("job_id")?, name: ids.text("name").to_owned() };
    let expires =
        query.text("expires").and_then(|text| text.parse().ok()).ok_or(ServiceError::BadSignature)?;
    let signature = query.text("signature").ok_or(ServiceError::BadSignature)?.to_owned();
    let (name, digest, bytes) = match service.download(&target, &LinkGrant { expires, signature }).await? {
        Download::Artifact { artifact, bytes } => (artifact.description.name, artifact.digest, bytes),
        Download::RunSummary(job) => {
            let text = crate::execution::summary::run_summary(&job).to_string().into_bytes();
            (target.name, Digest::of(&text), Arc::new(text) as Arc<dyn ReadAt>)
        }
    };
    Ok(serve(&name, digest, bytes, &headers))
}

/// An artifact, which a browser may show in place.
fn serve(name: &str, digest: Digest, bytes: Arc<dyn ReadAt>, request: &HeaderMap) -> Response {
    let (media_type, inline) = media_type(name);
    let disposition = disposition(if inline { "inline" } else { "attachment" }, file_part(name));
    serve_as(media_type, &disposition, digest, bytes, request)
}

/// A file of whatever name, which is saved and never shown.
pub(crate) fn serve_attachment(
    name: &str,
    digest: Digest,
    bytes: Arc<dyn ReadAt>,
    request: &HeaderMap,
) -> Response {
    serve_as(media_type(name).0, &disposition("attachment", name), digest, bytes, request)
}

/// RFC 6266: the name in ASCII for old clients, and as it is, percent-encoded.
fn disposition(how: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || " ._-+()".contains(c) { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    match ascii == name {
        true => format!("{how}; filename=\"{name}\""),
        false => {
            let encoded = utf8_percent_encode(name, IN_HEADER);
            format!("{how}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
        }
    }
}

fn serve_as(
    media_type: &str,
    disposition: &str,
    digest: Digest,
    bytes: Arc<dyn ReadAt>,
    request: &HeaderMap,
) -> Response {
    let etag = format!("\"{digest}\"");
    let mut headers = safe_headers(media_type, disposition, &etag);
    if headers::is_known(request, &etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let size = bytes.size();
    let (status, range) = match wanted_range(request, &etag, size) {
        Wanted::Whole => (StatusCode::OK, 0..size),
        Wanted::Part(range) => {
            insert(
                &mut headers,
                header::CONTENT_RANGE,
                &format!("bytes {}-{}/{size}", range.start, range.end - 1),
            );
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Wanted::Nothing => {
            insert(&mut headers, header::CONTENT_RANGE, &format!("bytes */{size}"));
            return (StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response();
        }
    };
    insert(&mut headers, header::CONTENT_LENGTH, &(range.end - range.start).to_string());
    (status, headers, stream_range(bytes, range)).into_response()
}

/// Reads on blocking threads, one chunk ahead of the client at most.
fn stream_range(bytes: Arc<dyn ReadAt>, range: Range<u64>) -> Body {
    Body::from_stream(stream::try_unfold((bytes, range), async |(bytes, range)| {
        if range.is_empty() {
            return Ok::<_, std::io::Error>(None);
        }
        let reading = tokio::task::spawn_blocking(move || {
            let wanted = usize::try_from(range.end - range.start).map_or(CHUNK, |left| left.min(CHUNK));
            let mut buffer = vec![0; wanted];
            let count = bytes.read_at(range.start, &mut buffer)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            buffer.truncate(count);
            Ok((Bytes::from(buffer), (bytes, range.start + count as u64..range.end)))
        });
        reading.await.map_err(std::io::Error::other)?.map(Some)
    }))
}

enum Wanted {
    Whole,
    Part(Range<u64>),
    Nothing,
}

/// One range is honoured; several, or a unit that is not bytes, get the whole (RFC 9110 allows it).
fn wanted_range(request: &HeaderMap, etag: &str, size: u64) -> Wanted {
    let header = |name| request.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let Some(spec) = header(header::RANGE).and_then(|text| text.strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    if spec.contains(',') || header(header::IF_RANGE).is_some_and(|known| known != etag) {
        return Wanted::Whole;
    }
    let Some((first, last)) = spec.trim().split_once('-') else { return Wanted::Whole };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(count)) if first.is_empty() && count > 0 => size.saturating_sub(count)..size,
        (Err(_), Ok(_)) if first.is_empty() => return Wanted::Nothing,
        _ => return Wanted::Whole,
    };
    match range.start < range.end {
        true => Wanted::Part(range),
        false => Wanted::Nothing,
    }
}

/// The media type follows the name's extension, never the guest's word. What a browser could run is sandboxed: no script,
/// no form, no request leaves the page. Pages of this server may show it in a frame, where it is as sandboxed.
fn safe_headers(media_type: &str, disposition: &str, etag: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    insert(&mut headers, header::CONTENT_TYPE, media_type);
    insert(&mut headers, header::CONTENT_DISPOSITION, disposition);
    insert(&mut headers, header::ETAG, etag);
    insert(&mut headers, header::ACCEPT_RANGES, "bytes");
    insert(&mut headers, header::CACHE_CONTROL, "private, no-cache");
    insert(&mut headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(&mut headers, header::REFERRER_POLICY, "no-referrer");
    insert(
        &mut headers,
        header::CONTENT_SECURITY_POLICY,
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'",
    );
    insert(&mut headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    headers
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Whatever is no header is left out rather than sent broken; there is nothing of that kind.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Media type by extension, and whether a browser may show it in place.
fn media_type(name: &str) -> (&'static str, bool) {
    let extension = extension(name).to_ascii_lowercase();
    match extension.as_str() {
        "html" | "htm" => ("text/html; charset=utf-8", true),
        "svg" => ("image/svg+xml", true),
        "png" => ("image/png", true),
        "jpg" | "jpeg" => ("image/jpeg", true),
        "txt" | "log" | "md" => ("text/plain; charset=utf-8", true),
        "json" => ("application/json", true),
        "csv" => ("text/csv; charset=utf-8", false),
        "xml" | "pnml" | "bpmn" | "xes" => ("application/xml", false),
        "ipynb" => ("application/x-ipynb+json", false),
        "pdf" => ("application/pdf", false),
        "wasm" => ("application/wasm", false),
        "zip" => ("application/zip", false),
        "gz" => ("application/gzip", false),
        _ => ("application/octet-stream", false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_file_is_called_the_header_stays_whole() {
        let attachment = |name| disposition("attachment", name);
        assert_eq!(attachment("orders (1).csv"), "attachment; filename=\"orders (1).csv\"");
        assert_eq!(
            attachment("a\";x=\"ü.csv"),
            "attachment; filename=\"a__x___.csv\"; filename*=UTF-8''a%22%3Bx%3D%22%C3%BC.csv"
        );
    }
}
