//! The workers' side of the queue: jobs are chosen, claimed, run and ended.

use super::{datasets, processed};
use crate::batches::Batch;
use crate::database::{Session, most};
use crate::record;
use crate::records::job::{self, held};
use crate::records::moves::{self, Move};
use crate::records::stored;
use crate::records::usage::Used;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::job::Pulse;
use fuelcell_domain::{
    Artifact, AttemptId, Holder, Incarnation, Job, JobError, JobEvent, JobId, JobState, Lease, NodeId,
    Receipt, Timestamp, Transition,
};
use fuelcell_store::jobs::{is_of_earlier_life, settle_partial, share_of_lane};
use fuelcell_store::verbs::{Backlog, Queue};
use fuelcell_store::{BlobRef, Claim, Finish, QueueEntry, StoreError};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;
use uuid::Uuid;

/// Attempts that are lost in one transaction.
const LOST: i64 = 1000;

#[async_trait]
impl Backlog for PostgresStore {
    async fn ready(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        ask!(self, session => ready(&session, now, limit))
    }

    async fn heads(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        ask!(self, session => heads(&session, now, limit))
    }

    async fn next_not_before(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let next = "SELECT due FROM queue WHERE due > $1 ORDER BY due LIMIT 1";
        let next = ask!(self, session => session.one(next, &[&now.0]))?;
        Ok(next.map(|row| Timestamp(row.get(0))))
    }
}

#[async_trait]
impl Queue for PostgresStore {
    async fn claim(
        &self,
        jobs: &[JobId],
        lease: Lease,
        holder: Holder,
        now: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        let jobs = jobs.to_vec();
        change!(self, work => claim(work, &jobs, &lease, holder, now))
    }

    async fn extend_leases(
        &self,
        attempts: &[AttemptId],
        until: Timestamp,
    ) -> Result<Vec<AttemptId>, StoreError> {
        let attempts = attempts.to_vec();
        change!(self, work => extend_leases(work, attempts, until))
    }

    async fn record_pulse(&self, attempt: AttemptId, pulse: Pulse, now: Timestamp) -> Result<(), StoreError> {
        change!(self, work => record_pulse(work, attempt, pulse, now))
    }

    async fn set_checkpoint(&self, attempt: AttemptId, blob: BlobRef) -> Result<(), StoreError> {
        change!(self, work => set_checkpoint(work, attempt, blob))
    }

    async fn finish(&self, finish: Finish) -> Result<Job, StoreError> {
        let finishes = self.finishes.get_or_init(|| {
            Batch::new(&self.handle, &self.database, |work, ends| Box::pin(finish_all(work, ends)))
        });
        self.run(finishes.clone().join(finish)).await
    }

    async fn expire_leases(&self, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        let expired = "SELECT job FROM running WHERE lease_until <= $1 LIMIT $2";
        let mut lost = Vec::new();
        loop {
            let of = change!(self, work => async {
                let found = work.query(expired, &[&now.0, &LOST]).await?;
                let gone = |job: &Job| job.lease.as_ref().is_some_and(|lease| lease.expires_at <= now);
                lose(work, &found, now, gone).await
            })?;
            if !and_more(&mut lost, of) {
                return Ok(lost);
            }
        }
    }

    async fn release_node(
        &self,
        node: &NodeId,
        present: Incarnation,
        now: Timestamp,
    ) -> Result<Vec<JobId>, StoreError> {
        let earlier = "SELECT job FROM running WHERE node = $1 AND incarnation <> $2 LIMIT $3";
        let mut lost = Vec::new();
        loop {
            let node = node.clone();
            let of = change!(self, work => async {
                let found = work.query(earlier, &[&node.0.as_bytes(), &present.0, &LOST]).await?;
                lose(work, &found, now, |job| is_of_earlier_life(job, &node, present)).await
            })?;
            if !and_more(&mut lost, of) {
                return Ok(lost);
            }
        }
    }

    async fn fail_queued(&self, job: JobId, error: JobError, now: Timestamp) -> Result<(), StoreError> {
        change!(self, work => fail_queued(work, job, error, now))
    }
}

/// Adds what one transaction lost, and says whether there may be more.
fn and_more(lost: &mut Vec<JobId>, of: Vec<JobId>) -> bool {
    let more = most(of.len()) >= LOST;
    lost.extend(of);
    lost.sort_unstable();
    more
}

fn entries(rows: &[Row]) -> Result<Vec<QueueEntry>, StoreError> {
    rows.iter().map(|row| job::of_row(row).map(|job| QueueEntry::of(&job))).collect()
}

/// The columns of a job that is known to be queued, over `queue q`.
const QUEUED: &str = "SELECT j.spec, q.moving, NULL::bigint, NULL::integer, NULL::text FROM";

