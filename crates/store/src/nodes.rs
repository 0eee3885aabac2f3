//! Nodes of a store that lies in one process, and is reached from that process alone.

use fuelcell_domain::{Incarnation, NodeId};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Lives of nodes that are not gone. They end with the process, as the nodes do.
#[derive(Default)]
pub struct OwnNodes(Mutex<BTreeMap<Incarnation, Life>>);

struct Life {
    node: NodeId,
    expires_at: Instant,
}

impl OwnNodes {
    /// See [`Nodes::register`](crate::Nodes::register).
    pub fn register(&self, node: &NodeId, life: Incarnation, lease: Duration) {
        let mut lives = self.0.lock();
        lives.retain(|_, other| other.node != *node);
        lives.insert(life, Life { node: node.clone(), expires_at: Instant::now() + lease });
    }

    /// See [`Nodes::beat`](crate::Nodes::beat).
    pub fn beat(&self, life: Incarnation, lease: Duration) -> bool {
        let mut lives = self.0.lock();
        let Some(life) = lives.get_mut(&life) else { return false };
        life.expires_at = Instant::now() + lease;
        true
    }

    /// Lives whose leases are over; they are gone from now on.
    pub fn bury(&self) -> BTreeSet<Incarnation> {
        let now = Instant::now();
        self.0.lock().extract_if(.., |_, life| life.expires_at <= now).map(|(life, _)| life).collect()
    }
}
