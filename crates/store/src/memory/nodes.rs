//! Nodes that run jobs: who lives.

use super::MemoryStore;
use crate::StoreError;
use crate::jobs::is_held_by_any;
use crate::verbs::Nodes;
use async_trait::async_trait;
use fuelcell_domain::{Incarnation, JobId, NodeId, Timestamp};
use std::time::Duration;

#[async_trait]
impl Nodes for MemoryStore {
    async fn register(&self, node: &NodeId, life: Incarnation, lease: Duration) -> Result<(), StoreError> {
        self.nodes.register(node, life, lease);
        Ok(())
    }

    async fn beat(&self, life: Incarnation, lease: Duration) -> Result<bool, StoreError> {
        Ok(self.nodes.beat(life, lease))
    }

    async fn rescue(&self, _: Duration, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        let gone = self.nodes.bury();
        self.records().lose(now, |job| is_held_by_any(job, &gone))
    }
}
