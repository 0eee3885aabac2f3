//! The suite of every backend.

use crate::{database, open};
use fuelcell_store::Store;
use fuelcell_store::conformance::FreshStore;
use fuelcell_store::faulty::FaultyStore;
use fuelcell_store_postgres::PostgresStore;
use std::sync::Arc;

async fn records<S: Store + 'static>(wrap: impl FnOnce(PostgresStore) -> S) -> FreshStore {
    let database = database();
    let store = open(&database.address).await;
    (Arc::new(wrap(store)), Box::new(database))
}

mod plain {
    use super::*;

    async fn fresh() -> FreshStore {
        records(|store| store).await
    }

    fuelcell_store::store_conformance!(fresh);
}

mod wrapper_whose_faults_never_fire {
    use super::*;

    async fn fresh() -> FreshStore {
        records(FaultyStore::new).await
    }

    fuelcell_store::store_conformance!(fresh);
}
