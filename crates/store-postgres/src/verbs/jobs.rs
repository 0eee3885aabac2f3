//! Looking at jobs, and forgetting those that have ended.

use super::accounts::ledger;
use super::filter::Conditions;
use super::queue;
use crate::database::{Session, most};
use crate::records::job::{self, COLUMNS, SOURCE, of_row};
use crate::records::moves;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::state::TransitionError;
use fuelcell_domain::{Artifact, Job, JobId, JobState, Ordinal, ProjectRef, Receipt, Standing, Timestamp};
use fuelcell_store::pages::{Pager, QueueSpot, QueuedJob};
use fuelcell_store::verbs::Jobs;
use fuelcell_store::{
    BlobRef, JobFilter, JobOrder, JobPage, Page, PageRequest, QueueOrder, QueuePage, Seek, SortKey,
    StateCounts, StoreError, Total,
};
use std::cmp::Reverse;
use tokio_postgres::Row;
use uuid::Uuid;

/// Matches of a filter that are counted: more would cost more than the page on which the figure stands.
const COUNTED: i64 = 10_000;

#[async_trait]
impl Jobs for PostgresStore {
    async fn job(&self, project: ProjectRef, id: JobId) -> Result<Option<Job>, StoreError> {
        let job = ask!(self, session => job::find(&session, id))?;
        Ok(job.filter(|job| job.project == project))
    }

    async fn checkpoint(&self, job: JobId) -> Result<Option<BlobRef>, StoreError> {
        ask!(self, session => queue::checkpoint(&session, job))
    }

    async fn artifacts(&self, job: JobId) -> Result<Vec<Artifact>, StoreError> {
        let find = "SELECT record FROM artifacts WHERE job = $1";
        Ok(ask!(self, session => session.record("artifacts", find, &[&job.0]))?.unwrap_or_default())
    }

    async fn receipts(&self, job: JobId) -> Result<Vec<Receipt>, StoreError> {
        let all = "SELECT record FROM receipts WHERE job = $1 ORDER BY attempt";
        ask!(self, session => session.records("receipts", all, &[&job.0]))
    }

    async fn list(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        page: PageRequest,
    ) -> Result<JobPage, StoreError> {
        let order = JobOrder { key: SortKey::Ordinal, descending: true };
        self.list_ordered(project, filter, order, page).await
    }

    async fn list_ordered(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        order: JobOrder,
        page: PageRequest,
    ) -> Result<JobPage, StoreError> {
        let filter = filter.clone();
        ask!(self, session => list(&session, project, filter, order, page))
    }

    async fn jobs_page(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        seek: Seek<Reverse<Ordinal>>,
    ) -> Result<Page<Job>, StoreError> {
        let filter = filter.clone();
        ask!(self, session => page(&session, project, filter, seek))
    }

    async fn oldest_jobs(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        after: Option<Ordinal>,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let filter = filter.clone();
        ask!(self, session => oldest(&session, project, filter, after, limit))
    }

    async fn job_by_ordinal(&self, project: ProjectRef, ordinal: Ordinal) -> Result<Option<Job>, StoreError> {
        let find = format!(
            "SELECT {COLUMNS} FROM {SOURCE} WHERE j.tenant = $1 AND j.project = $2 AND j.ordinal = $3"
        );
        let ordinal = i64::try_from(ordinal).unwrap_or(i64::MAX);
        let row =
            ask!(self, session => session.one(&find, &[&project.tenant.0, &project.project.0, &ordinal]))?;
        row.as_ref().map(of_row).transpose()
    }

    async fn counts(&self, project: ProjectRef, filter: &JobFilter) -> Result<StateCounts, StoreError> {
        let filter = filter.in_any_state();
        ask!(self, session => counts(&session, project, filter))
    }

    async fn queued_before(&self, job: &Job, now: Timestamp) -> Result<Option<u64>, StoreError> {
        let (order, due) = (QueueOrder::of(job), job.not_before.map_or(i64::MIN, |at| at.0));
        ask!(self, session => queued_before(&session, order, due, now))
    }

