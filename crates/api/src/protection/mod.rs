//! What keeps one client, or many at once, from taking the server from all others: requests by token and tenant, bytes of
//! bodies that arrive, and changes that are being carried out. All of it counts by who was recognised and never by an
//! address, so that nothing that a client says of where it comes from changes it. Operators come through.

mod pace;
mod rates;
mod shares;
mod turns;

use crate::config::ApiConfig;
use crate::problem::Problem;
use axum::http::{HeaderMap, StatusCode, header};
use fuelcell_domain::{Scope, TokenId};
use governor::clock::DefaultClock;
use rates::Rates;
use shares::{Full, Most, Part, Shares, Who};
use std::sync::Arc;
pub(crate) use turns::Turn;
use turns::Turns;

/// What a body counts as that does not say its length, and the most that any counts as: those that may be larger are
/// refused, or go to the disk as they come.
pub(crate) const MOST_HELD: usize = 4 * 1024 * 1024;
/// When a client may try again whose bodies arrive too slowly for another: nobody knows when they are there.
const RETRY_SECONDS: u64 = 1;

/// The limits of a server, and what is taken of them.
pub(crate) struct Protection {
    rates: Rates<DefaultClock>,
    arriving: Arc<Shares>,
    turns: Turns,
}

/// What a request holds of the limits until it is answered.
pub(crate) struct Admission {
    /// For the request, which begins its turn when its body is there.
    pub(crate) turn: Option<Turn>,
    _arriving: Option<Part>,
}

impl Protection {
    pub(crate) fn new(config: &ApiConfig) -> Self {
        let arriving = Most {
            all: config.max_arriving_bytes,
            tenant: config.max_tenant_arriving_bytes,
            token: config.max_token_arriving_bytes,
        };
        Self {
            rates: Rates::new(config, DefaultClock::default()),
            arriving: Arc::new(Shares::new(arriving)),
            turns: Turns::new(config),
        }
    }

    /// Lets a request of a recognised caller in, or says when it may try again.
    pub(crate) fn admit(
        &self,
        (scope, token): (Scope, TokenId),
        headers: &HeaderMap,
    ) -> Result<Admission, Problem> {
        if scope == Scope::Server {
            return Ok(Admission { turn: None, _arriving: None });
        }
        let who = Who { tenant: scope.tenant(), token };
        self.rates.check(who)?;
        let arriving = match held(headers) {
            0 => None,
            bytes => Some(self.arriving.take(who, bytes).map_err(too_much_arriving)?),
        };
        Ok(Admission { turn: Some(self.turns.of(who)), _arriving: arriving })
    }
}

/// What a request's body may hold in memory, by its headers: those that have come with neither of these have no body, and
/// the bodies that wrap it do not all tell its length.
fn held(headers: &HeaderMap) -> u64 {
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    match stated {
        _ if headers.contains_key(header::TRANSFER_ENCODING) => MOST_HELD as u64,
        Some(length) => u64::min(length, MOST_HELD as u64),
        None => 0,
    }
}

fn too_much_arriving(full: Full) -> Problem {
    let (status, whose) = match full {
        Full::All => (StatusCode::SERVICE_UNAVAILABLE, "all clients"),
        Full::Tenant => (StatusCode::TOO_MANY_REQUESTS, "this tenant"),
        Full::Token => (StatusCode::TOO_MANY_REQUESTS, "this token"),
    };
    let detail = format!(
        "bodies of requests that {whose} sent, and that are not answered yet, are as many bytes as they may be; send fewer \
         at a time"
    );
    Problem::new(status, "TooMuchArriving", detail).retried_after(RETRY_SECONDS)
}

#[cfg(test)]
mod tests;
