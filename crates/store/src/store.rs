//! The seam to everything that is remembered as records.

use crate::blob::{BlobRef, BlobReferences};
use crate::jobs::{
    Claim, Finish, IdempotencyKey, JobFilter, JobPage, LogFilter, NewJob, PageRequest, QueueEntry, QueuePage,
    StateCounts, Submitted, TenantFigures,
};
use crate::order::JobOrder;
use crate::pages::{
    LogPlace, NumberedActivation, NumberedVersion, Page, PlacedLine, QueueSpot, QueuedJob, Seek, TokenFilter,
};
use crate::processed::{ProcessedItem, ProcessedPage};
use crate::schedules::ScheduleStep;
use crate::usage::{UsageQuery, UsageReport};
use async_trait::async_trait;
use fuelcell_domain::job::Pulse;
use fuelcell_domain::state::{CancelOutcome, TransitionError};
use fuelcell_domain::{
    Activation, Artifact, AttemptId, AuditEntry, AuditFilter, CancelRequest, Dataset, DatasetId, Digest,
    Grant, Job, JobError, JobId, JobType, Lease, LogLine, ModuleVersion, NodeId, Ordinal, Pipeline,
    PipelineId, Project, ProjectId, ProjectLimits, ProjectRef, ProjectUsage, QuotaExceeded, Receipt, Removal,
    Scope, SealedSecret, Tenant, TenantId, Timestamp, Token, TokenId,
};
use std::cmp::Reverse;
use std::io;

/// Why a verb did nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The named thing is not there (or belongs to another project).
    #[error("{0} does not exist")]
    NotFound(&'static str),
    /// Something else is there already.
    #[error("{0}")]
    Conflict(String),
    /// Something refers to it; the text names what.
    #[error("it is used by {0}")]
    InUse(String),
    /// Nobody could administer the server any more.
    #[error(
        "it is the last operator token that holds; make another one first, so that somebody can still get in"
    )]
    LastOperator,
    /// The project's quota is in the way.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// The job cannot move that way.
    #[error(transparent)]
    Transition(TransitionError),
    /// A write named an attempt that does not hold the job any more.
    #[error("attempt {0} does not hold this job any more")]
    Stale(AttemptId),
    /// No space is left on the medium. Nothing was changed.
    #[error("no space left on the storage medium")]
    Full,
    /// The medium failed or holds damaged data.
    #[error("storage failed: {0}")]
    Storage(String),
}

/// What a step of a removal did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalStep {
    /// So many records are gone, and there may be more.
    Removed(u64),
    /// What is left waits for running jobs to end, or for the removals of a tenant's projects.
    Waiting,
    /// Nothing is left.
    Done,
}

impl StoreError {
    /// Of a tenant or project whose name another one has.
    pub fn name_taken(what: &str, name: &str, id: impl std::fmt::Display) -> Self {
        Self::Conflict(format!("the {what} {id} has the name \"{name}\" already"))
    }

    /// Of a tenant or project whose id one had that was taken away.
    pub fn id_taken_away(what: &str, id: impl std::fmt::Display) -> Self {
        Self::Conflict(format!("{what} {id} was deleted; its id is not used again"))
    }

    /// Whether it says something of the medium, and not only of what was asked for.
    pub fn is_of_the_medium(&self) -> bool {
        matches!(self, Self::Full | Self::Storage(_))
    }
}

impl From<TransitionError> for StoreError {
    fn from(error: TransitionError) -> Self {
        match error {
            TransitionError::Stale(attempt) => Self::Stale(attempt),
            other => Self::Transition(other),
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Storage(error.to_string()),
        }
    }
}

/// Records that move together. See the crate's two promises.
///
/// A verb that names an attempt fails with [`StoreError::Stale`] when that attempt does not hold its job, or when there
/// is no such job. Jobs, datasets and modules do not need their project to exist: the callers look it up first.
#[async_trait]
pub trait Store: Send + Sync {
    // Tenants, projects, tokens.

