//! The child's side: it reads what to run, opens what that needs, shuts itself in, and runs it.

use super::handover;
use super::remote::{RemoteHost, Requests, Wire, orphaned};
use super::wire::{self, Answer, Assignment, Home, ToChild, ToParent};
use crate::cell::{Cell, Shared};
use crate::compile::cache::CheckedCode;
use crate::compile::engine::{self, CodeSettings, PoolSize};
use crate::compile::profiled;
use crate::fences;
use crate::files::Scratch;
use crate::guest::linker;
use crate::guest::program::Program;
use crate::run::outcome::host_failed;
use crate::run::{self, Run};
use fuelcell_domain::outbound::HttpResponse;
use fuelcell_domain::{Cancellation, FuelProfile, Isolation, Meter, RunEnd, RunSpec, Usage};
use parking_lot::Mutex;
use std::io::{self, BufReader};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use wasmtime::Engine;
use wasmtime::component::Linker;

/// How often what was said and the live figures go to the parent.
const PULSE: Duration = Duration::from_millis(20);

/// Runs the one job that the parent has for this process, whose standard input is the parent's socket. To be called
/// before anything else is started.
pub fn cell_worker() -> ExitCode {
    match fences::close_inherited().and_then(|()| parents_stream()).and_then(work) {
        Ok(()) => ExitCode::SUCCESS,
        // The parent reads that the stream has ended.
        Err(_) => ExitCode::FAILURE,
    }
}

fn parents_stream() -> io::Result<UnixStream> {
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// What is ready before the job is known.
struct Settled {
    engine: Engine,
    linker: Linker<Cell>,
    settings: CodeSettings,
    shared: Shared,
}

/// What is ready before the fences are raised.
struct Prepared {
    program: Program,
    shared: Shared,
}

fn work(stream: UnixStream) -> io::Result<()> {
    fences::die_with_the_parent()?;
    fences::block_requests_to_end()?;
    // Not buffered: a descriptor goes to whoever reads the byte that it comes with.
    let Some((ToChild::Settle(home), _)) = wire::read(&mut &stream)? else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let settled = settle(&home);
    // A parent that has no job any more closes the stream.
    let code = CheckedCode::from_parent(handover::receive(&stream)?);
    let mut from = BufReader::new(stream.try_clone()?);
    let Some((ToChild::Begin(assignment), _)) = wire::read(&mut from)? else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let (answers, answered) = mpsc::channel();
    let wire = Arc::new(Wire::new(stream, answered));
    let last = match settled.and_then(|settled| prepare(settled, &code, &assignment)) {
        Ok(prepared) => {
            let (end, usage, profile) = run(prepared, *assignment, from, answers, &wire)?;
            if let Some(profile) = profile {
                wire.tell(&ToParent::Profile(profile));
            }
            ToParent::Ended(end, usage)
        }
        Err(reason) => ToParent::Unable(reason),
    };
    wire.tell(&last);
    wire.flush();
    Ok(())
}

/// Makes what every job needs.
fn settle(home: &Home) -> Result<Settled, String> {
    let pool = PoolSize { cells: 1, memory_bytes: home.slot_bytes as usize };
    let engine = engine::for_one_cell(pool, home.settings, false).map_err(|error| error.to_string())?;
    if engine::fingerprint(&engine) != home.fingerprint {
        return Err("the program was replaced by another version".into());
    }
    let linker = linker::linker(&engine).map_err(|error| format!("{error:#}"))?;
    let scratch = tempfile::tempfile_in(&home.scratch_dir)
        .map_err(|error| format!("there is no room for its files: {error}"))?;
    let shared = Shared {
        slot_bytes: home.slot_bytes,
        metered: home.settings.metered(),
        scratch: Scratch::File(Arc::new(scratch)),
    };
    Ok(Settled { engine, linker, settings: home.settings, shared })
}

/// Takes the job's rations, and maps its code.
fn prepare(settled: Settled, code: &CheckedCode, assignment: &Assignment) -> Result<Prepared, String> {
    let Settled { engine, linker, settings, shared } = settled;
    fences::limit_this_process(&assignment.limits, shared.slot_bytes)
        .map_err(|error| format!("its limits cannot be set: {error}"))?;
    if assignment.profiled {
        // Its stacks are seen by another engine.
        drop((engine, linker));
        let program = profiled::program(code, shared.slot_bytes, settings)?;
        return Ok(Prepared { program, shared });
    }
    let component = code.load(&engine).map_err(|error| format!("{error:#}"))?;
    let program = Program::link(&linker, &component).map_err(|error| format!("{error:#}"))?;
    Ok(Prepared { program, shared })
}

fn run(
    prepared: Prepared,
    assignment: Assignment,
    from: BufReader<UnixStream>,
    answers: Sender<(Answer, Vec<u8>)>,
    wire: &Arc<Wire>,
) -> io::Result<(RunEnd, Usage, Option<FuelProfile>)> {
    let Prepared { program, shared } = prepared;
    let fences = fences::raise();
    // Threads are inside the fences of whoever starts them.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
    let cancellation = Arc::new(Mutex::new(assignment.cancellation));
    let (stop, stopped) = oneshot::channel();
    let requests = Arc::new(Requests::default());
    let listener = Listener {
        from,
        answers,
        requests: requests.clone(),
        cancellation: cancellation.clone(),
        stop: Some(stop),
    };
    thread::Builder::new().name("listener".into()).spawn(move || listener.listen())?;
    let meter = Arc::new(Meter::default());
    start_pulse(wire.clone(), meter.clone())?;
    wire.tell(&ToParent::Begun(fences));
    let spec = RunSpec {
        module: assignment.module,
        limits: assignment.limits,
        deterministic_seed: assignment.deterministic_seed,
        isolation: Isolation::Process,
        expected: None,
        profiled: assignment.profiled,
        meter: meter.clone(),
    };
    let Assignment { parameters, has_script, checks_script, has_fixed_answers, inputs, .. } = assignment;
    let wire = wire.clone();
    let host = Arc::new(RemoteHost {
        wire,
        parameters,
        has_script,
        checks_script,
        has_fixed_answers,
        inputs,
        requests,
        cancellation,
    });
    let stop = Box::pin(async {
        // A listener that is gone has ended the process.
        let _ = stopped.await;
    });
    let run = Run { program, spec, shared, host, profile: None, stop };
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run::program(run))));
    let (end, usage) = ended.unwrap_or_else(|_| (RunEnd::Failed(host_failed()), meter.usage()));
    Ok((end, usage, meter.profile.get().cloned()))
}