    async fn queued(
        &self,
        project: ProjectRef,
        now: Timestamp,
        page: PageRequest,
    ) -> Result<QueuePage, StoreError> {
        ask!(self, session => queued(&session, project, now, page))
    }

    async fn queue_page(
        &self,
        project: ProjectRef,
        now: Timestamp,
        seek: Seek<QueueSpot>,
    ) -> Result<Page<QueuedJob>, StoreError> {
        ask!(self, session => queue_page(&session, project, now, seek))
    }

    async fn delete_ended(&self, project: ProjectRef, job: JobId) -> Result<(), StoreError> {
        change!(self, work => delete_one(work, project, job))
    }

    async fn delete_all_ended(&self, project: ProjectRef, jobs: &[JobId]) -> Result<u64, StoreError> {
        let jobs = jobs.to_vec();
        change!(self, work => delete_all(work, project, jobs))
    }
}

fn jobs(rows: &[Row]) -> Result<Vec<Job>, StoreError> {
    rows.iter().map(of_row).collect()
}

fn count(row: Option<Row>) -> u64 {
    row.map_or(0, |row| row.get::<_, i64>(0).cast_unsigned())
}

async fn list(
    session: &Session,
    project: ProjectRef,
    filter: JobFilter,
    order: JobOrder,
    page: PageRequest,
) -> Result<JobPage, StoreError> {
    let total = total(session, project, &filter).await?;
    let mut conditions = Conditions::of(project, &filter);
    let order = order_by(&mut conditions, order);
    let limit = conditions.value(most(page.limit));
    let offset = conditions.value(i64::try_from(page.offset).unwrap_or(i64::MAX));
    let list = format!(
        "SELECT {COLUMNS} FROM {SOURCE} WHERE {} ORDER BY {order} LIMIT {limit} OFFSET {offset}",
        conditions.text
    );
    let jobs = jobs(&session.query(&list, &conditions.values()).await?)?;
    Ok(JobPage { jobs, total })
}

async fn total(session: &Session, project: ProjectRef, filter: &JobFilter) -> Result<Total, StoreError> {
    if *filter == JobFilter::default() {
        return Ok(Total::exact(ledger(session, project).await?.counts().total()));
    }
    let mut conditions = Conditions::of(project, filter);
    let most = conditions.value(COUNTED + 1);
    let counting = format!(
        "SELECT count(*) FROM (SELECT 1 FROM jobs j JOIN places p USING (job) WHERE {} LIMIT {most}) found",
        conditions.text
    );
    let found = count(session.one(&counting, &conditions.values()).await?);
    let counted = COUNTED.cast_unsigned();
    Ok(Total { count: found.min(counted), exact: found <= counted })
}

/// Jobs without a value come last, those with the same value go by their ordinals.
fn order_by(conditions: &mut Conditions, order: JobOrder) -> String {
    let direction = if order.descending { "DESC" } else { "ASC" };
    let failed = Standing::Failed as i16;
    let value = match order.key {
        SortKey::Ordinal => None,
        SortKey::Pipeline => Some("j.pipeline_ordinal".to_owned()),
        SortKey::Standing(standings) => {
            let standings: Vec<_> = standings.iter().map(|standing| *standing as i16).collect();
            let standings = conditions.value(standings);
            let skipped = Standing::Skipped as i16;
            // Skipped ones without a reason come before those with one.
            let reasons = if order.descending { "NULLS LAST" } else { "NULLS FIRST" };
            return format!(
                "array_position({standings}::smallint[], p.standing) {direction}, \
                CASE WHEN p.standing = {skipped} THEN p.remark END {direction} {reasons}, j.ordinal {direction}"
            );
        }
        SortKey::StartedAt => Some("p.started_at".to_owned()),
        SortKey::EndedAt => Some("p.ended_at".to_owned()),
        SortKey::Error => Some(format!("CASE WHEN p.standing = {failed} THEN p.remark END")),
    };
    let value = value.map_or_else(String::new, |value| format!("{value} {direction} NULLS LAST, "));
    format!("{value}j.ordinal {direction}")
}