    /// Adds a tenant; an existing id is a conflict, and so are that of one that was taken away and the
    /// [same name](fuelcell_domain::tenancy::same_name) as that of another one.
    async fn create_tenant(&self, tenant: Tenant) -> Result<(), StoreError>;
    /// All tenants, oldest first.
    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError>;
    /// A page of the same list.
    async fn tenants_page(&self, seek: Seek<(Timestamp, TenantId)>) -> Result<Page<Tenant>, StoreError>;
    /// One tenant.
    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError>;
    /// Adds a project; a missing tenant is `NotFound("tenant")`, and the same is a conflict as with tenants: names are told
    /// apart within the tenant.
    async fn create_project(&self, project: Project) -> Result<(), StoreError>;
    /// A tenant's projects, oldest first.
    async fn projects(&self, tenant: TenantId) -> Result<Vec<Project>, StoreError>;
    /// A page of the same list.
    async fn projects_page(
        &self,
        tenant: TenantId,
        seek: Seek<(Timestamp, ProjectId)>,
    ) -> Result<Page<Project>, StoreError>;
    /// One project, looked up with its tenant.
    async fn project(&self, id: ProjectRef) -> Result<Option<Project>, StoreError>;
    /// Gives a tenant another name; `NotFound("tenant")`, or a conflict as [`Store::create_tenant`].
    async fn rename_tenant(&self, id: TenantId, name: String) -> Result<(), StoreError>;
    /// Gives a project another name; `NotFound("project")`, or a conflict as [`Store::create_project`].
    async fn rename_project(&self, id: ProjectRef, name: String) -> Result<(), StoreError>;
    /// Takes a tenant with all its projects, or a project, away, with its limits and tokens: from now on it is not there,
    /// and nothing new is taken for it (`NotFound("project")`). `NotFound` when it is not there. What belonged to it is
    /// there for those who know its ids, until [`Store::remove_some`] has removed it.
    async fn begin_removal(&self, removal: Removal) -> Result<(), StoreError>;
    /// Removals that are not done, projects before their tenant.
    async fn removals(&self) -> Result<Vec<Removal>, StoreError>;
    /// Removes about `limit` records of what was taken away: jobs that do not run, then, when there are no jobs, everything
    /// else but the entries of the audit log and the sums of what whole projects used by day. `NotFound("removal")` when
    /// none is under way.
    async fn remove_some(
        &self,
        scope: Scope,
        limit: usize,
        now: Timestamp,
    ) -> Result<RemovalStep, StoreError>;
    /// Replaces a project's limits. They hold for what comes later; `NotFound("project")` when there is no such project.
    async fn set_project_limits(&self, id: ProjectRef, limits: ProjectLimits) -> Result<(), StoreError>;
    /// A project's limits; none are set at first.
    async fn project_limits(&self, id: ProjectRef) -> Result<ProjectLimits, StoreError>;
    /// What a project uses of its quotas.
    async fn project_usage(&self, id: ProjectRef) -> Result<ProjectUsage, StoreError>;
    /// Adds a token; an existing id or hash is a conflict.
    async fn create_token(&self, token: Token) -> Result<(), StoreError>;
    /// All tokens, oldest first.
    async fn tokens(&self) -> Result<Vec<Token>, StoreError>;
    /// A page of those that match, oldest first.
    async fn tokens_page(
        &self,
        filter: TokenFilter,
        seek: Seek<(Timestamp, TokenId)>,
    ) -> Result<Page<Token>, StoreError>;
    /// The token with this hash, revoked or not.
    async fn token_by_hash(&self, hash: Digest) -> Result<Option<Token>, StoreError>;
    /// Revokes a token; `NotFound("token")` when there is none, a second call changes nothing. `LastOperator`
    /// when no other operator token holds at `at`.
    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<(), StoreError>;

    // Datasets, pipelines, modules.