async fn ready(session: &Session, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
    let ready = format!(
        "{QUEUED} queue q JOIN jobs j USING (job) WHERE q.due <= $1 \
        ORDER BY q.rank, q.behind, q.since, q.tenant, q.project, q.ordinal LIMIT $2"
    );
    entries(&session.query(&ready, &[&now.0, &most(limit)]).await?)
}

/// Jobs that were submitted in the future, as by a clock that was set back, may start at once. So far ahead they are looked
/// for; jobs that wait for a later time are not looked through.
const AHEAD: i64 = 60_000_000;

/// Of each lane the first jobs. Lanes are found by going from one to the next, however many jobs wait in them.
async fn heads(session: &Session, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
    let ahead = now.0.saturating_add(AHEAD);
    let lanes = "WITH RECURSIVE lane AS (\
        (SELECT rank, tenant FROM queue ORDER BY rank, tenant LIMIT 1) \
        UNION ALL SELECT next.rank, next.tenant FROM lane, LATERAL (SELECT q.rank, q.tenant FROM queue q \
            WHERE (q.rank, q.tenant) > (lane.rank, lane.tenant) ORDER BY q.rank, q.tenant LIMIT 1) next) \
        SELECT rank, tenant FROM lane WHERE EXISTS (SELECT 1 FROM queue q WHERE q.rank = lane.rank \
            AND q.tenant = lane.tenant AND q.behind = ANY ('{false,true}') AND q.since <= $2 AND q.due <= $1)";
    let lanes = session.query(lanes, &[&now.0, &ahead]).await?;
    if lanes.is_empty() {
        return Ok(Vec::new());
    }
    let share = most(share_of_lane(limit, lanes.len()));
    let ranks: Vec<i16> = lanes.iter().map(|row| row.get(0)).collect();
    let tenants: Vec<Uuid> = lanes.iter().map(|row| row.get(1)).collect();
    let heads = format!(
        "{QUEUED} unnest($1::smallint[], $2::uuid[]) lane(rank, tenant), LATERAL (\
            SELECT w.* FROM (VALUES (false), (true)) side(behind), LATERAL (SELECT * FROM queue w \
                WHERE w.rank = lane.rank AND w.tenant = lane.tenant AND w.behind = side.behind AND w.since <= $5 \
                AND w.due <= $3 ORDER BY w.since, w.project, w.ordinal LIMIT $4) w \
            ORDER BY w.behind, w.since, w.project, w.ordinal LIMIT $4) q JOIN jobs j USING (job) \
        ORDER BY q.rank, q.behind, q.since, q.tenant, q.project, q.ordinal"
    );
    entries(&session.query(&heads, &[&ranks, &tenants, &now.0, &share, &ahead]).await?)
}

async fn claim(
    work: &mut Work,
    ids: &[JobId],
    lease: &Lease,
    holder: Holder,
    now: Timestamp,
) -> Result<Vec<Claim>, StoreError> {
    work.hold_of(ids).await?;
    let jobs = job::find_all(work, ids).await?;
    let (mut asked, mut started, mut moves) = (BTreeSet::new(), Vec::new(), Vec::new());
    for before in ids.iter().filter(|id| asked.insert(**id)).filter_map(|id| jobs.get(id)) {
        let mut after = before.clone();
        // It may have been started by this very claim before.
        if before.holder != Some(holder) {
            if after.claim(lease.clone(), holder, now).is_err() {
                continue;
            }
            moves.push(Move { before: before.clone(), after: after.clone(), at: now });
        }
        started.push(after);
    }
    moves::write(work, &moves).await?;
    let checkpoints = checkpoints(work, &started).await?;
    let with_checkpoint = |job: Job| Claim { checkpoint: checkpoints.get(&job.id).copied(), job };
    Ok(started.into_iter().map(with_checkpoint).collect())
}

/// Checkpoints of jobs that were started before.
async fn checkpoints(session: &Session, jobs: &[Job]) -> Result<BTreeMap<JobId, BlobRef>, StoreError> {
    let again: Vec<Uuid> = jobs.iter().filter(|job| job.attempt > 1).map(|job| job.id.0).collect();
    if again.is_empty() {
        return Ok(BTreeMap::new());
    }
    let find = "SELECT job, record FROM checkpoints WHERE job = ANY($1)";
    let rows = session.query(find, &[&again]).await?;
    rows.iter().map(|row| Ok((JobId(row.get(0)), record::read("checkpoints", row.get(1))?))).collect()
}

