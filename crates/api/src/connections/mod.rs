//! Connections: who has how many, what their unread answers hold, and what is left for health checks and operators when
//! somebody takes them all.
//!
//! Every connection takes a descriptor, and often a second one for the file that it carries; so the caps follow from the
//! limit of descriptors. A connection beyond them is taken into a small [reserve](reserve) where only health checks and
//! operators are answered. Streams of events, which never end, have half of the places at most, so that they cannot take
//! those of requests.

mod haste;
pub(crate) mod linger;
mod peer;
mod permits;
mod reserve;
mod socket;
mod unread;

pub(crate) use haste::Haste;
pub(crate) use linger::Arriving;
pub(crate) use peer::{Peer, TrustedProxies};
pub(crate) use permits::{Permit, Permits, WithPermit};
pub(crate) use reserve::{Reserve, Seat};
pub(crate) use socket::Socket;
pub(crate) use unread::{Ledger, Unread};

use crate::config::ApiConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Descriptors that are left for everything else: store, modules, cells, the log.
const OTHER_DESCRIPTORS: u64 = 128;
/// Most connections where nobody says how many. Each takes some memory, whatever the descriptors allow.
const MOST: u64 = 16_384;
/// Fewest connections, however few descriptors there are.
const FEWEST: u64 = 16;
/// Most connections in the reserve.
const RESERVE: u64 = 64;

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caps {
    /// In all, the reserve apart.
    pub(crate) total: usize,
    /// Of one peer.
    pub(crate) per_peer: usize,
    /// In the reserve.
    pub(crate) reserve: usize,
}

impl Caps {
    /// What is configured, else what the descriptors allow: two for each connection, and of all places three quarters for
    /// one peer.
    pub(crate) fn of(config: &ApiConfig, descriptors: u64) -> Self {
        let derived = (descriptors.saturating_sub(OTHER_DESCRIPTORS) / 2).clamp(FEWEST, MOST);
        let total = config.max_connections.map_or(derived, |total| total.get().into());
        let per_peer = config.max_connections_per_peer.map_or(total * 3 / 4, |cap| cap.get().into());
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        Self {
            total: size(total),
            per_peer: size(per_peer.max(1)),
            reserve: size((total / 4).clamp(4, RESERVE)),
        }
    }
}

/// What all connections share.
pub(crate) struct Connections {
    pub(crate) permits: Arc<Permits>,
    pub(crate) reserve: Arc<Reserve>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) ledger: Arc<Ledger>,
    /// Places that streams of events may take.
    pub(crate) streams: Arc<Semaphore>,
    /// How long a stream of events may be silent.
    pub(crate) heartbeat: Duration,
    /// How long a peer may take nothing of what it is sent.
    pub(crate) patience: Duration,
}

impl Connections {
    pub(crate) fn new(config: &ApiConfig, descriptors: u64) -> Self {
        let caps = Caps::of(config, descriptors);
        tracing::info!(
            connections = caps.total,
            per_peer = caps.per_peer,
            reserve = caps.reserve,
            "connections are capped"
        );
        Self {
            permits: Arc::new(Permits::new(caps.total, caps.per_peer)),
            reserve: Arc::new(Reserve::new(caps.reserve)),
            proxies: TrustedProxies::new(&config.trusted_proxies),
            streams: Arc::new(Semaphore::new(caps.total / 2)),
            ledger: Arc::new(Ledger::new(config.max_unread_bytes, config.max_tenant_unread_bytes)),
            heartbeat: Duration::from_secs(config.heartbeat_seconds.get().into()),
            patience: Duration::from_secs(config.stalled_seconds.get().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    #[test]
    fn caps_follow_from_the_descriptors_unless_they_are_set() {
        let of = |config: &ApiConfig, descriptors| {
            let Caps { total, per_peer, reserve } = Caps::of(config, descriptors);
            (total, per_peer, reserve)
        };
        let unset = ApiConfig::default();
        assert_eq!(of(&unset, 420), (146, 109, 36));
        assert_eq!(of(&unset, 20_000), (9936, 7452, 64));
        assert_eq!(of(&unset, 1 << 40), (16_384, 12_288, 64));
        assert_eq!(of(&unset, 0), (16, 12, 4));
        let (total, per_peer) = (NonZeroU32::new(8), NonZeroU32::new(2));
        let set = ApiConfig { max_connections: total, max_connections_per_peer: per_peer, ..unset };
        assert_eq!(of(&set, 420), (8, 2, 4));
    }
}
