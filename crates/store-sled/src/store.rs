//! The verbs of [`Store`], each handed to the committer or read from the database.

use crate::committer::{Commands, Durability, Shared, Space};
use crate::database::{Database, Read, guarded};
use crate::keys::{self, Place, Table};
use crate::open::{self, Options};
use crate::overlay::Overlay;
use crate::snapshot::Copying;
use crate::views::Line;
use crate::{
    audit, figures, grants, jobs, logs, processed, records, references, registry, removal, schedules, stored,
    tenancy, usage, uses, views,
};
use async_trait::async_trait;
use fuelcell_domain::job::Pulse;
use fuelcell_domain::state::CancelOutcome;
use fuelcell_domain::{
    Activation, Artifact, AttemptId, AuditEntry, AuditFilter, CancelRequest, Dataset, DatasetId, Digest,
    Grant, Job, JobError, JobId, JobType, Lease, LogLine, ModuleVersion, NodeId, Ordinal, Pipeline,
    PipelineId, Project, ProjectId, ProjectLimits, ProjectRef, ProjectUsage, Receipt, Removal, Scope,
    SealedSecret, Tenant, TenantId, Timestamp, Token, TokenId,
};
use fuelcell_store::pages::{
    LogPlace, NumberedActivation, NumberedVersion, PlacedLine, QueueSpot, QueuedJob, TokenFilter,
};
use fuelcell_store::references::Referent;
use fuelcell_store::schedules::ScheduleStep;
use fuelcell_store::usage::{UsageQuery, UsageReport};
use fuelcell_store::{
    BlobRef, BlobReferences, Claim, Finish, IdempotencyKey, JobFilter, JobOrder, JobPage, LogFilter, NewJob,
    Page, PageRequest, ProcessedItem, ProcessedPage, QueueEntry, QueuePage, RemovalStep, Seek, StateCounts,
    Store, StoreError, Submitted, TenantFigures,
};
use std::cmp::Reverse;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::Semaphore;

/// So few records of the queue are read where somebody asks for them; to have another thread read them costs more.
const FEW: usize = 8;

/// The embedded store of records. Dropping it waits for everything sent to be durable, then closes the database.
pub struct SledStore {
    shared: Arc<Shared>,
    /// `None` only while it is being dropped.
    commands: Option<Commands>,
    committer: Option<JoinHandle<()>>,
    /// One at a time.
    reads_ahead: Arc<Semaphore>,
}

impl SledStore {
    /// Opens or creates the store in a directory of its own.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another process has it open. [`StoreError::Storage`] when too little space is free,
    /// when the layout is of a version that this build does not read, and when the database is damaged or has lost
    /// acknowledged work; it is never opened with less than was acknowledged. [`StoreError::Full`] when there is no room
    /// for the copy that an older layout takes.
    pub fn open(directory: &Path, options: Options) -> Result<Self, StoreError> {
        open::open(directory, options)
    }

    pub(crate) fn new(shared: Arc<Shared>, commands: Commands, committer: JoinHandle<()>) -> Self {
        let reads_ahead = Arc::new(Semaphore::new(1));
        Self { shared, commands: Some(commands), committer: Some(committer), reads_ahead }
    }

