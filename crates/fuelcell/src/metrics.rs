//! Figures of this process for Prometheus: those that the rooms count as they work, and those that are looked up when
//! somebody asks.

use crate::backups::OwnBackups;
use crate::held::{Counter, Held};
use anyhow::Context;
use fuelcell_domain::backup::{BackupState, Backups};
use fuelcell_domain::estimate::WaitReason;
use fuelcell_domain::job::Priority;
use fuelcell_domain::{Clock, Timestamp};
use fuelcell_scheduler::Scheduler;
use fuelcell_store::{BlobStore, QueueFigures, Store};
use fuelcell_store_sled::SledStore;
use prometheus::{
    Gauge, GaugeVec, IntCounter, IntGauge, IntGaugeVec, TextEncoder, register_gauge, register_gauge_vec,
    register_int_counter, register_int_gauge, register_int_gauge_vec,
};
use std::sync::Arc;

/// Jobs at the head of the queue whose reasons to wait are looked at.
const HEAD: usize = 1_000;

/// What figures are looked up in.
pub(crate) struct Sources {
    pub(crate) records: Arc<dyn Store>,
    /// The store of the data directory.
    pub(crate) embedded: Option<Arc<SledStore>>,
    pub(crate) blobs: Arc<dyn BlobStore>,
    /// Whether these lie on a disk of this machine.
    pub(crate) has_disk: bool,
    pub(crate) scheduler: Arc<Scheduler>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) backups: Option<Arc<OwnBackups>>,
}

/// All figures that are looked up.
pub(crate) struct Gauges {
    sources: Sources,
    queued: IntGaugeVec,
    oldest: GaugeVec,
    reasons: IntGaugeVec,
    reasons_oldest: GaugeVec,
    running: IntGauge,
    slots: IntGauge,
    finishing: IntGauge,
    reserved: IntGauge,
    job_memory: IntGauge,
    dropped: IntGauge,
    draining: IntGauge,
    outbox: IntGauge,
    outbox_age: Gauge,
    store: Option<IntGauge>,
    held: Arc<Counter>,
    blobs: IntGauge,
    blob_bytes: IntGauge,
    disk_free: Option<IntGauge>,
    backup: Option<Backup>,
}

impl Gauges {
    /// Announces them.
    #[expect(clippy::too_many_lines, reason = "a figure after another, with its help")]
    pub(crate) fn new(sources: Sources) -> anyhow::Result<Self> {
        let info =
            register_int_gauge_vec!("fuelcell_build_info", "Which build this is; always 1.", &["version"])?;
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let has_own_store = sources.embedded.is_some();
        let has_disk = sources.has_disk;
        let makes_backups = sources.backups.is_some();
        Ok(Self {
            sources,
            queued: register_int_gauge_vec!(
                "fuelcell_queue_jobs",
                "Queued jobs, by priority and by whether they may start (`ready`) or wait for their time (`scheduled`, of any priority).",
                &["state", "priority"]
            )?,
            oldest: register_gauge_vec!(
                "fuelcell_queue_oldest_age_seconds",
                "How long the job that has waited longest could have started; 0 when none waits.",
                &["priority"]
            )?,
            reasons: register_int_gauge_vec!(
                "fuelcell_queue_head_jobs",
                "Of the first 1,000 jobs that may start: how many wait for which reason, as this node sees it.",
                &["reason"]
            )?,
            reasons_oldest: register_gauge_vec!(
                "fuelcell_queue_head_oldest_age_seconds",
                "Of the first 1,000 jobs that may start: how long the oldest that waits for a reason could have started; 0 when none does.",
                &["reason"]
            )?,
            running: register_int_gauge!("fuelcell_cells_active", "Attempts that have a slot.")?,
            slots: register_int_gauge!(
                "fuelcell_cells_limit",
                "Attempts that may have a slot at the same time."
            )?,
            finishing: register_int_gauge!(
                "fuelcell_attempts_finishing",
                "Attempts whose end is being stored."
            )?,
            reserved: register_int_gauge!(
                "fuelcell_job_memory_reserved_bytes",
                "What the memory limits of running jobs add up to."
            )?,
            job_memory: register_int_gauge!(
                "fuelcell_job_memory_limit_bytes",
                "What the memory limits of running jobs may add up to."
            )?,
            dropped: register_int_gauge!(
                "fuelcell_dropped_results",
                "Attempts since the start whose results were dropped, because they did not hold their job any more."
            )?,
            draining: register_int_gauge!(
                "fuelcell_draining",
                "1 while the server takes no new jobs because it stops."
            )?,
            outbox: register_int_gauge!(
                "fuelcell_outbox_deliveries",
                "Messages about ended jobs that wait or are being sent; more than 100,000 are not counted."
            )?,
            outbox_age: register_gauge!(
                "fuelcell_outbox_oldest_age_seconds",
                "How long ago the oldest job ended of which somebody is still to be told; 0 when there is none."
            )?,
            store: store_size(has_own_store)?,
            held: Arc::default(),
            blobs: register_int_gauge!(
                "fuelcell_blobs",
                "Stored modules, datasets, outputs and checkpoints; equal bytes are one."
            )?,
            blob_bytes: register_int_gauge!("fuelcell_blobs_size_bytes", "What these take on the disk.")?,
            disk_free: disk_free(has_disk)?,
            backup: makes_backups.then(Backup::new).transpose()?,
        })
    }

