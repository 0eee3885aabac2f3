//! What a project stores, and which of it waits to be swept.

use crate::record;
use crate::records::ledger::split;
use crate::work::Work;
use fuelcell_domain::{Digest, ProjectRef};
use fuelcell_store::{BlobRef, StoreError};

pub(crate) use fuelcell_store::stored::{
    ARTIFACTS, CHECKPOINTS, DATASETS, LOGS, MODULES, Part, RECORDS, REPLACED, of_artifacts, of_lines,
};

/// Counts so many bytes of a part in place of others.
pub(crate) fn replace(work: &mut Work, project: ProjectRef, part: Part, before: u64, after: u64) {
    let bytes = part(&mut work.ledger(project).stored);
    *bytes = bytes.saturating_sub(before).saturating_add(after);
}

/// Counts bytes of a part as replaced, because their records name them no more. They stay until they are swept.
pub(crate) async fn let_go(
    work: &mut Work,
    project: ProjectRef,
    part: Part,
    gone: &[BlobRef],
) -> Result<(), StoreError> {
    let add = "INSERT INTO replaced VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    for BlobRef { digest, size } in gone {
        replace(work, project, part, *size, 0);
        let text = record::write(size)?;
        let added =
            work.execute(add, &[&project.tenant.0, &project.project.0, &&digest.0[..], &text]).await?;
        if added > 0 {
            replace(work, project, REPLACED, 0, *size);
        }
    }
    Ok(())
}

/// Does not count bytes as replaced any more; says how many were.
pub(crate) async fn settle(work: &mut Work, settled: &[(ProjectRef, Digest)]) -> Result<u64, StoreError> {
    let (tenants, projects) = split(settled.iter().map(|(project, _)| project));
    let digests: Vec<_> = settled.iter().map(|(_, digest)| digest.0.to_vec()).collect();
    let remove = "DELETE FROM replaced r USING unnest($1::uuid[], $2::uuid[], $3::bytea[]) n(tenant, project, digest) \
        WHERE (r.tenant, r.project, r.digest) = (n.tenant, n.project, n.digest) RETURNING r.tenant, r.project, r.size";
    let gone = work.query(remove, &[&tenants, &projects, &digests]).await?;
    for row in &gone {
        let size = record::read("replaced", row.get(2))?;
        replace(work, crate::records::ledger::project(row), REPLACED, size, 0);
    }
    Ok(gone.len() as u64)
}

/// Admits bytes, which are not replaced ones any more if they were.
pub(crate) async fn admit(
    work: &mut Work,
    project: ProjectRef,
    digest: Digest,
    replaced: u64,
    size: u64,
) -> Result<(), StoreError> {
    let known = "SELECT size FROM replaced WHERE (tenant, project, digest) = ($1, $2, $3)";
    let known: Option<u64> =
        work.record("replaced", known, &[&project.tenant.0, &project.project.0, &&digest.0[..]]).await?;
    let ledger = work.ledger(project);
    let mut stored = ledger.stored;
    stored.replaced = stored.replaced.saturating_sub(known.unwrap_or(0));
    ledger.limits.admit_bytes(stored, replaced, size)?;
    settle(work, &[(project, digest)]).await.map(drop)
}
