//! Leases of nodes by the database's clock, of which a test sets the hands.

use crate::{database, open};
use fuelcell_domain::{Incarnation, NodeId, Timestamp};
use fuelcell_store::Nodes;
use std::time::Duration;
use tokio_postgres::NoTls;

const LEASE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_lost_because_the_database_was_away() {
    let database = database();
    let store = open(&database.address).await;
    let (client, connection) = tokio_postgres::connect(&database.address, NoTls).await.unwrap();
    tokio::spawn(connection);
    let over = async || {
        client.batch_execute("UPDATE nodes SET expires_at = now() - interval '1 minute'").await.unwrap();
    };
    let [one, other] = [Incarnation::random(), Incarnation::random()];
    store.register(&NodeId("one".into()), one, LEASE).await.unwrap();
    store.register(&NodeId("other".into()), other, LEASE).await.unwrap();

    over().await;
    client.batch_execute("UPDATE clock SET beat_at = now() - interval '1 minute'").await.unwrap();
    store.rescue(LEASE, Timestamp(0)).await.unwrap();
    assert!(store.beat(one, LEASE).await.unwrap() && store.beat(other, LEASE).await.unwrap());

    // Somebody could say that it lives, and these two did not.
    over().await;
    store.rescue(LEASE, Timestamp(0)).await.unwrap();
    assert!(!store.beat(one, LEASE).await.unwrap() && !store.beat(other, LEASE).await.unwrap());
}
