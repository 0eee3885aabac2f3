//! Things that are done with many jobs.

use crate::database::{Session, most};
use crate::record;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::bulk::parts;
use fuelcell_domain::{BulkId, BulkJob, BulkPart, BulkRun, ProjectRef, Timestamp};
use fuelcell_store::bulks::{check_end, check_step};
use fuelcell_store::pages::Pager;
use fuelcell_store::verbs::Bulks;
use fuelcell_store::{Page, Seek, StoreError};
use std::cmp::Reverse;

#[async_trait]
impl Bulks for PostgresStore {
    async fn begin_bulk(&self, run: BulkRun, jobs: Vec<BulkJob>) -> Result<BulkRun, StoreError> {
        change!(self, work => begin(work, run, jobs))
    }

    async fn bulk(&self, project: ProjectRef, id: BulkId) -> Result<Option<BulkRun>, StoreError> {
        ask!(self, session => find(&session, project, id))
    }

    async fn bulk_part(
        &self,
        project: ProjectRef,
        id: BulkId,
        part: u32,
    ) -> Result<Option<BulkPart>, StoreError> {
        ask!(self, session => find_part(&session, project, id, part))
    }

    async fn bulks(
        &self,
        project: ProjectRef,
        seek: Seek<Reverse<BulkId>>,
    ) -> Result<Page<BulkRun>, StoreError> {
        ask!(self, session => page(&session, project, seek))
    }

    async fn running_bulks(&self) -> Result<Vec<BulkRun>, StoreError> {
        let running = "SELECT record FROM bulks WHERE ended_at IS NULL ORDER BY tenant, project, bulk";
        ask!(self, session => session.records("bulks", running, &[]))
    }

    async fn step_bulk(
        &self,
        before: BulkRun,
        after: BulkRun,
        part: Option<BulkPart>,
    ) -> Result<(), StoreError> {
        change!(self, work => step(work, before, after, part))
    }

    async fn forget_bulk(&self, project: ProjectRef, id: BulkId) -> Result<(), StoreError> {
        change!(self, work => forget(work, project, id))
    }

    async fn ended_bulks(&self, until: Timestamp, limit: usize) -> Result<Vec<BulkRun>, StoreError> {
        let ended = "SELECT record FROM bulks WHERE ended_at <= $1 ORDER BY ended_at LIMIT $2";
        ask!(self, session => session.records("bulks", ended, &[&until.0, &most(limit)]))
    }
}

async fn find(session: &Session, own: ProjectRef, id: BulkId) -> Result<Option<BulkRun>, StoreError> {
    let find = "SELECT record FROM bulks WHERE tenant = $1 AND project = $2 AND bulk = $3";
    session.record("bulks", find, &[&own.tenant.0, &own.project.0, &id.0]).await
}

async fn find_part(
    session: &Session,
    own: ProjectRef,
    id: BulkId,
    part: u32,
) -> Result<Option<BulkPart>, StoreError> {
    // There are fewer parts than that.
    let Ok(number) = i32::try_from(part) else { return Ok(None) };
    let find = "SELECT record FROM bulk_jobs WHERE tenant = $1 AND project = $2 AND bulk = $3 AND part = $4";
    let jobs = session.record("bulk_jobs", find, &[&own.tenant.0, &own.project.0, &id.0, &number]).await?;
    Ok(jobs.map(|jobs| BulkPart { number: part, jobs }))
}

async fn begin(work: &mut Work, run: BulkRun, jobs: Vec<BulkJob>) -> Result<BulkRun, StoreError> {
    let own = run.project;
    work.hold(&[own]).await?;
    work.refuse_removed(own)?;
    if let Some(known) = find(work, own, run.id).await? {
        return Ok(known);
    }
    let parts = parts(jobs);
    let numbers: Vec<i32> = parts.iter().filter_map(|part| i32::try_from(part.number).ok()).collect();
    let records = record::write_all(parts.iter().map(|part| &part.jobs))?;
    let add =
        "INSERT INTO bulk_jobs SELECT $1::uuid, $2::uuid, $3::uuid, * FROM unnest($4::integer[], $5::text[])";
    work.execute(add, &[&own.tenant.0, &own.project.0, &run.id.0, &numbers, &records]).await?;
    put(work, &run).await?;
    Ok(run)
}

async fn put(work: &Work, run: &BulkRun) -> Result<(), StoreError> {
    let put = "INSERT INTO bulks VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (tenant, project, bulk) DO UPDATE SET ended_at = excluded.ended_at, record = excluded.record";
    let (own, ended_at) = (run.project, run.ended_at.map(|end| end.0));
    let record = record::write(run)?;
    work.execute(put, &[&own.tenant.0, &own.project.0, &run.id.0, &ended_at, &record]).await.map(drop)
}

async fn step(
    work: &mut Work,
    before: BulkRun,
    after: BulkRun,
    part: Option<BulkPart>,
) -> Result<(), StoreError> {
    let own = before.project;
    work.hold(&[own]).await?;
    check_step(find(work, own, before.id).await?.as_ref(), &before)?;
    put(work, &after).await?;
    let Some(BulkPart { number, jobs }) = part else { return Ok(()) };
    let Ok(number) = i32::try_from(number) else { return Ok(()) };
    let write =
        "UPDATE bulk_jobs SET record = $5 WHERE tenant = $1 AND project = $2 AND bulk = $3 AND part = $4";
    let record = record::write(&jobs)?;
    work.execute(write, &[&own.tenant.0, &own.project.0, &before.id.0, &number, &record]).await.map(drop)
}

async fn forget(work: &mut Work, own: ProjectRef, id: BulkId) -> Result<(), StoreError> {
    work.hold(&[own]).await?;
    check_end(find(work, own, id).await?.as_ref())?;
    for table in ["bulk_jobs", "bulks"] {
        let delete = format!("DELETE FROM {table} WHERE tenant = $1 AND project = $2 AND bulk = $3");
        work.execute(&delete, &[&own.tenant.0, &own.project.0, &id.0]).await?;
    }
    Ok(())
}

async fn page(
    session: &Session,
    own: ProjectRef,
    seek: Seek<Reverse<BulkId>>,
) -> Result<Page<BulkRun>, StoreError> {
    let page = "SELECT record FROM bulks WHERE tenant = $1 AND project = $2 AND ($3::uuid IS NULL OR bulk < $3) \
        ORDER BY bulk DESC LIMIT $4";
    let after = seek.after.map(|Reverse(id)| id.0);
    let mut pager = Pager::new(seek.limit);
    let wanted = most(pager.wanted());
    for row in session.records("bulks", page, &[&own.tenant.0, &own.project.0, &after, &wanted]).await? {
        if pager.push(row).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}
