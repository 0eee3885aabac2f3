//! One request over `wasi:http`.

use crate::message::{Request, Response};
use std::fmt::Debug;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use wasip2::io::streams::StreamError;

/// Bytes that one write carries at most, as the interface has it.
const CHUNK: usize = 4096;

/// Sends a request and waits for the whole response.
pub(crate) fn send(request: &Request) -> Result<Response, String> {
    let outgoing = outgoing(request)?;
    let body = outgoing.body().map_err(|()| "the body is taken")?;
    let pending = handle(outgoing, None).map_err(shown)?;
    // A refusal closes the stream; the response says why.
    let _ = write(&body, request.body.as_bytes());
    let _ = OutgoingBody::finish(body, None);
    pending.subscribe().block();
    let response = pending.get().ok_or("there is no response")?.map_err(|()| "the response is taken")?;
    received(&response.map_err(shown)?)
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, String> {
    let headers = Fields::new();
    for (name, value) in &request.headers {
        headers.append(name, value.as_bytes()).map_err(shown)?;
    }
    let scheme = match request.scheme.as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let outgoing = OutgoingRequest::new(headers);
    let set = outgoing
        .set_method(&Method::Other(request.method.clone()))
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(&request.host)))
        .and_then(|()| outgoing.set_path_with_query(Some(&request.path)));
    set.map_err(|()| "method, scheme, host or path is not valid")?;
    Ok(outgoing)
}

fn write(body: &OutgoingBody, bytes: &[u8]) -> Result<(), String> {
    let stream = body.write().map_err(|()| "the stream is taken")?;
    bytes.chunks(CHUNK).try_for_each(|chunk| stream.blocking_write_and_flush(chunk)).map_err(shown)
}

fn received(response: &IncomingResponse) -> Result<Response, String> {
    let text = |(name, value): (String, Vec<u8>)| Some((name, String::from_utf8(value).ok()?));
    let headers = response.headers().entries().into_iter().filter_map(text).collect();
    let body = response.consume().map_err(|()| "the body is taken")?;
    let body = String::from_utf8_lossy(&read(&body)?).into_owned();
    Ok(Response { status: Some(response.status()), headers, body, error: None })
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
