//! Prints what the embedded store does on this machine, as lines of JSON for `cargo xtask bench --only store`:
//!
//! `cargo run --release --example figures -p fuelcell-store-sled -- DIRECTORY JOBS SECONDS`
//!
//! The jobs are made here, through the verbs of the store, by a process of its own that is killed when they are there: so
//! the first opening is one after a crash.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for people at a terminal")]

mod blobs;
mod fill;
mod lists;
mod measure;
mod space;
mod submits;

use fuelcell_domain::{ProjectId, ProjectRef, TenantId};
use fuelcell_store_sled::{Options, SledStore};
use measure::{Flushes, cpu, mebibytes, resident_bytes, row};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The server's: figures are of what runs there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the filling process is called with, before the directory and the number of jobs.
const FILL: &str = "fill";
/// What it says when all jobs are there.
const FILLED: &str = "filled";

/// The project that the jobs are in: both processes know it.
const PROJECT: ProjectRef =
    ProjectRef { tenant: TenantId(Uuid::from_u128(1)), project: ProjectId(Uuid::from_u128(2)) };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [FILL, directory, jobs, seconds] => fill_and_wait(Path::new(directory), parse(jobs), parse(seconds)),
        [directory, jobs, seconds] => figures(Path::new(directory), parse(jobs), parse(seconds)),
        _ => println!("usage: figures DIRECTORY JOBS SECONDS"),
    }
}

fn parse(number: &str) -> u64 {
    number.parse().unwrap()
}

/// A runtime whose calls all happen in this process and nothing else does, so that its CPU time is theirs.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(work)
}

fn figures(parent: &Path, jobs: u64, seconds: u64) {
    let directory = tempfile::TempDir::new_in(parent).unwrap();
    let records = directory.path().join("store");
    row("4 KiB write + fdatasync", &Flushes::measure(directory.path()).to_string());
    fill_and_kill(&records, jobs, seconds);
    let store = open_timed(&records, jobs, "after kill -9");
    drop(store);
    let store = open_timed(&records, jobs, "again, nothing written since");
    block_on(lists::measure(&store, jobs));
    block_on(space::measure(store, &records, jobs));
    block_on(blobs::measure(directory.path()));
}

/// Runs this program again to make the jobs, and kills it when it has.
fn fill_and_kill(records: &Path, jobs: u64, seconds: u64) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.arg(FILL).arg(records).args([jobs.to_string(), seconds.to_string()]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let printed = lines.take_while(|line| line != FILLED).inspect(|line| println!("{line}")).count();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(printed > 0, "the filling process made no jobs");
}

fn fill_and_wait(records: &Path, jobs: u64, seconds: u64) {
    let store = SledStore::open(records, Options::default()).unwrap();
    let time = Duration::from_secs(seconds);
    block_on(async {
        submits::measure(&store, "into an empty store", time, records).await;
        fill::fill(&store, jobs).await;
        let per_million = |bytes: u64| mebibytes(bytes * 1_000_000 / jobs);
        row("memory of the process per 1 M jobs", &per_million(resident_bytes()));
        row("records on disk per 1 M jobs", &per_million(store.size_on_disk().unwrap()));
        submits::measure(&store, &format!("beside {jobs} jobs"), time, records).await;
    });
    println!("{FILLED}");
    // Until the other process kills this one.
    let _ = std::io::stdin().read(&mut [0]);
}

fn open_timed(records: &Path, jobs: u64, when: &str) -> SledStore {
    let (started, before) = (Instant::now(), cpu());
    let store = SledStore::open(records, Options::default()).unwrap();
    let (took, burnt) = (started.elapsed().as_secs_f64(), (cpu() - before).as_secs_f64());
    let memory = mebibytes(resident_bytes());
    let figure = format!("{took:.2} s, of it {burnt:.2} s CPU; memory then {memory}");
    row(&format!("opening {jobs} jobs and more {when}"), &figure);
    store
}