    /// Bytes that the database takes on disk.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.shared.database.size_on_disk()
    }

    /// Makes a store of its own of everything that this one holds, as it is after one of its batches, in a directory that is
    /// made anew. Whatever was acknowledged before the call is in it. Nobody waits for it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while another copy is being made, [`StoreError::Full`] when there is no room for it.
    pub async fn snapshot(&self, directory: &Path) -> Result<(), StoreError> {
        self.shared.check()?;
        let (shared, directory) = (Arc::clone(&self.shared), directory.to_owned());
        let copying = in_background(move || guarded(|| Copying::begin(shared, &directory))).await?;
        // What is answered after the last look was noted before: there is one committer, and it does one batch at a time.
        self.check().await?;
        in_background(move || guarded(|| copying.end())).await
    }

    fn shared(&self) -> Result<&Shared, StoreError> {
        self.shared.check()?;
        Ok(&self.shared)
    }

    fn database(&self) -> Result<&Database, StoreError> {
        self.shared().map(|shared| &shared.database)
    }

    /// Writes what has to be kept.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Overlay<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(Durability::Durable, Space::Takes, work).await
    }

    /// Writes that something has ended or goes away.
    async fn end<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Overlay<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(Durability::Durable, Space::GivesBack, work).await
    }

    async fn call<T: Send + 'static>(
        &self,
        durability: Durability,
        space: Space,
        work: impl FnOnce(&mut Overlay<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::Storage("the store is closed".into());
        self.commands.as_ref().ok_or_else(closed)?.call(durability, space, work).await
    }

    /// What the queue shows of who waits in this line.
    async fn entries(&self, line: Line) -> Result<Vec<QueueEntry>, StoreError> {
        match views::unknown(&line) <= FEW {
            true => views::entries(&self.shared, line),
            false => self.read_many(move |shared| views::entries(shared, line)).await,
        }
    }

    /// Reads what the next looks at the queue will ask for, so that they need not wait for it.
    fn read_ahead(&self, now: Timestamp, limit: usize) {
        let Ok(turn) = Arc::clone(&self.reads_ahead).try_acquire_owned() else { return };
        let line = views::heads(&self.shared, now, 2 * limit);
        if views::unknown(&line) > limit / 2 {
            let shared = Arc::clone(&self.shared);
            tokio::task::spawn_blocking(move || {
                // Whoever asks for what cannot be read will hear of it then.
                let _ = views::entries(&shared, line);
                drop(turn);
            });
        }
    }

    /// Reads that touch many records leave the async threads alone.
    async fn read_many<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.shared.check()?;
        let shared = Arc::clone(&self.shared);
        in_background(move || read(&shared)).await
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Storage(format!("a read did not end: {error}")))?
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(committer) = self.committer.take()
            && committer.join().is_err()
        {
            tracing::error!("the committer had panicked");
        }
    }
}

#[async_trait]
impl Store for SledStore {
    async fn create_tenant(&self, tenant: Tenant) -> Result<(), StoreError> {
        self.write(move |overlay| tenancy::create_tenant(overlay, &tenant)).await
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        tenancy::tenants(self.database()?)
    }

    async fn tenants_page(&self, seek: Seek<(Timestamp, TenantId)>) -> Result<Page<Tenant>, StoreError> {
        self.read_many(move |shared| tenancy::tenants_page(&shared.database, &seek)).await
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        tenancy::tenant(self.database()?, id)
    }

    async fn create_project(&self, project: Project) -> Result<(), StoreError> {
        self.write(move |overlay| tenancy::create_project(overlay, &project)).await
    }

    async fn projects(&self, tenant: TenantId) -> Result<Vec<Project>, StoreError> {
        tenancy::projects(self.database()?, tenant)
    }

    async fn projects_page(
        &self,
        tenant: TenantId,
        seek: Seek<(Timestamp, ProjectId)>,
    ) -> Result<Page<Project>, StoreError> {
        self.read_many(move |shared| tenancy::projects_page(&shared.database, tenant, &seek)).await
    }

    async fn project(&self, id: ProjectRef) -> Result<Option<Project>, StoreError> {
        tenancy::project(self.database()?, id)
    }

    async fn rename_tenant(&self, id: TenantId, name: String) -> Result<(), StoreError> {
        self.write(move |overlay| tenancy::rename_tenant(overlay, id, name)).await
    }

    async fn rename_project(&self, id: ProjectRef, name: String) -> Result<(), StoreError> {
        self.write(move |overlay| tenancy::rename_project(overlay, id, name)).await
    }

    async fn begin_removal(&self, removal: Removal) -> Result<(), StoreError> {
        self.end(move |overlay| removal::begin(overlay, &removal)).await
    }

    async fn removals(&self) -> Result<Vec<Removal>, StoreError> {
        self.read_many(|shared| removal::unfinished(&shared.database)).await
    }

    async fn remove_some(
        &self,
        scope: Scope,
        limit: usize,
        now: Timestamp,
    ) -> Result<RemovalStep, StoreError> {
        match self.read_many(move |shared| removal::left(shared, scope, limit)).await? {
            Some(left) => self.end(move |overlay| removal::take(overlay, scope, &left, now)).await,
            None => Ok(RemovalStep::Waiting),
        }
    }