async fn extend_leases(
    work: &mut Work,
    attempts: Vec<AttemptId>,
    until: Timestamp,
) -> Result<Vec<AttemptId>, StoreError> {
    let ids: Vec<_> = attempts.iter().map(|attempt| attempt.job).collect();
    work.hold_of(&ids).await?;
    let jobs: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let numbers: Vec<_> = attempts.iter().map(|attempt| attempt.number.cast_signed()).collect();
    let lives: Vec<_> = attempts.iter().map(|attempt| attempt.holder.incarnation.0).collect();
    let claims: Vec<_> = attempts.iter().map(|attempt| attempt.holder.claim.0).collect();
    let extend = "UPDATE running r SET lease_until = $1 FROM unnest($2::uuid[], $3::integer[], $4::uuid[], $5::uuid[]) \
        a(job, attempt, incarnation, claim) WHERE (r.job, r.attempt, r.incarnation, r.claim) \
        = (a.job, a.attempt, a.incarnation, a.claim) RETURNING r.job, r.attempt, r.incarnation, r.claim";
    let held = work.query(extend, &[&until.0, &jobs, &numbers, &lives, &claims]).await?;
    let held: BTreeSet<(Uuid, i32, Uuid, Uuid)> =
        held.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    let is_held = |attempt: &AttemptId| {
        let Holder { incarnation, claim } = attempt.holder;
        held.contains(&(attempt.job.0, attempt.number.cast_signed(), incarnation.0, claim.0))
    };
    Ok(attempts.into_iter().filter(|attempt| !is_held(attempt)).collect())
}

async fn record_pulse(
    work: &mut Work,
    attempt: AttemptId,
    pulse: Pulse,
    now: Timestamp,
) -> Result<(), StoreError> {
    work.hold_of(&[attempt.job]).await?;
    let job = held(work, attempt).await?;
    if let Some(event) = JobEvent::of_progress(&job, &pulse.progress, now) {
        work.tell(job.project, event);
    }
    let put = "INSERT INTO pulses VALUES ($1, $2, $3) \
        ON CONFLICT (job) DO UPDATE SET attempt = excluded.attempt, pulse = excluded.pulse";
    let number = attempt.number.cast_signed();
    work.execute(put, &[&job.id.0, &number, &record::write(&pulse)?]).await.map(drop)
}

async fn set_checkpoint(work: &mut Work, attempt: AttemptId, blob: BlobRef) -> Result<(), StoreError> {
    work.hold_of(&[attempt.job]).await?;
    let job = held(work, attempt).await?;
    let before = checkpoint(work, job.id).await?;
    if before.is_none_or(|before| before.digest != blob.digest) {
        if let Some(before) = before {
            stored::let_go(work, job.project, stored::CHECKPOINTS, &[before]).await?;
        }
        stored::replace(work, job.project, stored::CHECKPOINTS, 0, blob.size);
    }
    let put =
        "INSERT INTO checkpoints VALUES ($1, $2) ON CONFLICT (job) DO UPDATE SET record = excluded.record";
    work.execute(put, &[&job.id.0, &record::write(&blob)?]).await.map(drop)
}

pub(super) async fn checkpoint(session: &Session, job: JobId) -> Result<Option<BlobRef>, StoreError> {
    session.record("checkpoints", "SELECT record FROM checkpoints WHERE job = $1", &[&job.0]).await
}

/// Ends attempts, in one transaction. What is refused to one is refused to it alone.
pub(crate) async fn finish_all(
    work: &mut Work,
    finishes: &[Finish],
) -> Result<Vec<Result<Job, StoreError>>, StoreError> {
    let ids: Vec<_> = finishes.iter().map(|finish| finish.attempt.job).collect();
    work.hold_of(&ids).await?;
    let mut jobs = job::find_all(work, &ids).await?;
    let given = receipts(work, &ids).await?;
    let (mut answers, mut done) = (Vec::with_capacity(finishes.len()), Vec::<(&Finish, Job)>::new());
    let mut moves = Vec::new();
    for finish in finishes {
        let id = finish.attempt.job;
        let Some(job) = jobs.get_mut(&id) else {
            answers.push(Err(StoreError::Stale(finish.attempt)));
            continue;
        };
        let was_given = given.get(&id).is_some_and(|given| given.contains(&finish.receipt))
            || done.iter().any(|(earlier, _)| earlier.receipt == finish.receipt);
        if was_given {
            answers.push(Ok(job.clone()));
            continue;
        }
        let before = job.clone();
        if let Err(refusal) = finish.apply(job) {
            answers.push(Err(refusal.into()));
            continue;
        }
        moves.push(Move { before, after: job.clone(), at: finish.at });
        done.push((finish, job.clone()));
        answers.push(Ok(job.clone()));
    }
    moves::write(work, &moves).await?;
    bring(work, &done).await?;
    Ok(answers)
}

