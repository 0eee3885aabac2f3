//! Requests by `wasi:http`.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{ErrorCode, Fields, Method, OutgoingBody, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) text: String,
}

/// Sends a request and waits for the whole answer; an error is the host's word.
pub(crate) fn post(url: &str, authorization: &str, body: &[u8]) -> Result<Answer, String> {
    let (scheme, rest) = url.split_once("://").ok_or("no URL")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let headers = Fields::new();
    headers.append("authorization", authorization.as_bytes()).map_err(|error| format!("{error:?}"))?;
    let request = OutgoingRequest::new(headers);
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let set = request
        .set_method(&Method::Post)
        .and_then(|()| request.set_scheme(Some(&scheme)))
        .and_then(|()| request.set_authority(Some(host)))
        .and_then(|()| request.set_path_with_query(Some(path)));
    set.map_err(|()| "no request")?;
    let outgoing = request.body().map_err(|()| "the body is taken")?;
    let pending = handle(request, None).map_err(|error| word(&error))?;
    if let Ok(stream) = outgoing.write() {
        // A refusal closes the stream; the response says why.
        let _ = stream.blocking_write_and_flush(body);
    }
    let _ = OutgoingBody::finish(outgoing, None);
    pending.subscribe().block();
    let response = pending.get().and_then(Result::ok).ok_or("no response")?.map_err(|error| word(&error))?;
    let kind = response.headers().get("x-kind").concat();
    let incoming = response.consume().map_err(|()| "the body is taken")?;
    let stream = incoming.stream().map_err(|()| "the stream is taken")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(1 << 16) {
            Ok(part) => bytes.extend(part),
            Err(StreamError::Closed) => break,
            Err(error) => return Err(format!("{error:?}")),
        }
    }
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Ok(Answer { status: response.status(), kind: text(&kind), text: text(&bytes) })
}

fn word(error: &ErrorCode) -> String {
    match error {
        ErrorCode::HttpRequestDenied => "HTTP-request-denied".into(),
        ErrorCode::DnsError(_) => "DNS-error".into(),
        other => format!("{other:?}"),
    }
}
