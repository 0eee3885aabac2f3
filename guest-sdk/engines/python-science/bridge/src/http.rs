//! Requests over `wasi:http`, which the host sends if the script may.

use crate::frame::Request;
use std::fmt::Debug;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::streams::StreamError;

/// Bytes that one write carries at most, as the interface has it.
const CHUNK: usize = 4096;

/// What came back.
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Bytes of values as characters, as HTTP has them.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Sends a request and waits for the whole response. An error begins with the host's word for it.
pub(crate) fn send(request: &Request, bytes: &[u8]) -> Result<Response, String> {
    let outgoing = outgoing(request)?;
    let body = outgoing.body().map_err(|()| "the body is taken")?;
    let pending = handle(outgoing, options(request.timeout)?).map_err(shown)?;
    // A refusal closes the stream; the response says why.
    let _ = write(&body, bytes);
    let _ = OutgoingBody::finish(body, None);
    pending.subscribe().block();
    let response = pending.get().ok_or("there is no response")?.map_err(|()| "the response is taken")?;
    received(&response.map_err(shown)?)
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, String> {
    let headers = Fields::new();
    for (name, value) in &request.headers {
        let value: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(c).ok()).collect();
        let value = value.ok_or_else(|| format!("the header {name} has characters beyond Latin-1"))?;
        headers.append(name, &value).map_err(shown)?;
    }
    let scheme = match request.scheme.as_str() {
        "https" => Scheme::Https,
        _ => Scheme::Http,
    };
    let outgoing = OutgoingRequest::new(headers);
    let set = outgoing
        .set_method(&Method::Other(request.method.clone()))
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(&request.authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&request.path)));
    set.map_err(|()| "method, host or path is not valid")?;
    Ok(outgoing)
}

fn options(timeout: Option<f64>) -> Result<Option<RequestOptions>, String> {
    let Some(seconds) = timeout else { return Ok(None) };
    let options = RequestOptions::new();
    let nanoseconds = (seconds.max(0.0) * 1e9) as u64;
    options.set_first_byte_timeout(Some(nanoseconds)).map_err(|()| "a timeout cannot be set")?;
    Ok(Some(options))
}

fn write(body: &OutgoingBody, bytes: &[u8]) -> Result<(), String> {
    if bytes.is_empty() {
        return Ok(());
    }
    let stream = body.write().map_err(|()| "the stream is taken")?;
    bytes.chunks(CHUNK).try_for_each(|chunk| stream.blocking_write_and_flush(chunk)).map_err(shown)
}

fn received(response: &IncomingResponse) -> Result<Response, String> {
    let text = |(name, value): (String, Vec<u8>)| (name, value.into_iter().map(char::from).collect());
    let headers = response.headers().entries().into_iter().map(text).collect();
    let body = response.consume().map_err(|()| "the body is taken")?;
    Ok(Response { status: response.status(), headers, body: read(&body)? })
}

fn read(body: &IncomingBody) -> Result<Vec<u8>, String> {
    let stream = body.stream().map_err(|()| "the stream is taken")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(1 << 16) {
            Ok(part) => bytes.extend(part),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(error) => return Err(shown(error)),
        }
    }
}

fn shown(error: impl Debug) -> String {
    format!("{error:?}")
}
