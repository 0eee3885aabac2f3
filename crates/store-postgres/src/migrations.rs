//! The layout of the database: numbered steps, each applied once.

use crate::error::meaning;
use fuelcell_store::StoreError;
use refinery::embed_migrations;
use tokio_postgres::{Config, NoTls};

embed_migrations!("migrations");

/// Brings the layout to that of this program. A database of a newer one is refused. Whoever calls this holds the lock of the
/// database: the library takes none.
pub(crate) async fn apply(config: &Config) -> Result<(), StoreError> {
    let (mut client, connection) = config.connect(NoTls).await.map_err(meaning)?;
    let serving = tokio::spawn(connection);
    // What is there already is no news.
    client.batch_execute("SET client_min_messages = warning").await.map_err(meaning)?;
    let applied = migrations::runner().set_grouped(true).run_async(&mut client).await;
    drop(client);
    // How a connection ends that nobody needs any more is no matter.
    let _ = serving.await;
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
