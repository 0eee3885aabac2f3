//! What was taken away: nothing new is taken for it.

use crate::tables::database::{Database, Read};
use crate::tables::keys::Number;
use crate::tables::keys::{self, Table};
use fuelcell_domain::{ProjectRef, Removal, Scope};
use fuelcell_store::StoreError;
use serde::{Deserialize, Serialize};

/// A removal on disk.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredRemoval {
    pub(crate) removal: Removal,
    /// When it is done: how many jobs the project had, ever.
    pub(crate) jobs: Number,
}

/// Refuses what comes for a project that was taken away.
pub(crate) fn refuse_removed(records: &impl Read, project: ProjectRef) -> Result<(), StoreError> {
    match records.value(Table::Removals, &keys::project(project))? {
        Some(_) => Err(StoreError::NotFound("project")),
        None => Ok(()),
    }
}

/// The same for a scope.
pub(crate) fn refuse_removed_scope(records: &impl Read, scope: Scope) -> Result<(), StoreError> {
    match scope {
        Scope::Server => Ok(()),
        Scope::Project(project) => refuse_removed(records, project),
        Scope::Tenant(tenant) => match records.value(Table::Removals, tenant.0.as_bytes())? {
            Some(_) => Err(StoreError::NotFound("tenant")),
            None => Ok(()),
        },
    }
}

/// How many jobs there were in projects of which nothing is left.
pub(crate) fn removed_jobs(database: &Database) -> Result<u64, StoreError> {
    let all: Vec<StoredRemoval> = database.scan(Table::Removals, &[])?;
    Ok(all.iter().map(|stored| u64::from(stored.jobs)).sum())
}