    /// Adds or replaces a dataset. `created_at` of the first put stays, and the row count where the bytes are the same.
    /// `Quota` when it would add more bytes than the project may store.
    async fn put_dataset(&self, dataset: Dataset) -> Result<Dataset, StoreError>;
    /// One dataset.
    async fn dataset(&self, project: ProjectRef, id: DatasetId) -> Result<Option<Dataset>, StoreError>;
    /// A project's datasets, oldest first.
    async fn datasets(&self, project: ProjectRef) -> Result<Vec<Dataset>, StoreError>;
    /// A page of the same list.
    async fn datasets_page(
        &self,
        project: ProjectRef,
        seek: Seek<(Timestamp, DatasetId)>,
    ) -> Result<Page<Dataset>, StoreError>;
    /// Removes a dataset; `InUse` while an unfinished job or a pipeline refers to it, `NotFound("dataset")`.
    async fn delete_dataset(&self, project: ProjectRef, id: DatasetId) -> Result<(), StoreError>;
    /// Adds or replaces a pipeline with its schedule. Ordinal (set by the store, from 1), `created_at` of the first put,
    /// and what [`Schedule::replaces`](fuelcell_domain::Schedule::replaces) says of a schedule stay.
    async fn put_pipeline(&self, pipeline: Pipeline) -> Result<Pipeline, StoreError>;
    /// One pipeline.
    async fn pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<Option<Pipeline>, StoreError>;
    /// A project's pipelines by ordinal.
    async fn pipelines(&self, project: ProjectRef) -> Result<Vec<Pipeline>, StoreError>;
    /// A page of the same list.
    async fn pipelines_page(
        &self,
        project: ProjectRef,
        seek: Seek<Ordinal>,
    ) -> Result<Page<Pipeline>, StoreError>;
    /// Removes a pipeline; jobs keep their name of it, its ordinal is not given out again. `NotFound("pipeline")`.
    async fn delete_pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<(), StoreError>;
    /// All pipelines with a schedule, whoever owns them.
    async fn scheduled_pipelines(&self) -> Result<Vec<Pipeline>, StoreError>;
    /// Moves a pipeline's schedule on, queues the job of its run, as [`Store::submit`] does, and asks for the cancel of the
    /// job that it replaces, as [`Store::request_cancel`] does, in one transaction; a replaced job that has ended or is gone
    /// is left alone. `Conflict` when the schedule is not as the caller saw it, `NotFound("schedule")`. A job that is
    /// refused leaves everything as it was.
    async fn advance_schedule(&self, step: ScheduleStep) -> Result<(), StoreError>;
    /// Adds a project's module version. The same bytes again return the first record; other bytes are a conflict, even
    /// when the first were deleted. A module without a project (a built-in) is `NotFound("project")`, and `Quota` one
    /// that would add more bytes than the project may store.
    async fn add_module_version(&self, module: ModuleVersion) -> Result<ModuleVersion, StoreError>;
    /// One version, or with `None` the module's current one: the version of this name that was activated last, for whatever
    /// job type, if it is still there; else the highest ([`fuelcell_domain::Precedence`]), of equals the one added last.
    async fn module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<ModuleVersion>, StoreError>;
    /// A project's module versions, by name, then in the order in which they were added.
    async fn module_versions(&self, project: ProjectRef) -> Result<Vec<ModuleVersion>, StoreError>;
    /// A page of the same list, or of the versions of one module.
    async fn module_versions_page(
        &self,
        project: ProjectRef,
        name: Option<&str>,
        seek: Seek<(String, u32)>,
    ) -> Result<Page<NumberedVersion>, StoreError>;
    /// Removes a module version, and with the last one of its name what that is granted; `InUse` while an unfinished job, a
    /// pipeline or an activation refers to it, `NotFound("module version")`.
    async fn delete_module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: &str,
    ) -> Result<(), StoreError>;
    /// Makes a version the project's choice for a job type, or goes back to the built-in; the earlier choices are kept
    /// as history. A version that is not there is `NotFound("module version")`.
    async fn activate_module(&self, project: ProjectRef, activation: Activation) -> Result<(), StoreError>;
    /// All activations of a project, newest first.
    async fn activations(&self, project: ProjectRef) -> Result<Vec<Activation>, StoreError>;
    /// A page of the same list.
    async fn activations_page(
        &self,
        project: ProjectRef,
        seek: Seek<Reverse<u32>>,
    ) -> Result<Page<NumberedActivation>, StoreError>;
    /// The project's choice for a job type.
    async fn active_module(
        &self,
        project: ProjectRef,
        job_type: JobType,
    ) -> Result<Option<ModuleVersion>, StoreError>;

    // Grants and secrets.

    /// Adds or replaces what a project grants to a module.
    async fn put_grant(&self, grant: Grant) -> Result<(), StoreError>;
    /// What a project grants to a module.
    async fn grant(&self, project: ProjectRef, module: &str) -> Result<Option<Grant>, StoreError>;
    /// Takes a grant back; `NotFound("grant")`.
    async fn delete_grant(&self, project: ProjectRef, module: &str) -> Result<(), StoreError>;
    /// Adds or replaces a secret. `created_at` of the first put stays.
    async fn put_secret(&self, secret: SealedSecret) -> Result<SealedSecret, StoreError>;
    /// A project's secrets by name.
    async fn secrets(&self, project: ProjectRef) -> Result<Vec<SealedSecret>, StoreError>;
    /// A page of the same list.
    async fn secrets_page(
        &self,
        project: ProjectRef,
        seek: Seek<String>,
    ) -> Result<Page<SealedSecret>, StoreError>;
    /// Removes a secret; `NotFound("secret")`.
    async fn delete_secret(&self, project: ProjectRef, name: &str) -> Result<(), StoreError>;

    // Jobs: into the queue and out of it.

    /// Queues a job under the project's next ordinal, clamped to the project's caps; ordinals have no gaps. An existing id
    /// is a conflict, a full queue of the project `Quota`. The entry for the audit log becomes durable with the job.
    async fn submit(&self, new: NewJob) -> Result<Submitted, StoreError>;
    /// Queues several jobs in their order, each as [`Store::submit`] does, in one transaction: those before one count against
    /// its quota, and its key may be that of one before it. What is refused to one is refused to it alone; when the medium
    /// fails or is full, nothing was queued.
    async fn submit_many(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted, StoreError>>, StoreError>;
    /// What [`Store::submit`] of a job that is created at `now` would answer for a key of the project that was used before;
    /// `None` for one that is free. A key is used for [`crate::jobs::KEY_LIFE`].
    async fn used_key(
        &self,
        project: ProjectRef,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Submitted>, StoreError>;
    /// Forgets at most `limit` keys whose life is over at `now`, and says how many.
    async fn forget_keys(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError>;
    /// Queued jobs that may start at `now`, in the order priority (most urgent first), `front` first, time of submission,
    /// at most `limit`.
    async fn ready(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError>;
    /// Of each tenant and priority the first of the jobs that [`Store::ready`] would return, in its order: about `limit` in
    /// all, but at least one of each. So nobody's jobs hide those of others.
    async fn heads(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError>;
    /// When the next job whose time has not come may start.
    async fn next_not_before(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;
    /// Starts an attempt of each of these jobs under `lease`. Jobs that are not queued any more are left out.
    async fn claim(&self, jobs: &[JobId], lease: Lease, now: Timestamp) -> Result<Vec<Claim>, StoreError>;
    /// Extends the leases of these attempts; returns those that do not hold their job any more. The others are extended.
    async fn extend_leases(
        &self,
        attempts: &[AttemptId],
        until: Timestamp,
    ) -> Result<Vec<AttemptId>, StoreError>;
    /// Replaces the live figures. May be lost in a crash; a stale attempt is refused.
    async fn record_pulse(&self, attempt: AttemptId, pulse: Pulse, now: Timestamp) -> Result<(), StoreError>;
    /// Replaces the job's checkpoint.
    async fn set_checkpoint(&self, attempt: AttemptId, blob: BlobRef) -> Result<(), StoreError>;
    /// The job's checkpoint.
    async fn checkpoint(&self, job: JobId) -> Result<Option<BlobRef>, StoreError>;
    /// Ends an attempt, with everything that it brings, in one transaction. Returns the job as it stands then. A completed
    /// job whose only input is a dataset with the same bytes as then sets its row count to the records that it counted.
    async fn finish(&self, finish: Finish) -> Result<Job, StoreError>;
    /// Requeues (or fails, after too many losses) every running job whose lease expired at `now`.
    async fn expire_leases(&self, now: Timestamp) -> Result<Vec<JobId>, StoreError>;
    /// The same for every running job of a node that is known to be gone, whatever its leases say.
    async fn release_node(&self, node: &NodeId, now: Timestamp) -> Result<Vec<JobId>, StoreError>;
    /// Records a wish to cancel, or cancels at once what is queued. `NotFound("job")`, or `Transition(Ended)`.
    async fn request_cancel(
        &self,
        project: ProjectRef,
        job: JobId,
        request: CancelRequest,
    ) -> Result<(CancelOutcome, Job), StoreError>;
    /// Fails a queued job: its module or dataset is gone.
    async fn fail_queued(&self, job: JobId, error: JobError, now: Timestamp) -> Result<(), StoreError>;

    // Jobs: looking at them.

    /// One job, looked up with its project.
    async fn job(&self, project: ProjectRef, id: JobId) -> Result<Option<Job>, StoreError>;
    /// Published artifacts of a job, in the order in which they were finished.
    async fn artifacts(&self, job: JobId) -> Result<Vec<Artifact>, StoreError>;
    /// Receipts of a job's ended attempts, oldest first.
    async fn receipts(&self, job: JobId) -> Result<Vec<Receipt>, StoreError>;
    /// Jobs that match, newest first.
    async fn list(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        page: PageRequest,
    ) -> Result<JobPage, StoreError>;
    /// Jobs that match, in another order.
    async fn list_ordered(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        order: JobOrder,
        page: PageRequest,
    ) -> Result<JobPage, StoreError>;
    /// A page of the same list as [`Store::list`].
    async fn jobs_page(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        seek: Seek<Reverse<Ordinal>>,
    ) -> Result<Page<Job>, StoreError>;
    /// The job with this ordinal.
    async fn job_by_ordinal(&self, project: ProjectRef, ordinal: Ordinal) -> Result<Option<Job>, StoreError>;
    /// Jobs that match, by state; `states` and `standings` are ignored.
    async fn counts(&self, project: ProjectRef, filter: &JobFilter) -> Result<StateCounts, StoreError>;
    /// How many queued jobs that may start at `now` come before this one in the order of [`Store::ready`], whoever owns
    /// them and whether or not its own time has come; `None` when it is not queued like this.
    async fn queued_before(&self, job: &Job, now: Timestamp) -> Result<Option<u64>, StoreError>;
    /// A project's queued jobs: those that may start at `now` in the order of [`Store::ready`], then the others by the time
    /// that they wait for.
    async fn queued(
        &self,
        project: ProjectRef,
        now: Timestamp,
        page: PageRequest,
    ) -> Result<QueuePage, StoreError>;
    /// A page of the same list as [`Store::queued`], as it is seen at `now`: while that stays the same, a job whose time comes
    /// keeps its place.
    async fn queue_page(
        &self,
        project: ProjectRef,
        now: Timestamp,
        seek: Seek<QueueSpot>,
    ) -> Result<Page<QueuedJob>, StoreError>;
    /// Microseconds from start to end of the latest completed runs of a module (at most [`crate::RECENT_DURATIONS`]),
    /// the one that ended last first.
    async fn recent_durations(&self, module: Digest) -> Result<Vec<u64>, StoreError>;
    /// Figures of a tenant's jobs: queue and running as they stand at `now`, the rest for its UTC day so far.
    async fn tenant_figures(&self, tenant: TenantId, now: Timestamp) -> Result<TenantFigures, StoreError>;
    /// What attempts used and how jobs ended, summed by the UTC day in which they did. Kept by the transactions that write
    /// receipts and ends; deleted jobs stay counted.
    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, StoreError>;

    /// Forgets an ended job: its record, artifacts, receipts, checkpoint and log. Its ordinal is not given out again,
    /// figures of the past keep counting it, and a client's key that named it stays used. `NotFound("job")`, or
    /// `Transition(NotEnded)`.
    async fn delete_ended(&self, project: ProjectRef, job: JobId) -> Result<(), StoreError>;

    /// Digests of the bytes that records refer to: datasets, module versions, artifacts, checkpoints, and modules and
    /// inputs of jobs. Comes in parts: the first with `None`, each next one from where the last said, each of about `limit`
    /// records. What records refer to from before the first part until after the last is in one of them; what came to be
    /// referred to in between is there only where it was taken over from another record, as a job takes over a dataset.
    async fn blob_references(
        &self,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<BlobReferences, StoreError>;
    /// Bytes that count as [replaced](fuelcell_domain::StoredBytes::replaced) in a project, in the order of projects and
    /// digests, from `after` on, at most `limit`. What a dataset, a module version, an artifact or a checkpoint names no
    /// more is there once for its project, until it is settled or a dataset or module version of the project names it anew.
    async fn replaced(
        &self,
        after: Option<(ProjectRef, Digest)>,
        limit: usize,
    ) -> Result<Vec<(ProjectRef, Digest)>, StoreError>;
    /// Does not count bytes as replaced any more that are gone or count otherwise; says how many did.
    async fn settle_replaced(&self, settled: &[(ProjectRef, Digest)]) -> Result<u64, StoreError>;

    // Logs and processed items.

    /// Appends lines to a job's log. May be lost in a crash; a stale attempt is refused.
    async fn append_logs(&self, attempt: AttemptId, lines: Vec<LogLine>) -> Result<(), StoreError>;
    /// Lines of a job's log, oldest first. Lines only come at the end.
    async fn logs(
        &self,
        job: JobId,
        filter: LogFilter,
        seek: Seek<LogPlace>,
    ) -> Result<Page<PlacedLine>, StoreError>;
    /// Whether a completed job of the pipeline marked the key.
    async fn is_processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        key: &str,
    ) -> Result<bool, StoreError>;

    /// What completed jobs of the pipeline marked.
    async fn processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        page: PageRequest,
    ) -> Result<ProcessedPage, StoreError>;
    /// A page of the same list, which goes by the digests of the items' keys.
    async fn processed_page(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        seek: Seek<Digest>,
    ) -> Result<Page<ProcessedItem>, StoreError>;
    /// Forgets at most `limit` processed items of a pipeline, or of all pipelines of the project, and says how many.
    async fn forget_processed(
        &self,
        project: ProjectRef,
        pipeline: Option<PipelineId>,
        limit: usize,
    ) -> Result<u64, StoreError>;

    // The audit log.

    /// Appends to the audit log.
    async fn append_audit(&self, entry: AuditEntry) -> Result<(), StoreError>;
    /// Entries that match, with their numbers, newest first, from below the number `before` on, at most `limit`, and none
    /// after the one with which they have [`fuelcell_domain::AUDIT_PAGE_BYTES`]. Numbers rise in the order of appending.
    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<(u32, AuditEntry)>, StoreError>;

    /// Forgets the oldest entries of the audit log as far as they are of `until` or before, at most `limit`, and says how
    /// many. Those that are left keep their numbers.
    async fn forget_audit(&self, until: Timestamp, limit: usize) -> Result<u64, StoreError>;

    /// Answers when the store can be written: one durable write of its own. From then on lists and counts know whatever
    /// anybody saw of single jobs before.
    async fn check(&self) -> Result<(), StoreError>;
}