/// Receipts of these jobs.
async fn receipts(session: &Session, jobs: &[JobId]) -> Result<BTreeMap<JobId, Vec<Receipt>>, StoreError> {
    let jobs: Vec<Uuid> = jobs.iter().map(|job| job.0).collect();
    let find = "SELECT job, record FROM receipts WHERE job = ANY($1)";
    let mut found: BTreeMap<JobId, Vec<Receipt>> = BTreeMap::new();
    for row in session.query(find, &[&jobs]).await? {
        found.entry(JobId(row.get(0))).or_default().push(record::read("receipts", row.get(1))?);
    }
    Ok(found)
}

/// Everything that ends bring beside the moves.
async fn bring(work: &mut Work, done: &[(&Finish, Job)]) -> Result<(), StoreError> {
    let receipts: Vec<_> = done.iter().map(|(finish, job)| (job, &finish.receipt)).collect();
    put_receipts(work, &receipts).await?;
    work.used.extend(done.iter().map(|(finish, job)| Used::of(job, Some(&finish.receipt), finish.at)));
    let published = done.iter().map(|(finish, job)| (job, finish.published(job)));
    let published: Vec<_> = published.filter(|(_, artifacts)| !artifacts.is_empty()).collect();
    put_artifacts(work, &published).await?;
    for (finish, job) in done.iter().filter(|(_, job)| job.state == JobState::Completed) {
        datasets::count_rows(work, job).await?;
        processed::mark(work, job, &finish.marks).await?;
    }
    Ok(())
}

async fn put_receipts(work: &Work, receipts: &[(&Job, &Receipt)]) -> Result<(), StoreError> {
    if receipts.is_empty() {
        return Ok(());
    }
    let jobs: Vec<Uuid> = receipts.iter().map(|(job, _)| job.id.0).collect();
    let numbers: Vec<_> = receipts.iter().map(|(job, _)| job.attempt.cast_signed()).collect();
    let records = record::write_all(receipts.iter().map(|(_, receipt)| *receipt))?;
    let add = "INSERT INTO receipts SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[])";
    work.execute(add, &[&jobs, &numbers, &records]).await.map(drop)
}

async fn put_artifacts(work: &mut Work, published: &[(&Job, Cow<'_, [Artifact]>)]) -> Result<(), StoreError> {
    if published.is_empty() {
        return Ok(());
    }
    let jobs: Vec<Uuid> = published.iter().map(|(job, _)| job.id.0).collect();
    let records = record::write_all(published.iter().map(|(_, artifacts)| artifacts))?;
    // Nothing was published before: whoever publishes has ended.
    let add = "INSERT INTO artifacts SELECT * FROM unnest($1::uuid[], $2::text[])";
    work.execute(add, &[&jobs, &records]).await?;
    for (job, artifacts) in published {
        stored::replace(work, job.project, stored::ARTIFACTS, 0, stored::of_artifacts(artifacts));
    }
    Ok(())
}

/// Takes jobs from running attempts that are still gone when nobody else can move them.
pub(super) async fn lose(
    work: &mut Work,
    found: &[Row],
    now: Timestamp,
    gone: impl Fn(&Job) -> bool,
) -> Result<Vec<JobId>, StoreError> {
    let ids: Vec<_> = found.iter().map(|row| JobId(row.get(0))).collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    work.hold_of(&ids).await?;
    let jobs = job::find_all(work, &ids).await?;
    let (mut moves, mut receipts) = (Vec::new(), Vec::new());
    for before in jobs.into_values().filter(|job| gone(job)) {
        let mut after = before.clone();
        receipts.push(Receipt::of_lost(&before, now));
        after.leave_running(before.current_attempt(), Transition::Lose, now)?;
        settle_partial(&mut after);
        moves.push(Move { before, after, at: now });
    }
    moves::write(work, &moves).await?;
    let lost: Vec<_> = moves.iter().map(|one| &one.after).zip(&receipts).collect();
    put_receipts(work, &lost).await?;
    work.used.extend(lost.iter().map(|(job, receipt)| Used::of(job, Some(receipt), now)));
    Ok(lost.iter().map(|(job, _)| job.id).collect())
}

async fn fail_queued(work: &mut Work, id: JobId, error: JobError, now: Timestamp) -> Result<(), StoreError> {
    work.hold_of(&[id]).await?;
    let before = job::find(work, id).await?.ok_or(StoreError::NotFound("job"))?;
    let mut after = before.clone();
    after.fail_queued(error, now)?;
    settle_partial(&mut after);
    work.used.push(Used::of(&after, None, now));
    moves::write(work, &[Move { before, after, at: now }]).await
}
