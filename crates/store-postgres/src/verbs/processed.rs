//! Items of input that completed jobs of a pipeline marked.

use crate::database::{Session, most};
use crate::record;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{Digest, Job, PipelineId, ProjectRef};
use fuelcell_store::jobs::{PageRequest, Total};
use fuelcell_store::pages::Pager;
use fuelcell_store::verbs::Processed;
use fuelcell_store::{Page, ProcessedItem, ProcessedPage, Seek, StoreError};
use std::collections::BTreeSet;

/// Marks of one statement: a job may bring very many, and a statement has its time.
const MARKS: usize = 10_000;

#[async_trait]
impl Processed for PostgresStore {
    async fn is_processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        key: &str,
    ) -> Result<bool, StoreError> {
        let digest = Digest::of(key.as_bytes());
        let (tenant, own) = (project.tenant.0, project.project.0);
        let find =
            "SELECT 1 FROM processed WHERE tenant = $1 AND project = $2 AND pipeline = $3 AND digest = $4";
        let found = ask!(self, session => session.one(find, &[&tenant, &own, &pipeline.0, &&digest.0[..]]))?;
        Ok(found.is_some())
    }

    async fn processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        page: PageRequest,
    ) -> Result<ProcessedPage, StoreError> {
        ask!(self, session => list(&session, project, pipeline, page))
    }

    async fn processed_page(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        seek: Seek<Digest>,
    ) -> Result<Page<ProcessedItem>, StoreError> {
        ask!(self, session => part(&session, project, pipeline, seek))
    }

    async fn forget_processed(
        &self,
        project: ProjectRef,
        pipeline: Option<PipelineId>,
        limit: usize,
    ) -> Result<u64, StoreError> {
        change!(self, work => forget(work, project, pipeline, limit))
    }
}

/// Marks items of a completed job; those that are marked already stay as they are.
pub(super) async fn mark(work: &Work, job: &Job, marks: &[String]) -> Result<(), StoreError> {
    let Some(pipeline) = &job.pipeline else { return Ok(()) };
    let at = job.ended_at.unwrap_or(job.updated_at);
    let marks: Vec<&String> = marks.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let add = "INSERT INTO processed SELECT $1, $2, $3, * FROM unnest($4::bytea[], $5::text[]) ON CONFLICT DO NOTHING";
    let own = job.project;
    for marks in marks.chunks(MARKS) {
        let digests: Vec<_> = marks.iter().map(|key| Digest::of(key.as_bytes()).0.to_vec()).collect();
        let items = marks.iter().map(|key| ProcessedItem { key: (*key).clone(), job: job.id, at });
        let records = record::write_all(&items.collect::<Vec<_>>())?;
        work.execute(add, &[&own.tenant.0, &own.project.0, &pipeline.id.0, &digests, &records]).await?;
    }
    Ok(())
}

async fn list(
    session: &Session,
    own: ProjectRef,
    pipeline: PipelineId,
    page: PageRequest,
) -> Result<ProcessedPage, StoreError> {
    let count = "SELECT count(*) FROM processed WHERE tenant = $1 AND project = $2 AND pipeline = $3";
    let count = session.one(count, &[&own.tenant.0, &own.project.0, &pipeline.0]).await?;
    let items = "SELECT record FROM processed WHERE tenant = $1 AND project = $2 AND pipeline = $3 \
        ORDER BY digest LIMIT $4 OFFSET $5";
    let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
    let values: crate::database::Values<'_> =
        &[&own.tenant.0, &own.project.0, &pipeline.0, &most(page.limit), &offset];
    let items = session.records("processed", items, values).await?;
    let total = Total::exact(count.map_or(0, |row| row.get::<_, i64>(0).cast_unsigned()));
    Ok(ProcessedPage { items, total })
}

async fn part(
    session: &Session,
    own: ProjectRef,
    pipeline: PipelineId,
    seek: Seek<Digest>,
) -> Result<Page<ProcessedItem>, StoreError> {
    let page = "SELECT record FROM processed WHERE tenant = $1 AND project = $2 AND pipeline = $3 \
        AND ($4::bytea IS NULL OR digest > $4) ORDER BY digest LIMIT $5";
    let after = seek.after.map(|digest| digest.0.to_vec());
    let mut pager = Pager::new(seek.limit);
    let wanted = most(pager.wanted());
    let values: crate::database::Values<'_> = &[&own.tenant.0, &own.project.0, &pipeline.0, &after, &wanted];
    for row in session.records("processed", page, values).await? {
        if pager.push(row).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

async fn forget(
    work: &mut Work,
    own: ProjectRef,
    pipeline: Option<PipelineId>,
    limit: usize,
) -> Result<u64, StoreError> {
    work.hold(&[own]).await?;
    let forget = "DELETE FROM processed WHERE (tenant, project, pipeline, digest) IN (SELECT tenant, project, pipeline, digest \
        FROM processed WHERE tenant = $1 AND project = $2 AND ($3::uuid IS NULL OR pipeline = $3) LIMIT $4)";
    let pipeline = pipeline.map(|pipeline| pipeline.0);
    work.execute(forget, &[&own.tenant.0, &own.project.0, &pipeline, &most(limit)]).await
}
