//! What may become of something that is done with many jobs: the rules of [`Bulks`](crate::Bulks).

use crate::StoreError;
use fuelcell_domain::BulkRun;

fn absent() -> StoreError {
    StoreError::NotFound("bulk action")
}

fn moved() -> StoreError {
    StoreError::Conflict("the bulk action is not as it was".into())
}

/// Refuses a step from what is not there any more.
pub fn check_step(stored: Option<&BulkRun>, before: &BulkRun) -> Result<(), StoreError> {
    match stored.ok_or_else(absent)? {
        stored if stored == before => Ok(()),
        _ => Err(moved()),
    }
}

/// Refuses to forget one that runs.
pub fn check_end(stored: Option<&BulkRun>) -> Result<(), StoreError> {
    match stored.ok_or_else(absent)?.is_running() {
        true => Err(moved()),
        false => Ok(()),
    }
}
