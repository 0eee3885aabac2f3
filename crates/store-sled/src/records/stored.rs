//! What a project stores, by what it is: one record, which the transactions keep that write or remove the rest.

use crate::tables::codec::damaged;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table};
use crate::write::overlay::Overlay;
use fuelcell_domain::{Digest, ProjectRef, StoredBytes};
use fuelcell_store::{BlobRef, StoreError};
use std::ops::ControlFlow;

pub(crate) use fuelcell_store::stored::{
    ARTIFACTS, CHECKPOINTS, DATASETS, LOGS, MODULES, Part, RECORDS, REPLACED, of_artifacts, of_lines,
};

/// What a project stores.
pub(crate) fn of_project(records: &impl Read, project: ProjectRef) -> Result<StoredBytes, StoreError> {
    Ok(records.get(Table::StoredBytes, &keys::project(project))?.unwrap_or_default())
}

/// Counts so many bytes of a part in place of others.
pub(crate) fn replace(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    part: Part,
    before: u64,
    after: u64,
) -> Result<(), StoreError> {
    if before == after {
        return Ok(());
    }
    let mut stored = of_project(overlay, project)?;
    let bytes = part(&mut stored);
    *bytes = bytes.saturating_sub(before).saturating_add(after);
    overlay.put(Table::StoredBytes, &keys::project(project), &stored)
}

/// Counts bytes of a part as replaced, because its record names them no more. They stay until they are swept.
pub(crate) fn let_go(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    part: Part,
    bytes: BlobRef,
) -> Result<(), StoreError> {
    replace(overlay, project, part, bytes.size, 0)?;
    let key = keys::replaced(project, bytes.digest);
    if overlay.value(Table::ReplacedBytes, &key)?.is_some() {
        return Ok(());
    }
    overlay.put(Table::ReplacedBytes, &key, &bytes.size)?;
    replace(overlay, project, REPLACED, 0, bytes.size)
}

/// Does not count bytes as replaced any more. Says whether they were.
pub(crate) fn settle(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    digest: Digest,
) -> Result<bool, StoreError> {
    let key = keys::replaced(project, digest);
    let Some(size) = overlay.get(Table::ReplacedBytes, &key)? else { return Ok(false) };
    overlay.remove(Table::ReplacedBytes, &key)?;
    replace(overlay, project, REPLACED, size, 0)?;
    Ok(true)
}

/// The same of many; says how many were.
pub(crate) fn settle_all(
    overlay: &mut Overlay<'_>,
    settled: &[(ProjectRef, Digest)],
) -> Result<u64, StoreError> {
    let mut count = 0;
    for (project, digest) in settled {
        count += u64::from(settle(overlay, *project, *digest)?);
    }
    Ok(count)
}

/// What counts as replaced, behind `after`.
pub(crate) fn replaced(
    database: &Database,
    after: Option<(ProjectRef, Digest)>,
    limit: usize,
) -> Result<Vec<(ProjectRef, Digest)>, StoreError> {
    let after = after.map(|(project, digest)| keys::replaced(project, digest));
    let mut found = Vec::new();
    database.visit_values(Table::ReplacedBytes, after.as_deref(), |key, _| {
        if found.len() == limit {
            return Ok(ControlFlow::Break(()));
        }
        found.push(keys::replaced_of(key).ok_or_else(|| damaged(Table::ReplacedBytes))?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}