    async fn set_project_limits(&self, id: ProjectRef, limits: ProjectLimits) -> Result<(), StoreError> {
        self.write(move |overlay| tenancy::set_project_limits(overlay, id, &limits)).await
    }

    async fn project_limits(&self, id: ProjectRef) -> Result<ProjectLimits, StoreError> {
        tenancy::project_limits(self.database()?, id)
    }

    async fn project_usage(&self, id: ProjectRef) -> Result<ProjectUsage, StoreError> {
        self.shared.check()?;
        views::project_usage(&self.shared, id)
    }

    async fn create_token(&self, token: Token) -> Result<(), StoreError> {
        self.write(move |overlay| tenancy::create_token(overlay, &token)).await
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        tenancy::tokens(self.database()?)
    }

    async fn tokens_page(
        &self,
        filter: TokenFilter,
        seek: Seek<(Timestamp, TokenId)>,
    ) -> Result<Page<Token>, StoreError> {
        self.read_many(move |shared| tenancy::tokens_page(&shared.database, filter, &seek)).await
    }

    async fn token_by_hash(&self, hash: Digest) -> Result<Option<Token>, StoreError> {
        tenancy::token_by_hash(self.database()?, hash)
    }

    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
        self.end(move |overlay| tenancy::revoke_token(overlay, id, at)).await
    }

    async fn put_dataset(&self, dataset: Dataset) -> Result<Dataset, StoreError> {
        self.write(move |overlay| registry::put_dataset(overlay, dataset)).await
    }

    async fn dataset(&self, project: ProjectRef, id: DatasetId) -> Result<Option<Dataset>, StoreError> {
        registry::dataset(self.database()?, project, id)
    }

    async fn datasets(&self, project: ProjectRef) -> Result<Vec<Dataset>, StoreError> {
        self.read_many(move |shared| registry::datasets(&shared.database, project)).await
    }

    async fn datasets_page(
        &self,
        project: ProjectRef,
        seek: Seek<(Timestamp, DatasetId)>,
    ) -> Result<Page<Dataset>, StoreError> {
        self.read_many(move |shared| registry::datasets_page(&shared.database, project, &seek)).await
    }

    async fn delete_dataset(&self, project: ProjectRef, id: DatasetId) -> Result<(), StoreError> {
        let seen =
            self.read_many(move |shared| references::look(shared, project, &Referent::Dataset(id))).await?;
        self.end(move |overlay| registry::delete_dataset(overlay, project, id, seen)).await
    }

    async fn put_pipeline(&self, pipeline: Pipeline) -> Result<Pipeline, StoreError> {
        self.write(move |overlay| registry::put_pipeline(overlay, pipeline)).await
    }

    async fn pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<Option<Pipeline>, StoreError> {
        registry::pipeline(self.database()?, project, id)
    }

    async fn pipelines(&self, project: ProjectRef) -> Result<Vec<Pipeline>, StoreError> {
        self.read_many(move |shared| registry::pipelines(&shared.database, project)).await
    }

    async fn pipelines_page(
        &self,
        project: ProjectRef,
        seek: Seek<Ordinal>,
    ) -> Result<Page<Pipeline>, StoreError> {
        self.read_many(move |shared| registry::pipelines_page(&shared.database, project, &seek)).await
    }

    async fn delete_pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<(), StoreError> {
        self.end(move |overlay| registry::delete_pipeline(overlay, project, id)).await
    }

    async fn scheduled_pipelines(&self) -> Result<Vec<Pipeline>, StoreError> {
        self.read_many(move |shared| schedules::all(&shared.database)).await
    }

    async fn advance_schedule(&self, step: ScheduleStep) -> Result<(), StoreError> {
        self.write(move |overlay| schedules::advance(overlay, step)).await
    }

    async fn add_module_version(&self, module: ModuleVersion) -> Result<ModuleVersion, StoreError> {
        self.write(move |overlay| registry::add_module_version(overlay, module)).await
    }

    async fn module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<ModuleVersion>, StoreError> {
        registry::module_version(self.shared()?, project, name, version)
    }

    async fn module_versions(&self, project: ProjectRef) -> Result<Vec<ModuleVersion>, StoreError> {
        self.read_many(move |shared| registry::module_versions(&shared.database, project)).await
    }

    async fn module_versions_page(
        &self,
        project: ProjectRef,
        name: Option<&str>,
        seek: Seek<(String, u32)>,
    ) -> Result<Page<NumberedVersion>, StoreError> {
        let name = name.map(str::to_owned);
        self.read_many(move |shared| {
            registry::module_versions_page(&shared.database, project, name.as_deref(), &seek)
        })
        .await
    }

    async fn delete_module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: &str,
    ) -> Result<(), StoreError> {
        let (name, version) = (name.to_owned(), version.to_owned());
        // A job names its version, so that `only` makes no difference to the look at jobs.
        let referent = Referent::Version { name: name.clone(), version: version.clone(), only: false };
        let seen = self.read_many(move |shared| references::look(shared, project, &referent)).await?;
        self.end(move |overlay| registry::delete_module_version(overlay, project, &name, &version, seen))
            .await
    }

    async fn activate_module(&self, project: ProjectRef, activation: Activation) -> Result<(), StoreError> {
        self.write(move |overlay| registry::activate_module(overlay, project, &activation)).await
    }

    async fn activations(&self, project: ProjectRef) -> Result<Vec<Activation>, StoreError> {
        self.read_many(move |shared| registry::activations(&shared.database, project)).await
    }

    async fn activations_page(
        &self,
        project: ProjectRef,
        seek: Seek<Reverse<u32>>,
    ) -> Result<Page<NumberedActivation>, StoreError> {
        self.read_many(move |shared| registry::activations_page(&shared.database, project, &seek)).await
    }

    async fn active_module(
        &self,
        project: ProjectRef,
        job_type: JobType,
    ) -> Result<Option<ModuleVersion>, StoreError> {
        registry::active_module(self.shared()?, project, job_type)
    }

    async fn put_grant(&self, grant: Grant) -> Result<(), StoreError> {
        self.write(move |overlay| grants::put_grant(overlay, &grant)).await
    }

    async fn grant(&self, project: ProjectRef, module: &str) -> Result<Option<Grant>, StoreError> {
        grants::grant(self.database()?, project, module)
    }

    async fn delete_grant(&self, project: ProjectRef, module: &str) -> Result<(), StoreError> {
        let module = module.to_owned();
        self.end(move |overlay| grants::delete_grant(overlay, project, &module)).await
    }

    async fn put_secret(&self, secret: SealedSecret) -> Result<SealedSecret, StoreError> {
        self.write(move |overlay| grants::put_secret(overlay, secret)).await
    }

    async fn secrets(&self, project: ProjectRef) -> Result<Vec<SealedSecret>, StoreError> {
        self.read_many(move |shared| grants::secrets(&shared.database, project)).await
    }

    async fn secrets_page(
        &self,
        project: ProjectRef,
        seek: Seek<String>,
    ) -> Result<Page<SealedSecret>, StoreError> {
        self.read_many(move |shared| grants::secrets_page(&shared.database, project, &seek)).await
    }

    async fn delete_secret(&self, project: ProjectRef, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.end(move |overlay| grants::delete_secret(overlay, project, &name)).await
    }

    async fn submit(&self, new: NewJob) -> Result<Submitted, StoreError> {
        self.write(move |overlay| jobs::submit(overlay, new)).await
    }

    async fn submit_many(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted, StoreError>>, StoreError> {
        self.write(move |overlay| jobs::submit_many(overlay, new)).await
    }

    async fn used_key(
        &self,
        project: ProjectRef,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Submitted>, StoreError> {
        jobs::used_key(self.database()?, project, key, now)
    }

    async fn forget_keys(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let find = move |shared: &Shared| jobs::keys_that_are_over(&shared.database, now, limit);
        let found = self.read_many(find).await?;
        match found.is_empty() {
            true => Ok(0),
            false => self.end(move |overlay| jobs::forget_keys(overlay, &found, now)).await,
        }
    }

    async fn ready(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        self.shared.check()?;
        self.entries(views::ready(&self.shared, now, limit)).await
    }

    async fn heads(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        self.shared.check()?;
        let entries = self.entries(views::heads(&self.shared, now, limit)).await;
        self.read_ahead(now, limit);
        entries
    }

    async fn next_not_before(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.shared.check()?;
        Ok(views::next_not_before(&self.shared, now))
    }

    async fn claim(&self, jobs: &[JobId], lease: Lease, now: Timestamp) -> Result<Vec<Claim>, StoreError> {
        let jobs = jobs.to_vec();
        self.write(move |overlay| jobs::claim(overlay, &jobs, &lease, now)).await
    }

    async fn extend_leases(
        &self,
        attempts: &[AttemptId],
        until: Timestamp,
    ) -> Result<Vec<AttemptId>, StoreError> {
        let attempts = attempts.to_vec();
        self.end(move |overlay| jobs::extend_leases(overlay, &attempts, until)).await
    }

    async fn record_pulse(
        &self,
        attempt: AttemptId,
        pulse: Pulse,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(Durability::Relaxed, Space::Takes, move |overlay| {
            records::write_pulse(overlay, attempt, pulse)
        })
        .await
    }

    async fn set_checkpoint(&self, attempt: AttemptId, blob: BlobRef) -> Result<(), StoreError> {
        self.write(move |overlay| jobs::set_checkpoint(overlay, attempt, blob)).await
    }

    async fn checkpoint(&self, job: JobId) -> Result<Option<BlobRef>, StoreError> {
        jobs::checkpoint(self.database()?, job)
    }

    async fn finish(&self, finish: Finish) -> Result<Job, StoreError> {
        self.end(move |overlay| jobs::finish(overlay, &finish)).await
    }

    async fn expire_leases(&self, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        self.end(move |overlay| jobs::lose(overlay, now, |lease| lease.expires_at <= now)).await
    }

    async fn release_node(&self, node: &NodeId, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        let node = node.clone();
        self.end(move |overlay| jobs::lose(overlay, now, |lease| lease.node == node)).await
    }

    async fn request_cancel(
        &self,
        project: ProjectRef,
        job: JobId,
        request: CancelRequest,
    ) -> Result<(CancelOutcome, Job), StoreError> {
        self.end(move |overlay| jobs::request_cancel(overlay, project, job, request)).await
    }

    async fn fail_queued(&self, job: JobId, error: JobError, now: Timestamp) -> Result<(), StoreError> {
        self.end(move |overlay| jobs::fail_queued(overlay, job, error, now)).await
    }

    async fn job(&self, project: ProjectRef, id: JobId) -> Result<Option<Job>, StoreError> {
        jobs::job(self.database()?, project, id)
    }

    async fn artifacts(&self, job: JobId) -> Result<Vec<Artifact>, StoreError> {
        jobs::artifacts(self.database()?, job)
    }

    async fn receipts(&self, job: JobId) -> Result<Vec<Receipt>, StoreError> {
        self.database()?.scan(Table::Receipts, job.0.as_bytes())
    }

    async fn list(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        page: PageRequest,
    ) -> Result<JobPage, StoreError> {
        let filter = filter.clone();
        self.read_many(move |shared| views::list(shared, project, &filter, page)).await
    }

    async fn list_ordered(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        order: JobOrder,
        page: PageRequest,
    ) -> Result<JobPage, StoreError> {
        let filter = filter.clone();
        self.read_many(move |shared| views::list_ordered(shared, project, &filter, &order, page)).await
    }

    async fn jobs_page(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        seek: Seek<Reverse<Ordinal>>,
    ) -> Result<Page<Job>, StoreError> {
        let filter = filter.clone();
        self.read_many(move |shared| views::jobs_page(shared, project, &filter, seek)).await
    }

    async fn job_by_ordinal(&self, project: ProjectRef, ordinal: Ordinal) -> Result<Option<Job>, StoreError> {
        records::load(self.database()?, Place { project, ordinal })
    }

    async fn counts(&self, project: ProjectRef, filter: &JobFilter) -> Result<StateCounts, StoreError> {
        self.shared.check()?;
        Ok(views::counts(&self.shared, project, filter))
    }

    async fn queued_before(&self, job: &Job, now: Timestamp) -> Result<Option<u64>, StoreError> {
        self.shared.check()?;
        Ok(views::queued_before(&self.shared, job, now))
    }

    async fn queued(
        &self,
        project: ProjectRef,
        now: Timestamp,
        page: PageRequest,
    ) -> Result<QueuePage, StoreError> {
        self.read_many(move |shared| views::queued(shared, project, now, page)).await
    }

    async fn queue_page(
        &self,
        project: ProjectRef,
        now: Timestamp,
        seek: Seek<QueueSpot>,
    ) -> Result<Page<QueuedJob>, StoreError> {
        self.read_many(move |shared| views::queue_page(shared, project, now, seek)).await
    }

    async fn recent_durations(&self, module: Digest) -> Result<Vec<u64>, StoreError> {
        figures::durations(self.database()?, module)
    }

    async fn tenant_figures(&self, tenant: TenantId, now: Timestamp) -> Result<TenantFigures, StoreError> {
        self.shared.check()?;
        views::tenant_figures(&self.shared, tenant, now)
    }

    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, StoreError> {
        self.read_many(move |shared| usage::report(&shared.database, &query)).await
    }

    async fn delete_ended(&self, project: ProjectRef, job: JobId) -> Result<(), StoreError> {
        self.end(move |overlay| jobs::delete_ended(overlay, project, job)).await
    }

    async fn blob_references(
        &self,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<BlobReferences, StoreError> {
        self.read_many(move |shared| uses::page(&shared.database, after.as_deref(), limit)).await
    }

    async fn replaced(
        &self,
        after: Option<(ProjectRef, Digest)>,
        limit: usize,
    ) -> Result<Vec<(ProjectRef, Digest)>, StoreError> {
        self.read_many(move |shared| stored::replaced(&shared.database, after, limit)).await
    }

    async fn settle_replaced(&self, settled: &[(ProjectRef, Digest)]) -> Result<u64, StoreError> {
        let settled = settled.to_vec();
        self.end(move |overlay| stored::settle_all(overlay, &settled)).await
    }

    async fn append_logs(&self, attempt: AttemptId, lines: Vec<LogLine>) -> Result<(), StoreError> {
        self.call(Durability::Relaxed, Space::Takes, move |overlay| logs::append(overlay, attempt, &lines))
            .await
    }

    async fn logs(
        &self,
        job: JobId,
        filter: LogFilter,
        seek: Seek<LogPlace>,
    ) -> Result<Page<PlacedLine>, StoreError> {
        self.read_many(move |shared| logs::page(&shared.database, job, filter, &seek)).await
    }

    async fn is_processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        key: &str,
    ) -> Result<bool, StoreError> {
        let key = keys::processed(project, pipeline, key);
        Ok(self.database()?.value(Table::ProcessedItems, &key)?.is_some())
    }

    async fn processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        page: PageRequest,
    ) -> Result<ProcessedPage, StoreError> {
        self.read_many(move |shared| processed::page(&shared.database, project, pipeline, page)).await
    }

    async fn processed_page(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        seek: Seek<Digest>,
    ) -> Result<Page<ProcessedItem>, StoreError> {
        self.read_many(move |shared| processed::page_behind(&shared.database, project, pipeline, &seek)).await
    }

    async fn forget_processed(
        &self,
        project: ProjectRef,
        pipeline: Option<PipelineId>,
        limit: usize,
    ) -> Result<u64, StoreError> {
        let found =
            self.read_many(move |shared| processed::find(&shared.database, project, pipeline, limit)).await?;
        self.end(move |overlay| processed::forget(overlay, &found)).await
    }

    async fn append_audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.write(move |overlay| audit::append(overlay, &entry)).await
    }

    async fn forget_audit(&self, until: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let find = move |shared: &Shared| audit::oldest(&shared.database, until, limit);
        let found = self.read_many(find).await?;
        match found.is_empty() {
            true => Ok(0),
            false => self.end(move |overlay| audit::forget(overlay, &found)).await,
        }
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<(u32, AuditEntry)>, StoreError> {
        let filter = filter.clone();
        self.read_many(move |shared| audit::page(&shared.database, &filter, before, limit)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.write(|overlay| overlay.put(Table::Meta, b"check", &())).await
    }
}
