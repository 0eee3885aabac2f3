//! An attempt that runs on this node: what others may see of it and do to it while the guest is at work.

use crate::artifacts::Staging;
use crate::concurrency::Owners;

use crate::log::LogBuffer;
use crate::marks::Marks;
use crate::stages::Stages;
use fuelcell_domain::job::Pulse;
use fuelcell_domain::outbound::{Contact, Outlet};
use fuelcell_domain::seams::{Running, StopSignal};
use fuelcell_domain::{AttemptId, Digest, Job, Meter, Progress, ProjectRef, Report};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Why the host ends an attempt by force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// Somebody cancelled the job.
    Cancel,
    /// The node gives the job back unharmed: it shuts down, or the job waited too long for its slot.
    GiveBack,
    /// The attempt does not hold its job any more: nothing that it brings is wanted.
    Lost,
}

/// Everything that an attempt gathers until its end.
pub(crate) struct Live {
    pub(crate) id: AttemptId,
    pub(crate) project: ProjectRef,
    pub(crate) module: Digest,
    pub(crate) owners: Owners,
    pub(crate) started: Instant,
    pub(crate) meter: Arc<Meter>,
    pub(crate) staging: Arc<Staging>,
    pub(crate) log: Mutex<LogBuffer>,
    pub(crate) marks: Mutex<Marks>,
    pub(crate) stages: Stages,
    /// The pulse that the store has. Whoever writes pulses or log lines holds this lock, so that they arrive in order.
    pub(crate) written: tokio::sync::Mutex<Pulse>,
    figures: Mutex<Figures>,
    outlet: OnceLock<Arc<dyn Outlet>>,
    admitted: OnceLock<Instant>,
    finishing: AtomicBool,
    partial_wanted: AtomicBool,
    cancelled: CancellationToken,
    stopped: CancellationToken,
    reason: OnceLock<StopReason>,
}

#[derive(Clone, Default)]
struct Figures {
    progress: Progress,
    report: Report,
}

impl Live {
    /// An attempt that was claimed just now.
    pub(crate) fn new(job: &Job, staging: Staging, log_quota_bytes: u64, stages: Stages) -> Self {
        Self {
            id: job.current_attempt(),
            project: job.project,
            module: job.module.digest,
            owners: Owners::of_job(job),
            started: Instant::now(),
            meter: Arc::default(),
            staging: Arc::new(staging),
            log: Mutex::new(LogBuffer::new(job.attempt, log_quota_bytes)),
            marks: Mutex::default(),
            stages,
            written: tokio::sync::Mutex::default(),
            figures: Mutex::default(),
            outlet: OnceLock::new(),
            admitted: OnceLock::new(),
            finishing: AtomicBool::new(false),
            partial_wanted: AtomicBool::new(false),
            cancelled: CancellationToken::new(),
            stopped: CancellationToken::new(),
            reason: OnceLock::new(),
        }
    }

    /// Notes how far the guest is. The percentage is whole, at most 100 and never falls; of nothing, nothing is done.
    pub(crate) fn set_progress(&self, done: u64, total: u64, stage: String) {
        let percentage = match total {
            0 => 0,
            _ => u128::from(done.min(total)) * 100 / u128::from(total),
        };
        let progress = &mut self.figures.lock().progress;
        progress.percentage = progress.percentage.max(u8::try_from(percentage).unwrap_or(100));
        progress.stage = stage;
    }

    /// Replaces the guest's report.
    pub(crate) fn set_report(&self, report: Report) {
        self.figures.lock().report = report;
    }

    /// What it tells of itself while it runs.
    pub(crate) fn running(&self) -> Running {
        let percentage = self.figures.lock().progress.percentage;
        Running { module: self.module, elapsed: self.started.elapsed(), percentage }
    }

    /// The live figures as they are now, wall time and memory included.
    pub(crate) fn pulse(&self) -> Pulse {
        let Figures { progress, report } = self.figures.lock().clone();
        let mut usage = self.meter.usage();
        usage.wall_micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        Pulse { progress, report, usage, memory_bytes: self.meter.memory_bytes.load(Ordering::Relaxed) }
    }

    /// Notes its way out.
    pub(crate) fn set_outlet(&self, outlet: Arc<dyn Outlet>) {
        let _ = self.outlet.set(outlet);
    }

    /// Whom it has contacted so far.
    pub(crate) fn contacts(&self) -> Vec<Contact> {
        self.outlet.get().map_or_else(Vec::new, |outlet| outlet.contacts())
    }

    /// Whether it was claimed ahead and has no slot yet.
    pub(crate) fn is_waiting(&self) -> bool {
        self.admitted.get().is_none()
    }

    /// Notes that it has a slot from now on.
    pub(crate) fn admit(&self) {
        let _ = self.admitted.set(Instant::now());
    }

    /// How long it has had its slot.
    pub(crate) fn on_slot(&self) -> Duration {
        self.admitted.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// Resolves when the guest is to be stopped by force.
    pub(crate) async fn stopped(&self) {
        self.stopped.cancelled().await;
    }

    /// Whether the guest has ended and only the store's word is missing.
    pub(crate) fn is_finishing(&self) -> bool {
        self.finishing.load(Ordering::SeqCst)
    }

    /// The guest has ended: its slot and memory are free, and nobody but the finisher writes for it any more. Says whether
    /// that is new.
    pub(crate) fn begin_finishing(&self) -> bool {
        !self.finishing.swap(true, Ordering::SeqCst)
    }

    /// Tells the guest that somebody cancelled it; its grace begins.
    pub(crate) fn cancel(&self) {
        self.cancelled.cancel();
    }

    /// Notes that whoever cancelled it wants what it has so far, which takes a longer grace.
    pub(crate) fn want_partial(&self) {
        self.partial_wanted.store(true, Ordering::SeqCst);
    }

    /// Whether somebody cancelled it.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    /// Stops the guest by force. The first reason stays.
    pub(crate) fn stop(&self, reason: StopReason) {
        let _ = self.reason.set(reason);
        self.stopped.cancel();
    }

    /// Why the guest was stopped by force, if it was.
    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        self.reason.get().copied()
    }

    /// Resolves when the guest is to be stopped by force: at once by [`Live::stop`], `grace` after [`Live::cancel`], and
    /// `partial_grace` after it where partial results are wanted.
    pub(crate) fn stop_signal(self: &Arc<Self>, grace: Duration, partial_grace: Duration) -> StopSignal {
        let live = self.clone();
        Box::pin(async move {
            let grace_over = async {
                live.cancelled.cancelled().await;
                tokio::time::sleep(grace).await;
                if live.partial_wanted.load(Ordering::SeqCst) {
                    tokio::time::sleep(partial_grace.saturating_sub(grace)).await;
                }
            };
            tokio::select! {
                () = live.stopped.cancelled() => {}
                () = grace_over => live.stop(StopReason::Cancel),
            }
        })
    }
}
