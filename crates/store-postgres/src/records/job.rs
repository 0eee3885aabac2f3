//! A job in the database: what was submitted, and what moves of it.

use crate::database::Session;
use crate::record;
use fuelcell_domain::job::{JobEnd, Pulse};
use fuelcell_domain::{AttemptId, CancelRequest, Holder, Job, JobId, JobState, Lease, Timestamp};
use fuelcell_store::StoreError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio_postgres::Row;
use uuid::Uuid;

/// What changes of a job after its submission.
#[derive(Serialize, Deserialize)]
pub(crate) struct Moving {
    state: JobState,
    updated_at: Timestamp,
    attempt: u32,
    lost_attempts: u32,
    transient_failures: u32,
    not_before: Option<Timestamp>,
    lease: Option<Lease>,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    cancel: Option<CancelRequest>,
    pulse: Pulse,
    end: Option<JobEnd>,
    partial: bool,
    holder: Option<Holder>,
}

impl Moving {
    pub(crate) fn of(job: &Job) -> Self {
        Self {
            state: job.state,
            updated_at: job.updated_at,
            attempt: job.attempt,
            lost_attempts: job.lost_attempts,
            transient_failures: job.transient_failures,
            not_before: job.not_before,
            lease: job.lease.clone(),
            started_at: job.started_at,
            ended_at: job.ended_at,
            cancel: job.cancel.clone(),
            pulse: job.pulse.clone(),
            end: job.end.clone(),
            partial: job.partial,
            holder: job.holder,
        }
    }

    fn put_into(self, job: &mut Job) {
        let Self { state, updated_at, attempt, lost_attempts, transient_failures, not_before, .. } = self;
        (job.state, job.updated_at, job.attempt) = (state, updated_at, attempt);
        (job.lost_attempts, job.transient_failures, job.not_before) =
            (lost_attempts, transient_failures, not_before);
        let Self { lease, started_at, ended_at, cancel, pulse, end, partial, holder, .. } = self;
        (job.lease, job.started_at, job.ended_at, job.cancel) = (lease, started_at, ended_at, cancel);
        (job.pulse, job.end, job.partial, job.holder) = (pulse, end, partial, holder);
    }
}

/// The columns of a job as [`of_row`] takes them, in front of others.
pub(crate) const COLUMNS: &str = "j.spec, p.moving, p.lease_until, u.attempt, u.pulse";
/// Where they come from.
pub(crate) const SOURCE: &str = "jobs j JOIN places p USING (job) LEFT JOIN pulses u USING (job)";

/// The job in the first columns.
pub(crate) fn of_row(row: &Row) -> Result<Job, StoreError> {
    let mut job: Job = record::read("jobs", row.get(0))?;
    record::read::<Moving>("places", row.get(1))?.put_into(&mut job);
    if let (Some(until), Some(lease)) = (row.get::<_, Option<i64>>(2), &mut job.lease) {
        lease.expires_at = Timestamp(until);
    }
    let live = row.get::<_, Option<i32>>(3).map(i32::cast_unsigned);
    if job.state == JobState::Running && live == Some(job.attempt) {
        job.pulse = record::read("pulses", row.get(4))?;
    }
    Ok(job)
}

/// These jobs, as far as they are there.
pub(crate) async fn find_all(session: &Session, ids: &[JobId]) -> Result<BTreeMap<JobId, Job>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let find = format!("SELECT {COLUMNS} FROM {SOURCE} WHERE j.job = ANY($1)");
    let rows = session.query(&find, &[&ids]).await?;
    rows.iter().map(|row| of_row(row).map(|job| (job.id, job))).collect()
}

/// The job with this id.
pub(crate) async fn find(session: &Session, id: JobId) -> Result<Option<Job>, StoreError> {
    let find = format!("SELECT {COLUMNS} FROM {SOURCE} WHERE j.job = $1");
    session.one(&find, &[&id.0]).await?.as_ref().map(of_row).transpose()
}

/// The job that this attempt holds.
pub(crate) async fn held(session: &Session, attempt: AttemptId) -> Result<Job, StoreError> {
    let job = find(session, attempt.job).await?.ok_or(StoreError::Stale(attempt))?;
    job.check_attempt(attempt)?;
    Ok(job)
}

/// The state of this number.
pub(crate) fn state(number: i16) -> Result<JobState, StoreError> {
    let known = usize::try_from(number).ok().and_then(|number| JobState::ALL.get(number).copied());
    known.ok_or_else(|| StoreError::Storage(format!("no state of a job has the number {number}")))
}
