//! One run of one export: a store, and a race between the guest, its deadline and the wish to stop. How it ended is put
//! into words in [`outcome`].
//!
//! Knows cells and what guests can call. Where a program comes from, and in which process it runs, is not its concern.

pub(crate) mod check;
pub(crate) mod describe;
pub(crate) mod no_job;
pub(crate) mod outcome;

use crate::cell::outbox;
use crate::cell::surroundings::Profile;
use crate::cell::told::End;
use crate::cell::{self, Cell, CellSpec, Shared};
use crate::guest::bindings::JobPre;
use crate::guest::bindings::fuelcell::job::types;
use crate::guest::desk::{self, Task};
use crate::guest::exits::{FailedExit, is_exit};
use crate::guest::program::Program;
use crate::text::clipped;
use fuelcell_domain::seams::StopSignal;
use fuelcell_domain::{Completion, Fuel, JobError, JobHost, Meter, RunEnd, RunSpec, Usage};
use outcome::{Cut, NotStarted};
use rustix::time::{ClockId, clock_gettime};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};
use wasmtime::{Store, Trap};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::CommandPre;

/// Longest reason for skipping in bytes.
const MAX_REASON: usize = 1 << 10;

/// What a cell is made of.
pub(crate) struct Run {
    pub(crate) program: Program,
    pub(crate) spec: RunSpec,
    pub(crate) shared: Shared,
    pub(crate) host: Arc<dyn JobHost>,
    pub(crate) profile: Option<Profile>,
    pub(crate) stop: StopSignal,
}

/// Runs the program to its end. The guest computes on the thread that polls, which it holds up until it gives way.
pub(crate) async fn program(run: Run) -> (RunEnd, Usage) {
    let call = async |program: &Program, store: &mut Store<Cell>| {
        let returned = call(program, store).await;
        let returned = as_told(store.data(), returned);
        let Some(outbox) = store.data().outbox() else { return returned };
        // What lies in /out is published when the program ended by itself, also when it says that it failed.
        match returned {
            Ok(Ok(completion)) => Ok(outbox::publish(&outbox).await.map(|()| completion)),
            Ok(Err(error)) => {
                outbox::publish_what_is_good(&outbox).await;
                Ok(Err(error))
            }
            Err(error) if is_exit(&error) => {
                outbox::publish_what_is_good(&outbox).await;
                Err(error)
            }
            Err(error) => Err(error),
        }
    };
    let (ended, usage) = in_cell(run, call).await;
    let end = match ended {
        Ok(Ok(completion)) => RunEnd::Completed(completion),
        Ok(Err(error)) | Err(Cut::Failed(error)) => RunEnd::Failed(error),
        Err(Cut::Exited) => RunEnd::Completed(Completion::Done),
        Err(Cut::Stopped) => RunEnd::Stopped,
    };
    (end, usage)
}

/// Calls the one function that a program has. To exit with 0 is to return well. The engine looks at the fuel where functions
/// and rounds of loops begin; what was burnt behind the last of these places counts too.
async fn call(program: &Program, store: &mut Store<Cell>) -> wasmtime::Result<Result<Completion, JobError>> {
    let returned = match program {
        Program::Job(job) => call_job(job, store).await,
        Program::Command(command) => call_command(command, store).await,
    };
    match returned {
        Ok(_) if cell::is_out_of_fuel(store) => Err(Trap::OutOfFuel.into()),
        Err(error) if is_exit(&error) && cell::is_out_of_fuel(store) => Err(Trap::OutOfFuel.into()),
        Err(error) if matches!(error.downcast_ref(), Some(I32Exit(0))) => Ok(Ok(Completion::Done)),
        returned => returned,
    }
}

async fn call_job(
    job: &JobPre<Cell>,
    store: &mut Store<Cell>,
) -> wasmtime::Result<Result<Completion, JobError>> {
    let job = job.instantiate_async(&mut *store).await.map_err(not_started)?;
    let returned = job.call_run(&mut *store).await?;
    Ok(returned.map(completed).map_err(|failure| failed(store.data(), failure)))
}

/// Calls a program for its manifest alone, which it tells its host if it knows that it can be asked.
pub(crate) async fn manifest_of(
    command: &CommandPre<Cell>,
    store: &mut Store<Cell>,
) -> wasmtime::Result<Option<String>> {
    desk::set_up(store.data_mut(), Task::Describe);
    let returned = start(command, store).await;
    let manifest = store.data().told.lock().manifest.take();
    // One that tells nothing cannot be asked, however it ends: many want a job's files, and there are none.
    drop(returned);
    Ok(manifest)
}

/// A program that ended by itself ended as it said. What it did not say follows from its exit.
fn as_told(
    cell: &Cell,
    returned: wasmtime::Result<Result<Completion, JobError>>,
) -> wasmtime::Result<Result<Completion, JobError>> {
    let end = cell.told.lock().end.take();
    match (returned, end) {
        (Ok(Ok(_)), Some(End::Completed(completion))) => Ok(Ok(completion)),
        (Ok(Ok(_)), Some(End::Failed { code, message, transient })) => {
            Ok(Err(outcome::guest_failed(cell, &code, message, transient)))
        }
        (Err(error), Some(End::Failed { code, message, transient })) if is_exit(&error) => {
            Ok(Err(outcome::guest_failed(cell, &code, message, transient)))
        }
        (returned, _) => returned,
    }
}

