//! A store that fails where a test says so, and a way to a store that stalls. They wrap any other and pass the same
//! conformance suite as long as nothing is to fail or to wait.

use crate::blob::{BlobRef, BlobReferences};
use crate::deliveries::{DeliveryClaim, DeliveryFilter, OutboxFigures, Settlement};
use crate::events::{EventPage, EventPlace, Watched};
use crate::hours::HourFigures;
use crate::jobs::{
    Claim, Finish, IdempotencyKey, JobFilter, JobPage, LogFilter, NewJob, PageRequest, QueueEntry,
    QueueFigures, QueuePage, StateCounts, Submitted, TenantFigures,
};
use crate::order::JobOrder;
use crate::pages::{
    LogPlace, NumberedActivation, NumberedVersion, Page, PlacedLine, QueueSpot, QueuedJob, Seek, TokenFilter,
};
use crate::processed::{ProcessedItem, ProcessedPage};
use crate::schedules::ScheduleStep;
use crate::usage::{UsageQuery, UsageReport};
use crate::verbs::{
    Accounts, Audit, Backlog, Bulks, Datasets, Deliveries, Figures, Grants, Health, JobEvents, Jobs, Logs,
    Modules, Nodes, Pipelines, Processed, Queue, References, Removals, Saved, Submissions, Uploads,
};
use crate::{RemovalStep, StoreError};
use async_trait::async_trait;
use fuelcell_domain::job::Pulse;
use fuelcell_domain::state::CancelOutcome;
use fuelcell_domain::{
    Activation, Artifact, AttemptId, AuditEntry, AuditFilter, BulkId, BulkJob, BulkPart, BulkRun,
    CancelRequest, Dataset, DatasetId, Delivery, DeliveryId, Digest, Grant, Holder, Incarnation, Job,
    JobError, JobId, JobType, Lease, LogLine, MailPolicy, ModuleVersion, NodeId, Notices, Ordinal, Pipeline,
    PipelineId, Project, ProjectId, ProjectLimits, ProjectRef, ProjectUsage, Receipt, Removal, SavedItem,
    SavedKind, Scope, SealedSecret, Tenant, TenantId, Timestamp, Token, TokenId, UnfinishedUpload, UploadId,
    Webhook, WebhookId,
};
use parking_lot::{Mutex, MutexGuard};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done.
    Refused,
    /// It is done, and the caller hears that it failed: as when the answer is lost on its way.
    Unanswered,
}

