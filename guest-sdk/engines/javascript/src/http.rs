//! One request over `wasi:http`.

use crate::{bytes, failure};
use rquickjs::convert::List;
use rquickjs::{Array, Ctx, Object, Result, TypedArray};
use std::fmt::Debug;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::streams::StreamError;

/// Bytes that one write carries at most, as the interface has it.
const CHUNK: usize = 4096;

/// A request as the SDK makes it.
struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    timeout_milliseconds: Option<f64>,
}

/// An answer, whatever its status.
struct Answer {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// Why there is none: the host's word, and what more there is to say.
struct Refused {
    reason: String,
    told: String,
}

/// Sends a request and waits for the whole answer.
pub(crate) fn send<'js>(ctx: Ctx<'js>, asked: Object<'js>) -> Result<Object<'js>> {
    let body: Option<TypedArray<'js, u8>> = asked.get("body")?;
    let headers: Vec<List<(String, String)>> = asked.get("headers")?;
    let request = Request {
        method: asked.get("method")?,
        url: asked.get("url")?,
        headers: headers.into_iter().map(|List(pair)| pair).collect(),
        body: body.as_ref().map(bytes::of_array).transpose()?,
        timeout_milliseconds: asked.get("timeoutMilliseconds")?,
    };
    match answer(&request) {
        Ok(answer) => object(ctx, answer),
        Err(Refused { reason, told }) => {
            let text = format!("the host sent no request or has no answer: {told}");
            Err(failure::throw(&ctx, &format!("http:{reason}"), &text))
        }
    }
}

fn object<'js>(ctx: Ctx<'js>, answer: Answer) -> Result<Object<'js>> {
    let headers = Array::new(ctx.clone())?;
    for (index, (name, value)) in answer.headers.into_iter().enumerate() {
        // Each byte is a character, as the web has it.
        let value: String = value.into_iter().map(char::from).collect();
        headers.set(index, vec![name, value])?;
    }
    let object = Object::new(ctx.clone())?;
    object.set("status", answer.status)?;
    object.set("headers", headers)?;
    object.set("body", bytes::to_array(ctx, answer.body)?)?;
    Ok(object)
}

fn answer(request: &Request) -> std::result::Result<Answer, Refused> {
    let outgoing = outgoing(request)?;
    let body = outgoing.body().map_err(|()| unexpected("the body is taken"))?;
    let options = request.timeout_milliseconds.map(options);
    let pending = handle(outgoing, options).map_err(refused)?;
    // A refusal closes the stream; the response says why.
    let _ = write(&body, request.body.as_deref().unwrap_or_default());
    let _ = OutgoingBody::finish(body, None);
    pending.subscribe().block();
    let response = pending.get().and_then(std::result::Result::ok);
    received(&response.ok_or_else(|| unexpected("there is no response"))?.map_err(refused)?)
}

fn outgoing(request: &Request) -> std::result::Result<OutgoingRequest, Refused> {
    let headers = Fields::new();
    for (name, value) in &request.headers {
        headers.append(name, value.as_bytes()).map_err(refused)?;
    }
    let invalid = || Refused { reason: "HTTP-request-URI-invalid".into(), told: "this is no URL".into() };
    let (scheme, rest) = request.url.split_once("://").ok_or_else(invalid)?;
    let scheme = if scheme.eq_ignore_ascii_case("https") { Scheme::Https } else { Scheme::Http };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let outgoing = OutgoingRequest::new(headers);
    let set = outgoing
        .set_method(&Method::Other(request.method.clone()))
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&path)));
    set.map_err(|()| invalid())?;
    Ok(outgoing)
}

fn options(milliseconds: f64) -> RequestOptions {
    let options = RequestOptions::new();
    // One that the host does not take is left to the host's own.
    let _ = options.set_first_byte_timeout(Some((milliseconds * 1e6) as u64));
    options
}

fn write(body: &OutgoingBody, bytes: &[u8]) -> std::result::Result<(), Refused> {
    let stream = body.write().map_err(|()| unexpected("the stream is taken"))?;
    bytes.chunks(CHUNK).try_for_each(|chunk| stream.blocking_write_and_flush(chunk)).map_err(refused)
}

fn received(response: &IncomingResponse) -> std::result::Result<Answer, Refused> {
    let headers = response.headers().entries();
    let body = response.consume().map_err(|()| unexpected("the body is taken"))?;
    Ok(Answer { status: response.status(), headers, body: read(&body)? })
}

fn read(body: &IncomingBody) -> std::result::Result<Vec<u8>, Refused> {
    let stream = body.stream().map_err(|()| unexpected("the stream is taken"))?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(1 << 16) {
            Ok(part) => bytes.extend(part),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(_) => {
                let reason = "connection-terminated".to_owned();
                return Err(Refused { told: format!("{reason}: the answer broke off"), reason });
            }
        }
    }
}

fn unexpected(told: &str) -> Refused {
    Refused { reason: "internal-error".into(), told: told.into() }
}

/// The word of an error of the interface: `ErrorCode::HttpRequestDenied` is `HTTP-request-denied`.
fn refused(error: impl Debug) -> Refused {
    let told = format!("{error:?}");
    let name = told.rsplit("ErrorCode::").next().unwrap_or_default();
    let name = name.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default();
    let mut reason = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !reason.is_empty() {
            reason.push('-');
        }
        reason.extend(character.to_lowercase());
    }
    let words = reason.split('-').map(|word| match word {
        "dns" | "http" | "ip" | "tls" | "uri" => word.to_uppercase(),
        word => word.to_owned(),
    });
    let reason = words.collect::<Vec<_>>().join("-");
    let told = if told.contains('(') { format!("{reason}: {told}") } else { reason.clone() };
    Refused { reason, told }
}
