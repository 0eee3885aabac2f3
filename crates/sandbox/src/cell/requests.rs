//! What a cell has for its guest's requests over HTTP: what is sent goes to the job's host, as every other call does, and
//! comes back whole. All that lies in the host's memory for a guest is bounded: bodies under way, and answers that
//! it holds, count as the guest's own memory. The texts of requests that it never sends are
//! bounded where the interface is answered.

use super::memory::{Holding, Memory};
use bytes::Bytes;
use fuelcell_domain::capability::Target;
use fuelcell_domain::outbound::{Header, HttpError, HttpRequest, HttpResponse, MAX_AT_ONCE, MAX_BODY};
use fuelcell_domain::{JobHost, LogLevel};
use http::uri::Scheme;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use std::net::Ipv6Addr;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{
    Error, RequestOptions, Result, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
};

/// Bytes of all names and values of one list of headers.
pub(crate) const MAX_FIELDS: usize = 64 << 10;

/// Bytes of a body that one write hands over; a body that nobody reads holds two of them.
const MAX_CHUNK: usize = 64 << 10;

/// What a guest needs for its requests.
pub(crate) struct Http {
    context: WasiHttpCtx,
    sender: Sender,
}

impl Http {
    pub(crate) fn new(host: Arc<dyn JobHost>, memory: Arc<Memory>, deterministic: bool) -> Self {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(MAX_FIELDS);
        Self { context, sender: Sender::new(host, memory, deterministic) }
    }

    /// What the engine's side of the interface works on.
    pub(crate) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView { hooks: &mut self.sender, table, ctx: &mut self.context }
    }
}

/// Sends what a guest asks for.
#[derive(Clone)]
pub(crate) struct Sender {
    host: Arc<dyn JobHost>,
    places: Arc<Semaphore>,
    memory: Arc<Memory>,
    deterministic: bool,
}

type Transmission = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for Sender {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Transmission,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Transmission)>> + Send> {
        let sender = self.clone();
        Box::new(async move {
            let response = sender.send(request, options.unwrap_or_default()).await?;
            // The answer is whole: nothing is left to be done for it.
            Ok((response, Box::new(std::future::ready(Ok(()))) as Transmission))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        MAX_CHUNK
    }
}

impl Sender {
    pub(crate) fn new(host: Arc<dyn JobHost>, memory: Arc<Memory>, deterministic: bool) -> Self {
        let deterministic = deterministic && !host.has_fixed_answers();
        Self { host, places: Arc::new(Semaphore::new(MAX_AT_ONCE)), memory, deterministic }
    }

    fn is_refused(&self) -> bool {
        if self.deterministic {
            self.host.log(LogLevel::Warn, "http", "refused: a deterministic run sends no requests");
        }
        self.deterministic
    }

    /// Sends a request that is whole. The answer is the caller's to hold.
    pub(crate) async fn exchange(
        &self,
        request: HttpRequest,
    ) -> std::result::Result<HttpResponse, HttpError> {
        if self.is_refused() {
            return Err(HttpError::Denied("a deterministic run sends no requests".into()));
        }
        let place = self.places.clone().try_acquire_owned();
        let _place = place.map_err(|_| HttpError::TooMany(format!("at most {MAX_AT_ONCE} at once")))?;
        let room = self.memory.reserve_up_to(MAX_BODY as u64);
        self.host.http(HttpRequest { max_response: room.bytes(), ..request }).await
    }

    async fn send(&self, request: Request<WasiBody>, options: RequestOptions) -> Result<Response<WasiBody>> {
        if self.is_refused() {
            return Err(Error::HttpRequestDenied);
        }
        let place = self.places.clone().try_acquire_owned().map_err(|_| Error::ConnectionLimitReached)?;
        let (head, body) = request.into_parts();
        let target = target(&head.uri).ok_or(Error::HttpRequestUriInvalid)?;
        let mut sent = self.memory.holding();
        let body = whole(body, &mut sent).await?;
        // How long the answer is shows when it comes; until then it may take what it could.
        let room = self.memory.reserve_up_to(MAX_BODY as u64);
        let request = HttpRequest {
            method: head.method.as_str().to_owned(),
            target,
            path: head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            headers: headers(&head.headers),
            connect_timeout: options.connect_timeout,
            read_timeout: shorter(options.first_byte_timeout, options.between_bytes_timeout),
            max_response: room.bytes(),
            body,
        };
        let response = self.host.http(request).await.map_err(|error| explained(&error))?;
        drop(sent);
        let most = room.bytes();
        let held = room.filled(size(&response)).ok_or(Error::HttpResponseBodySize(Some(most)))?;
        answer(response, place, held)
    }
}

/// Where a URI leads to; one with a user or a password in it leads nowhere.
pub(crate) fn target(uri: &http::Uri) -> Option<Target> {
    let authority = uri.authority()?;
    if authority.as_str().contains('@') {
        return None;
    }
    let tls = uri.scheme() != Some(&Scheme::HTTP);
    let host = authority.host().to_ascii_lowercase();
    let host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        // As lists of hosts write it.
        Some(address) => address.parse::<Ipv6Addr>().ok()?.to_string(),
        None => host,
    };
    let port = match authority.port_u16() {
        Some(port) => port,
        // A port that is no number.
        None if authority.as_str().len() != authority.host().len() => return None,
        None => {
            if tls {
                443
            } else {
                80
            }
        }
    };
    Some(Target { tls, host, port })
}

