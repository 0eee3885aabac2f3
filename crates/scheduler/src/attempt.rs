//! One attempt, from its claim to its end.

use crate::artifacts::Staging;
use crate::dispatch::Scheduler;
use crate::host::{AttemptHost, Sources};
use crate::live::{Live, StopReason};
use crate::metrics;
use crate::slots::{Entry, Slot};
use crate::stages::Stages;
use fuelcell_domain::outbound::Outlet;
use fuelcell_domain::seams::ScriptSources;
use fuelcell_domain::{Digest, ErrorCode, Job, JobError, ReadAt, RunEnd, RunSpec, Usage};
use fuelcell_store::Claim;
use futures::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::sleep;
use tracing::Instrument;

/// How long a job that was claimed ahead waits for a slot, when those before it turn out not to be short. Then it goes back
/// to the queue, for other nodes and more urgent jobs.
const AHEAD_PATIENCE: Duration = Duration::from_secs(1);

/// An attempt in the scheduler's list of running ones; leaves it when dropped, also by a panic.
struct Registered {
    scheduler: Arc<Scheduler>,
    live: Arc<Live>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.scheduler.live.lock().remove(&self.live.id);
        if self.live.is_finishing() {
            self.scheduler.finishing.fetch_sub(1, Ordering::SeqCst);
        }
        self.scheduler.wake.notify_one();
    }
}

/// What an attempt needs of others before its guest runs.
struct Opened {
    files: Vec<Arc<dyn ReadAt>>,
    script: Option<ScriptSources>,
    outlet: Arc<dyn Outlet>,
}

impl Scheduler {
    /// Starts a claimed job as a task of its own.
    pub(crate) fn start(self: &Arc<Self>, claim: Claim) {
        let job = &claim.job;
        let now = self.clock.now();
        metrics::claimed(job, now);
        let span = tracing::info_span!(
            "attempt",
            job = %job.id,
            attempt = job.attempt,
            project = %job.project,
            module = %job.module.name,
            trace_id = job.trace.map(|context| display(context.trace_id())),
        );
        let staging =
            Staging::new(self.blobs.clone(), self.config.fixed.artifacts as usize, job.limits.disk_bytes);
        let isolation = job.isolation(self.config.isolation);
        let stages = Stages::of_claimed(job, isolation, &self.compiled, now);
        let live = Arc::new(Live::new(job, staging, self.config.fixed.log_bytes, stages));
        self.live.lock().insert(live.id, live.clone());
        let entry = self.slots.enter(job.limits.memory_bytes);
        if let Entry::In(_) = entry {
            live.admit();
        }
        let registered = Registered { scheduler: self.clone(), live };
        self.attempts.spawn(attempt(registered, claim, entry).instrument(span));
    }

