//! The parent's side: takes a child for an attempt, watches it, and sees to it that nothing of it is left.

use super::handover;
use super::serve::{ChildWire, LastWord, Server};
use super::starter::{CellProgram, Kept, Starter, Waiting};
use super::wire::{Assignment, Home, ToChild};
use crate::compile::cache::CheckedCode;
use crate::run::outcome;
use crate::run::outcome::host_failed;
use fuelcell_domain::seams::StopSignal;
use fuelcell_domain::{
    Cancellation, ErrorCode, Fence, JobError, JobHost, Limits, Meter, RunEnd, RunSpec, Usage,
};
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio::time::{sleep, sleep_until, timeout};

/// How late a child's own deadline may be before the parent ends it.
const LATENESS: Duration = Duration::from_millis(300);

/// What a child has to end by itself once it is told to stop.
const STOPPING: Duration = Duration::from_millis(500);

/// How often the parent looks whether the wish to cancel has changed.
const WATCH: Duration = Duration::from_millis(20);

/// What is read of what a dying child wrote.
const MAX_COMPLAINT: u64 = 4 << 10;

/// Runs jobs in children.
pub(crate) struct Children {
    starter: Starter,
    told_of_missing_fences: AtomicBool,
}

impl Children {
    pub(crate) fn new(program: CellProgram, home: Home) -> Self {
        Self { starter: Starter::new(program, home), told_of_missing_fences: AtomicBool::new(false) }
    }

    /// Runs one job in a child, to its end or until `stop`.
    pub(crate) async fn run(
        self: Arc<Self>,
        assignment: Assignment,
        code: Arc<CheckedCode>,
        spec: RunSpec,
        host: Arc<dyn JobHost>,
        stop: StopSignal,
    ) -> (RunEnd, Usage) {
        let started = Instant::now();
        let (children, meter) = (self.clone(), spec.meter.clone());
        let (ready, begun) = oneshot::channel();
        let serving_host = host.clone();
        let serving = spawn_blocking(move || children.serve(assignment, &code, serving_host, meter, ready));
        let running = match begun.await {
            Ok(begun) => Running { begun, serving },
            Err(_) => return failed(not_begun(serving.await), &spec.meter, started),
        };
        let ended = running.watch(&spec.limits, host.as_ref(), stop).await;
        self.tell_of_missing_fences(&spec.meter);
        match ended {
            Ok((end, usage)) => {
                spec.meter.adopt(usage, 0);
                (end, usage)
            }
            Err(end) => (end, usage_so_far(&spec.meter, started)),
        }
    }

    /// Gives a child its assignment and serves it to its end.
    fn serve(
        &self,
        assignment: Assignment,
        code: &CheckedCode,
        host: Arc<dyn JobHost>,
        meter: Arc<Meter>,
        ready: oneshot::Sender<Begun>,
    ) -> LastWord {
        let memory_bytes = assignment.limits.memory_bytes;
        match self.begin(assignment, code) {
            Ok((begun, stream)) => {
                let server = Server::new(host, meter, begun.wire.clone(), memory_bytes);
                // With nobody to take it the child dies here.
                drop(ready.send(begun));
                server.serve(stream)
            }
            Err(error) => LastWord::Unable(error.to_string()),
        }
    }

    fn begin(&self, assignment: Assignment, code: &CheckedCode) -> io::Result<(Begun, UnixStream)> {
        let Waiting { child, complaint, stream } = self.starter.take()?;
        handover::send(&stream, code)?;
        let wire = ChildWire::new(stream.try_clone()?);
        wire.tell(&ToChild::Begin(Box::new(assignment)), &[])?;
        Ok((Begun { child, complaint, wire }, stream))
    }

    /// Once in a process: the kernel does not change.
    fn tell_of_missing_fences(&self, meter: &Meter) {
        let Some(fences) = meter.fences.get() else { return };
        let missing: Vec<&Fence> = Fence::ALL.iter().filter(|fence| !fences.contains(fence)).collect();
        if !missing.is_empty() && !self.told_of_missing_fences.swap(true, Ordering::Relaxed) {
            tracing::warn!(?missing, standing = ?fences, "this kernel does not have every fence for child processes");
        }
    }
}

/// A child that knows what to do.
struct Begun {
    child: Kept,
    complaint: File,
    wire: ChildWire,
}

