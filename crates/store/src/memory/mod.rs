//! The reference of both traits: plain collections under one mutex, every question answered by looking at everything.
//! It is what the others are compared with, and what tests of other crates run on. Nothing survives the process.

mod blobs;
mod figures;
mod jobs;
mod ordered;
mod registry;
mod removal;
mod schedules;
mod tenancy;
mod usage;

pub use blobs::MemoryBlobs;

use crate::jobs::{
    Claim, Finish, IdempotencyKey, JobFilter, JobPage, LogFilter, NewJob, PageRequest, QueueEntry, QueuePage,
    StateCounts, Submitted, TenantFigures,
};
use crate::order::JobOrder;
use crate::pages::{
    LogPlace, NumberedActivation, NumberedVersion, PlacedLine, QueueSpot, QueuedJob, TokenFilter, cut,
};
use crate::processed::{ProcessedItem, ProcessedPage};
use crate::schedules::ScheduleStep;
use crate::usage::{UsageQuery, UsageReport};
use crate::{BlobRef, BlobReferences, Page, RemovalStep, Seek, Store, StoreError};
use async_trait::async_trait;
use fuelcell_domain::job::Pulse;
use fuelcell_domain::state::CancelOutcome;
use fuelcell_domain::{
    AUDIT_PAGE_BYTES, Activation, Artifact, AttemptId, AuditEntry, AuditFilter, CancelRequest, Dataset,
    DatasetId, Digest, Grant, Job, JobError, JobId, JobType, Lease, LogLine, ModuleVersion, NodeId, Ordinal,
    Pipeline, PipelineId, Project, ProjectId, ProjectLimits, ProjectRef, ProjectUsage, Receipt, Removal,
    Scope, SealedSecret, Tenant, TenantId, Timestamp, Token, TokenId,
};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A store of records in memory.
#[derive(Default)]
pub struct MemoryStore {
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    tenants: BTreeMap<TenantId, Tenant>,
    projects: BTreeMap<ProjectRef, Project>,
    limits: BTreeMap<ProjectRef, ProjectLimits>,
    /// Of tenants, and of projects.
    removals: BTreeMap<(TenantId, Option<ProjectId>), Removal>,
    tokens: BTreeMap<TokenId, Token>,
    datasets: BTreeMap<(ProjectRef, DatasetId), Dataset>,
    pipelines: BTreeMap<(ProjectRef, PipelineId), Pipeline>,
    /// The pipeline ordinal given out last.
    last_pipelines: BTreeMap<ProjectRef, Ordinal>,
    /// In the order in which they were added, by the number of those that were.
    modules: Vec<(ProjectRef, NumberedVersion)>,
    /// The number of a module version given out last.
    last_version: u32,
    /// The bytes that a deleted version had.
    retired: BTreeMap<(ProjectRef, String, String), Digest>,
    /// In the order in which they were made.
    activations: Vec<(ProjectRef, Activation)>,
    grants: BTreeMap<(ProjectRef, String), Grant>,
    secrets: BTreeMap<(ProjectRef, String), SealedSecret>,
    jobs: BTreeMap<JobId, Job>,
    keys: BTreeMap<(ProjectRef, String), (Digest, JobId)>,
    checkpoints: BTreeMap<JobId, BlobRef>,
    /// Bytes that were replaced or deleted and not settled yet.
    replaced: BTreeMap<(ProjectRef, Digest), u64>,
    artifacts: BTreeMap<JobId, Vec<Artifact>>,
    receipts: BTreeMap<JobId, Vec<Receipt>>,
    logs: BTreeMap<JobId, Vec<PlacedLine>>,
    processed: BTreeMap<(ProjectRef, PipelineId, String), ProcessedItem>,
    /// When each job's first attempt started, and how many microseconds it had waited.
    first_starts: BTreeMap<JobId, (Timestamp, u64)>,
    audit: Vec<AuditEntry>,
    /// So many of its first entries are forgotten.
    forgotten_audit: usize,
    /// Modules with the microseconds of their completed runs, in the order in which these ended.
    durations: Vec<(Digest, u64)>,
    /// What was counted, in the order in which it happened.
    counted: Vec<usage::Counted>,
    /// Deleted jobs, for their ordinals and figures.
    deleted: Vec<Job>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create_tenant(&self, tenant: Tenant) -> Result<(), StoreError> {
        self.records().create_tenant(tenant)
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        Ok(self.records().tenants())
    }

