//! What is known of the provider: its addresses and keys, read when they are needed and kept for a while.

use crate::http::Http;
use crate::metadata::{self, Metadata};
use crate::token::Keys;
use fuelcell_domain::identity::SignInError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

/// How long it is believed.
const KEPT: Duration = Duration::from_secs(3600);
/// How often keys are read anew because a token names one that is not among them: anybody can name one.
const NEW_KEYS: Duration = Duration::from_secs(30);
/// How long nobody asks a provider again that could not be asked.
const PAUSE: Duration = Duration::from_secs(5);

/// What the provider said of itself at one time.
pub(crate) struct Known {
    pub(crate) metadata: Metadata,
    pub(crate) keys: Keys,
    read_at: Instant,
}

#[derive(Default)]
struct State {
    known: Option<Arc<Known>>,
    failed: Option<(Instant, SignInError)>,
    /// When it was read last because of a key that was not known.
    renewed: Option<Instant>,
}

/// Asks, and remembers.
pub(crate) struct Directory {
    issuer: String,
    state: Mutex<State>,
    /// What was known last, for those who do not wait.
    latest: parking_lot::RwLock<Option<Arc<Known>>>,
}

impl Directory {
    pub(crate) fn new(issuer: String) -> Self {
        Self { issuer, state: Mutex::default(), latest: parking_lot::RwLock::default() }
    }

    /// What was read last, if anything was.
    pub(crate) fn latest(&self) -> Option<Arc<Known>> {
        self.latest.read().clone()
    }

    /// What holds now.
    pub(crate) async fn known(&self, http: &Http) -> Result<Arc<Known>, SignInError> {
        // Those who wait for the same answer ask once.
        let mut state = self.state.lock().await;
        match &state.known {
            Some(known) if known.read_at.elapsed() < KEPT => Ok(Arc::clone(known)),
            _ => self.read(&mut state, http).await,
        }
    }

    /// What holds now, if that may be more than `known`: a token names a key that is not there.
    pub(crate) async fn newer(
        &self,
        known: &Arc<Known>,
        http: &Http,
    ) -> Result<Option<Arc<Known>>, SignInError> {
        let mut state = self.state.lock().await;
        match &state.known {
            Some(newer) if !Arc::ptr_eq(newer, known) => Ok(Some(Arc::clone(newer))),
            _ if state.renewed.is_some_and(|at| at.elapsed() < NEW_KEYS) => Ok(None),
            _ => {
                state.renewed = Some(Instant::now());
                self.read(&mut state, http).await.map(Some)
            }
        }
    }

    async fn read(&self, state: &mut State, http: &Http) -> Result<Arc<Known>, SignInError> {
        if let Some((at, error)) = &state.failed
            && at.elapsed() < PAUSE
        {
            return Err(error.clone());
        }
        match self.ask(http).await {
            Ok(known) => {
                let known = Arc::new(known);
                state.known = Some(Arc::clone(&known));
                state.failed = None;
                *self.latest.write() = Some(Arc::clone(&known));
                Ok(known)
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn ask(&self, http: &Http) -> Result<Known, SignInError> {
        let address = metadata::address(&self.issuer);
        let address = Url::parse(&address).map_err(|error| SignInError::Unavailable(error.to_string()))?;
        let document = http.get(&address).await?;
        let metadata = Metadata::read(&document, &self.issuer).map_err(SignInError::Unavailable)?;
        let keys = Keys::read(&http.get(&metadata.keys).await?).map_err(SignInError::Unavailable)?;
        Ok(Known { metadata, keys, read_at: Instant::now() })
    }
}