fn headers(map: &http::HeaderMap) -> Vec<Header> {
    map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

fn shorter<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    [one, other].into_iter().flatten().min()
}

/// The body once the guest has finished it, as far as there is memory for it.
async fn whole(mut body: WasiBody, held: &mut Holding) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    // An error says that the guest gave it up, or that it is not as long as was said.
    while let Some(frame) = body.frame().await.transpose()? {
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > MAX_BODY || !held.add(data.len() as u64) {
            return Err(Error::HttpRequestBodySize(Some(whole.len() as u64)));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}

/// What an answer takes of the host's memory.
fn size(response: &HttpResponse) -> u64 {
    let headers: usize = response.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    (headers + response.body.len()) as u64
}

/// The guest's answer. Its place and memory are free once the guest lets go of the body.
fn answer(response: HttpResponse, place: OwnedSemaphorePermit, held: Holding) -> Result<Response<WasiBody>> {
    let mut builder = Response::builder().status(response.status);
    for (name, value) in response.headers {
        builder = builder.header(name, value);
    }
    let body = Full::new(Bytes::from(response.body)).map_frame(move |frame| {
        let _held = (&place, &held);
        frame
    });
    let body = body.map_err(|never| match never {}).boxed_unsync();
    builder.body(body).map_err(|_| Error::HttpProtocolError)
}

/// What the guest hears.
fn explained(error: &HttpError) -> Error {
    match error {
        HttpError::Denied(_) => Error::HttpRequestDenied,
        HttpError::TooMany(_) => Error::ConnectionLimitReached,
        HttpError::Invalid(_) => Error::HttpProtocolError,
        HttpError::RequestTooLong => Error::HttpRequestBodySize(Some(MAX_BODY as u64)),
        HttpError::ResponseTooLong(most) => Error::HttpResponseBodySize(Some(*most)),
        HttpError::Dns => Error::DnsError { rcode: None, info_code: None },
        HttpError::Connect => Error::ConnectionRefused,
        HttpError::ConnectTimeout => Error::ConnectionTimeout,
        HttpError::Certificate(_) => Error::TlsCertificateError,
        HttpError::Tls => Error::TlsProtocolError,
        HttpError::ReadTimeout => Error::ConnectionReadTimeout,
        HttpError::Protocol => Error::HttpProtocolError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::Meter;

    #[test]
    fn a_uri_leads_to_one_place() {
        for (uri, shown) in [
            ("https://API.example.com/a?b", "api.example.com"),
            ("http://api.example.com:80/", "http://api.example.com"),
            ("https://[0:0::1]:8443/", "[::1]:8443"),
        ] {
            assert_eq!(target(&uri.parse().unwrap()).unwrap().to_string(), shown);
        }
        for uri in [
            "/a",
            "https://user@api.example.com/",
            "https://a:b@api.example.com/",
            "https://a.b:99999/",
            "https://a.b:/",
        ] {
            let target = uri.parse().ok().and_then(|uri| target(&uri));
            assert_eq!(target, None, "{uri}");
        }
    }

    #[tokio::test]
    async fn a_body_is_as_long_as_is_stated() {
        let memory = Memory::new(u64::MAX, Arc::new(Meter::default()));
        for (length, fits) in [(MAX_BODY, true), (MAX_BODY + 1, false)] {
            let body = Full::new(Bytes::from(vec![b'x'; length])).map_err(|never| match never {});
            let taken = whole(body.boxed_unsync(), &mut memory.holding()).await;
            assert_eq!(taken.is_ok_and(|taken| taken.len() == length), fits, "{length}");
        }
    }
}
