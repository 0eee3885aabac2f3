//! Objects that nothing holds any more, deleted a while later: whoever reads them has that long. Any server may do it at any
//! time.

use crate::objects::Objects;
use fuelcell_store::StoreError;
use std::time::Duration;
use tokio::time::sleep;

/// Objects that are deleted one after the other before they are forgotten together.
const BATCH: usize = 100;

/// Cleans up again and again. What fails is tried again the next time.
pub(crate) async fn keep(objects: Objects, every: Duration, idle: Duration) {
    loop {
        sleep(every).await;
        match clean(&objects, idle).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(objects.count = count, "Objects that nothing needs deleted"),
            Err(error) => tracing::warn!(%error, "Objects that nothing needs could not be deleted"),
        }
    }
}

/// Deletes the objects that nothing has held for `idle`; their number.
pub(crate) async fn clean(objects: &Objects, idle: Duration) -> Result<u64, StoreError> {
    let mut cleaned = 0;
    loop {
        let doomed = objects.catalogue.doomed(idle, BATCH).await?;
        for object in &doomed {
            objects.delete(*object).await?;
        }
        objects.catalogue.forget(&doomed).await?;
        cleaned += doomed.len() as u64;
        if doomed.len() < BATCH {
            return Ok(cleaned);
        }
    }
}
