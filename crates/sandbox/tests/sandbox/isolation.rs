//! The same cell in a process of its own.

use crate::guests::{CANCEL, PROCESSED, SLEEP, SPIN, busy, component, noop};
use crate::support::{Bench, Recorder, cell_program, sandbox_running};
use fuelcell_domain::{
    Cancellation, Completion, ErrorCode, Fence, Fuel, Isolation, JobRunner, Limits, RunEnd, RunSpec, Usage,
};
use fuelcell_sandbox::CellProgram;
use rustix::process::{Pid, Signal, getpgid, kill_process};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn bench(host: Recorder, isolation: Isolation) -> Bench {
    let mut bench = Bench::with_host(host);
    bench.isolation = isolation;
    bench
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_ends_the_same_in_its_own_process() {
    let module = busy();
    let mut told = Vec::new();
    for isolation in [Isolation::InProcess, Isolation::Process] {
        let bench = bench(Recorder::with_input("x.txt", b"some,csv"), isolation);
        let (end, usage) = bench.run(&module).await;
        assert_eq!(end, RunEnd::Completed(Completion::Done), "{isolation:?}");
        assert!(usage.wall_micros > 0 && usage.peak_memory_bytes > 0);
        let counted = Usage { wall_micros: 0, cpu_micros: 0, ..usage };
        told.push((counted, bench.host.events(), bench.host.outputs.lock().unwrap().clone()));
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0].0.fuel.exact().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_says_what_it_gave_up() {
    let bench = bench(Recorder::default(), Isolation::Process);
    let module = bench.prepare(&noop()).await.unwrap();
    let spec = bench.spec(module);
    let meter = spec.meter.clone();
    bench.sandbox.run(spec, bench.host.clone(), Box::pin(std::future::pending())).await;
    let fences = meter.fences.get().unwrap();
    // Whether the kernel has the others is the kernel's affair.
    assert!(fences.contains(&Fence::Rlimits), "{fences:?}");
    let has_seccomp = Path::new("/proc/sys/kernel/seccomp/actions_avail").exists();
    assert_eq!(fences.contains(&Fence::Seccomp), has_seccomp, "{fences:?}");
}

#[tokio::test]
async fn a_sandbox_without_such_processes_does_not_pretend() {
    let directory = TempDir::new().unwrap();
    let mut bench = bench(Recorder::default(), Isolation::Process);
    bench.sandbox = sandbox_running(directory.path(), None);
    assert_eq!(bench.fail(&noop()).await.0.code, ErrorCode::HostLimit);
}

/// A cell whose process writes its number to a file, and a guest that stays until it is ended.
struct Staying {
    bench: Bench,
    directory: TempDir,
}

impl Staying {
    fn new(host: Recorder, limits: impl FnOnce(Limits) -> Limits) -> Self {
        let directory = TempDir::new().unwrap();
        let (pid, cell) = (directory.path().join("pid"), cell_program().program);
        let script =
            format!("echo $$ > '{0}.new'; mv '{0}.new' '{0}'; exec '{1}'", pid.display(), cell.display());
        let program =
            CellProgram { program: "/bin/sh".into(), arguments: vec!["-c".into(), script], ahead: 0 };
        let mut bench = bench(host, Isolation::Process);
        bench.limits = limits(bench.limits);
        bench.sandbox = sandbox_running(directory.path(), Some(program));
        Self { bench, directory }
    }

    async fn spec(&self) -> RunSpec {
        let sleeps = "(call $block (call $subscribe (i64.const -1))) (i32.const 0)";
        let module = self.bench.prepare(&component(&[SLEEP], "", sleeps)).await.unwrap();
        self.bench.spec(module)
    }

    /// The process, once its guest has begun.
    async fn begun(&self, spec: &RunSpec) -> Pid {
        while spec.meter.fences.get().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let pid = fs::read_to_string(self.directory.path().join("pid")).unwrap();
        Pid::from_raw(pid.trim().parse().unwrap()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_takes_its_job_and_nobody_elses() {
    let staying = Staying::new(Recorder::default(), |limits| limits);
    let spec = staying.spec().await;
    let run =
        staying.bench.sandbox.run(spec.clone(), staying.bench.host.clone(), Box::pin(std::future::pending()));
    let kill = async { kill_process(staying.begun(&spec).await, Signal::KILL).unwrap() };
    let ((end, _), ()) = tokio::join!(run, kill);
    let RunEnd::Failed(error) = end else { panic!("{end:?}") };
    assert_eq!((error.code, error.transient), (ErrorCode::NodeLost, true), "{error}");
    let neighbour = bench(Recorder::default(), Isolation::Process);
    assert_eq!(neighbour.run(&noop()).await.0, RunEnd::Completed(Completion::Done));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_had_burnt_is_known_from_its_last_figures() {
    let staying = Staying::new(Recorder::default(), |limits| Limits { fuel: None, ..limits });
    let spec = staying.bench.spec(staying.bench.prepare(&component(&[], "", SPIN)).await.unwrap());
    let run =
        staying.bench.sandbox.run(spec.clone(), staying.bench.host.clone(), Box::pin(std::future::pending()));
    let kill = async {
        let process = staying.begun(&spec).await;
        while spec.meter.fuel.load(Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        kill_process(process, Signal::KILL).unwrap();
    };
    let ((end, usage), ()) = tokio::join!(run, kill);
    assert!(matches!(end, RunEnd::Failed(error) if error.code == ErrorCode::NodeLost));
    assert!(matches!(usage.fuel, Fuel::AtLeast(1..)), "{usage:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_asks_the_server_to_end_leaves_its_processes_alone() {
    let staying = Arc::new(Staying::new(Recorder::default(), |limits| limits));
    let spec = staying.spec().await;
    let stop = {
        let (staying, spec) = (staying.clone(), spec.clone());
        async move {
            let pid = staying.begun(&spec).await;
            assert_eq!(getpgid(Some(pid)).unwrap(), pid, "it has a group of its own");
            for signal in [Signal::INT, Signal::TERM] {
                kill_process(pid, signal).unwrap();
            }
        }
    };
    let (end, _) = staying.bench.sandbox.run(spec, staying.bench.host.clone(), Box::pin(stop)).await;
    assert_eq!(end, RunEnd::Stopped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_is_stopped_also_when_it_does_not_listen() {
    for deaf in [false, true] {
        let staying = Arc::new(Staying::new(Recorder::default(), |limits| limits));
        let spec = staying.spec().await;
        let (told, watched) = tokio::sync::oneshot::channel();
        let stop = {
            let (staying, spec) = (staying.clone(), spec.clone());
            async move {
                let pid = staying.begun(&spec).await;
                if deaf {
                    kill_process(pid, Signal::STOP).unwrap();
                }
                told.send((pid, Instant::now())).unwrap();
            }
        };
        let (end, _) = staying.bench.sandbox.run(spec, staying.bench.host.clone(), Box::pin(stop)).await;
        let (pid, stopped) = watched.await.unwrap();
        assert_eq!(end, RunEnd::Stopped, "deaf: {deaf}");
        assert!(stopped.elapsed() < Duration::from_secs(2), "{:?}", stopped.elapsed());
        assert!(!Path::new(&format!("/proc/{}", pid.as_raw_nonzero())).exists(), "it is still there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_holds_also_for_a_process_that_does_not_listen() {
    let staying = Staying::new(Recorder::default(), |limits| Limits { timeout_seconds: 1, ..limits });
    let spec = staying.spec().await;
    let run =
        staying.bench.sandbox.run(spec.clone(), staying.bench.host.clone(), Box::pin(std::future::pending()));
    let freeze = async { kill_process(staying.begun(&spec).await, Signal::STOP).unwrap() };
    let ((end, _), ()) = tokio::join!(run, freeze);
    let RunEnd::Failed(error) = end else { panic!("{end:?}") };
    assert_eq!(error.code, ErrorCode::Timeout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_are_started_ahead_used_once_and_end_with_the_sandbox() {
    let directory = TempDir::new().unwrap();
    let (pids, cell) = (directory.path().join("pids"), cell_program().program);
    let script = format!("echo $$ >> '{}'; exec '{}'", pids.display(), cell.display());
    let program = CellProgram { program: "/bin/sh".into(), arguments: vec!["-c".into(), script], ahead: 2 };
    let mut bench = bench(Recorder::default(), Isolation::Process);
    bench.sandbox = sandbox_running(directory.path(), Some(program));
    let started = |least: usize| {
        let pids = pids.clone();
        async move {
            loop {
                let text = fs::read_to_string(&pids).unwrap_or_default();
                if text.lines().count() >= least {
                    return text;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    for jobs in 1..=3 {
        assert_eq!(bench.run(&noop()).await.0, RunEnd::Completed(Completion::Done));
        // One for each job, and two that wait.
        started(jobs + 2).await;
    }
    let all = started(5).await;
    assert_eq!(all.lines().count(), 5, "{all}");
    drop(bench);
    let lives = |pid: &str| Path::new("/proc").join(pid).exists();
    let all_are_gone = async {
        while all.lines().any(lives) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all_are_gone).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_to_cancel_reaches_the_guest() {
    let host = Recorder { cancellation: Some(Cancellation::User), ..Recorder::default() };
    let bench = bench(host, Isolation::Process);
    // `none` is 0; until it is something else, the guest asks again.
    let polls = "(loop $l (br_if $l (i32.eqz (call $poll)))) (i32.const 0)";
    let (end, _) = bench.run(&component(&[CANCEL], "", polls)).await;
    assert_eq!(end, RunEnd::Completed(Completion::Done));
}

/// The kernel kills the children of a thread that ends, and threads end as the runtime likes.
#[test]
fn a_process_outlives_idle_threads() {
    let keep_alive = Duration::from_millis(1);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).thread_keep_alive(keep_alive).enable_all().build().unwrap();
    runtime.block_on(async {
        let bench = bench(Recorder::default(), Isolation::Process);
        let sleeps = "(call $block (call $subscribe (i64.const 300000000))) (i32.const 0)";
        let (end, _) = bench.run(&component(&[SLEEP], "", sleeps)).await;
        assert_eq!(end, RunEnd::Completed(Completion::Done));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_breaks_is_a_defect_of_the_host() {
    for isolation in [Isolation::InProcess, Isolation::Process] {
        let bench = bench(Recorder::default(), isolation);
        let marks = "(call $mark (i32.const 96) (i32.const 5) (i32.const 1024)) (i32.const 0)";
        let (error, _) = bench.fail(&component(&[PROCESSED], "", marks)).await;
        assert_eq!((error.code, error.transient), (ErrorCode::HostDefect, true), "{isolation:?}");
    }
}
