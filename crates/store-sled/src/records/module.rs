//! Module versions as they are stored, and those that were read lately: each submission asks for one, and its manifest is
//! the largest document on a submission's way.

use crate::tables::codec::{self, damaged};
use crate::tables::database::{Database, Read};
use crate::tables::keys::Table;
use fuelcell_domain::ModuleVersion;
use fuelcell_store::StoreError;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sled::IVec;
use std::collections::HashMap;
use std::sync::Arc;

/// Versions that are kept as they were read.
const MAX_KEPT: usize = 256;
/// Larger records are read anew each time, in bytes.
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

/// A module version as it was read.
pub(crate) struct KnownModule {
    /// The value under its key: the record, or the head of a large one, with the checksum of the whole.
    value: IVec,
    /// See [`StoredModule`].
    pub(crate) number: u32,
    pub(crate) module: ModuleVersion,
}

/// Module versions by their keys. Each is compared with the value as it is now: a version that was deleted and made anew is
/// read anew. The parts of a large record are not read for that, because its head has their checksum.
#[derive(Default)]
pub(crate) struct KnownModules(Mutex<HashMap<Vec<u8>, Arc<KnownModule>>>);

impl KnownModules {
    /// The version under a key.
    pub(crate) fn read(
        &self,
        database: &Database,
        key: Vec<u8>,
    ) -> Result<Option<Arc<KnownModule>>, StoreError> {
        let Some(value) = database.value(Table::Modules, &key)? else { return Ok(None) };
        let known = || self.0.lock();
        if let Some(module) = known().get(&key).filter(|known| known.value == value) {
            return Ok(Some(Arc::clone(module)));
        }
        let record = database.record(Table::Modules, &key, value.clone())?;
        let stored: StoredModule = codec::decode(Table::Modules, &record)?;
        let (number, module) = (stored.number, stored.module()?);
        let module = Arc::new(KnownModule { value, number, module });
        if record.len() <= MAX_KEPT_BYTES {
            let mut known = known();
            if known.len() >= MAX_KEPT {
                known.clear();
            }
            known.insert(key, Arc::clone(&module));
        }
        Ok(Some(module))
    }
}