    async fn tenants_page(&self, seek: Seek<(Timestamp, TenantId)>) -> Result<Page<Tenant>, StoreError> {
        Ok(cut(self.records().tenants(), &seek))
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        Ok(self.records().tenants.get(&id).cloned())
    }

    async fn create_project(&self, project: Project) -> Result<(), StoreError> {
        self.records().create_project(project)
    }

    async fn projects(&self, tenant: TenantId) -> Result<Vec<Project>, StoreError> {
        Ok(self.records().projects(tenant))
    }

    async fn projects_page(
        &self,
        tenant: TenantId,
        seek: Seek<(Timestamp, ProjectId)>,
    ) -> Result<Page<Project>, StoreError> {
        Ok(cut(self.records().projects(tenant), &seek))
    }

    async fn project(&self, id: ProjectRef) -> Result<Option<Project>, StoreError> {
        Ok(self.records().projects.get(&id).cloned())
    }

    async fn rename_tenant(&self, id: TenantId, name: String) -> Result<(), StoreError> {
        self.records().rename_tenant(id, name)
    }

    async fn rename_project(&self, id: ProjectRef, name: String) -> Result<(), StoreError> {
        self.records().rename_project(id, name)
    }

    async fn begin_removal(&self, removal: Removal) -> Result<(), StoreError> {
        self.records().begin_removal(removal)
    }

    async fn removals(&self) -> Result<Vec<Removal>, StoreError> {
        Ok(self.records().unfinished_removals())
    }

    async fn remove_some(
        &self,
        scope: Scope,
        limit: usize,
        now: Timestamp,
    ) -> Result<RemovalStep, StoreError> {
        self.records().remove_some(scope, limit, now)
    }

    async fn set_project_limits(&self, id: ProjectRef, limits: ProjectLimits) -> Result<(), StoreError> {
        self.records().set_project_limits(id, limits)
    }

    async fn project_limits(&self, id: ProjectRef) -> Result<ProjectLimits, StoreError> {
        Ok(self.records().project_limits(id))
    }

    async fn project_usage(&self, id: ProjectRef) -> Result<ProjectUsage, StoreError> {
        Ok(self.records().project_usage(id))
    }

    async fn create_token(&self, token: Token) -> Result<(), StoreError> {
        self.records().create_token(token)
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        Ok(self.records().tokens())
    }

    async fn tokens_page(
        &self,
        filter: TokenFilter,
        seek: Seek<(Timestamp, TokenId)>,
    ) -> Result<Page<Token>, StoreError> {
        let mut tokens = self.records().tokens();
        tokens.retain(|token| filter.matches(token));
        Ok(cut(tokens, &seek))
    }

