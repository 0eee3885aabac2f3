//! Connections: taken, bounded in number, time and memory, and ended in order.

use crate::config::ApiConfig;
use crate::connections::{Arriving, Connections, Haste, Peer, Permit, Seat, Socket, Unread, WithPermit};
use crate::tls::Tls;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower_http::timeout::TimeoutBody;

/// How long the head of a request may take, from the end of the one before: this closes idle connections too.
const HEAD: Duration = Duration::from_secs(30);
/// The same in the reserve.
const HEAD_IN_RESERVE: Duration = Duration::from_secs(5);
/// How long a handshake of TLS may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Bytes of a request's head, and of what a connection holds of an answer that is being sent.
pub(crate) const MAX_HEAD: usize = 64 * 1024;
/// How long a body may pause.
const BODY_PAUSE: Duration = Duration::from_secs(30);
/// How long running requests get after the server was told to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);
/// After a failed accept: most likely descriptors ran out, and closing connections gives some back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from.
pub struct Listening {
    /// The socket.
    pub listener: TcpListener,
    /// What they are encrypted with; none = plain HTTP.
    pub tls: Option<Tls>,
}

/// Answers on the listener until `stop`, then lets running requests end for a while. `descriptors` is how many the process
/// may have.
pub async fn serve(
    Listening { listener, tls }: Listening,
    router: Router,
    config: &ApiConfig,
    descriptors: u64,
    stop: CancellationToken,
) {
    let acceptor = tls.as_ref().map(Tls::acceptor);
    if let Some(tls) = tls {
        tokio::spawn(Arc::new(tls).renew(stop.clone()));
    }
    let shared = Arc::new(Connections::new(config, descriptors));
    let server = Server { router, shared, acceptor, stop: stop.clone() };
    let running = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => server.take(stream, peer, &running),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(LAST_REQUESTS, running.shutdown()).await.is_err() {
        tracing::warn!("requests that did not end in time are broken off");
    }
}

/// What a request brings along of its connection.
#[derive(Clone)]
pub(crate) struct Arrival {
    /// Whom it counts for.
    pub(crate) peer: Peer,
    /// Whether its peer has, or all have, as many connections as they may: only health checks and operators pass.
    pub(crate) beyond_caps: bool,
    /// What streams may take of all connections.
    pub(crate) streams: Arc<Semaphore>,
    /// How long one may be silent.
    pub(crate) heartbeat: Duration,
    /// Where its answer is counted.
    pub(crate) unread: Arc<Unread>,
}

struct Server {
    router: Router,
    shared: Arc<Connections>,
    acceptor: Option<TlsAcceptor>,
    stop: CancellationToken,
}

impl Server {
    #[expect(clippy::too_many_lines, reason = "the states of one connection")]
    fn take(&self, stream: TcpStream, peer: SocketAddr, running: &GracefulShutdown) {
        let broken = CancellationToken::new();
        let proxy = self.shared.proxies.contains(peer.ip());
        let permit = match proxy {
            true => self.shared.permits.take_for_proxy(),
            false => self.shared.permits.take(Peer::of(peer.ip())),
        };
        let seat = match permit {
            Some(_) => None,
            None => match self.shared.reserve.sit(broken.clone()) {
                Some(seat) => Some(seat),
                // Dropped, the connection is closed.
                None => return,
            },
        };
        let unread = Arc::new(Unread::new(Arc::clone(&self.shared.ledger), broken.clone()));
        let arriving = Arc::new(Arriving::default());
        let in_reserve = seat.is_some();
        // Where permits are rare, nobody is waited for.
        let lingering = (Arc::clone(&arriving), !in_reserve);
        let socket = Socket::new(stream, Arc::clone(&unread), lingering, self.shared.patience);
        let connection = Arc::new(Connection {
            shared: Arc::clone(&self.shared),
            router: self.router.clone(),
            address: peer.ip(),
            proxy,
            unread,
            arriving,
            haste: Haste::default(),
            seat,
            _permit: permit,
        });
        let answer = service_fn(move |request| Arc::clone(&connection).answer(request));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).max_buf_size(MAX_HEAD);
        match in_reserve {
            true => http.keep_alive(false).header_read_timeout(HEAD_IN_RESERVE),
            false => http.header_read_timeout(HEAD),
        };
        let (watcher, acceptor, stop) = (running.watcher(), self.acceptor.clone(), self.stop.clone());
        let handshake = if in_reserve { HEAD_IN_RESERVE } else { HANDSHAKE };
        let serving = async move {
            let Some(acceptor) = acceptor else {
                return watcher.watch(http.serve_connection(TokioIo::new(socket), answer)).await;
            };
            let shaking = tokio::time::timeout(handshake, acceptor.accept(socket));
            match stop.run_until_cancelled(shaking).await {
                Some(Ok(Ok(socket))) => {
                    watcher.watch(http.serve_connection(TokioIo::new(socket), answer)).await
                }
                Some(Ok(Err(error))) => {
                    tracing::debug!(%error, "a connection did not come to TLS");
                    Ok(())
                }
                Some(Err(_)) | None => Ok(()),
            }
        };
        tokio::spawn(async move {
            match broken.run_until_cancelled(serving).await {
                Some(Err(error)) => tracing::debug!(%error, "a connection broke"),
                None => tracing::debug!("a connection made room for others"),
                Some(Ok(())) => {}
            }
        });
    }
}

/// One connection.
struct Connection {
    shared: Arc<Connections>,
    router: Router,
    address: IpAddr,
    /// Whether it is from a trusted proxy.
    proxy: bool,
    unread: Arc<Unread>,
    arriving: Arc<Arriving>,
    haste: Haste,
    seat: Option<Seat>,
    _permit: Option<Permit>,
}

impl Connection {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response, Infallible> {
        if let Some(seat) = &self.seat {
            seat.keep();
        }
        let mut request =
            request.map(|body| self.arriving.watch(Body::new(TimeoutBody::new(BODY_PAUSE, body))));
        let own = Peer::of(self.address);
        let peer = match self.proxy {
            true => self.shared.proxies.speaks_for(request.headers()).unwrap_or(own),
            false => own,
        };
        let permit = if self.proxy { self.shared.permits.take_for_request(peer) } else { None };
        let beyond_caps = self.seat.is_some() || (self.proxy && permit.is_none());
        let (streams, unread) = (Arc::clone(&self.shared.streams), Arc::clone(&self.unread));
        let heartbeat = self.shared.heartbeat;
        request.extensions_mut().insert(Arrival { peer, beyond_caps, streams, heartbeat, unread });
        let response = self.router.clone().oneshot(request).await?;
        // The connections of a proxy speak for many, and so would one who asks too often for those who do not.
        let held = self.haste.look(response.headers(), Instant::now()).filter(|_| !self.proxy);
        if let Some(held) = held {
            tokio::time::sleep(held).await;
        }
        Ok(match permit {
            Some(permit) => response.map(|body| Body::new(WithPermit { body, _permit: permit })),
            None => response,
        })
    }
}
