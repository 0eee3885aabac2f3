//! This life of the node, and how long it may trust that nobody takes it for lost.
//!
//! A node that stands still, or that the store cannot be reached from, is taken for lost by the others when its lease is over.
//! It knows no later than they do: it counts from the moment at which it *asked* for its lease, and stops a little before the
//! end. Then it claims nothing and has no request sent, so that nothing is done twice at the same time outside; guests compute
//! on, and when the store says that the node lives everything goes on.

use fuelcell_domain::{Clock, Incarnation, Timestamp};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// This part of a lease is left when the node stops trusting it: what is begun takes a moment to reach the world.
const MARGIN: u32 = 8;

/// When the store was asked for a lease.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    at: Instant,
    /// The monotonic clock stands still while the machine sleeps.
    by_the_wall: Timestamp,
}

#[derive(Clone, Copy)]
struct Trust {
    asked: Asked,
    lasts: Duration,
}

/// This life of the node.
pub(crate) struct Life {
    clock: Arc<dyn Clock>,
    present: Mutex<Option<Incarnation>>,
    trust: watch::Sender<Option<Trust>>,
}

impl Life {
    /// One that has not begun.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, present: Mutex::default(), trust: watch::Sender::new(None) }
    }

    /// To be noted before the store is asked for a lease.
    pub(crate) fn asked(&self) -> Asked {
        Asked { at: Instant::now(), by_the_wall: self.clock.now() }
    }

    /// The store knows this life of the node.
    pub(crate) fn begin(&self, life: Incarnation, asked: Asked, lease: Duration) {
        *self.present.lock() = Some(life);
        self.extend(asked, lease);
    }

    /// The store says that the node lives.
    pub(crate) fn extend(&self, asked: Asked, lease: Duration) {
        self.trust.send_replace(Some(Trust { asked, lasts: lease - lease / MARGIN }));
    }

    /// The store says that this life is gone.
    pub(crate) fn doubt(&self) {
        self.trust.send_replace(None);
    }

    /// The life that began last, if one did.
    pub(crate) fn present(&self) -> Option<Incarnation> {
        *self.present.lock()
    }

    /// The same, if nobody takes it for lost.
    pub(crate) fn trusted(&self) -> Option<Incarnation> {
        let trust = *self.trust.borrow();
        let holds = trust.is_some_and(|Trust { asked, lasts }| {
            asked.at.elapsed() < lasts && self.clock.now().since(asked.by_the_wall) < lasts
        });
        self.present().filter(|_| holds)
    }

    /// Resolves when nobody takes the node for lost.
    pub(crate) async fn wait(&self) {
        let mut changes = self.trust.subscribe();
        while self.trusted().is_none() {
            // The sender lives as long as this.
            let _ = changes.changed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::clock::SystemClock;
    use futures::FutureExt;
    use tokio::time::advance;

    const LEASE: Duration = Duration::from_secs(16);

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_trusted_from_the_question_on_and_a_little_less_than_it_lasts() {
        let life = Life::new(Arc::new(SystemClock));
        assert_eq!((life.present(), life.trusted()), (None, None));
        let (incarnation, asked) = (Incarnation::random(), life.asked());
        advance(Duration::from_secs(4)).await;
        life.begin(incarnation, asked, LEASE);
        advance(Duration::from_secs(9)).await;
        assert_eq!(life.trusted(), Some(incarnation));
        assert!(life.wait().now_or_never().is_some());
        advance(Duration::from_secs(1)).await;
        assert_eq!((life.present(), life.trusted()), (Some(incarnation), None));
        let mut waiting = Box::pin(life.wait());
        assert!((&mut waiting).now_or_never().is_none());
        life.extend(life.asked(), LEASE);
        assert!((&mut waiting).now_or_never().is_some());
        life.doubt();
        assert_eq!(life.trusted(), None);
    }
}
