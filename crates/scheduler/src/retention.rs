//! Forgetting: ended jobs that are kept long enough, and stored bytes that nothing needs any more.
//!
//! Jobs go in small batches with pauses between, so that nobody who submits has to wait. The sweep takes away stored bytes
//! that nothing needs, and that nothing needed some time before either. What is about to be needed is safe:
//! - bytes of attempts that run are named by the attempts themselves, which are asked before the records;
//! - what a record takes over from another, such as a job's input from a dataset, is named by the other, and when the other
//!   is deleted just then, by the record the second time;
//! - everything else was committed a moment ago, and bytes committed within [`RetentionConfig::blob_grace`] stay.
//!
//! What was replaced or deleted counts in its project until it is gone. So the sweep also tells the store what is.

use crate::Scheduler;
use fuelcell_domain::{Digest, JobId, JobState, ProjectId, ProjectRef, Timestamp};
use fuelcell_store::{BlobRef, JobFilter, StoreError};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use tokio::sync::MutexGuard;
use tokio::time::{Instant, sleep};

/// Jobs that are deleted at a time: a fraction of what one group commit takes.
const BATCH: usize = 32;
/// The pause after each batch.
const PAUSE: Duration = Duration::from_millis(50);
/// Records or blobs that the sweep looks at in one go.
const PAGE: usize = 500;

/// How long ended jobs of a project are kept. A job goes as soon as one of the two says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// From their end on; `None` = for ever.
    pub age: Option<Duration>,
    /// The most of them; the oldest submissions go first. `None` = any number.
    pub jobs: Option<u64>,
}

/// What is kept of the audit log. An entry goes as soon as one of the two says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepAudit {
    /// For so long; `None` = for ever.
    pub age: Option<Duration>,
    /// So many, the newest; `None` = any number.
    pub entries: Option<u64>,
}

/// What is kept, and how often it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionConfig {
    /// What holds for a project that has no rule of its own.
    pub keep: Keep,
    /// Rules of single projects.
    pub projects: BTreeMap<ProjectId, Keep>,
    /// What is kept of the audit log.
    pub audit: KeepAudit,
    /// How often ended jobs are looked at.
    pub every: Duration,
    /// How often stored bytes are swept.
    pub sweep_every: Duration,
    /// Bytes that were committed within this time are never swept. It must be longer than an upload may take from the
    /// last of its bytes to its record.
    pub blob_grace: Duration,
    /// How long bytes must have been of no use: longer than any call takes from looking something up to recording that it
    /// is needed.
    pub settle: Duration,
    /// Bytes that are needed though no record names them: what is built into the server.
    pub built_in: Vec<Digest>,
}

/// Digests that are needed.
#[derive(Default)]
struct Needed {
    /// By what counts in what a project stores, or by the server itself.
    counted: HashSet<Digest>,
    /// By jobs and attempts.
    pinned: HashSet<Digest>,
}

impl Needed {
    fn contains(&self, digest: &Digest) -> bool {
        self.counted.contains(digest) || self.pinned.contains(digest)
    }
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Blobs taken away.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Scheduler {
    /// Forgets what is not to be kept, for ever. Failures are logged and the next round tries again.
    pub async fn retain(&self, config: &RetentionConfig) {
        let mut swept_at: Option<Instant> = None;
        loop {
            sleep(config.every).await;
            match self.forget_jobs(config).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(jobs.count = count, "Jobs past their retention deleted"),
                Err(error) => tracing::warn!(%error, "Jobs past their retention could not be deleted"),
            }
            if let Err(error) = self.forget_audit(config).await {
                tracing::warn!(%error, "Old entries of the audit log could not be deleted");
            }
            if let Err(error) = self.forget_uploads().await {
                tracing::warn!(%error, "Uploads that were given up could not be deleted");
            }
            if swept_at.is_none_or(|at| at.elapsed() >= config.sweep_every) {
                swept_at = Some(Instant::now());
                if let Err(error) = self.forget_keys().await {
                    tracing::warn!(%error, "Clients' keys past their life could not be deleted");
                }
                match self.sweep(config).await {
                    Ok(Swept { blobs, bytes }) => {
                        tracing::info!(blobs.count = blobs, blobs.bytes = bytes, "Unneeded bytes swept");
                    }
                    Err(error) => tracing::warn!(%error, "Unneeded bytes could not be swept"),
                }
            }
        }
    }

