//! Who is asking: `Authorization: Bearer TOKEN`, or the cookie of a session in its place, or `Basic` with user name and
//! application password where a protocol has it so.

use crate::config::ApiConfig;
use crate::connections::Peer;
use crate::cookie;
use crate::problem::Problem;
use crate::serve::Arrival;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fuelcell_service::{Principal, Service, ServiceError};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

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

/// How a caller is to say who they are. An address takes one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 7617.
    Basic,
}

/// Counts wrong tokens and passwords by peer. Right ones always pass, so that nobody is locked out by a neighbour behind the same
/// address.
pub(crate) struct AuthFailures {
    limiter: DefaultKeyedRateLimiter<Peer>,
    /// The same of sign-ins by an identity provider, of which nobody knows at first whether they are right ones.
    sign_ins: DefaultKeyedRateLimiter<Peer>,
    clock: DefaultClock,
}

impl AuthFailures {
    pub(crate) fn new(config: &ApiConfig) -> Self {
        let quota = Quota::per_minute(config.auth_failures_per_minute);
        let (limiter, sign_ins) = (RateLimiter::keyed(quota), RateLimiter::keyed(quota));
        Self { limiter, sign_ins, clock: DefaultClock::default() }
    }

    /// Recognises the caller; a peer that presented too many wrong tokens or passwords is told to wait.
    pub(crate) async fn recognise(
        &self,
        service: &Service,
        parts: &Parts,
        scheme: Scheme,
    ) -> Result<Principal, Problem> {
        let Some(header) = parts.headers.get(header::AUTHORIZATION) else {
            return match scheme {
                Scheme::Bearer => cookie::recognise(service, parts).await,
                Scheme::Basic => Err(ServiceError::Unauthenticated.into()),
            };
        };
        let header = header.to_str().unwrap_or_default();
        let recognised = match scheme {
            Scheme::Bearer => by_token(service, header).await,
            Scheme::Basic => by_password(service, header).await,
        };
        if let Err(ServiceError::Unauthenticated) = recognised {
            self.count(&self.limiter, peer(parts.extensions.get()), "wrong tokens or passwords")?;
        }
        Ok(recognised?)
    }

    /// Counts a step of a sign-in by an identity provider.
    pub(crate) fn count_sign_in(&self, arrival: Option<&Arrival>) -> Result<(), ServiceError> {
        self.count(&self.sign_ins, peer(arrival), "sign-ins")
    }

    fn count(
        &self,
        limiter: &DefaultKeyedRateLimiter<Peer>,
        peer: Peer,
        what: &str,
    ) -> Result<(), ServiceError> {
        if limiter.len() > MAX_PEERS {
            limiter.retain_recent();
        }
        limiter.check_key(&peer).map_err(|wait| ServiceError::TooMany {
            code: "TooManyFailures",
            message: format!("too many {what} came from this address; try again later"),
            retry_after: wait.wait_time_from(self.clock.now()).as_secs() + 1,
        })
    }
}

fn peer(arrival: Option<&Arrival>) -> Peer {
    arrival.map_or(Peer::NOBODY, |arrival| arrival.peer)
}

async fn by_token(service: &Service, header: &str) -> Result<Principal, ServiceError> {
    let token = credentials(header, "bearer").ok_or(ServiceError::Unauthenticated)?;
    service.authenticate(token).await
}

async fn by_password(service: &Service, header: &str) -> Result<Principal, ServiceError> {
    let (user, password) = user_and_password(header).ok_or(ServiceError::Unauthenticated)?;
    service.authenticate_with_password(&user, &password).await
}

/// What a header holds after its scheme, whose case does not matter (RFC 9110).
pub(crate) fn credentials<'a>(header: &'a str, wanted: &str) -> Option<&'a str> {
    let (scheme, credentials) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then_some(credentials.trim())
}

/// A user name has no colon, a password may have some.
pub(crate) fn user_and_password(header: &str) -> Option<(String, String)> {
    let decoded = BASE64_STANDARD.decode(credentials(header, "basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::user_and_password;

    #[test]
    fn basic_credentials_are_read() {
        let read = |header: &str| user_and_password(header);
        let own = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(read("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), own("Aladdin", "open sesame"));
        assert_eq!(read("bAsIc YTpiOmM="), own("a", "b:c"));
        for wrong in ["Basic", "Basic ", "Basic !", "Basic YQ==", "Basic gIA6", "Bearer YTpi", "YTpi"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
