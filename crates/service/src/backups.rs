//! Backups of the whole server, for its operators.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::Role;
use fuelcell_domain::backup::{BackupState, Backups};
use std::sync::Arc;

impl Service {
    /// Has backups made by this from now on.
    pub fn make_backups_with(&mut self, backups: Arc<dyn Backups>) {
        self.backups = Some(backups);
    }

    /// How backups stand; none = the server makes none.
    pub fn backup_state(&self, principal: &Principal) -> Result<Option<BackupState>, ServiceError> {
        principal.require(Role::Operator)?;
        Ok(self.backups.as_ref().map(|backups| backups.state()))
    }

    /// Begins a backup, and says how they stand then.
    pub fn begin_backup(&self, principal: &Principal) -> Result<BackupState, ServiceError> {
        principal.require(Role::Operator)?;
        let backups = self.backups.as_ref().ok_or_else(|| {
            ServiceError::conflict(
                "NoBackups",
                "this server makes no backups: `backup.folder` names the folder for them, and the data directory keeps the records",
            )
        })?;
        match backups.begin() {
            true => Ok(backups.state()),
            false => {
                Err(ServiceError::conflict("BackupRunning", "a backup is being made; wait until it ended"))
            }
        }
    }
}
