//! Nodes that run jobs: who lives. One process has the directory open, and whoever runs jobs of it lives in that process.

use super::queue::lose;
use crate::store::SledStore;
use async_trait::async_trait;
use fuelcell_domain::{Incarnation, JobId, NodeId, Timestamp};
use fuelcell_store::StoreError;
use fuelcell_store::jobs::is_held_by_any;
use fuelcell_store::verbs::Nodes;
use std::time::Duration;

#[async_trait]
impl Nodes for SledStore {
    async fn register(&self, node: &NodeId, life: Incarnation, lease: Duration) -> Result<(), StoreError> {
        self.nodes.register(node, life, lease);
        Ok(())
    }

    async fn beat(&self, life: Incarnation, lease: Duration) -> Result<bool, StoreError> {
        Ok(self.nodes.beat(life, lease))
    }

    async fn rescue(&self, _: Duration, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        let gone = self.nodes.bury();
        match gone.is_empty() {
            true => Ok(Vec::new()),
            false => self.end(move |overlay| lose(overlay, now, |job| is_held_by_any(job, &gone))).await,
        }
    }
}
