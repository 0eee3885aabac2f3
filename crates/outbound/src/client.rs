//! One request, one connection, one response.

use crate::OutboundConfig;
use crate::account::{Account, Tally};
use crate::connection::{Connector, Stream};
use crate::metrics;
use bytes::Bytes;
use fuelcell_domain::capability::Target;
use fuelcell_domain::outbound::{Header, HttpError, HttpRequest, HttpResponse, MAX_BODY};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Bytes of all headers of a request.
pub(crate) const MAX_HEADERS: usize = 64 << 10;

/// How long [`Client::ask`] waits for a body.
const BODY_TIME: Duration = Duration::from_secs(1);

/// Bytes of a body that are given to a connection, and counted, at a time.
const CHUNK: usize = 64 << 10;

/// What belongs to the connection, which is the host's, and the length, which follows from the body.
pub(crate) const OUR_OWN: [HeaderName; 11] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// Sends requests over HTTP/1.1.
pub struct Client {
    connector: Connector,
    config: OutboundConfig,
}

impl Client {
    /// A client that trusts whom the machine trusts.
    pub fn new(config: OutboundConfig) -> Self {
        metrics::announce();
        Self { connector: Connector::of_this_machine(), config }
    }

    /// One that trusts these only.
    #[cfg(test)]
    pub(crate) fn trusting(roots: rustls::RootCertStore, config: OutboundConfig) -> Self {
        Self { connector: Connector::trusting(roots), config }
    }

    pub(crate) fn config(&self) -> &OutboundConfig {
        &self.config
    }

    /// Sends a request of the server's own, to an address that is public or allowed. Of the answer's body no more is read than
    /// the request has room for; what is beyond is left out.
    pub async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let target = request.target.clone();
        let most = request.max_response.min(MAX_BODY as u64) as usize;
        let (connect_time, read_time) =
            (self.config.connect_time(request.connect_timeout), self.config.read_time(request.read_timeout));
        // It is nobody's account.
        let tally = Account::default().requested(&target.host);
        let request = Counted::of(valid(request)?, &tally);
        let lookups = Arc::new(Semaphore::new(1));
        let connecting = self.connector.connect(&target, &self.config, &lookups);
        let stream = timeout(connect_time, connecting).await.unwrap_or(Err(HttpError::ConnectTimeout))?;
        let (_driver, response) = answered(stream, request, read_time).await?;
        let (head, mut incoming) = response.into_parts();
        let mut body = Vec::new();
        let reading = async {
            while body.len() < most
                && let Some(Ok(frame)) = incoming.frame().await
            {
                if let Ok(data) = frame.into_data() {
                    body.extend_from_slice(&data[..data.len().min(most - body.len())]);
                }
            }
        };
        // The status is what counts: a body that breaks off or stays away does no harm.
        let _ = timeout(BODY_TIME, reading).await;
        Ok(HttpResponse { status: head.status.as_u16(), headers: headers_of(&head.headers), body })
    }

    /// The same for an answer that is read to its end: one with a longer body than the request has room for, or that breaks
    /// off, is an error.
    pub async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        // It is nobody's account.
        let tally = Account::default().requested(&request.target.host);
        self.send(request, &tally, &Arc::new(Semaphore::new(1))).await
    }

    /// Sends a request, wherever it goes to: who may go there is decided before, but for the address, which is known only
    /// here. `tally` counts what goes out and comes back as it does; `lookups` are the places of the attempt's lookups.
    pub(crate) async fn send(
        &self,
        request: HttpRequest,
        tally: &Tally,
        lookups: &Arc<Semaphore>,
    ) -> Result<HttpResponse, HttpError> {
        let target = request.target.clone();
        let most = request.max_response.min(MAX_BODY as u64);
        let (connect_time, read_time) =
            (self.config.connect_time(request.connect_timeout), self.config.read_time(request.read_timeout));
        let request = Counted::of(valid(request)?, tally);
        let connecting = self.connector.connect(&target, &self.config, lookups);
        let stream = timeout(connect_time, connecting).await.unwrap_or(Err(HttpError::ConnectTimeout))?;
        exchange(stream, request, read_time, most, tally).await
    }
}

