//! A project's pipelines and their schedules.

use super::submissions::{request_cancel, submit_all};
use crate::database::{Session, Values, most};
use crate::record;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{Ordinal, Pipeline, PipelineId, ProjectRef};
use fuelcell_store::pages::Pager;
use fuelcell_store::schedules::{ScheduleStep, check, replaced};
use fuelcell_store::verbs::Pipelines;
use fuelcell_store::{NewJob, Page, Seek, StoreError};

#[async_trait]
impl Pipelines for PostgresStore {
    async fn put_pipeline(&self, pipeline: Pipeline) -> Result<Pipeline, StoreError> {
        change!(self, work => put(work, pipeline))
    }

    async fn pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<Option<Pipeline>, StoreError> {
        ask!(self, session => find(&session, project, id))
    }

    async fn pipelines(&self, project: ProjectRef) -> Result<Vec<Pipeline>, StoreError> {
        ask!(self, session => all(&session, project))
    }

    async fn pipelines_page(
        &self,
        project: ProjectRef,
        seek: Seek<Ordinal>,
    ) -> Result<Page<Pipeline>, StoreError> {
        ask!(self, session => page(&session, project, seek))
    }

    async fn delete_pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<(), StoreError> {
        change!(self, work => delete(work, project, id))
    }

    async fn scheduled_pipelines(&self) -> Result<Vec<Pipeline>, StoreError> {
        let scheduled = "SELECT record, schedule FROM pipelines WHERE schedule IS NOT NULL ORDER BY tenant, project, pipeline";
        ask!(self, session => read(&session, scheduled, &[]))
    }

    async fn advance_schedule(&self, step: ScheduleStep) -> Result<(), StoreError> {
        change!(self, work => advance(work, step))
    }
}

/// The pipelines that a statement brings. A schedule is a record of its own.
async fn read(session: &Session, statement: &str, values: Values<'_>) -> Result<Vec<Pipeline>, StoreError> {
    let mut pipelines = Vec::new();
    for row in session.query(statement, values).await? {
        let mut pipeline: Pipeline = record::read("pipelines", row.get(0))?;
        let schedule: Option<&str> = row.get(1);
        pipeline.schedule = schedule.map(|schedule| record::read("pipelines", schedule)).transpose()?;
        pipelines.push(pipeline);
    }
    Ok(pipelines)
}

async fn find(session: &Session, own: ProjectRef, id: PipelineId) -> Result<Option<Pipeline>, StoreError> {
    let find = "SELECT record, schedule FROM pipelines WHERE tenant = $1 AND project = $2 AND pipeline = $3";
    Ok(read(session, find, &[&own.tenant.0, &own.project.0, &id.0]).await?.into_iter().next())
}

pub(super) async fn all(session: &Session, own: ProjectRef) -> Result<Vec<Pipeline>, StoreError> {
    let all = "SELECT record, schedule FROM pipelines WHERE tenant = $1 AND project = $2 ORDER BY ordinal";
    read(session, all, &[&own.tenant.0, &own.project.0]).await
}

async fn put(work: &mut Work, mut pipeline: Pipeline) -> Result<Pipeline, StoreError> {
    let own = pipeline.project;
    work.hold(&[own]).await?;
    work.refuse_removed(own)?;
    match find(work, own, pipeline.id).await? {
        Some(first) => pipeline.replaces(&first),
        None => {
            let ledger = work.ledger(own);
            ledger.pipelines += 1;
            pipeline.ordinal = ledger.pipelines;
        }
    }
    write(work, &pipeline).await?;
    Ok(pipeline)
}

async fn write(work: &Work, pipeline: &Pipeline) -> Result<(), StoreError> {
    let put = "INSERT INTO pipelines VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, project, pipeline) \
        DO UPDATE SET record = excluded.record, schedule = excluded.schedule";
    let (own, record) = (pipeline.project, record::write(pipeline)?);
    let schedule = pipeline.schedule.as_ref().map(record::write).transpose()?;
    let ordinal = pipeline.ordinal.cast_signed();
    work.execute(put, &[&own.tenant.0, &own.project.0, &pipeline.id.0, &ordinal, &record, &schedule])
        .await
        .map(drop)
}

async fn delete(work: &mut Work, own: ProjectRef, id: PipelineId) -> Result<(), StoreError> {
    work.hold(&[own]).await?;
    let delete = "DELETE FROM pipelines WHERE tenant = $1 AND project = $2 AND pipeline = $3";
    match work.execute(delete, &[&own.tenant.0, &own.project.0, &id.0]).await? {
        0 => Err(StoreError::NotFound("pipeline")),
        _ => Ok(()),
    }
}

async fn advance(work: &mut Work, step: ScheduleStep) -> Result<(), StoreError> {
    let own = step.project;
    work.hold(&[own]).await?;
    let pipeline = find(work, own, step.pipeline).await?;
    check(&step, pipeline.as_ref().and_then(|pipeline| pipeline.schedule.as_ref()))?;
    if let Some(job) = step.job {
        let new = [NewJob::from(job)];
        for answer in submit_all(work, &new).await? {
            answer?;
        }
    }
    if let Some((job, request)) = step.replaces {
        replaced(request_cancel(work, own, job, request).await)?;
    }
    match pipeline {
        Some(pipeline) => write(work, &Pipeline { schedule: Some(step.after), ..pipeline }).await,
        None => Ok(()),
    }
}

async fn page(session: &Session, own: ProjectRef, seek: Seek<Ordinal>) -> Result<Page<Pipeline>, StoreError> {
    let page = "SELECT record, schedule FROM pipelines WHERE tenant = $1 AND project = $2 AND ordinal > $3 ORDER BY ordinal LIMIT $4";
    let after = seek.after.map_or(-1, |after| i64::try_from(after).unwrap_or(i64::MAX));
    let mut pager = Pager::new(seek.limit);
    let wanted = most(pager.wanted());
    for row in read(session, page, &[&own.tenant.0, &own.project.0, &after, &wanted]).await? {
        if pager.push(row).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}
