//! What projects store, summed up from the records themselves, for checks.

use crate::records::job::StoredJob;
use crate::records::module::StoredModule;
use crate::records::stored::{
    ARTIFACTS, CHECKPOINTS, DATASETS, LOGS, MODULES, Part, RECORDS, REPLACED, of_artifacts, of_lines,
};
use crate::tables::codec::damaged;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, JobKey, Table};
use fuelcell_domain::{Artifact, Dataset, JobId, LogLine, StoredBytes, UnfinishedUpload};
use fuelcell_store::{BlobRef, StoreError};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use uuid::Uuid;

/// What each project stores, by the key of the project, from the records themselves.
pub(crate) fn sums(database: &Database) -> Result<BTreeMap<Vec<u8>, StoredBytes>, StoreError> {
    let mut sums = Sums { database, sums: BTreeMap::new(), broken: None };
    database.visit(Table::Datasets, &[], |key, dataset: Dataset| sums.add(key, DATASETS, dataset.size))?;
    database
        .visit(Table::Uploads, &[], |key, upload: UnfinishedUpload| sums.add(key, DATASETS, upload.size))?;
    database.visit(Table::Modules, &[], |key, stored: StoredModule| match stored.module() {
        Ok(module) => sums.add(key, MODULES, module.size),
        Err(error) => sums.fail(error),
    })?;
    database.visit(Table::ReplacedBytes, &[], |key, size| sums.add(key, REPLACED, size))?;
    database
        .visit(Table::Jobs, &[], |key, stored: StoredJob| sums.add(key, RECORDS, stored.job.stored_size()))?;
    // Long parameters are not in their job's record.
    database.visit(Table::Parameters, &[], |key, text: String| sums.add(key, RECORDS, text.len() as u64))?;
    database.visit(Table::Artifacts, &[], |key, artifacts: Vec<Artifact>| {
        sums.add_of_job(key, ARTIFACTS, of_artifacts(&artifacts))
    })?;
    database
        .visit(Table::Checkpoints, &[], |key, blob: BlobRef| sums.add_of_job(key, CHECKPOINTS, blob.size))?;
    database
        .visit(Table::Logs, &[], |key, lines: Vec<LogLine>| sums.add_of_job(key, LOGS, of_lines(&lines)))?;
    match sums.broken {
        Some(error) => Err(error),
        None => Ok(sums.sums),
    }
}

struct Sums<'a> {
    database: &'a Database,
    sums: BTreeMap<Vec<u8>, StoredBytes>,
    broken: Option<StoreError>,
}

impl Sums<'_> {
    /// Adds what lies under a key that begins with its project.
    fn add(&mut self, key: &[u8], part: Part, bytes: u64) -> ControlFlow<()> {
        let Some(project) = key.get(..keys::PROJECT) else { return self.fail(damaged(Table::StoredBytes)) };
        let sum = part(self.sums.entry(project.to_vec()).or_default());
        *sum = sum.saturating_add(bytes);
        ControlFlow::Continue(())
    }

    /// Adds what lies under a key that begins with its job.
    fn add_of_job(&mut self, key: &[u8], part: Part, bytes: u64) -> ControlFlow<()> {
        let job = key.first_chunk::<16>().map(|id| JobId(Uuid::from_bytes(*id)));
        let Some(job) = job else { return self.fail(damaged(Table::StoredBytes)) };
        match self.database.get::<JobKey>(Table::JobPlaces, job.0.as_bytes()) {
            Ok(Some(place)) => self.add(&place.key(), part, bytes),
            // That something has no job is told elsewhere.
            Ok(None) => ControlFlow::Continue(()),
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: StoreError) -> ControlFlow<()> {
        self.broken = Some(error);
        ControlFlow::Break(())
    }
}