    /// Deletes the ended jobs of all projects that are not to be kept; returns their number.
    ///
    /// # Errors
    /// When the store fails; what was deleted until then stays deleted.
    pub async fn forget_jobs(&self, config: &RetentionConfig) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        for tenant in self.records.accounts.tenants().await? {
            for project in self.records.accounts.projects(tenant.id).await? {
                let keep = config.projects.get(&project.id.project).copied().unwrap_or(config.keep);
                forgotten += self.forget_jobs_of(project.id, keep).await?;
            }
        }
        Ok(forgotten)
    }

    /// Forgets clients' keys whose life is over.
    async fn forget_keys(&self) -> Result<(), StoreError> {
        while self.records.submissions.forget_keys(self.clock.now(), PAGE).await? > 0 {
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Forgets entries of the audit log that are old enough, and those that are too many; returns their number.
    ///
    /// # Errors
    /// When the store fails; what was forgotten until then stays so.
    pub async fn forget_audit(&self, config: &RetentionConfig) -> Result<u64, StoreError> {
        let KeepAudit { age, entries } = config.audit;
        let mut forgotten = 0;
        if let Some(until) = age.map(|age| before(self.clock.now(), age)) {
            forgotten += in_steps(|| self.records.audit.forget_audit(until, PAGE)).await?;
        }
        if let Some(most) = entries {
            let early = in_steps(|| self.records.audit.trim_audit(most, PAGE)).await?;
            if early > 0 {
                tracing::warn!(
                    entries.count = early,
                    entries.most = most,
                    "Entries of the audit log went before their time, because there were too many"
                );
            }
            forgotten += early;
        }
        Ok(forgotten)
    }

    /// Forgets uploads whose time is over, and staged bytes that no upload names; returns how many uploads.
    ///
    /// # Errors
    /// When a store fails; what was forgotten until then stays so.
    pub async fn forget_uploads(&self) -> Result<u64, StoreError> {
        let expired = self.records.uploads.expire_uploads(self.clock.now()).await?;
        // Before the records: an upload has its record before it has bytes.
        let staged = self.blobs.all_staged().await?;
        if staged.is_empty() {
            return Ok(expired);
        }
        let unfinished: HashSet<_> = self.records.uploads.unfinished_uploads().await?.into_iter().collect();
        for upload in staged.into_iter().filter(|upload| !unfinished.contains(upload)) {
            self.blobs.unstage(upload).await?;
        }
        Ok(expired)
    }

    async fn forget_jobs_of(&self, project: ProjectRef, keep: Keep) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let mut jobs = match keep.jobs {
                Some(most) => self.beyond(project, most).await?,
                None => Vec::new(),
            };
            if let (true, Some(age)) = (jobs.is_empty(), keep.age) {
                jobs = self.older(project, before(self.clock.now(), age)).await?;
            }
            if jobs.is_empty() {
                return Ok(forgotten);
            }
            // Somebody else may have deleted some of them meanwhile.
            forgotten += self.records.jobs.delete_all_ended(project, &jobs).await?;
            sleep(PAUSE).await;
        }
    }

    /// Some of the oldest ended jobs that are more than `most`.
    async fn beyond(&self, project: ProjectRef, most: u64) -> Result<Vec<JobId>, StoreError> {
        let filter = JobFilter { states: ended(), ..JobFilter::default() };
        let counts = self.records.jobs.counts(project, &filter).await?;
        let ended = counts.completed + counts.failed + counts.cancelled;
        let limit = usize::try_from(ended.saturating_sub(most)).unwrap_or(usize::MAX).min(BATCH);
        let oldest = self.records.jobs.oldest_jobs(project, &filter, None, limit).await?;
        Ok(oldest.iter().map(|job| job.id).collect())
    }

    /// Some of the jobs that ended at `until` or earlier, the oldest first. Jobs that were submitted by then and ended
    /// later are passed over.
    async fn older(&self, project: ProjectRef, until: Timestamp) -> Result<Vec<JobId>, StoreError> {
        let filter = JobFilter { states: ended(), created_to: Some(until), ..JobFilter::default() };
        let mut after = None;
        loop {
            let jobs = self.records.jobs.oldest_jobs(project, &filter, after, BATCH).await?;
            let Some(last) = jobs.last() else { return Ok(Vec::new()) };
            after = Some(last.ordinal);
            let old = jobs.iter().filter(|job| job.ended_at.is_some_and(|at| at <= until));
            let old: Vec<_> = old.map(|job| job.id).collect();
            if !old.is_empty() {
                return Ok(old);
            }
        }
    }

    /// Takes away the stored bytes that nothing needs, now and [`RetentionConfig::settle`] later.
    ///
    /// # Errors
    /// When a store fails; what was taken away until then was not needed.
    pub async fn sweep(&self, config: &RetentionConfig) -> Result<Swept, StoreError> {
        let unneeded = self.unneeded(config).await?;
        if !unneeded.is_empty() {
            sleep(config.settle).await;
        }
        let _alone = self.hold_sweeps().await;
        let begun = Instant::now();
        // Before the gathering: what is replaced after it was seen as needed is none of this sweep's.
        let replaced = self.replaced().await?;
        if unneeded.is_empty() && replaced.is_empty() {
            return Ok(Swept::default());
        }
        let needed = self.needed(config).await?;
        let mut swept = Swept::default();
        for blob in unneeded.into_iter().filter(|blob| !needed.contains(&blob.digest)) {
            // What was committed since the gathering began may be needed by what was not there to be seen.
            let idle = config.blob_grace + begun.elapsed();
            if self.blobs.unlink_idle(blob.digest, idle).await? {
                swept.blobs += 1;
                swept.bytes += blob.size;
            }
        }
        self.settle_replaced(replaced, &needed).await?;
        Ok(swept)
    }

    /// All bytes that count as replaced.
    async fn replaced(&self) -> Result<Vec<(ProjectRef, Digest)>, StoreError> {
        let mut replaced = Vec::new();
        loop {
            let page = self.records.references.replaced(replaced.last().copied(), PAGE).await?;
            if page.is_empty() {
                return Ok(replaced);
            }
            replaced.extend(page);
        }
    }

    /// Has those not count any more that are gone or count otherwise. What only jobs still need goes on counting.
    async fn settle_replaced(
        &self,
        replaced: Vec<(ProjectRef, Digest)>,
        needed: &Needed,
    ) -> Result<(), StoreError> {
        let mut settled = Vec::new();
        for (project, digest) in replaced {
            if needed.counted.contains(&digest) || self.blobs.stat(digest).await?.is_none() {
                settled.push((project, digest));
            }
        }
        for some in settled.chunks(BATCH) {
            self.records.references.settle_replaced(some).await?;
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// As long as this is held no stored bytes are swept: somebody reads those that records named a while ago.
    pub async fn hold_sweeps(&self) -> MutexGuard<'_, ()> {
        self.sweeps.lock().await
    }

    async fn unneeded(&self, config: &RetentionConfig) -> Result<Vec<BlobRef>, StoreError> {
        let needed = self.needed(config).await?;
        let mut unneeded = Vec::new();
        let mut after = None;
        loop {
            let page = self.blobs.list(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(unneeded) };
            after = Some(last.digest);
            unneeded.extend(page.into_iter().filter(|blob| !needed.contains(&blob.digest)));
            tokio::task::yield_now().await;
        }
    }

    async fn needed(&self, config: &RetentionConfig) -> Result<Needed, StoreError> {
        let mut needed = Needed::default();
        needed.counted.extend(&config.built_in);
        needed.pinned.extend(self.all_live().iter().flat_map(|live| live.staging.digests()));
        let mut after = None;
        loop {
            let part = self.records.references.blob_references(after, PAGE).await?;
            needed.counted.extend(part.counted);
            needed.pinned.extend(part.pinned);
            match part.next {
                Some(next) => after = Some(next),
                None => return Ok(needed),
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Does a step again and again, with pauses, until there is nothing left for it; returns the sum.
async fn in_steps<'a>(
    step: impl Fn() -> BoxFuture<'a, Result<u64, StoreError>> + Send,
) -> Result<u64, StoreError> {
    let mut sum = 0;
    loop {
        match step().await? {
            0 => return Ok(sum),
            some => sum += some,
        }
        sleep(PAUSE).await;
    }
}

fn ended() -> Vec<JobState> {
    JobState::ALL.into_iter().filter(|state| state.is_ended()).collect()
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(age.as_micros()).unwrap_or(i64::MAX)))
}
