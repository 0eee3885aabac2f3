//! Whether the store can be written.

use crate::store::{PostgresStore, change};
use async_trait::async_trait;
use fuelcell_store::StoreError;
use fuelcell_store::verbs::Health;

#[async_trait]
impl Health for PostgresStore {
    async fn check(&self) -> Result<(), StoreError> {
        let write = "UPDATE clock SET alive_at = clock_timestamp()";
        change!(self, work => work.execute(write, &[])).map(drop)
    }
}
