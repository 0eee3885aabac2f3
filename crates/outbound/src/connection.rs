//! From a name to a connection: looked up once, checked, and connected to the very address that was checked.

use crate::OutboundConfig;
use crate::addresses::{is_allowed, leads_back};
use fuelcell_domain::capability::Target;
use fuelcell_domain::outbound::HttpError;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OnceCell, Semaphore};
use tokio_rustls::TlsConnector;

/// Names that are looked up at the same time. A lookup occupies a thread until it ends, even if nobody waits for it.
const MAX_LOOKUPS: usize = 32;

/// Characters of what is said of a certificate, which is the host's own text in part.
const MAX_REASON: usize = 256;

/// A stream to a host, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Makes connections.
pub(crate) struct Connector {
    tls: OnceCell<Option<TlsConnector>>,
    lookups: Arc<Semaphore>,
}

impl Connector {
    /// Trusts whom the machine trusts; its certificates are read when they are first needed.
    pub(crate) fn of_this_machine() -> Self {
        Self { tls: OnceCell::new(), lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }

    /// Trusts these only.
    #[cfg(test)]
    pub(crate) fn trusting(roots: RootCertStore) -> Self {
        Self { tls: OnceCell::new_with(Some(tls_with(roots))), ..Self::of_this_machine() }
    }

    /// Connects to `target`. `lookups` are the places of the attempt for which it is; this server has its own beside them.
    pub(crate) async fn connect(
        &self,
        target: &Target,
        config: &OutboundConfig,
        lookups: &Arc<Semaphore>,
    ) -> Result<Box<dyn Stream>, HttpError> {
        let found = addresses(target, [lookups, &self.lookups]).await.map_err(|error| {
            tracing::debug!(%target, %error, "a name cannot be resolved");
            HttpError::Dns
        })?;
        let stream = reach(target, found, config).await?;
        if !target.tls {
            return Ok(Box::new(stream));
        }
        let tls = self.tls.get_or_init(machines_tls).await.as_ref().ok_or(HttpError::Tls)?;
        let name = ServerName::try_from(target.host.clone()).map_err(|_| HttpError::Tls)?;
        let stream = tls.connect(name, stream).await.map_err(|error| {
            tracing::debug!(%target, %error, "TLS failed");
            untrusted(&error)
        })?;
        Ok(Box::new(stream))
    }
}

/// Connects to the first of the host's allowed addresses that answers.
async fn reach(
    target: &Target,
    found: Vec<SocketAddr>,
    config: &OutboundConfig,
) -> Result<TcpStream, HttpError> {
    if found.is_empty() {
        return Err(HttpError::Dns);
    }
    let mut allowed =
        found.into_iter().filter(|address| is_allowed(address.ip(), &config.allow_networks)).peekable();
    if allowed.peek().is_none() {
        // The address itself stays unsaid: it may be one of the operator's network.
        return Err(HttpError::Denied(format!(
            "{target} has no public address, and the operator of this server has not allowed its network"
        )));
    }
    for address in allowed {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                let (local, peer) = ends(&stream)?;
                if leads_back(local, peer, &config.allow_networks) {
                    return Err(HttpError::Denied(format!(
                        "{target} is the machine of this server, and its operator has not allowed its network"
                    )));
                }
                // Requests are written at once; waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => tracing::debug!(%target, %error, "no connection"),
        }
    }
    Err(HttpError::Connect)
}

/// Why there is no encrypted connection.
fn untrusted(error: &io::Error) -> HttpError {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            HttpError::Certificate(reason.to_string().chars().take(MAX_REASON).collect())
        }
        _ => HttpError::Tls,
    }
}

/// The addresses of both ends.
fn ends(stream: &TcpStream) -> Result<(IpAddr, IpAddr), HttpError> {
    let ends = stream.local_addr().and_then(|local| Ok((local.ip(), stream.peer_addr()?.ip())));
    ends.map_err(|_| HttpError::Connect)
}

/// Looks the host up once there is a place in each of `places`. They are free when the lookup ends, and not when its caller
/// gives up: that stops no lookup.
async fn addresses(target: &Target, places: [&Arc<Semaphore>; 2]) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = target.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, target.port)]);
    }
    let [attempt, server] = places.map(|places| places.clone().acquire_owned());
    let held = (attempt.await.map_err(io::Error::other)?, server.await.map_err(io::Error::other)?);
    let name = (target.host.clone(), target.port);
    let lookup = tokio::task::spawn_blocking(move || {
        let _held = held;
        name.to_socket_addrs().map(Iterator::collect)
    });
    lookup.await?
}

/// TLS with the certificates that the machine trusts; none when it has none, which is said once.
async fn machines_tls() -> Option<TlsConnector> {
    let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await.ok()?;
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(loaded.certs);
    if added == 0 {
        tracing::error!(errors = ?loaded.errors, "this machine has no certificates to trust: jobs cannot send requests over https");
        return None;
    }
    tls_with(roots)
}

fn tls_with(roots: RootCertStore) -> Option<TlsConnector> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = config.ok()?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(TlsConnector::from(Arc::new(config)))
}