async fn call_command(
    command: &CommandPre<Cell>,
    store: &mut Store<Cell>,
) -> wasmtime::Result<Result<Completion, JobError>> {
    desk::set_up(store.data_mut(), Task::Run);
    start(command, store).await?;
    Ok(Ok(Completion::Done))
}

async fn start(command: &CommandPre<Cell>, store: &mut Store<Cell>) -> wasmtime::Result<()> {
    let command = command.instantiate_async(&mut *store).await.map_err(not_started)?;
    let returned = command.wasi_cli_run().call_run(&mut *store).await?;
    returned.map_err(|()| wasmtime::Error::new(FailedExit))
}

/// Marks an error from before the guest's first instruction.
pub(crate) fn not_started(error: wasmtime::Error) -> wasmtime::Error {
    error.context(NotStarted)
}

fn completed(completion: types::Completion) -> Completion {
    match completion {
        types::Completion::Done => Completion::Done,
        types::Completion::NoItems => Completion::NoItems,
        types::Completion::Skipped(reason) => Completion::Skipped(clipped(reason, MAX_REASON)),
    }
}

fn failed(cell: &Cell, failure: types::Failure) -> JobError {
    outcome::guest_failed(cell, &failure.code, failure.message, failure.transient)
}

/// Does `call` in a cell that is gone when this returns.
pub(crate) async fn in_cell<T>(
    run: Run,
    call: impl AsyncFnOnce(&Program, &mut Store<Cell>) -> wasmtime::Result<T>,
) -> (Result<T, Cut>, Usage) {
    let meter = run.spec.meter.clone();
    let (result, usage) = metered(lived(run, call), &meter).await;
    // The last step is measured only now.
    (result, Usage { cpu_micros: meter.usage().cpu_micros, ..usage })
}

async fn lived<T>(
    run: Run,
    call: impl AsyncFnOnce(&Program, &mut Store<Cell>) -> wasmtime::Result<T>,
) -> (Result<T, Cut>, Usage) {
    let Run { program, spec, shared, host, profile, stop } = run;
    let started = Instant::now();
    let cell_spec = CellSpec { spec: &spec, shared: &shared, host, profile, started };
    // The store has only just been made, and its engine counts fuel.
    let mut store = cell::open(program.engine(), cell_spec)
        .expect("a fresh store of an engine that counts fuel takes fuel");

    let deadline = cell::after(started, spec.limits.timeout());
    let guest = call(&program, &mut store);
    // The store lives outside the race: what it counted survives a guest that is dropped in the middle.
    let ended = race(guest, stop, deadline).await;

    let fuel = match &ended {
        Ended::Guest(Ok(_)) => burnt(&store, &spec).map(Fuel::Exact),
        Ended::Guest(Err(error)) if outcome::fuel_is_known(error) => burnt(&store, &spec).map(Fuel::Exact),
        // What the engine knows is what the guest said last.
        _ => burnt(&store, &spec).map(Fuel::AtLeast),
    };
    let fuel = fuel.unwrap_or_default();
    let result = match ended {
        Ended::Guest(returned) => {
            returned.map_err(|error| outcome::explain(&error, store.data(), &spec.limits))
        }
        Ended::Deadline => {
            let waited = "it waited in a call of the host";
            Err(Cut::Failed(outcome::timed_out(&spec.limits).with_details(waited)))
        }
        Ended::Stopped => Err(Cut::Stopped),
    };
    store.data().finish_output();
    if let Some(sampler) = store.data_mut().sampler.take() {
        let _ = spec.meter.profile.set(sampler.finish(fuel.units().unwrap_or_default()));
    }
    drop(store);
    (result, Usage { fuel, wall_micros: micros(started.elapsed()), ..spec.meter.usage() })
}

/// How a race ended.
enum Ended<T> {
    Guest(wasmtime::Result<T>),
    Deadline,
    Stopped,
}

/// A guest that is done has won, however late it is; a stop is asked for by people and goes before the deadline.
async fn race<T>(
    guest: impl Future<Output = wasmtime::Result<T>>,
    stop: StopSignal,
    deadline: Instant,
) -> Ended<T> {
    let mut guest = pin!(guest);
    tokio::select! {
        biased;
        returned = &mut guest => return Ended::Guest(returned),
        () = stop => return Ended::Stopped,
        () = tokio::time::sleep_until(deadline.into()) => {}
    }
    // A guest that computes has just given way. As soon as it goes on it sees that its time is up, and the engine can tell
    // where it was.
    match poll_fn(|context| Poll::Ready(guest.as_mut().poll(context))).await {
        Poll::Ready(returned) => Ended::Guest(returned),
        Poll::Pending => Ended::Deadline,
    }
}

/// Notes the CPU time of every step of `work`, each on the thread that takes it. A guest gives way every few milliseconds.
async fn metered<T>(work: impl Future<Output = T>, meter: &Meter) -> T {
    let mut work = pin!(work);
    let mut spent = Duration::ZERO;
    poll_fn(|context| {
        let before = thread_cpu_time();
        let polled = work.as_mut().poll(context);
        spent += thread_cpu_time().saturating_sub(before);
        meter.cpu_micros.store(micros(spent), Ordering::Relaxed);
        polled
    })
    .await
}

fn burnt(store: &Store<Cell>, spec: &RunSpec) -> Option<u64> {
    let limit = spec.limits.fuel.unwrap_or(u64::MAX);
    store.get_fuel().ok().map(|left| cell::fuel(spec).saturating_sub(left).min(limit))
}

fn thread_cpu_time() -> Duration {
    // The clock of a running thread is never negative.
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