/// A child at work.
struct Running {
    begun: Begun,
    serving: JoinHandle<LastWord>,
}

/// Why a parent ends a child.
#[derive(Clone, Copy)]
enum Cut {
    Stopped,
    Late,
}

impl Running {
    /// What the child said of its end, or how it ended without saying anything.
    async fn watch(
        mut self,
        limits: &Limits,
        host: &dyn JobHost,
        stop: StopSignal,
    ) -> Result<(RunEnd, Usage), RunEnd> {
        let deadline = crate::cell::after(Instant::now(), limits.timeout().saturating_add(LATENESS));
        let cut = tokio::select! {
            biased;
            served = &mut self.serving => return self.ended(served),
            () = stop => Cut::Stopped,
            () = sleep_until(deadline.into()) => Cut::Late,
            never = pass_on_cancellation(&self.begun.wire, host) => match never {},
        };
        let wire = self.begun.wire.clone();
        // A child that does not read must not hold up whoever is to end it.
        spawn_blocking(move || wire.tell(&ToChild::Stop, &[]));
        let ended = match timeout(STOPPING, &mut self.serving).await {
            Ok(served) => self.ended(served).ok(),
            Err(_) => None,
        };
        let cut = match cut {
            Cut::Stopped => RunEnd::Stopped,
            Cut::Late => RunEnd::Failed(outcome::timed_out(limits)),
        };
        match ended {
            // It was told to stop, and does not know why.
            Some((RunEnd::Stopped, usage)) => Ok((cut, usage)),
            Some(ended) => Ok(ended),
            None => Err(cut),
        }
    }

    fn ended(self, served: Result<LastWord, JoinError>) -> Result<(RunEnd, Usage), RunEnd> {
        match served {
            Ok(LastWord::Ended(end, usage)) => Ok((end, usage)),
            Ok(LastWord::Unable(reason)) => Err(RunEnd::Failed(no_child(&reason))),
            Ok(LastWord::None(error)) => Err(RunEnd::Failed(self.begun.died(error))),
            Err(panic) => {
                tracing::error!(error.message = %panic, "the host of a job in a child process panicked");
                Err(RunEnd::Failed(host_failed()))
            }
        }
    }
}

impl Begun {
    /// What is known of a child that ended without a word.
    fn died(mut self, error: Option<io::Error>) -> JobError {
        let status = self.child.end();
        let mut complaint = Vec::new();
        let read = self
            .complaint
            .rewind()
            .and_then(|()| self.complaint.take(MAX_COMPLAINT).read_to_end(&mut complaint));
        let complaint = String::from_utf8_lossy(&complaint);
        tracing::warn!(
            %status, ?error, complaint = complaint.trim(), complaint.read = read.is_ok(),
            "the process of a job died"
        );
        JobError::new(ErrorCode::NodeLost, format!("the process that ran this attempt died: {status}"))
            .transient()
    }
}

async fn pass_on_cancellation(wire: &ChildWire, host: &dyn JobHost) -> Infallible {
    let mut told = Cancellation::None;
    loop {
        sleep(WATCH).await;
        let wish = host.cancellation();
        if wish != told {
            let wire = wire.clone();
            let said = spawn_blocking(move || wire.tell(&ToChild::Cancellation(wish), &[])).await;
            if !matches!(said, Ok(Ok(()))) {
                // The one who serves it sees why.
                return std::future::pending().await;
            }
            told = wish;
        }
    }
}

fn not_begun(served: Result<LastWord, JoinError>) -> JobError {
    match served {
        Ok(LastWord::Unable(reason)) => no_child(&reason),
        Ok(LastWord::Ended(..) | LastWord::None(_)) => no_child("its keeper went away"),
        Err(panic) => no_child(&panic.to_string()),
    }
}

fn no_child(reason: &str) -> JobError {
    tracing::error!(reason, "a job cannot be run in a child process");
    JobError::new(ErrorCode::HostDefect, "this server cannot run jobs in a process of their own now")
        .transient()
}

fn failed(error: JobError, meter: &Meter, started: Instant) -> (RunEnd, Usage) {
    (RunEnd::Failed(error), usage_so_far(meter, started))
}

fn usage_so_far(meter: &Meter, started: Instant) -> Usage {
    let wall_micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    Usage { wall_micros, ..meter.usage() }
}
