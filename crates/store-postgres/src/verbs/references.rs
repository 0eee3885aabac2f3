//! Which stored bytes the records need, and which wait to be swept.

use crate::database::{Session, most};
use crate::record;
use crate::records::ledger::project;
use crate::records::stored;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{Artifact, Dataset, Digest, Job, ModuleVersion, ProjectRef};
use fuelcell_store::verbs::References;
use fuelcell_store::{BlobRef, BlobReferences, StoreError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where a part begins: behind a row of one of the tables, in the order in which they are looked through. What a record may
/// take over from another lies before it: a job takes over datasets, modules, and the artifacts of the job that it retries.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Cursor {
    Datasets(Uuid, Uuid, Uuid),
    Modules(i32),
    Artifacts(Uuid),
    Checkpoints(Uuid),
    Jobs(Uuid),
}

#[async_trait]
impl References for PostgresStore {
    async fn blob_references(
        &self,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<BlobReferences, StoreError> {
        ask!(self, session => part(&session, after, limit))
    }

    async fn replaced(
        &self,
        after: Option<(ProjectRef, Digest)>,
        limit: usize,
    ) -> Result<Vec<(ProjectRef, Digest)>, StoreError> {
        ask!(self, session => replaced(&session, after, limit))
    }

    async fn settle_replaced(&self, settled: &[(ProjectRef, Digest)]) -> Result<u64, StoreError> {
        let settled = settled.to_vec();
        change!(self, work => settle(work, settled))
    }
}

async fn part(session: &Session, after: Option<Vec<u8>>, limit: usize) -> Result<BlobReferences, StoreError> {
    let nil = Uuid::nil();
    let cursor = after.and_then(|after| serde_json::from_slice(&after).ok());
    let cursor = cursor.unwrap_or(Cursor::Datasets(nil, nil, nil));
    let limit = most(limit.max(1));
    let rows = rows(session, cursor, limit).await?;
    let mut part = BlobReferences::default();
    let mut last = cursor;
    for row in &rows {
        let text: &str = row.get(0);
        last = match cursor {
            Cursor::Datasets(..) => {
                part.counted.push(record::read::<Dataset>("datasets", text)?.digest);
                Cursor::Datasets(row.get(1), row.get(2), row.get(3))
            }
            Cursor::Modules(_) => {
                part.counted.push(record::read::<ModuleVersion>("modules", text)?.digest);
                Cursor::Modules(row.get(1))
            }
            Cursor::Artifacts(_) => {
                let artifacts: Vec<Artifact> = record::read("artifacts", text)?;
                part.counted.extend(artifacts.iter().map(|artifact| artifact.digest));
                Cursor::Artifacts(row.get(1))
            }
            Cursor::Checkpoints(_) => {
                part.counted.push(record::read::<BlobRef>("checkpoints", text)?.digest);
                Cursor::Checkpoints(row.get(1))
            }
            Cursor::Jobs(_) => {
                part.pinned.extend(of_job(&record::read("jobs", text)?));
                Cursor::Jobs(row.get(1))
            }
        };
    }
    let next = match (most(rows.len()) >= limit, cursor) {
        (true, _) => Some(last),
        (false, Cursor::Datasets(..)) => Some(Cursor::Modules(0)),
        (false, Cursor::Modules(_)) => Some(Cursor::Artifacts(nil)),
        (false, Cursor::Artifacts(_)) => Some(Cursor::Checkpoints(nil)),
        (false, Cursor::Checkpoints(_)) => Some(Cursor::Jobs(nil)),
        (false, Cursor::Jobs(_)) => None,
    };
    part.next = next.map(|next| record::write(&next)).transpose()?.map(String::into_bytes);
    Ok(part)
}

async fn rows(session: &Session, cursor: Cursor, limit: i64) -> Result<Vec<tokio_postgres::Row>, StoreError> {
    match cursor {
        Cursor::Datasets(tenant, own, dataset) => {
            let page = "SELECT record, tenant, project, dataset FROM datasets WHERE (tenant, project, dataset) > ($1, $2, $3) \
                ORDER BY tenant, project, dataset LIMIT $4";
            session.query(page, &[&tenant, &own, &dataset, &limit]).await
        }
        Cursor::Modules(number) => {
            let page = "SELECT record, number FROM modules WHERE number > $1 ORDER BY number LIMIT $2";
            session.query(page, &[&number, &limit]).await
        }
        Cursor::Artifacts(job) => of_jobs(session, "artifacts", "record", job, limit).await,
        Cursor::Checkpoints(job) => of_jobs(session, "checkpoints", "record", job, limit).await,
        Cursor::Jobs(job) => of_jobs(session, "jobs", "spec", job, limit).await,
    }
}

async fn of_jobs(
    session: &Session,
    table: &str,
    column: &str,
    after: Uuid,
    limit: i64,
) -> Result<Vec<tokio_postgres::Row>, StoreError> {
    let page = format!("SELECT {column}, job FROM {table} WHERE job > $1 ORDER BY job LIMIT $2");
    session.query(&page, &[&after, &limit]).await
}

fn of_job(job: &Job) -> Vec<Digest> {
    let engine = job.module.engine.iter().map(|engine| engine.digest);
    let inputs = job.inputs.iter().map(|input| input.digest);
    std::iter::once(job.module.digest).chain(engine).chain(inputs).collect()
}

async fn replaced(
    session: &Session,
    after: Option<(ProjectRef, Digest)>,
    limit: usize,
) -> Result<Vec<(ProjectRef, Digest)>, StoreError> {
    let page = "SELECT tenant, project, digest FROM replaced WHERE $1::uuid IS NULL \
        OR (tenant, project, digest) > ($1, $2, $3) ORDER BY tenant, project, digest LIMIT $4";
    let tenant = after.map(|(own, _)| own.tenant.0);
    let own = after.map(|(own, _)| own.project.0);
    let digest = after.map(|(_, digest)| digest.0.to_vec());
    let rows = session.query(page, &[&tenant, &own, &digest, &most(limit)]).await?;
    let pairs = rows.iter().map(|row| {
        let digest: &[u8] = row.get(2);
        let digest = digest.try_into().map(Digest);
        Ok((project(row), digest.map_err(|_| StoreError::Storage("a digest is damaged".into()))?))
    });
    pairs.collect()
}

async fn settle(work: &mut Work, settled: Vec<(ProjectRef, Digest)>) -> Result<u64, StoreError> {
    let projects: Vec<_> = settled.iter().map(|(own, _)| *own).collect();
    work.hold(&projects).await?;
    stored::settle(work, &settled).await
}
