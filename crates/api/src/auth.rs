//! Who is asking: `Authorization: Bearer TOKEN`.

use crate::config::ApiConfig;
use crate::problem::Problem;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use fuelcell_service::{Principal, Service, ServiceError};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Peers that are remembered before those without recent failures are forgotten.
const MAX_PEERS: usize = 10_000;

/// The recognised caller, whom the [gate](crate::gate) let in.
pub(crate) struct Caller(pub(crate) Principal);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let principal = parts.extensions.get::<Principal>().cloned();
        Ok(Self(principal.ok_or(ServiceError::Unauthenticated)?))
    }
}

/// Counts wrong tokens by peer. Right ones always pass, so that nobody is locked out by a neighbour behind the same
/// address; and what a proxy says in X-Forwarded-For is not looked at, because anybody can say it.
pub(crate) struct AuthFailures {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl AuthFailures {
    pub(crate) fn new(config: &ApiConfig) -> Self {
        let quota = Quota::per_minute(config.auth_failures_per_minute);
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Recognises the caller; a peer that presented too many wrong tokens is told to wait.
    pub(crate) async fn recognise(&self, service: &Service, parts: &Parts) -> Result<Principal, Problem> {
        let header = parts.headers.get(header::AUTHORIZATION).ok_or(ServiceError::Unauthenticated)?;
        let recognised = match header.to_str().ok().and_then(bearer) {
            Some(token) => service.authenticate(token).await,
            None => Err(ServiceError::Unauthenticated),
        };
        if let Err(ServiceError::Unauthenticated) = recognised {
            self.count(peer(parts))?;
        }
        Ok(recognised?)
    }

    fn count(&self, peer: IpAddr) -> Result<(), ServiceError> {
        if self.limiter.len() > MAX_PEERS {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&peer).map_err(|wait| ServiceError::TooMany {
            code: "TooManyFailures",
            message: "too many wrong tokens came from this address; try again later".into(),
            retry_after: wait.wait_time_from(self.clock.now()).as_secs() + 1,
        })
    }
}

/// The address at the other end of the connection, for IPv6 the network that one customer has.
fn peer(parts: &Parts) -> IpAddr {
    match parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| address.ip().to_canonical())
    {
        Some(IpAddr::V6(address)) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        Some(address) => address,
        // Without a connection (a request made in the process itself) all count together.
        None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}

/// The token of a bearer header; the scheme's case does not matter (RFC 9110).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
