//! Nodes that run jobs: who lives, by the database's clock.

use super::queue::lose;
use crate::store::{PostgresStore, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{Incarnation, JobId, NodeId, Timestamp};
use fuelcell_store::StoreError;
use fuelcell_store::jobs::is_held_by_any;
use fuelcell_store::verbs::Nodes;
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// Nodes beat each third of their lease. When none did for this part of it, none could.
const SILENCE: f64 = 0.4;

#[async_trait]
impl Nodes for PostgresStore {
    async fn register(&self, node: &NodeId, life: Incarnation, lease: Duration) -> Result<(), StoreError> {
        let node = node.clone();
        change!(self, work => register(work, &node, life, lease))
    }

    async fn beat(&self, life: Incarnation, lease: Duration) -> Result<bool, StoreError> {
        change!(self, work => forgive_silence(work, lease))?;
        let extend = "UPDATE nodes SET expires_at = clock_timestamp() + make_interval(secs => $2) WHERE incarnation = $1";
        let extended = change!(self, work => work.execute(extend, &[&life.0, &lease.as_secs_f64()]))?;
        Ok(extended > 0)
    }

    async fn rescue(&self, lease: Duration, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        // A transaction of its own: whoever holds the clock's row waits for nobody's jobs.
        change!(self, work => forgive_silence(work, lease))?;
        change!(self, work => rescue(work, now))
    }
}

async fn register(work: &Work, node: &NodeId, life: Incarnation, lease: Duration) -> Result<(), StoreError> {
    forgive_silence(work, lease).await?;
    work.execute("DELETE FROM nodes WHERE node = $1", &[&node.0.as_bytes()]).await?;
    let add = "INSERT INTO nodes VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))";
    work.execute(add, &[&life.0, &node.0.as_bytes(), &lease.as_secs_f64()]).await.map(drop)
}

/// Notes a sign of life. If there was none for a while, the database was away, and no node is to be lost for that.
async fn forgive_silence(work: &Work, lease: Duration) -> Result<(), StoreError> {
    let lease = lease.as_secs_f64();
    let silent =
        "SELECT beat_at < clock_timestamp() - make_interval(secs => $1) FROM clock FOR NO KEY UPDATE";
    let silent = work.one(silent, &[&(lease * SILENCE)]).await?;
    if silent.is_some_and(|row| row.get(0)) {
        let forgive = "UPDATE nodes SET expires_at = greatest(expires_at, clock_timestamp() + make_interval(secs => $1))";
        work.execute(forgive, &[&lease]).await?;
    }
    work.execute("UPDATE clock SET beat_at = clock_timestamp()", &[]).await.map(drop)
}

async fn rescue(work: &mut Work, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
    let bury = "DELETE FROM nodes WHERE expires_at <= clock_timestamp() RETURNING incarnation";
    let lives: Vec<Uuid> = work.query(bury, &[]).await?.iter().map(|row| row.get(0)).collect();
    if lives.is_empty() {
        return Ok(Vec::new());
    }
    let running = work.query("SELECT job FROM running WHERE incarnation = ANY($1)", &[&lives]).await?;
    let gone: BTreeSet<_> = lives.into_iter().map(Incarnation).collect();
    let mut lost = lose(work, &running, now, |job| is_held_by_any(job, &gone)).await?;
    lost.sort_unstable();
    Ok(lost)
}
