//! The clients' side of the queue: jobs go in, and cancels of them.

use super::audit;
use crate::batches::Batch;
use crate::database::Session;
use crate::records::job;
use crate::records::ledger::{project, split};
use crate::records::moves::{self, Move};
use crate::records::usage::Used;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::state::{CancelOutcome, TransitionError};
use fuelcell_domain::{CancelRequest, Digest, Job, JobId, JobState, ProjectRef, Timestamp};
use fuelcell_store::jobs::{is_same_submission, key_is_over, settle_partial};
use fuelcell_store::verbs::Submissions;
use fuelcell_store::{IdempotencyKey, NewJob, StoreError, Submitted};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Keys that are looked at in one step.
const STEP: i64 = 10_000;

#[async_trait]
impl Submissions for PostgresStore {
    async fn submit(&self, new: NewJob) -> Result<Submitted, StoreError> {
        let submits = self.submits.get_or_init(|| {
            Batch::new(&self.handle, &self.database, |work, new| Box::pin(submit_all(work, new)))
        });
        self.run(submits.clone().join(new)).await
    }

    async fn submit_many(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted, StoreError>>, StoreError> {
        change!(self, work => submit_all(work, &new))
    }

    async fn used_key(
        &self,
        project: ProjectRef,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Submitted>, StoreError> {
        let key = key.clone();
        ask!(self, session => used_key(&session, project, key, now))
    }

    async fn forget_keys(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        change!(self, work => forget_keys(work, now, limit))
    }

    async fn request_cancel(
        &self,
        project: ProjectRef,
        job: JobId,
        request: CancelRequest,
    ) -> Result<(CancelOutcome, Job), StoreError> {
        change!(self, work => cancel(work, project, job, request))
    }
}

type Keys = BTreeMap<(ProjectRef, Vec<u8>), (Digest, JobId)>;

/// Jobs and keys that submissions may meet.
struct Known {
    jobs: BTreeMap<JobId, Job>,
    keys: Keys,
}

impl Known {
    async fn of(session: &Session, new: &[NewJob]) -> Result<Self, StoreError> {
        let named = new.iter().filter_map(|new| new.idempotency.as_ref().map(|key| (new.job.project, key)));
        let keys = find_keys(session, &named.collect::<Vec<_>>()).await?;
        let mut ids: Vec<JobId> = new.iter().map(|new| new.job.id).collect();
        ids.extend(keys.values().map(|(_, job)| *job));
        Ok(Self { jobs: job::find_all(session, &ids).await?, keys })
    }

    fn used(&self, project: ProjectRef, key: &IdempotencyKey, now: Timestamp) -> Option<Submitted> {
        let used = self.keys.get(&(project, key.key.clone().into_bytes()));
        let (body, first) = used.filter(|(_, job)| !key_is_over(*job, now))?;
        Some(match (*body == key.body, self.jobs.get(first)) {
            (true, Some(job)) => Submitted::Repeated(job.clone()),
            (true, None) => Submitted::Forgotten(*first),
            (false, _) => Submitted::KeyConflict,
        })
    }
}

async fn find_keys(session: &Session, named: &[(ProjectRef, &IdempotencyKey)]) -> Result<Keys, StoreError> {
    if named.is_empty() {
        return Ok(Keys::new());
    }
    let (tenants, projects) = split(named.iter().map(|(project, _)| project));
    let keys: Vec<_> = named.iter().map(|(_, key)| key.key.as_bytes()).collect();
    let find = "SELECT k.tenant, k.project, k.key, k.body, k.job FROM keys k JOIN \
        (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[])) n(tenant, project, key) \
        USING (tenant, project, key)";
    let mut found = Keys::new();
    for row in session.query(find, &[&tenants, &projects, &keys]).await? {
        let body: &[u8] = row.get(3);
        let body = body.try_into().map(Digest);
        let body = body.map_err(|_| StoreError::Storage("a key's digest is damaged".into()))?;
        found.insert((project(&row), row.get(2)), (body, JobId(row.get(4))));
    }
    Ok(found)
}

/// Queues jobs in their order. What is refused to one is refused to it alone.
pub(crate) async fn submit_all(
    work: &mut Work,
    new: &[NewJob],
) -> Result<Vec<Result<Submitted, StoreError>>, StoreError> {
    let projects: Vec<_> = new.iter().map(|new| new.job.project).collect();
    work.hold(&projects).await?;
    let mut known = Known::of(work, new).await?;
    let mut answers = Vec::with_capacity(new.len());
    let (mut queued, mut keys, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for NewJob { job, idempotency, audit } in new {
        let answer = submit_one(work, &known, job, idempotency.as_ref());
        if let Ok((Submitted::Queued(job), true)) = &answer {
            queued.push(job.clone());
            known.jobs.insert(job.id, job.clone());
            if let Some(key) = idempotency {
                known.keys.insert((job.project, key.key.clone().into_bytes()), (key.body, job.id));
                keys.push((job.project, key, job.id));
            }
            entries.extend(audit);
            // What follows in this batch counts beside it.
            work.ledger(job.project).by_state[JobState::Queued as usize] += 1;
            work.ledger(job.project).stored.records += job.stored_size();
        }
        answers.push(answer.map(|(submitted, _)| submitted));
    }
    for job in &queued {
        let ledger = work.ledger(job.project);
        ledger.by_state[JobState::Queued as usize] -= 1;
        ledger.stored.records -= job.stored_size();
    }
    moves::insert(work, &queued.iter().collect::<Vec<_>>()).await?;
    put_keys(work, &keys).await?;
    audit::append(work, &entries).await?;
    Ok(answers)
}

/// What a submission is answered, and whether it is new.
fn submit_one(
    work: &mut Work,
    known: &Known,
    job: &Job,
    key: Option<&IdempotencyKey>,
) -> Result<(Submitted, bool), StoreError> {
    if let Some(stored) = known.jobs.get(&job.id) {
        return match is_same_submission(stored, job) {
            true => Ok((Submitted::Queued(stored.clone()), false)),
            false => Err(StoreError::Conflict(format!("job {} exists already", job.id))),
        };
    }
    if let Some(used) = key.and_then(|key| known.used(job.project, key, job.created_at)) {
        return Ok((used, false));
    }
    if job.state != JobState::Queued {
        return Err(TransitionError::NotQueued(job.state).into());
    }
    work.refuse_removed(job.project)?;
    let mut job = job.clone();
    let ledger = work.ledger(job.project);
    ledger.limits.admit(&mut job, ledger.queued(), ledger.stored)?;
    ledger.jobs += 1;
    job.ordinal = ledger.jobs;
    Ok((Submitted::Queued(job), true))
}

async fn put_keys(work: &Work, keys: &[(ProjectRef, &IdempotencyKey, JobId)]) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let (tenants, projects) = split(keys.iter().map(|(project, ..)| project));
    let names: Vec<_> = keys.iter().map(|(_, key, _)| key.key.as_bytes()).collect();
    let bodies: Vec<_> = keys.iter().map(|(_, key, _)| &key.body.0[..]).collect();
    let jobs: Vec<Uuid> = keys.iter().map(|(.., job)| job.0).collect();
    // A key whose life is over may be used again.
    let put = "INSERT INTO keys SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::uuid[]) \
        ON CONFLICT (tenant, project, key) DO UPDATE SET body = excluded.body, job = excluded.job";
    work.execute(put, &[&tenants, &projects, &names, &bodies, &jobs]).await.map(drop)
}

async fn used_key(
    session: &Session,
    project: ProjectRef,
    key: IdempotencyKey,
    now: Timestamp,
) -> Result<Option<Submitted>, StoreError> {
    let keys = find_keys(session, &[(project, &key)]).await?;
    let ids: Vec<_> = keys.values().map(|(_, job)| *job).collect();
    let known = Known { jobs: job::find_all(session, &ids).await?, keys };
    Ok(known.used(project, &key, now))
}

async fn forget_keys(work: &Work, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
    // Ids sort by their time, so that those whose life is over come first, but for ids that say no time.
    let page = "SELECT tenant, project, key, job FROM keys WHERE job > $1 ORDER BY job LIMIT $2";
    let (mut after, mut over) = (Uuid::nil(), Vec::new());
    while over.len() < limit {
        let rows = work.query(page, &[&after, &STEP]).await?;
        let Some(last) = rows.last() else { break };
        after = last.get(3);
        for row in &rows {
            if over.len() < limit && key_is_over(JobId(row.get(3)), now) {
                over.push((project(row), row.get::<_, Vec<u8>>(2), row.get::<_, Uuid>(3)));
            }
        }
    }
    let (tenants, projects) = split(over.iter().map(|(project, ..)| project));
    let keys: Vec<_> = over.iter().map(|(_, key, _)| key).collect();
    let jobs: Vec<_> = over.iter().map(|(.., job)| *job).collect();
    // One may have been used again meanwhile.
    let delete = "DELETE FROM keys k USING unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::uuid[]) \
        n(tenant, project, key, job) WHERE (k.tenant, k.project, k.key, k.job) = (n.tenant, n.project, n.key, n.job)";
    work.execute(delete, &[&tenants, &projects, &keys, &jobs]).await
}

async fn cancel(
    work: &mut Work,
    project: ProjectRef,
    id: JobId,
    request: CancelRequest,
) -> Result<(CancelOutcome, Job), StoreError> {
    work.hold(&[project]).await?;
    request_cancel(work, project, id, request).await
}

/// The same under the ledger of the project.
pub(super) async fn request_cancel(
    work: &mut Work,
    project: ProjectRef,
    id: JobId,
    request: CancelRequest,
) -> Result<(CancelOutcome, Job), StoreError> {
    let before = job::find(work, id).await?.filter(|job| job.project == project);
    let before = before.ok_or(StoreError::NotFound("job"))?;
    let (mut after, at) = (before.clone(), request.at);
    let outcome = after.request_cancel(request)?;
    settle_partial(&mut after);
    if outcome == CancelOutcome::Cancelled {
        work.used.push(Used::of(&after, None, at));
    }
    let job = after.clone();
    moves::write(work, &[Move { before, after, at }]).await?;
    Ok((outcome, job))
}