    async fn token_by_hash(&self, hash: Digest) -> Result<Option<Token>, StoreError> {
        Ok(self.records().token_by_hash(hash))
    }

    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
        self.records().revoke_token(id, at)
    }

    async fn put_dataset(&self, dataset: Dataset) -> Result<Dataset, StoreError> {
        self.records().put_dataset(dataset)
    }

    async fn dataset(&self, project: ProjectRef, id: DatasetId) -> Result<Option<Dataset>, StoreError> {
        Ok(self.records().datasets.get(&(project, id)).cloned())
    }

    async fn datasets(&self, project: ProjectRef) -> Result<Vec<Dataset>, StoreError> {
        Ok(self.records().datasets(project))
    }

    async fn datasets_page(
        &self,
        project: ProjectRef,
        seek: Seek<(Timestamp, DatasetId)>,
    ) -> Result<Page<Dataset>, StoreError> {
        Ok(cut(self.records().datasets(project), &seek))
    }

    async fn delete_dataset(&self, project: ProjectRef, id: DatasetId) -> Result<(), StoreError> {
        self.records().delete_dataset(project, id)
    }

    async fn put_pipeline(&self, pipeline: Pipeline) -> Result<Pipeline, StoreError> {
        self.records().put_pipeline(pipeline)
    }

    async fn pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<Option<Pipeline>, StoreError> {
        Ok(self.records().pipelines.get(&(project, id)).cloned())
    }

    async fn pipelines(&self, project: ProjectRef) -> Result<Vec<Pipeline>, StoreError> {
        Ok(self.records().pipelines(project))
    }

    async fn pipelines_page(
        &self,
        project: ProjectRef,
        seek: Seek<Ordinal>,
    ) -> Result<Page<Pipeline>, StoreError> {
        Ok(cut(self.records().pipelines(project), &seek))
    }

    async fn delete_pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<(), StoreError> {
        self.records().delete_pipeline(project, id)
    }

    async fn scheduled_pipelines(&self) -> Result<Vec<Pipeline>, StoreError> {
        Ok(self.records().scheduled_pipelines())
    }

    async fn advance_schedule(&self, step: ScheduleStep) -> Result<(), StoreError> {
        self.records().advance_schedule(step)
    }

    async fn add_module_version(&self, module: ModuleVersion) -> Result<ModuleVersion, StoreError> {
        self.records().add_module_version(module)
    }

    async fn module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<ModuleVersion>, StoreError> {
        Ok(self.records().module_version(project, name, version))
    }

    async fn module_versions(&self, project: ProjectRef) -> Result<Vec<ModuleVersion>, StoreError> {
        Ok(self.records().module_versions(project))
    }

    async fn module_versions_page(
        &self,
        project: ProjectRef,
        name: Option<&str>,
        seek: Seek<(String, u32)>,
    ) -> Result<Page<NumberedVersion>, StoreError> {
        Ok(cut(self.records().numbered_versions(project, name), &seek))
    }

    async fn delete_module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: &str,
    ) -> Result<(), StoreError> {
        self.records().delete_module_version(project, name, version)
    }

    async fn activate_module(&self, project: ProjectRef, activation: Activation) -> Result<(), StoreError> {
        self.records().activate_module(project, activation)
    }

    async fn activations(&self, project: ProjectRef) -> Result<Vec<Activation>, StoreError> {
        Ok(self.records().activations(project))
    }

    async fn activations_page(
        &self,
        project: ProjectRef,
        seek: Seek<Reverse<u32>>,
    ) -> Result<Page<NumberedActivation>, StoreError> {
        let mut numbered: Vec<_> = (1..).zip(self.records().activations(project).into_iter().rev()).collect();
        numbered.reverse();
        Ok(cut(numbered, &seek))
    }

    async fn active_module(
        &self,
        project: ProjectRef,
        job_type: JobType,
    ) -> Result<Option<ModuleVersion>, StoreError> {
        Ok(self.records().active_module(project, job_type))
    }

    async fn put_grant(&self, grant: Grant) -> Result<(), StoreError> {
        let mut records = self.records();
        records.refuse_removed(grant.project)?;
        records.grants.insert((grant.project, grant.module.clone()), grant);
        Ok(())
    }

    async fn grant(&self, project: ProjectRef, module: &str) -> Result<Option<Grant>, StoreError> {
        Ok(self.records().grants.get(&(project, module.to_owned())).cloned())
    }

    async fn delete_grant(&self, project: ProjectRef, module: &str) -> Result<(), StoreError> {
        let removed = self.records().grants.remove(&(project, module.to_owned()));
        removed.map(drop).ok_or(StoreError::NotFound("grant"))
    }

    async fn put_secret(&self, secret: SealedSecret) -> Result<SealedSecret, StoreError> {
        self.records().put_secret(secret)
    }

    async fn secrets(&self, project: ProjectRef) -> Result<Vec<SealedSecret>, StoreError> {
        let records = self.records();
        Ok(records.secrets.values().filter(|secret| secret.project == project).cloned().collect())
    }

    async fn secrets_page(
        &self,
        project: ProjectRef,
        seek: Seek<String>,
    ) -> Result<Page<SealedSecret>, StoreError> {
        Ok(cut(self.secrets(project).await?, &seek))
    }

    async fn delete_secret(&self, project: ProjectRef, name: &str) -> Result<(), StoreError> {
        let removed = self.records().secrets.remove(&(project, name.to_owned()));
        removed.map(drop).ok_or(StoreError::NotFound("secret"))
    }

    async fn submit(&self, new: NewJob) -> Result<Submitted, StoreError> {
        self.records().submit(new)
    }

    async fn submit_many(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted, StoreError>>, StoreError> {
        let mut records = self.records();
        Ok(new.into_iter().map(|new| records.submit(new)).collect())
    }

    async fn used_key(
        &self,
        project: ProjectRef,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Submitted>, StoreError> {
        Ok(self.records().used_key(project, key, now))
    }

    async fn forget_keys(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        Ok(self.records().forget_keys(now, limit))
    }

    async fn ready(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        Ok(self.records().ready(now, limit))
    }

    async fn heads(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        Ok(self.records().heads(now, limit))
    }

    async fn next_not_before(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.records().next_not_before(now))
    }

    async fn claim(&self, jobs: &[JobId], lease: Lease, now: Timestamp) -> Result<Vec<Claim>, StoreError> {
        Ok(self.records().claim(jobs, &lease, now))
    }

    async fn extend_leases(
        &self,
        attempts: &[AttemptId],
        until: Timestamp,
    ) -> Result<Vec<AttemptId>, StoreError> {
        Ok(self.records().extend_leases(attempts, until))
    }

    async fn record_pulse(
        &self,
        attempt: AttemptId,
        pulse: Pulse,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        self.records().held(attempt)?.pulse = pulse;
        Ok(())
    }

    async fn set_checkpoint(&self, attempt: AttemptId, blob: BlobRef) -> Result<(), StoreError> {
        self.records().set_checkpoint(attempt, blob)
    }

    async fn checkpoint(&self, job: JobId) -> Result<Option<BlobRef>, StoreError> {
        Ok(self.records().checkpoints.get(&job).copied())
    }

    async fn finish(&self, finish: Finish) -> Result<Job, StoreError> {
        self.records().finish(finish)
    }

    async fn expire_leases(&self, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        self.records().lose(now, |lease| lease.expires_at <= now)
    }

    async fn release_node(&self, node: &NodeId, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        self.records().lose(now, |lease| lease.node == *node)
    }

    async fn request_cancel(
        &self,
        project: ProjectRef,
        job: JobId,
        request: CancelRequest,
    ) -> Result<(CancelOutcome, Job), StoreError> {
        self.records().request_cancel(project, job, request)
    }

    async fn fail_queued(&self, job: JobId, error: JobError, now: Timestamp) -> Result<(), StoreError> {
        self.records().fail_queued(job, error, now)
    }

    async fn job(&self, project: ProjectRef, id: JobId) -> Result<Option<Job>, StoreError> {
        Ok(self.records().job(project, id).cloned())
    }

    async fn artifacts(&self, job: JobId) -> Result<Vec<Artifact>, StoreError> {
        Ok(self.records().artifacts.get(&job).cloned().unwrap_or_default())
    }

    async fn receipts(&self, job: JobId) -> Result<Vec<Receipt>, StoreError> {
        Ok(self.records().receipts.get(&job).cloned().unwrap_or_default())
    }

    async fn list(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        page: PageRequest,
    ) -> Result<JobPage, StoreError> {
        Ok(self.records().list(project, filter, page))
    }

    async fn list_ordered(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        order: JobOrder,
        page: PageRequest,
    ) -> Result<JobPage, StoreError> {
        Ok(self.records().list_ordered(project, filter, order, page))
    }

    async fn jobs_page(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        seek: Seek<Reverse<Ordinal>>,
    ) -> Result<Page<Job>, StoreError> {
        let all = PageRequest { offset: 0, limit: usize::MAX };
        Ok(cut(self.records().list(project, filter, all).jobs, &seek))
    }

    async fn job_by_ordinal(&self, project: ProjectRef, ordinal: Ordinal) -> Result<Option<Job>, StoreError> {
        Ok(self.records().job_by_ordinal(project, ordinal).cloned())
    }

    async fn counts(&self, project: ProjectRef, filter: &JobFilter) -> Result<StateCounts, StoreError> {
        Ok(self.records().counts(project, filter))
    }

    async fn queued_before(&self, job: &Job, now: Timestamp) -> Result<Option<u64>, StoreError> {
        Ok(self.records().queued_before(job, now))
    }

    async fn queued(
        &self,
        project: ProjectRef,
        now: Timestamp,
        page: PageRequest,
    ) -> Result<QueuePage, StoreError> {
        Ok(self.records().queued_page(project, now, page))
    }

    async fn queue_page(
        &self,
        project: ProjectRef,
        now: Timestamp,
        seek: Seek<QueueSpot>,
    ) -> Result<Page<QueuedJob>, StoreError> {
        let all = PageRequest { offset: 0, limit: usize::MAX };
        let queue = self.records().queued_page(project, now, all).jobs.into_iter();
        Ok(cut(queue.map(|(_, job)| (QueueSpot::of(&job, now), job)).collect(), &seek))
    }

    async fn recent_durations(&self, module: Digest) -> Result<Vec<u64>, StoreError> {
        Ok(self.records().recent_durations(module))
    }

    async fn tenant_figures(&self, tenant: TenantId, now: Timestamp) -> Result<TenantFigures, StoreError> {
        Ok(self.records().tenant_figures(tenant, now))
    }

    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, StoreError> {
        Ok(self.records().usage(&query))
    }

    async fn delete_ended(&self, project: ProjectRef, job: JobId) -> Result<(), StoreError> {
        self.records().delete_ended(project, job)
    }

    async fn blob_references(&self, _: Option<Vec<u8>>, _: usize) -> Result<BlobReferences, StoreError> {
        Ok(self.records().blob_references())
    }

    async fn replaced(
        &self,
        after: Option<(ProjectRef, Digest)>,
        limit: usize,
    ) -> Result<Vec<(ProjectRef, Digest)>, StoreError> {
        let records = self.records();
        let behind = records.replaced.keys().filter(|key| after.is_none_or(|after| **key > after));
        Ok(behind.take(limit).copied().collect())
    }

    async fn settle_replaced(&self, settled: &[(ProjectRef, Digest)]) -> Result<u64, StoreError> {
        let mut records = self.records();
        Ok(settled.iter().filter(|key| records.replaced.remove(key).is_some()).count() as u64)
    }

    async fn append_logs(&self, attempt: AttemptId, lines: Vec<LogLine>) -> Result<(), StoreError> {
        let mut records = self.records();
        records.held(attempt)?;
        let log = records.logs.entry(attempt.job).or_default();
        let batch = log.last().map_or(1, |((last, _), _)| last + 1);
        log.extend((0..).zip(lines).map(|(number, line)| ((batch, number), line)));
        Ok(())
    }

    async fn logs(
        &self,
        job: JobId,
        filter: LogFilter,
        seek: Seek<LogPlace>,
    ) -> Result<Page<PlacedLine>, StoreError> {
        let mut lines = self.records().logs.get(&job).cloned().unwrap_or_default();
        lines.retain(|(_, line)| filter.matches(line));
        Ok(cut(lines, &seek))
    }

    async fn is_processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        key: &str,
    ) -> Result<bool, StoreError> {
        Ok(self.records().processed.contains_key(&(project, pipeline, key.to_owned())))
    }

    async fn processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        page: PageRequest,
    ) -> Result<ProcessedPage, StoreError> {
        Ok(self.records().processed(project, pipeline, page))
    }

    async fn processed_page(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        seek: Seek<Digest>,
    ) -> Result<Page<ProcessedItem>, StoreError> {
        let all = PageRequest { offset: 0, limit: usize::MAX };
        Ok(cut(self.records().processed(project, pipeline, all).items, &seek))
    }

    async fn forget_processed(
        &self,
        project: ProjectRef,
        pipeline: Option<PipelineId>,
        limit: usize,
    ) -> Result<u64, StoreError> {
        Ok(self.records().forget_processed(project, pipeline, limit))
    }

    async fn append_audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.records().audit.push(entry);
        Ok(())
    }

    async fn forget_audit(&self, until: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let mut records = self.records();
        let kept = &records.audit[records.forgotten_audit..];
        let old = kept.iter().take(limit).take_while(|entry| entry.at <= until).count();
        records.forgotten_audit += old;
        Ok(old as u64)
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<(u32, AuditEntry)>, StoreError> {
        let records = self.records();
        let mut matches: Vec<(u32, AuditEntry)> = (1..)
            .zip(&records.audit)
            .skip(records.forgotten_audit)
            .filter(|(number, entry)| before.is_none_or(|before| *number < before) && filter.matches(entry))
            .map(|(number, entry)| (number, entry.clone()))
            .collect();
        matches.reverse();
        let mut bytes = 0;
        let page = matches.into_iter().take(limit).take_while(|(_, entry)| {
            let goes_on = bytes < AUDIT_PAGE_BYTES;
            bytes += entry.size();
            goes_on
        });
        Ok(page.collect())
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
