//! Figures of what jobs did.

use crate::database::{Session, most};
use crate::record;
use crate::records::figures::DayFigures;
use crate::records::{hours, usage};
use crate::store::{PostgresStore, ask};
use async_trait::async_trait;
use fuelcell_domain::{Digest, ProjectRef, TenantId, Timestamp};
use fuelcell_store::jobs::utc_day;
use fuelcell_store::usage::{UsageQuery, UsageReport};
use fuelcell_store::verbs::Figures;
use fuelcell_store::{HourFigures, QueueFigures, RECENT_DURATIONS, StoreError, TenantFigures};

#[async_trait]
impl Figures for PostgresStore {
    async fn recent_durations(&self, module: Digest) -> Result<Vec<u64>, StoreError> {
        let recent = "SELECT micros FROM durations WHERE module = $1 ORDER BY number DESC LIMIT $2";
        let recent =
            ask!(self, session => session.query(recent, &[&&module.0[..], &most(RECENT_DURATIONS)]))?;
        Ok(recent.iter().map(|row| row.get::<_, i64>(0).cast_unsigned()).collect())
    }

    async fn tenant_figures(&self, tenant: TenantId, now: Timestamp) -> Result<TenantFigures, StoreError> {
        ask!(self, session => of_tenant(&session, tenant, now))
    }

    async fn queue_figures(&self, now: Timestamp) -> Result<QueueFigures, StoreError> {
        ask!(self, session => of_queue(&session, now))
    }

    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, StoreError> {
        ask!(self, session => usage::report(&session, query))
    }

    async fn hours(&self, project: ProjectRef, from: i64, to: i64) -> Result<Vec<HourFigures>, StoreError> {
        ask!(self, session => hours::report(&session, project, from, to))
    }
}

fn priority(rank: i16) -> usize {
    usize::from((-rank).clamp(0, 3).cast_unsigned())
}

async fn of_tenant(session: &Session, tenant: TenantId, now: Timestamp) -> Result<TenantFigures, StoreError> {
    let mut figures = TenantFigures::default();
    let queued = "SELECT rank, due <= $2, count(*) FROM queue WHERE tenant = $1 GROUP BY 1, 2";
    for row in session.query(queued, &[&tenant.0, &now.0]).await? {
        let count = row.get::<_, i64>(2).cast_unsigned();
        match row.get(1) {
            true => figures.queued[priority(row.get(0))] += count,
            false => figures.scheduled += count,
        }
    }
    let running = "SELECT count(*) FROM running WHERE tenant = $1";
    let running = session.one(running, &[&tenant.0]).await?;
    figures.running = running.map_or(0, |row| row.get::<_, i64>(0).cast_unsigned());
    let days = "SELECT record FROM days WHERE tenant = $1 AND day = $2";
    for row in session.query(days, &[&tenant.0, &utc_day(now)]).await? {
        record::read::<DayFigures>("days", row.get(0))?.add_to(&mut figures);
    }
    Ok(figures)
}

async fn of_queue(session: &Session, now: Timestamp) -> Result<QueueFigures, StoreError> {
    let mut figures = QueueFigures::default();
    let queued = "SELECT rank, due <= $1, count(*), min(since) FROM queue GROUP BY 1, 2";
    for row in session.query(queued, &[&now.0]).await? {
        let count = row.get::<_, i64>(2).cast_unsigned();
        if !row.get::<_, bool>(1) {
            figures.scheduled += count;
            continue;
        }
        let waiting = &mut figures.ready[priority(row.get(0))];
        waiting.jobs = count;
        waiting.since = Some(Timestamp(row.get(3)));
    }
    Ok(figures)
}