async fn oldest(
    session: &Session,
    project: ProjectRef,
    filter: JobFilter,
    after: Option<Ordinal>,
    limit: usize,
) -> Result<Vec<Job>, StoreError> {
    let mut conditions = Conditions::of(project, &filter);
    if let Some(after) = after {
        conditions.and("j.ordinal >", i64::try_from(after).unwrap_or(i64::MAX));
    }
    let limit = conditions.value(most(limit));
    let list =
        format!("SELECT {COLUMNS} FROM {SOURCE} WHERE {} ORDER BY j.ordinal LIMIT {limit}", conditions.text);
    jobs(&session.query(&list, &conditions.values()).await?)
}

async fn page(
    session: &Session,
    project: ProjectRef,
    filter: JobFilter,
    seek: Seek<Reverse<Ordinal>>,
) -> Result<Page<Job>, StoreError> {
    let mut conditions = Conditions::of(project, &filter);
    if let Some(Reverse(after)) = seek.after {
        conditions.and("j.ordinal <", i64::try_from(after).unwrap_or(i64::MAX));
    }
    let mut pager = Pager::new(seek.limit);
    let limit = conditions.value(most(pager.wanted()));
    let page = format!(
        "SELECT {COLUMNS} FROM {SOURCE} WHERE {} ORDER BY j.ordinal DESC LIMIT {limit}",
        conditions.text
    );
    for job in jobs(&session.query(&page, &conditions.values()).await?)? {
        if pager.push(job).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

async fn counts(
    session: &Session,
    project: ProjectRef,
    filter: JobFilter,
) -> Result<StateCounts, StoreError> {
    if filter == JobFilter::default() {
        return Ok(ledger(session, project).await?.counts());
    }
    let conditions = Conditions::of(project, &filter);
    let counting = format!(
        "SELECT p.state, count(*) FROM jobs j JOIN places p USING (job) WHERE {} GROUP BY 1",
        conditions.text
    );
    let mut counts = StateCounts::default();
    for row in session.query(&counting, &conditions.values()).await? {
        *counts.of(job::state(row.get(0))?) = row.get::<_, i64>(1).cast_unsigned();
    }
    Ok(counts)
}

async fn queued_before(
    session: &Session,
    order: QueueOrder,
    due: i64,
    now: Timestamp,
) -> Result<Option<u64>, StoreError> {
    let (rank, behind, since, tenant, project, ordinal) = order_values(&order);
    let counting = "SELECT (SELECT count(*) FROM queue b WHERE b.due <= $1 \
        AND (b.rank, b.behind, b.since, b.tenant, b.project, b.ordinal) < ($2, $3, $4, $5, $6, $7)) \
        FROM queue q WHERE q.tenant = $5 AND q.project = $6 AND q.ordinal = $7 AND q.rank = $2 AND q.behind = $3 \
        AND q.since = $4 AND q.due = $8";
    let values: crate::database::Values<'_> =
        &[&now.0, &rank, &behind, &since, &tenant, &project, &ordinal, &due];
    Ok(session.one(counting, values).await?.map(|row| row.get::<_, i64>(0).cast_unsigned()))
}

/// The values of a place in the order of the queue.
fn order_values(order: &QueueOrder) -> (i16, bool, i64, Uuid, Uuid, i64) {
    let (Reverse(priority), _) = order.lane();
    let (tenant, project) = (order.project.tenant.0, order.project.project.0);
    (-(priority as i16), !order.front(), order.since().0, tenant, project, order.ordinal.cast_signed())
}

/// Those that may start first, then the others by their time.
const LINE: &str = "CASE WHEN q.due > $3 THEN q.due END NULLS FIRST, q.rank, q.behind, q.since, q.ordinal";

async fn queued(
    session: &Session,
    project: ProjectRef,
    now: Timestamp,
    page: PageRequest,
) -> Result<QueuePage, StoreError> {
    let (tenant, own) = (project.tenant.0, project.project.0);
    let counting = "SELECT count(*) FILTER (WHERE due <= $3), count(*) FILTER (WHERE due > $3) FROM queue \
        WHERE tenant = $1 AND project = $2";
    let (due, scheduled) = match session.one(counting, &[&tenant, &own, &now.0]).await? {
        Some(row) => (row.get::<_, i64>(0).cast_unsigned(), row.get::<_, i64>(1).cast_unsigned()),
        None => (0, 0),
    };
    let list = format!(
        "SELECT j.spec, q.moving, NULL::bigint, NULL::integer, NULL::text, CASE WHEN q.due <= $3 THEN \
        (SELECT count(*) FROM queue b WHERE b.due <= $3 AND (b.rank, b.behind, b.since, b.tenant, b.project, b.ordinal) \
        < (q.rank, q.behind, q.since, q.tenant, q.project, q.ordinal)) END \
        FROM (SELECT * FROM queue q WHERE q.tenant = $1 AND q.project = $2 ORDER BY {LINE} LIMIT $4 OFFSET $5) q \
        JOIN jobs j USING (job) ORDER BY {LINE}"
    );
    let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
    let rows = session.query(&list, &[&tenant, &own, &now.0, &most(page.limit), &offset]).await?;
    let placed = |row: &Row| Ok((row.get::<_, Option<i64>>(5).map(i64::cast_unsigned), of_row(row)?));
    Ok(QueuePage { jobs: rows.iter().map(placed).collect::<Result<_, StoreError>>()?, due, scheduled })
}

async fn queue_page(
    session: &Session,
    project: ProjectRef,
    now: Timestamp,
    seek: Seek<QueueSpot>,
) -> Result<Page<QueuedJob>, StoreError> {
    let after = seek.after.map(|spot| {
        let (rank, behind, since, _, _, ordinal) = order_values(&spot.order);
        (spot.scheduled.map_or(i64::MIN, |at| at.0), rank, behind, since, ordinal)
    });
    let begins = after.is_none();
    let (scheduled, rank, behind, since, ordinal) = after.unwrap_or_default();
    let list = format!(
        "SELECT j.spec, q.moving, NULL::bigint, NULL::integer, NULL::text FROM queue q JOIN jobs j USING (job) \
        WHERE q.tenant = $1 AND q.project = $2 AND ($5 OR (CASE WHEN q.due > $3 THEN q.due ELSE {} END, q.rank, q.behind, \
        q.since, q.ordinal) > ($6, $7, $8, $9, $10)) ORDER BY {LINE} LIMIT $4",
        "'-9223372036854775808'::bigint"
    );
    let mut pager = Pager::new(seek.limit);
    let wanted = most(pager.wanted());
    let (tenant, own) = (project.tenant.0, project.project.0);
    let values: crate::database::Values<'_> =
        &[&tenant, &own, &now.0, &wanted, &begins, &scheduled, &rank, &behind, &since, &ordinal];
    for job in jobs(&session.query(&list, values).await?)? {
        if pager.push((QueueSpot::of(&job, now), job)).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

async fn delete_one(work: &mut Work, project: ProjectRef, id: JobId) -> Result<(), StoreError> {
    work.hold(&[project]).await?;
    let job = job::find(work, id).await?.filter(|job| job.project == project);
    let job = job.ok_or(StoreError::NotFound("job"))?;
    if !job.state.is_ended() {
        return Err(TransitionError::NotEnded(job.state).into());
    }
    moves::delete(work, &[job]).await
}

async fn delete_all(work: &mut Work, project: ProjectRef, ids: Vec<JobId>) -> Result<u64, StoreError> {
    work.hold(&[project]).await?;
    let jobs = job::find_all(work, &ids).await?.into_values();
    let ended: Vec<Job> =
        jobs.filter(|job: &Job| job.project == project && JobState::is_ended(job.state)).collect();
    moves::delete(work, &ended).await?;
    Ok(ended.len() as u64)
}