/// Hears what the parent says.
struct Listener {
    from: BufReader<UnixStream>,
    answers: Sender<(Answer, Vec<u8>)>,
    requests: Arc<Requests>,
    cancellation: Arc<Mutex<Cancellation>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Listener {
    fn listen(mut self) -> ! {
        loop {
            match wire::read(&mut self.from) {
                Ok(Some((ToChild::Answer(answer), payload))) => {
                    // Nobody waits any more when the guest has ended.
                    let _ = self.answers.send((answer, payload));
                }
                Ok(Some((ToChild::Http { request, answer }, body))) => {
                    self.requests.answer(request, answer.map(|head| HttpResponse { body, ..head }));
                }
                Ok(Some((ToChild::Cancellation(wish), _))) => {
                    *self.cancellation.lock() = wish;
                }
                Ok(Some((ToChild::Stop, _))) => drop(self.stop.take()),
                Ok(Some((ToChild::Settle(_) | ToChild::Begin(_), _)) | None) | Err(_) => orphaned(),
            }
        }
    }
}

/// Sends live figures and what was said, for as long as the process lives.
fn start_pulse(wire: Arc<Wire>, meter: Arc<Meter>) -> io::Result<()> {
    let beat = move || {
        let mut sent = None;
        loop {
            thread::sleep(PULSE);
            let figures = (meter.usage(), meter.memory_bytes.load(Ordering::Relaxed));
            if sent != Some(figures) {
                wire.tell(&ToParent::Figures(figures.0, figures.1));
                sent = Some(figures);
            }
            wire.flush();
        }
    };
    thread::Builder::new().name("pulse".into()).spawn(beat).map(drop)
}
