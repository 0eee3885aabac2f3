//! Moves of jobs, with everything that follows from them: the tables in which they stand, counters, events, deliveries.

use crate::record;
use crate::records::job::Moving;
use crate::records::ledger::split;
use crate::records::{deliveries, events, stored};
use crate::work::Work;
use fuelcell_domain::{Artifact, Job, JobEvent, JobState, LogLine, ProjectRef, Timestamp};
use fuelcell_store::{BlobRef, Ranks, StoreError};
use std::collections::BTreeMap;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// A job that moved.
pub(crate) struct Move {
    pub(crate) before: Job,
    pub(crate) after: Job,
    pub(crate) at: Timestamp,
}

/// Writes new jobs.
pub(crate) async fn insert(work: &mut Work, jobs: &[&Job]) -> Result<(), StoreError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let (ids, tenants, projects, ordinals) = places(jobs);
    let created: Vec<_> = jobs.iter().map(|job| job.created_at.0).collect();
    let types: Vec<_> = jobs.iter().map(|job| job.job_type.as_str()).collect();
    let priorities: Vec<_> = jobs.iter().map(|job| job.priority as i16).collect();
    let pipelines: Vec<_> = jobs.iter().map(|job| job.pipeline.as_ref().map(|own| own.id.0)).collect();
    let numbers: Vec<_> = jobs.iter().map(|job| Ranks::of(job).pipeline.cast_signed()).collect();
    let subjects: Vec<_> = jobs.iter().map(|job| job.submitted_by.as_bytes()).collect();
    let specs = record::write_all(jobs.iter().copied())?;
    let add = "INSERT INTO jobs SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], \
        $6::text[], $7::smallint[], $8::uuid[], $9::bigint[], $10::bytea[], $11::text[])";
    let values: [&(dyn ToSql + Sync); 11] = [
        &ids,
        &tenants,
        &projects,
        &ordinals,
        &created,
        &types,
        &priorities,
        &pipelines,
        &numbers,
        &subjects,
        &specs,
    ];
    work.execute(add, &values).await?;
    enqueue(work, jobs).await?;
    for job in jobs {
        work.ledger(job.project).count(None, Some(job.state));
        stored::replace(work, job.project, stored::RECORDS, 0, job.stored_size());
        if let Some(event) = JobEvent::of_move(None, job, job.created_at) {
            work.tell(job.project, event);
        }
    }
    Ok(())
}

/// Writes jobs that moved, and whatever follows from that.
pub(crate) async fn write(work: &mut Work, moves: &[Move]) -> Result<(), StoreError> {
    let (stay, go): (Vec<_>, Vec<_>) = moves.iter().partition(|one| one.before.state == one.after.state);
    rewrite(work, &stay).await?;
    leave(work, &go).await?;
    let now_in = |wanted: fn(JobState) -> bool| -> Vec<&Job> {
        go.iter().map(|one| &one.after).filter(|job| wanted(job.state)).collect()
    };
    enqueue(work, &now_in(|state| state == JobState::Queued)).await?;
    run(work, &now_in(|state| state == JobState::Running)).await?;
    let ended = now_in(JobState::is_ended);
    end(work, &ended).await?;
    deliveries::note_ends(work, &ended).await?;
    for Move { before, after, at } in moves {
        if before.state != after.state {
            work.ledger(after.project).count(Some(before.state), Some(after.state));
        }
        work.days.follow(before, after);
        if let Some(event) = JobEvent::of_move(Some(before), after, *at) {
            work.tell(after.project, event);
        }
    }
    Ok(())
}

type Places = (Vec<Uuid>, Vec<Uuid>, Vec<Uuid>, Vec<i64>);

fn places(jobs: &[&Job]) -> Places {
    let (tenants, projects) = split(jobs.iter().map(|job| &job.project));
    let ids = jobs.iter().map(|job| job.id.0).collect();
    (ids, tenants, projects, jobs.iter().map(|job| job.ordinal.cast_signed()).collect())
}

fn moving(jobs: &[&Job]) -> Result<Vec<String>, StoreError> {
    jobs.iter().map(|job| record::write(&Moving::of(job))).collect()
}

fn standings(jobs: &[&Job]) -> Vec<i16> {
    jobs.iter().map(|job| Ranks::of(job).standing as i16).collect()
}

/// A wish to cancel is all that changes of a job that stays where it is, and only of one that runs.
async fn rewrite(work: &Work, stay: &[&Move]) -> Result<(), StoreError> {
    if stay.is_empty() {
        return Ok(());
    }
    let jobs: Vec<_> = stay.iter().map(|one| &one.after).collect();
    let (ids, ..) = places(&jobs);
    let put = "UPDATE running r SET moving = n.moving FROM unnest($1::uuid[], $2::text[]) n(job, moving) \
        WHERE r.job = n.job";
    work.execute(put, &[&ids, &moving(&jobs)?]).await.map(drop)
}

async fn leave(work: &Work, go: &[&Move]) -> Result<(), StoreError> {
    for (state, commands) in [
        (JobState::Queued, &["DELETE FROM queue WHERE job = ANY($1)"][..]),
        (
            JobState::Running,
            &["DELETE FROM running WHERE job = ANY($1)", "DELETE FROM pulses WHERE job = ANY($1)"][..],
        ),
    ] {
        let jobs = go.iter().filter(|one| one.before.state == state).map(|one| one.before.id.0);
        let jobs: Vec<Uuid> = jobs.collect();
        for command in commands.iter().filter(|_| !jobs.is_empty()) {
            work.execute(command, &[&jobs]).await?;
        }
    }
    Ok(())
}

