//! Events of a project, by numbers that its ledger gives out.

use crate::database::{Session, most};
use crate::record;
use crate::records::ledger::{Ledger, split};
use fuelcell_domain::{Happening, JobEvent, JobId, ProjectRef};
use fuelcell_store::{EventPage, EventPlace, KEPT_EVENTS, StoreError, Watched};
use uuid::Uuid;

/// Old events go in steps of so many.
const STEP: u64 = 1024;

pub(crate) async fn write(session: &Session, told: &[(ProjectRef, u64, JobEvent)]) -> Result<(), StoreError> {
    if told.is_empty() {
        return Ok(());
    }
    let (tenants, projects) = split(told.iter().map(|(project, ..)| project));
    let numbers: Vec<_> = told.iter().map(|(_, number, _)| number.cast_signed()).collect();
    let jobs: Vec<Uuid> = told.iter().map(|(.., event)| event.job.0).collect();
    let firsts: Vec<_> = told.iter().map(|(.., event)| event.what == Happening::Queued).collect();
    let records = record::write_all(told.iter().map(|(.., event)| event))?;
    let add = "INSERT INTO events SELECT * FROM \
        unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::boolean[], $6::text[])";
    session.execute(add, &[&tenants, &projects, &numbers, &jobs, &firsts, &records]).await?;
    for (project, number, _) in told.iter().filter(|(_, number, _)| number % STEP == 0) {
        let Some(oldest) = number.checked_sub(KEPT_EVENTS) else { continue };
        let forget = "DELETE FROM events WHERE tenant = $1 AND project = $2 AND number <= $3";
        session.execute(forget, &[&project.tenant.0, &project.project.0, &oldest.cast_signed()]).await?;
    }
    Ok(())
}

/// Removes the events of jobs that are deleted.
pub(crate) async fn forget(session: &Session, jobs: &[Uuid]) -> Result<(), StoreError> {
    session.execute("DELETE FROM events WHERE job = ANY($1)", &[&jobs]).await.map(drop)
}

/// The number of a project's latest event.
pub(crate) async fn latest(session: &Session, project: ProjectRef) -> Result<u64, StoreError> {
    let ledger = "SELECT record FROM ledgers WHERE tenant = $1 AND project = $2";
    let ledger: Option<Ledger> =
        session.record("ledgers", ledger, &[&project.tenant.0, &project.project.0]).await?;
    Ok(ledger.map_or(0, |ledger| ledger.events))
}

/// Events behind a place. What comes after the latest number was read comes with the next page.
pub(crate) async fn page(
    session: &Session,
    of: Watched,
    after: EventPlace,
    limit: usize,
) -> Result<EventPage, StoreError> {
    let project = of.project();
    let last = latest(session, project).await?;
    let known = u64::try_from(after.0).ok().filter(|after| *after <= last);
    let Some(after) = known else {
        return Ok(EventPage { forgotten: true, next: EventPlace(last.into()), ..EventPage::default() });
    };
    let oldest = last.saturating_sub(KEPT_EVENTS);
    let forgotten = match of {
        Watched::Project(_) => after < oldest,
        Watched::Job(_, job) => !is_whole(session, job, after, oldest).await?,
    };
    let job = match of {
        Watched::Project(_) => None,
        Watched::Job(_, job) => Some(job.0),
    };
    let (from, to) = (after.max(oldest).cast_signed(), last.cast_signed());
    let page = "SELECT number, record FROM events WHERE tenant = $1 AND project = $2 AND number > $3 AND number <= $4 \
        ORDER BY number LIMIT $5";
    let of_job = "SELECT number, record FROM events WHERE job = $6 AND tenant = $1 AND project = $2 AND number > $3 \
        AND number <= $4 ORDER BY number LIMIT $5";
    let most = most(limit.saturating_add(1));
    let (tenant, own) = (project.tenant.0, project.project.0);
    let rows = match job {
        None => session.query(page, &[&tenant, &own, &from, &to, &most]).await?,
        Some(job) => session.query(of_job, &[&tenant, &own, &from, &to, &most, &job]).await?,
    };
    let mut events = Vec::with_capacity(rows.len());
    for row in rows.iter().take(limit) {
        let place = EventPlace(row.get::<_, i64>(0).cast_unsigned().into());
        events.push((place, record::read("events", row.get(1))?));
    }
    let next = match rows.len() > limit {
        true => events.last().map_or(EventPlace(after.into()), |(place, _)| *place),
        false => EventPlace(last.into()),
    };
    Ok(EventPage { events, next, forgotten })
}

/// Whether nothing behind the place is missing of a job: its beginning is kept, or something from before the place.
async fn is_whole(session: &Session, job: JobId, after: u64, oldest: u64) -> Result<bool, StoreError> {
    let kept = "SELECT 1 FROM events WHERE job = $1 AND number > $3 AND (first OR number <= $2) LIMIT 1";
    let kept = session.one(kept, &[&job.0, &after.cast_signed(), &oldest.cast_signed()]).await?;
    Ok(kept.is_some())
}
