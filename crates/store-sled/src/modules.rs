//! Module versions as they are stored, and those that were read lately: each submission asks for one, and its manifest is
//! the largest document on a submission's way.

use crate::codec::damaged;
use crate::keys::Table;
use fuelcell_domain::ModuleVersion;
use fuelcell_store::StoreError;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Versions that are kept as they were read.
const MAX_KEPT: usize = 256;
/// Larger records are read anew each time, in bytes of JSON.
const MAX_KEPT_BYTES: usize = 64 * 1024;

/// A module version on disk. Its manifest holds free JSON, which postcard cannot read back, so the record is JSON inside.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredModule {
    /// Rises with every version added.
    pub(crate) number: u32,
    json: String,
}

impl StoredModule {
    pub(crate) fn of(number: u32, module: &ModuleVersion) -> Result<Self, StoreError> {
        let json = serde_json::to_string(module);
        let json =
            json.map_err(|error| StoreError::Storage(format!("a module cannot be written: {error}")))?;
        Ok(Self { number, json })
    }

    pub(crate) fn module(&self) -> Result<ModuleVersion, StoreError> {
        serde_json::from_str(&self.json).map_err(|_| damaged(Table::Modules))
    }
}

/// Module versions by the text that they were read from. The text decides, so that nothing here can be out of date.
#[derive(Default)]
pub(crate) struct KnownModules(Mutex<HashMap<String, ModuleVersion>>);

impl KnownModules {
    pub(crate) fn module(&self, stored: StoredModule) -> Result<ModuleVersion, StoreError> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = known().get(&stored.json) {
            return Ok(module.clone());
        }
        let module = stored.module()?;
        if stored.json.len() <= MAX_KEPT_BYTES {
            let mut known = known();
            if known.len() >= MAX_KEPT {
                known.clear();
            }
            known.insert(stored.json, module.clone());
        }
        Ok(module)
    }
}