async fn enqueue(work: &Work, jobs: &[&Job]) -> Result<(), StoreError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let (ids, tenants, projects, ordinals) = places(jobs);
    let ranks: Vec<_> = jobs.iter().map(|job| -(job.priority as i16)).collect();
    let behind: Vec<_> = jobs.iter().map(|job| !job.front).collect();
    let since: Vec<_> = jobs.iter().map(|job| job.since().0).collect();
    let due: Vec<_> = jobs.iter().map(|job| job.not_before.map_or(i64::MIN, |at| at.0)).collect();
    let add = "INSERT INTO queue SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::smallint[], \
        $6::boolean[], $7::bigint[], $8::bigint[], $9::smallint[], $10::text[])";
    let (standings, moving) = (standings(jobs), moving(jobs)?);
    let values: [&(dyn ToSql + Sync); 10] =
        [&ids, &tenants, &projects, &ordinals, &ranks, &behind, &since, &due, &standings, &moving];
    work.execute(add, &values).await.map(drop)
}

async fn run(work: &Work, jobs: &[&Job]) -> Result<(), StoreError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let (ids, tenants, projects, ordinals) = places(jobs);
    let lease = |job: &Job| job.lease.clone();
    let nodes: Vec<_> =
        jobs.iter().map(|job| lease(job).map_or_else(Vec::new, |own| own.node.0.into_bytes())).collect();
    let until: Vec<_> = jobs.iter().map(|job| lease(job).map_or(i64::MIN, |own| own.expires_at.0)).collect();
    let attempts: Vec<_> = jobs.iter().map(|job| job.attempt.cast_signed()).collect();
    let holders = || jobs.iter().map(|job| job.current_attempt().holder);
    let incarnations: Vec<_> = holders().map(|holder| holder.incarnation.0).collect();
    let claims: Vec<_> = holders().map(|holder| holder.claim.0).collect();
    let started: Vec<_> = jobs.iter().map(|job| Ranks::of(job).started_at.map(|at| at.0)).collect();
    let (standings, moving) = (standings(jobs), moving(jobs)?);
    let add = "INSERT INTO running SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bytea[], \
        $6::integer[], $7::uuid[], $8::uuid[], $9::bigint[], $10::smallint[], $11::bigint[], $12::text[])";
    let values: [&(dyn ToSql + Sync); 12] = [
        &ids,
        &tenants,
        &projects,
        &ordinals,
        &nodes,
        &attempts,
        &incarnations,
        &claims,
        &until,
        &standings,
        &started,
        &moving,
    ];
    work.execute(add, &values).await.map(drop)
}

async fn end(work: &Work, jobs: &[&Job]) -> Result<(), StoreError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let (ids, tenants, projects, ordinals) = places(jobs);
    let ranks: Vec<_> = jobs.iter().map(|job| Ranks::of(job)).collect();
    let states: Vec<_> = jobs.iter().map(|job| job.state as i16).collect();
    let started: Vec<_> = ranks.iter().map(|own| own.started_at.map(|at| at.0)).collect();
    let ended: Vec<_> = ranks.iter().map(|own| own.ended_at.map(|at| at.0)).collect();
    let remarks: Vec<_> = ranks.iter().map(|own| own.remark.as_ref().map(|text| text.as_bytes())).collect();
    let (standings, moving) = (standings(jobs), moving(jobs)?);
    let add = "INSERT INTO ended SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::smallint[], \
        $6::smallint[], $7::bigint[], $8::bigint[], $9::bytea[], $10::text[])";
    let values: [&(dyn ToSql + Sync); 10] =
        [&ids, &tenants, &projects, &ordinals, &states, &standings, &started, &ended, &remarks, &moving];
    work.execute(add, &values).await.map(drop)
}

/// Removes jobs that do not run, with everything that is kept under their ids.
pub(crate) async fn delete(work: &mut Work, jobs: &[Job]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = jobs.iter().map(|job| job.id.0).collect();
    let of: BTreeMap<Uuid, ProjectRef> = jobs.iter().map(|job| (job.id.0, job.project)).collect();
    let gone = async |table: &str, work: &Work| {
        let delete = format!("DELETE FROM {table} WHERE job = ANY($1) RETURNING job, record");
        work.query(&delete, &[&ids]).await
    };
    for row in gone("artifacts", work).await? {
        let artifacts: Vec<Artifact> = record::read("artifacts", row.get(1))?;
        let bytes = artifacts.iter().map(|one| BlobRef { digest: one.digest, size: one.size });
        stored::let_go(work, of[&row.get::<_, Uuid>(0)], stored::ARTIFACTS, &bytes.collect::<Vec<_>>())
            .await?;
    }
    for row in gone("checkpoints", work).await? {
        let bytes: BlobRef = record::read("checkpoints", row.get(1))?;
        stored::let_go(work, of[&row.get::<_, Uuid>(0)], stored::CHECKPOINTS, &[bytes]).await?;
    }
    for row in gone("logs", work).await? {
        let lines: Vec<LogLine> = record::read("logs", row.get(1))?;
        stored::replace(work, of[&row.get::<_, Uuid>(0)], stored::LOGS, stored::of_lines(&lines), 0);
    }
    for table in ["receipts", "queue", "ended", "jobs"] {
        work.execute(&format!("DELETE FROM {table} WHERE job = ANY($1)"), &[&ids]).await?;
    }
    events::forget(work, &ids).await?;
    for job in jobs {
        work.ledger(job.project).count(Some(job.state), None);
        stored::replace(work, job.project, stored::RECORDS, job.stored_size(), 0);
    }
    Ok(())
}
