//! What was found the last time that somebody looked whether the server is well.

use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Within this time everybody is told what was found last: looking takes a durable write.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the server needs to take work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether the store takes writes.
    pub store: bool,
    /// Whether new bytes can be stored.
    pub blobs: bool,
    /// Whether as many bytes are free as are wanted.
    pub disk: bool,
}

/// What was found last, and when.
#[derive(Default)]
pub(crate) struct LastLook(Mutex<Option<(Instant, Health)>>);

impl LastLook {
    /// What was found last, or is found now. Who asks while somebody looks waits for what that one finds.
    pub(crate) async fn or_now(&self, look: impl Future<Output = Health>) -> Health {
        let mut last = self.0.lock().await;
        if let Some((at, health)) = *last
            && at.elapsed() < LOOK_EVERY
        {
            return health;
        }
        let health = look.await;
        *last = Some((Instant::now(), health));
        health
    }
}
