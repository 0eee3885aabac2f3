//! Which stored bytes the records need. Bytes that nothing here names may go.

use crate::records::job::StoredJob;
use crate::records::module::StoredModule;
use crate::tables::codec;
use crate::tables::database::{Database, Read};
use crate::tables::keys::Table;
use fuelcell_domain::{Artifact, Dataset, DatasetId, Digest, Job, JobId};
use fuelcell_store::{BlobRef, BlobReferences, StoreError};
use sled::IVec;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use uuid::Uuid;

/// Tables whose records name bytes, in the order in which they are looked through. What a record may take over from
/// another lies before it: a job takes over datasets, modules, and the artifacts of the job that it retries.
const TABLES: [Table; 5] =
    [Table::Datasets, Table::Modules, Table::Artifacts, Table::Checkpoints, Table::Jobs];

/// Bytes that records name: their number, where a record says it, and one of those who name them.
pub type NamedBlobs = BTreeMap<Digest, (Option<u64>, User)>;

/// A record names some bytes.
struct Use {
    digest: Digest,
    size: Option<u64>,
    by: User,
}

/// What names stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// A dataset.
    Dataset(DatasetId),
    /// A module version.
    Module,
    /// An artifact of a job.
    Artifact(JobId),
    /// The checkpoint of a job.
    Checkpoint(JobId),
    /// A job: its module, its engine or one of its inputs.
    Job(JobId),
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dataset(id) => write!(f, "dataset {id}"),
            Self::Module => f.write_str("a module version"),
            Self::Artifact(job) => write!(f, "an artifact of job {job}"),
            Self::Checkpoint(job) => write!(f, "the checkpoint of job {job}"),
            Self::Job(job) => write!(f, "job {job}"),
        }
    }
}

/// All bytes that records name. `damaged` decides what becomes of it when a record cannot be read.
pub(crate) fn named(
    database: &Database,
    mut damaged: impl FnMut(StoreError) -> Result<(), StoreError>,
) -> Result<NamedBlobs, StoreError> {
    let mut named = NamedBlobs::new();
    for table in TABLES {
        let looked = database.visit_values(table, None, |key, value| {
            match of_record(database, table, key, value) {
                Ok(uses) => uses.into_iter().for_each(|one| add(&mut named, one)),
                Err(error) => damaged(error)?,
            }
            Ok(ControlFlow::Continue(()))
        });
        looked.or_else(&mut damaged)?;
    }
    Ok(named)
}

fn add(named: &mut NamedBlobs, Use { digest, size, by }: Use) {
    let (known, _) = named.entry(digest).or_insert((size, by));
    *known = known.or(size);
}

/// The uses that about `limit` records behind a cursor make. A cursor is the number in [`TABLES`], then a key.
pub(crate) fn page(
    database: &Database,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<BlobReferences, StoreError> {
    let (first, key) = match after.and_then(<[u8]>::split_first) {
        Some((first, key)) => (usize::from(*first), Some(key)),
        None => (0, None),
    };
    let mut page = BlobReferences::default();
    let mut left = limit;
    for (number, table) in (0_u8..).zip(TABLES).skip(first) {
        let after = key.filter(|_| usize::from(number) == first);
        database.visit_values(table, after, |key, value| {
            if left == 0 {
                return Ok(ControlFlow::Break(()));
            }
            left -= 1;
            let named = if table == Table::Jobs { &mut page.pinned } else { &mut page.counted };
            named.extend(of_record(database, table, key, value)?.into_iter().map(|one| one.digest));
            page.next = Some([&[number], key].concat());
            Ok(ControlFlow::Continue(()))
        })?;
        if left == 0 {
            return Ok(page);
        }
    }
    page.next = None;
    Ok(page)
}

/// The uses that one record makes, beginning with its stored value.
fn of_record(database: &Database, table: Table, key: &[u8], value: IVec) -> Result<Vec<Use>, StoreError> {
    let bytes = match database.record(table, key, value) {
        Ok(bytes) => bytes,
        // It was removed while it was looked at.
        Err(_) if database.value(table, key)?.is_none() => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let job = || JobId(Uuid::from_slice(key).unwrap_or_default());
    Ok(match table {
        Table::Datasets => {
            let dataset: Dataset = codec::decode(table, &bytes)?;
            vec![sized(dataset.digest, dataset.size, User::Dataset(dataset.id))]
        }
        Table::Modules => {
            let module = codec::decode::<StoredModule>(table, &bytes)?.module()?;
            vec![sized(module.digest, module.size, User::Module)]
        }
        Table::Artifacts => {
            let artifacts: Vec<Artifact> = codec::decode(table, &bytes)?;
            artifacts.iter().map(|one| sized(one.digest, one.size, User::Artifact(job()))).collect()
        }
        Table::Checkpoints => {
            let blob: BlobRef = codec::decode(table, &bytes)?;
            vec![sized(blob.digest, blob.size, User::Checkpoint(job()))]
        }
        Table::Jobs => of_job(&codec::decode::<StoredJob>(table, &bytes)?.job),
        _ => Vec::new(),
    })
}

fn of_job(job: &Job) -> Vec<Use> {
    let by = User::Job(job.id);
    let inputs = job.inputs.iter().map(|input| sized(input.digest, input.size, by));
    let engine = job.module.engine.iter().map(|engine| engine.digest);
    let modules = std::iter::once(job.module.digest).chain(engine);
    modules.map(|digest| Use { digest, size: None, by }).chain(inputs).collect()
}

fn sized(digest: Digest, size: u64, by: User) -> Use {
    Use { digest, size: Some(size), by }
}
