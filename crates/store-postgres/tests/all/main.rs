//! The store on a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod conformance;
mod interrupted;
mod nodes;
mod proxy;
#[path = "../../../store-sled/tests/all/random/mod.rs"]
mod random;

use fuelcell_store::Store;
use fuelcell_store_postgres::{Options, PostgresStore};
use fuelcell_test_cluster::Database;

const LAYOUT: &str = concat!(
    include_str!("../../migrations/V1__store.sql"),
    include_str!("../../migrations/V2__uploads.sql"),
    include_str!("../../migrations/V3__bulk_actions.sql"),
    include_str!("../../migrations/V4__saved_and_hours.sql"),
    include_str!("../../migrations/V5__stored_bytes.sql"),
    include_str!("../../migrations/V6__nodes.sql"),
);

/// An empty database with the layout of the store.
fn database() -> Database {
    fuelcell_test_cluster::database(LAYOUT, |address| {
        let address = address.to_owned();
        let made = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(PostgresStore::open(&address, Options::default())).map(drop)
        });
        made.join().unwrap().expect("the layout is made");
    })
}

/// What a store lies on.
struct Place(Database);

impl Place {
    /// Sequences of random verbs that are tried on it.
    const CASES: u32 = 8;

    fn new() -> Self {
        Self(database())
    }

    async fn open(&self) -> Box<dyn Store> {
        Box::new(open(&self.0.address).await)
    }
}

async fn open(address: &str) -> PostgresStore {
    let options = Options { migrate: false, ..Options::default() };
    PostgresStore::open(address, options).await.expect("the store opens")
}
