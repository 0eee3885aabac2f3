//! Figures that follow from moves: a tenant's day, a module's latest durations.

use crate::database::{Session, most};
use crate::record;
use crate::records::ledger::split;
use fuelcell_domain::{Job, JobState, ProjectRef, Timestamp};
use fuelcell_store::jobs::{first_wait, run_micros, utc_day};
use fuelcell_store::{RECENT_DURATIONS, StoreError, TenantFigures};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One of so many durations has older ones forgotten.
const FORGOTTEN_EVERY: i64 = 16;

/// What happened to a project's jobs in one UTC day.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DayFigures {
    completed: u64,
    failed: u64,
    duration_micros: u64,
    started: u64,
    wait_micros: u64,
}

impl DayFigures {
    fn add(&mut self, other: &Self) {
        self.completed += other.completed;
        self.failed += other.failed;
        self.duration_micros = self.duration_micros.saturating_add(other.duration_micros);
        self.started += other.started;
        self.wait_micros = self.wait_micros.saturating_add(other.wait_micros);
    }

    pub(crate) fn add_to(&self, figures: &mut TenantFigures) {
        figures.completed += self.completed;
        figures.failed += self.failed;
        figures.duration_micros = figures.duration_micros.saturating_add(self.duration_micros);
        figures.started += self.started;
        figures.wait_micros = figures.wait_micros.saturating_add(self.wait_micros);
    }
}

/// What is to be added to days, and durations in the order in which runs ended.
#[derive(Default)]
pub(crate) struct Days {
    days: BTreeMap<(ProjectRef, i64), DayFigures>,
    durations: Vec<(Vec<u8>, i64)>,
}

impl Days {
    /// Counts a move.
    pub(crate) fn follow(&mut self, before: &Job, after: &Job) {
        if before.state == after.state {
            return;
        }
        let mut figures = DayFigures::default();
        let at = match after.state {
            JobState::Running if after.attempt == 1 => {
                let Some(now) = after.started_at else { return };
                figures.started = 1;
                figures.wait_micros = u64::try_from(first_wait(before, now).as_micros()).unwrap_or(u64::MAX);
                Some(now)
            }
            JobState::Completed => {
                let micros = run_micros(after);
                figures.completed = 1;
                figures.duration_micros = micros;
                let micros = i64::try_from(micros).unwrap_or(i64::MAX);
                if !after.profile {
                    self.durations.push((after.module.digest.0.to_vec(), micros));
                }
                after.ended_at
            }
            JobState::Failed => {
                figures.failed = 1;
                after.ended_at
            }
            JobState::Queued | JobState::Running | JobState::Cancelled => None,
        };
        if let Some(at) = at {
            self.add(after.project, at, &figures);
        }
    }

    fn add(&mut self, project: ProjectRef, at: Timestamp, figures: &DayFigures) {
        self.days.entry((project, utc_day(at))).or_default().add(figures);
    }
}

/// Writes durations, and forgets old ones of some of the modules. Nobody waits for another one who forgets the same.
async fn write_durations(session: &Session, durations: Vec<(Vec<u8>, i64)>) -> Result<(), StoreError> {
    if durations.is_empty() {
        return Ok(());
    }
    let (modules, micros): (Vec<_>, Vec<_>) = durations.into_iter().unzip();
    let add = "INSERT INTO durations (module, micros) SELECT * FROM unnest($1::bytea[], $2::bigint[]) \
        RETURNING number, module";
    let added = session.query(add, &[&modules, &micros]).await?;
    let forget = "DELETE FROM durations WHERE number IN (SELECT number FROM durations WHERE module = $1 AND number < \
        (SELECT number FROM durations WHERE module = $1 ORDER BY number DESC OFFSET $2 LIMIT 1) FOR UPDATE SKIP LOCKED)";
    let kept = most(RECENT_DURATIONS - 1);
    for row in added.iter().filter(|row| row.get::<_, i64>(0) % FORGOTTEN_EVERY == 0) {
        session.execute(forget, &[&row.get::<_, Vec<u8>>(1), &kept]).await?;
    }
    Ok(())
}

pub(crate) async fn write(session: &Session, days: Days) -> Result<(), StoreError> {
    let Days { mut days, durations } = days;
    write_durations(session, durations).await?;
    if days.is_empty() {
        return Ok(());
    }
    let (tenants, projects) = split(days.keys().map(|(project, _)| project));
    let numbers: Vec<_> = days.keys().map(|(_, day)| *day).collect();
    let known = "SELECT d.tenant, d.project, d.day, d.record FROM days d \
        JOIN unnest($1::uuid[], $2::uuid[], $3::bigint[]) n(tenant, project, day) USING (tenant, project, day)";
    for row in session.query(known, &[&tenants, &projects, &numbers]).await? {
        let key = (crate::records::ledger::project(&row), row.get(2));
        let before: DayFigures = record::read("days", row.get(3))?;
        days.entry(key).or_default().add(&before);
    }
    let records = record::write_all(days.values())?;
    let put = "INSERT INTO days SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[]) \
        ON CONFLICT (tenant, project, day) DO UPDATE SET record = excluded.record";
    session.execute(put, &[&tenants, &projects, &numbers, &records]).await.map(drop)
}
