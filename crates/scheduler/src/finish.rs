//! The end of an attempt: everything that it brought goes to the store in one transaction, or is dropped as a whole.

use crate::dispatch::Scheduler;
use crate::live::{Live, StopReason};
use crate::text::{clean, cut};
use crate::{is_stale, metrics};
use fuelcell_domain::job::Pulse;
use fuelcell_domain::{
    Artifact, ArtifactRole, Completion, Digest, ErrorCode, Job, JobError, LogLevel, Receipt, RunEnd,
    Timestamp, Transition, Usage,
};
use fuelcell_store::Finish;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The stage of the line in the log that says how an attempt failed: whoever looks for errors finds at least this one.
const END: &str = "end";
/// Longest reason of a job that skipped itself, in bytes.
const MAX_REASON: usize = 256;
/// Longest error message in bytes.
const MAX_ERROR_MESSAGE: usize = 2 * 1024;
/// Longest details of an error in bytes.
const MAX_ERROR_DETAILS: usize = 16 * 1024;
/// The pause after the first failed try to store an end; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Scheduler {
    /// Stores how the attempt ended.
    pub(crate) async fn finish(&self, job: &Job, live: &Live, end: RunEnd, usage: Usage) {
        let Some(transition) = transition(end, live.stop_reason()) else {
            return self.drop_results("the attempt had lost its job");
        };
        let at = self.clock.now();
        if let Transition::Fail(error) = &transition {
            live.log.lock().push(at, LogLevel::Error, END, &error.to_string());
        }
        self.write_last_lines(live, at).await;
        let finish = self.account(job, live, transition, usage, at);
        let span = live.stages.step("end", self.clock.now());
        self.offer(finish, live).await;
        span.end(self.clock.now());
    }

    async fn write_last_lines(&self, live: &Live, at: Timestamp) {
        let _turn = live.written.lock().await;
        live.log.lock().close(at);
        if let Err(error) = self.write_log(live).await {
            tracing::warn!(%error, "The last log lines could not be written");
        }
    }

    fn account(&self, job: &Job, live: &Live, transition: Transition, usage: Usage, at: Timestamp) -> Finish {
        let artifacts = live.staging.finished();
        let receipt = Receipt {
            attempt: live.id.of_record(),
            node: self.config.node.0.clone(),
            module: job.module.digest,
            script_engine: job.module.engine.as_ref().map(|engine| engine.digest),
            parameters: Digest::of(job.parameters.as_bytes()),
            inputs: job.inputs.iter().map(|input| (input.name.clone(), input.digest)).collect(),
            outputs: outputs(&artifacts),
            limits: job.limits,
            fixed: self.config.fixed,
            deterministic: job.deterministic_run(),
            engine: self.runner.fingerprint().into(),
            isolation: job.isolation(self.config.isolation).into(),
            fences: live.meter.fences.get().cloned().unwrap_or_default(),
            started_at: job.started_at.unwrap_or(at),
            ended_at: at,
            usage,
            log: live.log.lock().usage(),
            contacts: live.contacts(),
        };
        let mut pulse = Pulse { usage, memory_bytes: 0, ..live.pulse() };
        if transition == Transition::Complete(Completion::NoItems) {
            pulse.report = pulse.report.of_no_items();
        }
        Finish {
            attempt: live.id,
            transition,
            at,
            pulse,
            artifacts,
            marks: live.marks.lock().take(),
            receipt,
        }
    }

    /// Offers the end to the store until it takes or refuses it, or patience is over; then the lease runs out and the job
    /// runs again.
    async fn offer(&self, finish: Finish, live: &Live) {
        let give_up = Instant::now() + self.config.finish_patience;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.records.queue.finish(finish.clone()).await {
                Ok(job) => {
                    live.stages.ended(&job);
                    return self.finished(&job, finish.receipt.usage);
                }
                Err(error) if is_stale(&error) => {
                    return self.drop_results("the store refused them as stale");
                }
                Err(error) if error.is_of_the_medium() && Instant::now() + pause < give_up => {
                    tracing::warn!(%error, "The end of the attempt could not be stored; trying again");
                }
                Err(error) => {
                    return tracing::error!(%error, "The end of the attempt could not be stored; the job is left to its lease");
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn finished(&self, job: &Job, usage: Usage) {
        metrics::ended(job, &usage);
        let error = job.error().map(|error| error.code.to_string());
        tracing::info!(
            state = job.state.as_str(),
            error,
            wall_micros = usage.wall_micros,
            cpu_micros = usage.cpu_micros,
            peak_memory_bytes = usage.peak_memory_bytes,
            fuel = usage.fuel.units(),
            fuel.is_lower_bound = usage.fuel.is_lower_bound(),
            "Attempt ended"
        );
    }

    fn drop_results(&self, reason: &str) {
        self.dropped_results.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(reason, "Results of an attempt dropped");
    }
}

/// What the guest made.
fn outputs(artifacts: &[Artifact]) -> Vec<(String, Digest)> {
    let made = artifacts.iter().filter(|artifact| artifact.description.role != ArtifactRole::Profile);
    made.map(|made| (made.description.name.clone(), made.digest)).collect()
}

/// What the store is told about the end; `None` when it is to be told nothing. A text of the guest's is cut to what is kept.
fn transition(end: RunEnd, stopped: Option<StopReason>) -> Option<Transition> {
    if stopped == Some(StopReason::Lost) {
        return None;
    }
    Some(match (end, stopped) {
        (RunEnd::Completed(Completion::Skipped(reason)), _) => {
            Transition::Complete(Completion::Skipped(clean(&reason, MAX_REASON)))
        }
        (RunEnd::Completed(completion), _) => Transition::Complete(completion),
        (RunEnd::Failed(error), _) => Transition::Fail(bounded(error)),
        (RunEnd::Stopped, Some(StopReason::GiveBack)) => Transition::GiveBack,
        (RunEnd::Stopped, Some(_)) => Transition::Stop,
        (RunEnd::Stopped, None) => Transition::Fail(stopped_for_nothing()),
    })
}

fn bounded(error: JobError) -> JobError {
    JobError {
        message: cut(error.message, MAX_ERROR_MESSAGE),
        details: error.details.map(|details| cut(details, MAX_ERROR_DETAILS)),
        ..error
    }
}

/// A runner that stops a guest without being told to is defective; the job is not.
fn stopped_for_nothing() -> JobError {
    JobError::new(ErrorCode::HostDefect, "the attempt was stopped by a defect of the server, not of the job")
        .transient()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_an_attempt_ends_follows_from_its_run_and_from_why_it_was_stopped() {
        let done = || RunEnd::Completed(Completion::Done);
        let error = JobError::new(ErrorCode::Trap, "unreachable");
        let failed = || RunEnd::Failed(error.clone());
        let cases = [
            (done(), None, Some(Transition::Complete(Completion::Done))),
            (done(), Some(StopReason::Cancel), Some(Transition::Complete(Completion::Done))),
            (done(), Some(StopReason::Lost), None),
            (failed(), None, Some(Transition::Fail(error.clone()))),
            (failed(), Some(StopReason::Lost), None),
            (RunEnd::Stopped, Some(StopReason::Cancel), Some(Transition::Stop)),
            (RunEnd::Stopped, Some(StopReason::GiveBack), Some(Transition::GiveBack)),
            (RunEnd::Stopped, Some(StopReason::Lost), None),
            (RunEnd::Stopped, None, Some(Transition::Fail(stopped_for_nothing()))),
        ];
        for (end, stopped, expected) in cases {
            assert_eq!(transition(end.clone(), stopped), expected, "{end:?} {stopped:?}");
        }
    }

    #[test]
    fn texts_of_the_guest_are_cut() {
        let error =
            JobError::new(ErrorCode::GuestError, "m".repeat(100_000)).with_details("d\n".repeat(100_000));
        let Some(Transition::Fail(kept)) = transition(RunEnd::Failed(error), None) else {
            panic!("a failure")
        };
        assert_eq!(kept.message.len(), MAX_ERROR_MESSAGE);
        assert_eq!(kept.details.map(|details| details.len()), Some(MAX_ERROR_DETAILS));
        let end = RunEnd::Completed(Completion::Skipped("no\nnews".into()));
        let skipped = Transition::Complete(Completion::Skipped("no\\nnews".into()));
        assert_eq!(transition(end, None), Some(skipped));
    }
}
