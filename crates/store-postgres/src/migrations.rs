//! The layout of the database: numbered steps, each applied once.

use crate::error::meaning;
use fuelcell_store::StoreError;
use refinery::embed_migrations;
use tokio_postgres::{Config, NoTls};

embed_migrations!("migrations");

/// The key of the lock under which the layout is changed: the library takes none.
const LAYOUT: i64 = 0x6c61_796f;

/// Brings the layout to that of this program. A database of a newer one is refused.
pub(crate) async fn apply(config: &Config) -> Result<(), StoreError> {
    let mut config = config.clone();
    // What is there already is no news.
    config.options("-c client_min_messages=warning");
    let (guard, connection) = config.connect(NoTls).await.map_err(meaning)?;
    let guarding = tokio::spawn(connection);
    let (mut client, connection) = config.connect(NoTls).await.map_err(meaning)?;
    let serving = tokio::spawn(connection);
    // The lock ends with the connection, whatever happens.
    guard.query_one("SELECT pg_advisory_lock($1)", &[&LAYOUT]).await.map_err(meaning)?;
    let applied = migrations::runner().set_grouped(true).run_async(&mut client).await;
    drop((client, guard));
    for task in [serving, guarding] {
        // How a connection ends that nobody needs any more is no matter.
        let _ = task.await;
    }
    let report = applied.map_err(|error| {
        StoreError::Storage(format!(
            "the layout of the database cannot be brought to this program's: {error}"
        ))
    })?;
    for step in report.applied_migrations() {
        tracing::info!(step = %step, "the layout of the database was changed");
    }
    Ok(())
}
