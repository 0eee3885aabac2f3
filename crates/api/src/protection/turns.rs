//! Changes that are being carried out. Whoever asks for one waits for the store, which takes them in batches; more than it
//! takes soon would only wait, and hold memory meanwhile. So beyond a number the next one is refused at once: what is taken
//! is answered soon, however many ask. [How many](super::pace) follows from what they take.
//!
//! A turn begins when the request's body is there, so that clients who send slowly keep nobody out.

use super::pace::Pace;
use super::shares::{Full, Most, Part, Shares, Who};
use crate::config::ApiConfig;
use crate::problem::Problem;
use axum::http::StatusCode;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// When it is worth asking again: what is under way takes less.
const RETRY_SECONDS: u64 = 1;

pub(crate) struct Turns {
    shares: Arc<Shares>,
    pace: Arc<Pace>,
}

impl Turns {
    pub(crate) fn new(config: &ApiConfig) -> Self {
        let tenant = config.max_tenant_changes.get().into();
        let most = Most { all: config.max_changes.get().into(), tenant, token: tenant };
        Self { shares: Arc::new(Shares::new(most)), pace: Arc::new(Pace::new(Instant::now())) }
    }

    pub(crate) fn of(&self, who: Who) -> Turn {
        let (shares, pace) = (Arc::clone(&self.shares), Arc::clone(&self.pace));
        Turn { shares, pace, who, begun: Arc::default() }
    }
}

/// A request's turn: in its extensions, and where it is waited for.
#[derive(Clone)]
pub(crate) struct Turn {
    shares: Arc<Shares>,
    pace: Arc<Pace>,
    who: Who,
    begun: Arc<OnceLock<Begun>>,
}

impl Turn {
    /// The request is there. Until the last copy of this is dropped it counts.
    pub(crate) fn begin(&self) -> Result<(), Problem> {
        let part = self.shares.take_within(self.most(), self.who, 1).map_err(|full| self.busy(full))?;
        // A second one would be the same request's, and is given back.
        let _ = self.begun.set(Begun { pace: Arc::clone(&self.pace), since: Instant::now(), _part: part });
        Ok(())
    }

    /// Whether it could begin now. Where it could not, nothing of the request need be read.
    pub(crate) fn look(&self) -> Result<(), Problem> {
        self.shares.look(self.most(), self.who, 1).map_err(|full| self.busy(full))
    }

    /// What is in force of the limits.
    fn most(&self) -> Most {
        let Most { all, tenant, token } = self.shares.most();
        let [all, tenant, token] = [all, tenant, token].map(|limit| self.pace.of(limit));
        Most { all, tenant, token }
    }

    fn busy(&self, full: Full) -> Problem {
        self.pace.refused();
        busy(full)
    }
}

/// A change that is being carried out.
struct Begun {
    pace: Arc<Pace>,
    since: Instant,
    _part: Part,
}

impl Drop for Begun {
    fn drop(&mut self) {
        let now = Instant::now();
        self.pace.ended(now.saturating_duration_since(self.since), now);
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
