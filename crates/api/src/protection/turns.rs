//! Changes that are being carried out. Whoever asks for one waits for the store, which takes them in batches; more than it
//! takes soon would only wait, and hold memory meanwhile. So beyond a number the next one is refused at once: what is taken
//! is answered soon, however many ask.
//!
//! A turn begins when the request's body is there, so that clients who send slowly keep nobody out.

use super::shares::{Full, Most, Part, Shares, Who};
use crate::config::ApiConfig;
use crate::problem::Problem;
use axum::http::StatusCode;
use std::sync::{Arc, OnceLock};

/// When it is worth asking again: what is under way takes less.
const RETRY_SECONDS: u64 = 1;

pub(crate) struct Turns(Arc<Shares>);

impl Turns {
    pub(crate) fn new(config: &ApiConfig) -> Self {
        let tenant = config.max_tenant_changes.get().into();
        Self(Arc::new(Shares::new(Most { all: config.max_changes.get().into(), tenant, token: tenant })))
    }

    pub(crate) fn of(&self, who: Who) -> Turn {
        Turn { shares: Arc::clone(&self.0), who, taken: Arc::default() }
    }
}

/// A request's turn: in its extensions, and where it is waited for.
#[derive(Clone)]
pub(crate) struct Turn {
    shares: Arc<Shares>,
    who: Who,
    taken: Arc<OnceLock<Part>>,
}

impl Turn {
    /// The request is there. Until the last copy of this is dropped it counts.
    pub(crate) fn begin(&self) -> Result<(), Problem> {
        let part = self.shares.take(self.who, 1).map_err(busy)?;
        // A second one would be the same request's, and is given back.
        let _ = self.taken.set(part);
        Ok(())
    }
}

fn busy(full: Full) -> Problem {
    let (status, code, whose) = match full {
        Full::All => (StatusCode::SERVICE_UNAVAILABLE, "Busy", "of all clients"),
        Full::Tenant | Full::Token => (StatusCode::TOO_MANY_REQUESTS, "TooManyChanges", "of this tenant"),
    };
    let detail = format!(
        "as many changes {whose} are being carried out as may be, and nothing was changed; try again"
    );
    Problem::new(status, code, detail).retried_after(RETRY_SECONDS)
}