    fn begin_finishing(&self, live: &Live) {
        if live.begin_finishing() {
            self.finishing.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Runs the guest to its end; whatever goes wrong before is an end too.
    async fn execute(&self, claim: &Claim, live: &Arc<Live>) -> (RunEnd, Usage) {
        let job = &claim.job;
        let mut span = live.stages.step("open", self.clock.now());
        let Opened { files, script, outlet } = match self.open(job).await {
            Ok(opened) => opened,
            Err(error) => {
                span.fail(error.code, &error.message);
                span.end(self.clock.now());
                return (RunEnd::Failed(error), Usage::nothing());
            }
        };
        live.set_outlet(outlet.clone());
        let sources = Sources {
            queue: self.records.queue.clone(),
            processed: self.records.processed.clone(),
            blobs: self.blobs.clone(),
            outlet,
            clock: self.clock.clone(),
            life: self.life.clone(),
        };
        let host = AttemptHost::new(live.clone(), sources, job, files, claim.checkpoint);
        let host = Arc::new(host.with_script(script));
        let began = self.clock.now();
        span.end(began);
        let run_span = live.stages.begin_run(job, began);
        let spec = RunSpec {
            module: job.module.program(),
            limits: job.limits,
            deterministic_seed: job.deterministic_run().map(|run| run.seed),
            isolation: job.isolation(self.config.isolation),
            expected: self.shares.lock().expected_time(job.module.digest),
            profiled: job.profile,
            meter: live.meter.clone(),
        };
        let stop = live.stop_signal(self.config.cancel_grace, self.config.partial_grace);
        let run = self.runner.run(spec, host, stop);
        let ended = AssertUnwindSafe(run).catch_unwind().await;
        let (end, usage) = ended.unwrap_or_else(|panic| {
            tracing::error!(panic = panic_text(panic.as_ref()), "The runner panicked; the attempt is lost");
            (RunEnd::Failed(host_defect()), live.pulse().usage)
        });
        let loaded = began.plus(live.meter.load_time());
        live.stages.end_run(run_span, (&end, usage), (began, loaded), self.clock.now());
        (end, usage)
    }

    async fn open(&self, job: &Job) -> Result<Opened, JobError> {
        Ok(Opened {
            files: self.open_inputs(job).await?,
            script: self.open_script(job).await?,
            outlet: self.outlets.open(job).await?,
        })
    }

    /// A script with its engine; none of a module that runs by itself.
    async fn open_script(&self, job: &Job) -> Result<Option<ScriptSources>, JobError> {
        let Some(engine) = &job.module.engine else { return Ok(None) };
        let archive = self.open_program(job.module.digest, "script").await?;
        let engine = self.open_program(engine.digest, "engine").await?;
        Ok(Some(ScriptSources { archive, engine }))
    }

    async fn open_program(&self, digest: Digest, what: &str) -> Result<Arc<dyn ReadAt>, JobError> {
        let found = self.blobs.open(digest).await.map_err(|error| {
            JobError::new(ErrorCode::Storage, format!("the {what} could not be read: {error}")).transient()
        })?;
        let gone = || format!("the bytes of the job's {what} no longer exist");
        found.ok_or_else(|| JobError::new(ErrorCode::InputGone, gone()))
    }

    async fn open_inputs(&self, job: &Job) -> Result<Vec<Arc<dyn ReadAt>>, JobError> {
        let mut files = Vec::with_capacity(job.inputs.len());
        for input in &job.inputs {
            let file = self.blobs.open(input.digest).await.map_err(|error| {
                let message = format!("input \"{}\" could not be read: {error}", input.name);
                JobError::new(ErrorCode::Storage, message).transient()
            })?;
            files.push(file.ok_or_else(|| {
                let message =
                    format!("the bytes of input \"{}\" ({}) no longer exist", input.name, input.file_name);
                JobError::new(ErrorCode::InputGone, message)
            })?);
        }
        Ok(files)
    }
}

async fn attempt(registered: Registered, claim: Claim, entry: Entry) {
    let Registered { scheduler, live } = &registered;
    let (end, usage) = match admitted(live, entry).await {
        Some(_place) => {
            live.admit();
            tracing::debug!("Attempt started");
            let (end, usage) = scheduler.execute(&claim, live).await;
            scheduler.shares.lock().settle(live.project.tenant, live.module, &usage);
            // The slot is free from here on, while the store takes the end.
            scheduler.begin_finishing(live);
            (end, usage)
        }
        None => (RunEnd::Stopped, Usage::nothing()),
    };
    scheduler.begin_finishing(live);
    scheduler.wake.notify_one();
    scheduler.keep_profile(&claim.job, live, &end, usage).await;
    scheduler.finish(&claim.job, live, end, usage).await;
    live.stages.close(scheduler.clock.now());
}

/// Waits for a slot; `None` when the job is stopped before, or waits too long.
async fn admitted(live: &Live, entry: Entry) -> Option<Slot> {
    let called = match entry {
        Entry::In(slot) => return Some(slot),
        Entry::Waiting(called) => called,
    };
    tokio::select! {
        biased;
        slot = called => slot.ok(),
        () = live.stopped() => None,
        () = sleep(AHEAD_PATIENCE) => {
            live.stop(StopReason::GiveBack);
            None
        }
    }
}

/// A defect of the server is nobody's reason to condemn a job: it is tried again, later, as often as after a transient
/// failure of its own. What went wrong is in the server's log, not in the answer to a client.
fn host_defect() -> JobError {
    JobError::new(ErrorCode::HostDefect, "the attempt was lost by a defect of the server, not of the job")
        .transient()
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(no text)")
}
