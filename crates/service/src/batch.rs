//! Many submissions in one: each is looked up and pinned as one alone, and those that may be queued are queued in one
//! transaction.

use crate::audit::AuditedCall;
use crate::outlook::Outlook;
use crate::submit::{Accepted, Submission};
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::estimate::queue_position;
use fuelcell_domain::trace::keys;
use fuelcell_domain::{Job, ProjectRef, Role};
use fuelcell_store::{NewJob, Submitted};

/// Most submissions in one batch.
pub const MAX_BATCH: usize = 1000;
/// Most bytes of the parameters of a batch's submissions, with what their pipelines lend them: it bounds the work, and what
/// one commit writes.
pub const MAX_BATCH_PARAMETERS: usize = 16 * 1024 * 1024;
/// So many submissions are looked up before others have their turn.
const TURN: usize = 16;

/// Submissions on their way into the queue.
pub struct Batch<'a> {
    service: &'a Service,
    principal: &'a Principal,
    project: ProjectRef,
    /// What becomes of each, in the order in which they came; none yet = its job is among the new ones.
    answers: Vec<Option<Result<Accepted, ServiceError>>>,
    new: Vec<NewJob>,
    /// Bytes of parameters so far, with what pipelines lend.
    bytes: usize,
}

impl Service {
    /// An empty batch of somebody who may submit here.
    pub async fn batch<'a>(
        &'a self,
        principal: &'a Principal,
        project: ProjectRef,
    ) -> Result<Batch<'a>, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        Ok(Batch { service: self, principal, project, answers: Vec::new(), new: Vec::new(), bytes: 0 })
    }
}

impl Batch<'_> {
    /// Takes one more submission, which may be refused alone. A store that fails refuses all.
    pub async fn add(&mut self, submission: Submission, call: &AuditedCall) -> Result<(), ServiceError> {
        if self.answers.len() % TURN == TURN - 1 {
            tokio::task::yield_now().await;
        }
        let answer = match self.prepare(submission, call).await {
            Ok(Prepared::New(new)) => {
                self.new.push(*new);
                None
            }
            Ok(Prepared::Repeated(accepted)) => Some(Ok(*accepted)),
            Err(error) if error.is_of_the_storage() => return Err(error),
            Err(error) => Some(Err(error)),
        };
        self.answers.push(answer);
        Ok(())
    }

    async fn prepare(
        &mut self,
        submission: Submission,
        call: &AuditedCall,
    ) -> Result<Prepared, ServiceError> {
        let Self { service, principal, project, .. } = *self;
        let idempotency = service.checked_key(principal, project, &submission)?;
        if let Some(first) = service.repeated(project, idempotency.as_ref()).await? {
            return Ok(Prepared::Repeated(Box::new(first)));
        }
        // Counted before the work, so that submissions which are refused afterwards are bounded, too.
        let lent = service.lent_bytes(project, &submission).await?;
        let bytes = self.bytes + lent + submission.parameters.as_text().len();
        if bytes > MAX_BATCH_PARAMETERS {
            return Err(ServiceError::BatchTooLarge(MAX_BATCH_PARAMETERS));
        }
        self.bytes = bytes;
        let job = service.pin(principal, project, submission).await?;
        let job = Job { trace: call.trace, ..job };
        let audit = Some(call.queueing(&job));
        Ok(Prepared::New(Box::new(NewJob { job, idempotency, audit })))
    }

    /// Queues what may be queued, durably; says what became of each submission, in the order in which they came.
    pub async fn queue(self) -> Result<Vec<Result<Accepted, ServiceError>>, ServiceError> {
        let Self { service, project, answers, new, .. } = self;
        service.check_room_in_queue(new.len()).await?;
        let queued = match new.is_empty() {
            true => Vec::new(),
            false => {
                let mut commit = service.commit_span(new.first().and_then(|new| new.job.trace));
                commit.count(keys::JOBS, new.len() as u64);
                let queued = service.store.submit_many(new).await;
                service.committed(commit, &queued);
                queued?
            }
        };
        let count = queued.iter().filter(|answer| matches!(answer, Ok(Submitted::Queued(_)))).count();
        if count > 0 {
            service.events.queue_changed();
            tracing::info!(%project, jobs.count = count, "a batch of jobs was queued");
        }
        let mut queued = queued.into_iter();
        let mut all = Vec::with_capacity(answers.len());
        for answer in answers {
            all.push(match answer {
                Some(answer) => answer,
                None => match queued.next() {
                    Some(Ok(submitted)) => service.accepted_of_many(submitted).await,
                    Some(Err(error)) => Err(error.into()),
                    None => Err(ServiceError::Storage),
                },
            });
        }
        Ok(all)
    }
}

/// A submission that was looked up.
enum Prepared {
    New(Box<NewJob>),
    Repeated(Box<Accepted>),
}

impl Service {
    /// Bytes of the parameters that the submission's pipeline lends it.
    async fn lent_bytes(&self, project: ProjectRef, submission: &Submission) -> Result<usize, ServiceError> {
        let Some(id) = submission.pipeline else { return Ok(0) };
        let pipeline = self.store.pipeline(project, id).await?;
        Ok(pipeline.map_or(0, |pipeline| pipeline.parameters.len()))
    }

    /// As for one alone, but without estimates: each looks at the queue before it.
    async fn accepted_of_many(&self, submitted: Submitted) -> Result<Accepted, ServiceError> {
        let Submitted::Queued(job) = submitted else { return self.accepted(submitted).await };
        let now = self.clock.now();
        let before = self.store.queued_before(&job, now).await?;
        let queue_position = before.and_then(|before| queue_position(&job, before, now));
        let outlook = Outlook { queue_position, ..Outlook::default() };
        Ok(Accepted { job, outlook, audited: true, replayed: false })
    }
}