/// Sends a request over a connection of its own and reads the answer, with a body of at most `most` bytes.
pub(crate) async fn exchange(
    stream: impl Stream + 'static,
    request: Request<Counted>,
    read_time: Duration,
    most: u64,
    tally: &Tally,
) -> Result<HttpResponse, HttpError> {
    let (_driver, response) = answered(stream, request, read_time).await?;
    read(response, read_time, most, tally).await
}

/// What drives a connection: dropped, the connection ends.
type Driver = JoinSet<Result<(), hyper::Error>>;

/// Sends a request over a connection of its own, up to the head of the answer.
async fn answered(
    stream: impl Stream + 'static,
    request: Request<Counted>,
    read_time: Duration,
) -> Result<(Driver, Response<Incoming>), HttpError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answering = timeout(read_time, sender.send_request(request));
    let response = answering.await.map_err(|_| HttpError::ReadTimeout)?.map_err(broken)?;
    Ok((driver, response))
}

/// A body that counts what its connection takes of it.
pub(crate) struct Counted {
    rest: Bytes,
    tally: Tally,
}

impl Counted {
    pub(crate) fn of(request: Request<Bytes>, tally: &Tally) -> Request<Self> {
        request.map(|rest| Self { rest, tally: tally.clone() })
    }
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(CHUNK);
        let chunk = self.rest.split_to(length);
        self.tally.sent(chunk.len());
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

async fn read(
    response: Response<Incoming>,
    patience: Duration,
    most: u64,
    tally: &Tally,
) -> Result<HttpResponse, HttpError> {
    let (head, mut incoming) = response.into_parts();
    let mut body = Vec::new();
    while let Some(frame) = timeout(patience, incoming.frame()).await.map_err(|_| HttpError::ReadTimeout)? {
        // Trailers are left out.
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        tally.received(data.len());
        if (body.len() + data.len()) as u64 > most {
            return Err(HttpError::ResponseTooLong(most));
        }
        body.extend_from_slice(&data);
    }
    Ok(HttpResponse { status: head.status.as_u16(), headers: headers_of(&head.headers), body })
}

fn headers_of(headers: &HeaderMap) -> Vec<Header> {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

/// The request as it goes out, if it is one: what a guest or its process made of it is checked here.
pub(crate) fn valid(request: HttpRequest) -> Result<Request<Bytes>, HttpError> {
    let HttpRequest { method, target, path, headers, body, .. } = request;
    let invalid = |what: &str| HttpError::Invalid(what.to_owned());
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| invalid("its method"))?;
    // Methods differ in case; but a host that does not know that must not be made to echo what it gets.
    if [Method::CONNECT, Method::TRACE]
        .iter()
        .any(|denied| denied.as_str().eq_ignore_ascii_case(method.as_str()))
    {
        return Err(HttpError::Denied(format!("the method {method} is not sent")));
    }
    if !path.starts_with('/') {
        return Err(invalid("its path does not begin with a slash"));
    }
    let path = PathAndQuery::try_from(path).map_err(|_| invalid("its path"))?;
    let mut out = Request::new(Bytes::from(body));
    *out.method_mut() = method;
    *out.uri_mut() = path.into();
    *out.headers_mut() = sent_headers(&target, headers)?;
    Ok(out)
}

fn sent_headers(target: &Target, headers: Vec<Header>) -> Result<HeaderMap, HttpError> {
    let invalid = |what: &str| HttpError::Invalid(what.to_owned());
    if headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_HEADERS {
        return Err(HttpError::Invalid(format!("its headers have more than {MAX_HEADERS} bytes")));
    }
    let mut sent = HeaderMap::new();
    sent.insert(header::HOST, HeaderValue::try_from(authority(target)).map_err(|_| invalid("its host"))?);
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(|_| invalid("the name of a header"))?;
        let value = HeaderValue::try_from(value).map_err(|_| invalid("the value of a header"))?;
        if !OUR_OWN.contains(&name) {
            sent.append(name, value);
        }
    }
    Ok(sent)
}

/// Host and port, as the header `Host` has them.
fn authority(target: &Target) -> String {
    let text = target.to_string();
    text.strip_prefix("http://").map_or(text.clone(), str::to_owned)
}

fn broken(error: hyper::Error) -> HttpError {
    tracing::debug!(%error, "a request of a job broke off");
    HttpError::Protocol
}
