//! One server at a time: whoever has the database open holds a lock of it, on a connection of its own.
//!
//! When that connection breaks, as with a database that is started anew, it is made again. Should another server have taken
//! the lock meanwhile, this one does nothing more.

use crate::error::meaning;
use fuelcell_store::StoreError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, Config, NoTls};

/// The key of the lock.
const SERVER: i64 = 0x7365_7276;
/// How long the server before may take to be gone: its connection ends with its process, or a little later.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two questions for the lock.
const PAUSE: Duration = Duration::from_millis(20);
/// Before a connection is made again.
const RECONNECT: Duration = Duration::from_secs(1);

/// Whether another server has taken the database over.
#[derive(Clone, Default)]
pub(crate) struct Guard(Arc<AtomicBool>);

impl Guard {
    /// Takes the lock, and keeps it as long as this runtime goes on.
    pub(crate) async fn take(config: &Config) -> Result<Self, StoreError> {
        let guard = Self::default();
        let held = Held::connect(config).await?;
        if !held.lock_in_time().await? {
            return Err(taken());
        }
        tokio::spawn(guard.clone().keep(config.clone(), held));
        Ok(guard)
    }

    /// Refuses when another server has the database.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(taken()),
            false => Ok(()),
        }
    }

    async fn keep(self, config: Config, mut held: Held) {
        loop {
            held.broken().await;
            held = loop {
                sleep(RECONNECT).await;
                let Ok(again) = Held::connect(&config).await else { continue };
                match again.lock_in_time().await {
                    Ok(true) => break again,
                    Ok(false) => return self.0.store(true, Ordering::Relaxed),
                    // The connection may live on, but it holds nothing: the next one is asked.
                    Err(error) => tracing::warn!(%error, "the lock of the database is to be taken again"),
                }
            };
        }
    }
}

fn taken() -> StoreError {
    StoreError::Storage("another server has this database open".into())
}

/// A connection for the lock.
struct Held {
    client: Client,
    serving: JoinHandle<()>,
}

impl Held {
    async fn connect(config: &Config) -> Result<Self, StoreError> {
        let mut config = config.clone();
        config.connect_timeout(PATIENCE).keepalives_idle(PATIENCE).tcp_user_timeout(PATIENCE);
        let (client, connection) = config.connect(NoTls).await.map_err(meaning)?;
        let serving = tokio::spawn(async move {
            // However it ends: it is made again.
            let _ = connection.await;
        });
        Ok(Self { client, serving })
    }

    async fn lock(&self) -> Result<bool, StoreError> {
        let row = self.client.query_one("SELECT pg_try_advisory_lock($1)", &[&SERVER]).await;
        Ok(row.map_err(meaning)?.get(0))
    }

    /// The session that had it before may live on for a moment.
    async fn lock_in_time(&self) -> Result<bool, StoreError> {
        let end = Instant::now() + PATIENCE;
        loop {
            if self.lock().await? {
                return Ok(true);
            }
            if Instant::now() > end {
                return Ok(false);
            }
            sleep(PAUSE).await;
        }
    }

    /// Waits for the end of the connection.
    async fn broken(&mut self) {
        // It ends without a panic.
        let _ = (&mut self.serving).await;
    }
}