    /// All figures, in Prometheus' text form.
    pub(crate) async fn text(&self) -> anyhow::Result<String> {
        let Sources { records, embedded, blobs, scheduler, clock, backups, .. } = &self.sources;
        let now = clock.now();
        self.show_queue(records.queue_figures(now).await?, now);
        self.show_reasons(&scheduler.wait_reasons(HEAD).await?, now);
        let outbox = records.outbox_figures().await?;
        self.outbox.set(whole(outbox.waiting));
        self.outbox_age.set(outbox.oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64()));
        let load = scheduler.load();
        self.running.set(whole(load.capacity.running));
        self.slots.set(whole(load.capacity.slots));
        self.finishing.set(whole(load.finishing));
        self.reserved.set(whole(load.capacity.reserved_bytes));
        self.job_memory.set(whole(load.capacity.memory_bytes));
        self.dropped.set(whole(load.dropped_results));
        self.draining.set(i64::from(load.draining));
        if let (Some(size), Some(embedded)) = (&self.store, embedded) {
            size.set(whole(embedded.size_on_disk()?));
        }
        let Held { blobs: count, bytes } = self.held.held(blobs).await?;
        self.blobs.set(whole(count));
        self.blob_bytes.set(whole(bytes));
        if let (Some(figure), Some(free)) = (&self.disk_free, blobs.free_bytes().await?) {
            figure.set(whole(free));
        }
        if let (Some(figures), Some(backups)) = (&self.backup, backups) {
            figures.show(&backups.state());
        }
        TextEncoder::new().encode_to_string(&prometheus::gather()).context("the figures cannot be written")
    }

    fn show_queue(&self, figures: QueueFigures, now: Timestamp) {
        for (priority, waiting) in Priority::ALL.into_iter().zip(figures.ready) {
            self.queued.with_label_values(&["ready", priority.as_str()]).set(whole(waiting.jobs));
            let age = waiting.since.map_or(0.0, |since| now.since(since).as_secs_f64());
            self.oldest.with_label_values(&[priority.as_str()]).set(age);
        }
        self.queued.with_label_values(&["scheduled", "any"]).set(whole(figures.scheduled));
    }

    fn show_reasons(&self, waiting: &[(WaitReason, Timestamp)], now: Timestamp) {
        for reason in WaitReason::OF_READY {
            let since = || waiting.iter().filter(|(other, _)| *other == reason).map(|(_, since)| *since);
            let age = since().min().map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
            self.reasons.with_label_values(&[reason.code()]).set(whole(since().count() as u64));
            self.reasons_oldest.with_label_values(&[reason.code()]).set(age);
        }
    }
}

/// Of a server that makes backups.
struct Backup {
    last_good: Gauge,
    failures: IntCounter,
    running: IntGauge,
}

impl Backup {
    fn new() -> prometheus::Result<Self> {
        Ok(Self {
            last_good: register_gauge!(
                "fuelcell_backup_last_good_timestamp_seconds",
                "When the latest good backup ended, in seconds since 1970; 0 when there is none."
            )?,
            failures: register_int_counter!(
                "fuelcell_backup_failures_total",
                "Backups since the start that came to nothing."
            )?,
            running: register_int_gauge!("fuelcell_backup_running", "1 while a backup is being made.")?,
        })
    }

    fn show(&self, state: &BackupState) {
        let last_good = state.last_good.map_or(0.0, |at| at.since(Timestamp(0)).as_secs_f64());
        self.last_good.set(last_good);
        self.failures.inc_by(state.failures.saturating_sub(self.failures.get()));
        self.running.set(i64::from(state.running_since.is_some()));
    }
}

/// A database has figures of its own on this.
fn store_size(has_own_store: bool) -> prometheus::Result<Option<IntGauge>> {
    let name = "fuelcell_store_size_bytes";
    let size =
        has_own_store.then(|| register_int_gauge!(name, "What the store of records takes on the disk."));
    size.transpose()
}

/// Object storage has as much as is paid for.
fn disk_free(has_disk: bool) -> prometheus::Result<Option<IntGauge>> {
    let (name, help) = ("fuelcell_disk_free_bytes", "Free bytes where the stored bytes lie.");
    has_disk.then(|| register_int_gauge!(name, help)).transpose()
}

fn whole(figure: u64) -> i64 {
    i64::try_from(figure).unwrap_or(i64::MAX)
}