/// Decides for each call, by the name of its verb, whether and how it fails.
pub type FaultPlan = Box<dyn FnMut(&'static str) -> Option<Fault> + Send>;

/// Is shown the wrapped store after each verb that was done, with the verb's name.
pub type Witness<S> = Box<dyn FnMut(&'static str, &S) + Send>;

/// May change an end before the wrapped store sees it, as a store would that compares too little.
pub type Distortion<S> = Box<dyn FnMut(&mut Finish, &S) + Send>;

/// Which calls fail.
#[derive(Default)]
pub struct Faults(Mutex<State>);

#[derive(Default)]
struct State {
    refuse: HashMap<&'static str, usize>,
    calls: HashMap<&'static str, usize>,
    plan: Option<FaultPlan>,
}

impl Faults {
    /// The next `count` calls of `verb` are refused; 0 heals it.
    pub fn fail_next(&self, verb: &'static str, count: usize) {
        self.state().refuse.insert(verb, count);
    }

    /// From now on this plan decides; `None` = nothing fails.
    pub fn set_plan(&self, plan: Option<FaultPlan>) {
        self.state().plan = plan;
    }

    /// How often a verb was called.
    pub fn calls(&self, verb: &'static str) -> usize {
        self.state().calls.get(verb).copied().unwrap_or(0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    /// Counts a call, and says how it is to fail.
    pub(crate) fn of(&self, verb: &'static str) -> Option<Fault> {
        let mut state = self.state();
        *state.calls.entry(verb).or_default() += 1;
        match state.refuse.get_mut(verb) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Some(Fault::Refused)
            }
            _ => state.plan.as_mut().and_then(|plan| plan(verb)),
        }
    }
}

/// Passes everything on, except the calls that are to fail.
pub struct FaultyStore<S> {
    inner: S,
    faults: Faults,
    witness: Mutex<Option<Witness<S>>>,
    distortion: Mutex<Option<Distortion<S>>>,
}

impl<S: Default> Default for FaultyStore<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

impl<S> FaultyStore<S> {
    /// Wraps a store; nothing fails yet.
    pub fn new(inner: S) -> Self {
        Self { inner, faults: Faults::default(), witness: Mutex::default(), distortion: Mutex::default() }
    }

    /// From now on this witness sees what is done; `None` = nobody does.
    pub fn set_witness(&self, witness: Option<Witness<S>>) {
        *self.witness.lock() = witness;
    }

    /// From now on this changes ends; `None` = nothing does.
    pub fn set_distortion(&self, distortion: Option<Distortion<S>>) {
        *self.distortion.lock() = distortion;
    }

    fn distort(&self, finish: &mut Finish) {
        if let Some(distortion) = &mut *self.distortion.lock() {
            distortion(finish, &self.inner);
        }
    }

    fn begin(&self, verb: &'static str) -> Result<Option<Fault>, StoreError> {
        match self.faults.of(verb) {
            Some(Fault::Refused) => Err(failure(verb)),
            fault => Ok(fault),
        }
    }

    fn end<T>(
        &self,
        verb: &'static str,
        fault: Option<Fault>,
        done: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(witness) = &mut *self.witness.lock() {
            witness(verb, &self.inner);
        }
        match fault {
            Some(_) => done.and_then(|_| Err(failure(verb))),
            None => done,
        }
    }
}

impl<S> Deref for FaultyStore<S> {
    type Target = Faults;

    fn deref(&self) -> &Faults {
        &self.faults
    }
}

/// One client's way to a store that others use, too. While it stalls, what the client asks for does not reach the store and
/// answers do not reach the client, as if the client's process stood still; afterwards everything goes on where it was.
pub struct StallingStore<S> {
    store: Arc<S>,
    stalls: watch::Sender<bool>,
}

impl<S> StallingStore<S> {
    /// A way to the store that does not stall yet.
    pub fn new(store: Arc<S>) -> Self {
        Self { store, stalls: watch::Sender::new(false) }
    }

    /// Stalls, or goes on.
    pub fn set_stalled(&self, stalls: bool) {
        self.stalls.send_replace(stalls);
    }

    async fn pass(&self) {
        // The sender lives as long as the store.
        let _ = self.stalls.subscribe().wait_for(|stalls| !stalls).await;
    }
}

pub(crate) fn failure(verb: &str) -> StoreError {
    StoreError::Unavailable(format!("{verb} fails in this test"))
}

macro_rules! pass_on {
    ($($subject:ident {
        $(fn $verb:ident($($name:ident: $kind:ty),*) -> $result:ty $(, after $change:ident($changed:ident))?;)*
    })*) => {
        /// The names of all verbs of [`Store`](crate::Store).
        pub const VERBS: &[&str] = &[$($(stringify!($verb)),*),*];

        $(#[async_trait]
        impl<S: $subject> $subject for FaultyStore<S> {
            $(async fn $verb(&self, $($name: $kind),*) -> Result<$result, StoreError> {
                let fault = self.begin(stringify!($verb))?;
                $(let mut $changed = $changed;
                self.$change(&mut $changed);)?
                self.end(stringify!($verb), fault, self.inner.$verb($($name),*).await)
            })*
        }

        #[async_trait]
        impl<S: $subject> $subject for StallingStore<S> {
            $(async fn $verb(&self, $($name: $kind),*) -> Result<$result, StoreError> {
                self.pass().await;
                let done = self.store.$verb($($name),*).await;
                self.pass().await;
                done
            })*
        })*
    };
}

pass_on! {
    Accounts {
        fn create_tenant(tenant: Tenant) -> ();
        fn tenants() -> Vec<Tenant>;
        fn tenants_page(seek: Seek<(Timestamp, TenantId)>) -> Page<Tenant>;
        fn tenant(id: TenantId) -> Option<Tenant>;
        fn create_project(project: Project) -> ();
        fn projects(tenant: TenantId) -> Vec<Project>;
        fn projects_page(tenant: TenantId, seek: Seek<(Timestamp, ProjectId)>) -> Page<Project>;
        fn project(id: ProjectRef) -> Option<Project>;
        fn rename_tenant(id: TenantId, name: String) -> ();
        fn rename_project(id: ProjectRef, name: String) -> ();
        fn set_project_limits(id: ProjectRef, limits: ProjectLimits) -> ();
        fn project_limits(id: ProjectRef) -> ProjectLimits;
        fn project_usage(id: ProjectRef) -> ProjectUsage;
        fn create_token(token: Token) -> ();
        fn tokens() -> Vec<Token>;
        fn tokens_page(filter: TokenFilter, seek: Seek<(Timestamp, TokenId)>) -> Page<Token>;
        fn token_by_hash(hash: Digest) -> Option<Token>;
        fn revoke_token(id: TokenId, at: Timestamp) -> ();
    }
    Removals {
        fn begin_removal(removal: Removal) -> ();
        fn removals() -> Vec<Removal>;
        fn remove_some(scope: Scope, limit: usize, now: Timestamp) -> RemovalStep;
    }
    Datasets {
        fn put_dataset(dataset: Dataset) -> Dataset;
        fn dataset(project: ProjectRef, id: DatasetId) -> Option<Dataset>;
        fn datasets(project: ProjectRef) -> Vec<Dataset>;
        fn datasets_page(project: ProjectRef, seek: Seek<(Timestamp, DatasetId)>) -> Page<Dataset>;
        fn delete_dataset(project: ProjectRef, id: DatasetId) -> ();
    }
    Uploads {
        fn begin_upload(upload: UnfinishedUpload) -> ();
        fn upload(project: ProjectRef, id: UploadId) -> Option<UnfinishedUpload>;
        fn uploads(project: ProjectRef) -> Vec<UnfinishedUpload>;
        fn advance_upload(project: ProjectRef, id: UploadId, offsets: (u64, u64), expires_at: Timestamp) -> UnfinishedUpload;
        fn finish_upload(id: UploadId, dataset: Dataset) -> Dataset;
        fn abandon_upload(project: ProjectRef, id: UploadId) -> ();
        fn expire_uploads(now: Timestamp) -> u64;
        fn unfinished_uploads() -> Vec<UploadId>;
    }
    Pipelines {
        fn put_pipeline(pipeline: Pipeline) -> Pipeline;
        fn pipeline(project: ProjectRef, id: PipelineId) -> Option<Pipeline>;
        fn pipelines(project: ProjectRef) -> Vec<Pipeline>;
        fn pipelines_page(project: ProjectRef, seek: Seek<Ordinal>) -> Page<Pipeline>;
        fn delete_pipeline(project: ProjectRef, id: PipelineId) -> ();
        fn scheduled_pipelines() -> Vec<Pipeline>;
        fn advance_schedule(step: ScheduleStep) -> ();
    }
    Modules {
        fn add_module_version(module: ModuleVersion) -> ModuleVersion;
        fn module_version(project: ProjectRef, name: &str, version: Option<&str>) -> Option<ModuleVersion>;
        fn module_versions(project: ProjectRef) -> Vec<ModuleVersion>;
        fn module_versions_page(project: ProjectRef, name: Option<&str>, seek: Seek<(String, u32)>) -> Page<NumberedVersion>;
        fn delete_module_version(project: ProjectRef, name: &str, version: &str) -> ();
        fn activate_module(project: ProjectRef, activation: Activation) -> ();
        fn activations(project: ProjectRef) -> Vec<Activation>;
        fn activations_page(project: ProjectRef, seek: Seek<Reverse<u32>>) -> Page<NumberedActivation>;
        fn active_module(project: ProjectRef, job_type: JobType) -> Option<ModuleVersion>;
    }
    Grants {
        fn put_grant(grant: Grant) -> ();
        fn grant(project: ProjectRef, module: &str) -> Option<Grant>;
        fn delete_grant(project: ProjectRef, module: &str) -> ();
        fn put_secret(secret: SealedSecret) -> SealedSecret;
        fn secrets(project: ProjectRef) -> Vec<SealedSecret>;
        fn secrets_page(project: ProjectRef, seek: Seek<String>) -> Page<SealedSecret>;
        fn delete_secret(project: ProjectRef, name: &str) -> ();
    }
    Saved {
        fn put_saved(item: SavedItem, seen: Option<u64>) -> SavedItem;
        fn saved(project: ProjectRef, kind: SavedKind, name: &str) -> Option<SavedItem>;
        fn saved_page(project: ProjectRef, kind: SavedKind, seek: Seek<String>) -> Page<SavedItem>;
        fn delete_saved(project: ProjectRef, kind: SavedKind, name: &str) -> ();
    }
    Submissions {
        fn submit(new: NewJob) -> Submitted;
        fn submit_many(new: Vec<NewJob>) -> Vec<Result<Submitted, StoreError>>;
        fn used_key(project: ProjectRef, key: &IdempotencyKey, now: Timestamp) -> Option<Submitted>;
        fn forget_keys(now: Timestamp, limit: usize) -> u64;
        fn request_cancel(project: ProjectRef, job: JobId, request: CancelRequest) -> (CancelOutcome, Job);
    }
    Backlog {
        fn ready(now: Timestamp, limit: usize) -> Vec<QueueEntry>;
        fn heads(now: Timestamp, limit: usize) -> Vec<QueueEntry>;
        fn next_not_before(now: Timestamp) -> Option<Timestamp>;
    }
    Queue {
        fn claim(jobs: &[JobId], lease: Lease, holder: Holder, now: Timestamp) -> Vec<Claim>;
        fn extend_leases(attempts: &[AttemptId], until: Timestamp) -> Vec<AttemptId>;
        fn record_pulse(attempt: AttemptId, pulse: Pulse, now: Timestamp) -> ();
        fn set_checkpoint(attempt: AttemptId, blob: BlobRef) -> ();
        fn finish(finish: Finish) -> Job, after distort(finish);
        fn expire_leases(now: Timestamp) -> Vec<JobId>;
        fn release_node(node: &NodeId, present: Incarnation, now: Timestamp) -> Vec<JobId>;
        fn fail_queued(job: JobId, error: JobError, now: Timestamp) -> ();
    }
    Nodes {
        fn register(node: &NodeId, life: Incarnation, lease: Duration) -> ();
        fn beat(life: Incarnation, lease: Duration) -> bool;
        fn rescue(lease: Duration, now: Timestamp) -> Vec<JobId>;
    }
    Jobs {
        fn job(project: ProjectRef, id: JobId) -> Option<Job>;
        fn checkpoint(job: JobId) -> Option<BlobRef>;
        fn artifacts(job: JobId) -> Vec<Artifact>;
        fn receipts(job: JobId) -> Vec<Receipt>;
        fn list(project: ProjectRef, filter: &JobFilter, page: PageRequest) -> JobPage;
        fn list_ordered(project: ProjectRef, filter: &JobFilter, order: JobOrder, page: PageRequest) -> JobPage;
        fn jobs_page(project: ProjectRef, filter: &JobFilter, seek: Seek<Reverse<Ordinal>>) -> Page<Job>;
        fn oldest_jobs(project: ProjectRef, filter: &JobFilter, after: Option<Ordinal>, limit: usize) -> Vec<Job>;
        fn job_by_ordinal(project: ProjectRef, ordinal: Ordinal) -> Option<Job>;
        fn counts(project: ProjectRef, filter: &JobFilter) -> StateCounts;
        fn queued_before(job: &Job, now: Timestamp) -> Option<u64>;
        fn queued(project: ProjectRef, now: Timestamp, page: PageRequest) -> QueuePage;
        fn queue_page(project: ProjectRef, now: Timestamp, seek: Seek<QueueSpot>) -> Page<QueuedJob>;
        fn delete_ended(project: ProjectRef, job: JobId) -> ();
        fn delete_all_ended(project: ProjectRef, jobs: &[JobId]) -> u64;
    }
    Bulks {
        fn begin_bulk(run: BulkRun, jobs: Vec<BulkJob>) -> BulkRun;
        fn bulk(project: ProjectRef, id: BulkId) -> Option<BulkRun>;
        fn bulk_part(project: ProjectRef, id: BulkId, part: u32) -> Option<BulkPart>;
        fn bulks(project: ProjectRef, seek: Seek<Reverse<BulkId>>) -> Page<BulkRun>;
        fn running_bulks() -> Vec<BulkRun>;
        fn step_bulk(before: BulkRun, after: BulkRun, part: Option<BulkPart>) -> ();
        fn forget_bulk(project: ProjectRef, id: BulkId) -> ();
        fn ended_bulks(until: Timestamp, limit: usize) -> Vec<BulkRun>;
    }
    JobEvents {
        fn events(of: Watched, after: EventPlace, limit: usize) -> EventPage;
        fn latest_event(project: ProjectRef) -> EventPlace;
    }
    Deliveries {
        fn notices(project: ProjectRef) -> Notices;
        fn put_webhook(before: Option<Webhook>, after: Webhook) -> ();
        fn delete_webhook(project: ProjectRef, id: WebhookId) -> ();
        fn set_mail_policy(project: ProjectRef, policy: MailPolicy) -> ();
        fn next_delivery() -> Option<Timestamp>;
        fn claim_deliveries(claim: DeliveryClaim) -> Vec<Delivery>;
        fn settle_delivery(settlement: Settlement) -> Delivery;
        fn resend_delivery(project: ProjectRef, id: DeliveryId, now: Timestamp) -> Delivery;
        fn delivery(project: ProjectRef, id: DeliveryId) -> Option<Delivery>;
        fn deliveries(project: ProjectRef, filter: DeliveryFilter, seek: Seek<Reverse<DeliveryId>>) -> Page<Delivery>;
        fn forget_deliveries(now: Timestamp, limit: usize) -> u64;
        fn outbox_figures() -> OutboxFigures;
    }
    Figures {
        fn recent_durations(module: Digest) -> Vec<u64>;
        fn tenant_figures(tenant: TenantId, now: Timestamp) -> TenantFigures;
        fn queue_figures(now: Timestamp) -> QueueFigures;
        fn usage(query: UsageQuery) -> UsageReport;
        fn hours(project: ProjectRef, from: i64, to: i64) -> Vec<HourFigures>;
    }
    References {
        fn blob_references(after: Option<Vec<u8>>, limit: usize) -> BlobReferences;
        fn replaced(after: Option<(ProjectRef, Digest)>, limit: usize) -> Vec<(ProjectRef, Digest)>;
        fn settle_replaced(settled: &[(ProjectRef, Digest)]) -> u64;
    }
    Logs {
        fn append_logs(attempt: AttemptId, lines: Vec<LogLine>) -> ();
        fn logs(job: JobId, filter: LogFilter, seek: Seek<LogPlace>) -> Page<PlacedLine>;
    }
    Processed {
        fn is_processed(project: ProjectRef, pipeline: PipelineId, key: &str) -> bool;
        fn processed(project: ProjectRef, pipeline: PipelineId, page: PageRequest) -> ProcessedPage;
        fn processed_page(project: ProjectRef, pipeline: PipelineId, seek: Seek<Digest>) -> Page<ProcessedItem>;
        fn forget_processed(project: ProjectRef, pipeline: Option<PipelineId>, limit: usize) -> u64;
    }
    Audit {
        fn append_audit(entry: AuditEntry) -> ();
        fn forget_audit(until: Timestamp, limit: usize) -> u64;
        fn trim_audit(most: u64, limit: usize) -> u64;
        fn audit(filter: &AuditFilter, before: Option<u64>, limit: usize) -> Vec<(u64, AuditEntry)>;
    }
    Health {
        fn check() -> ();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::conformance::fixtures::{job, project};
    use crate::{JobFilter, Jobs, MemoryStore, NewJob, Submissions};

    #[tokio::test]
    async fn calls_fail_as_planned() {
        let store: FaultyStore<MemoryStore> = FaultyStore::default();
        let own = project();
        let submit = async || store.submit(NewJob::from(job(own))).await;
        let jobs = async || store.counts(own, &JobFilter::default()).await.unwrap().total();
        store.fail_next("submit", 1);
        assert!(submit().await.is_err());
        assert_eq!(jobs().await, 0);
        assert!(submit().await.is_ok());
        store.set_plan(Some(Box::new(|verb| (verb == "submit").then_some(Fault::Unanswered))));
        assert!(submit().await.is_err());
        store.set_plan(None);
        assert_eq!((jobs().await, store.calls("submit")), (2, 3));
    }
}
