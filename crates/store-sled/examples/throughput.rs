//! Prints how fast the embedded store is on this machine, beside what its medium can do in the same minute.
//!
//! `cargo run --release --example throughput -p fuelcell-store-sled -- [DIRECTORY] [JOBS]`: with a number of jobs, the
//! store is filled up to that number first, and lists and reopening are measured on it.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for people at a terminal")]

use fuelcell_domain::job::{JobType, Priority};
use fuelcell_domain::{Job, JobState, ProjectRef};
use fuelcell_store::conformance::fixtures::{at, done, end, job, project, start, submit};
use fuelcell_store::{JobFilter, PageRequest, Store};
use fuelcell_store_sled::{Options, SledStore};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const MEASURE: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let fill: Option<usize> = arguments.next().map(|jobs| jobs.parse().unwrap());
    let directory = tempfile::TempDir::new_in(parent).unwrap();
    fdatasync_rate(directory.path());
    let records = directory.path().join("store");
    let store = Arc::new(SledStore::open(&records, Options::default()).unwrap());
    for submitters in [1, 32, 256] {
        submits(&store, submitters).await;
    }
    lifecycles(&store, 32).await;
    if let Some(jobs) = fill {
        let own = project();
        fill_up(&store, own, jobs).await;
        lists(&store, own).await;
        println!("on disk: {} MiB", store.size_on_disk().unwrap() >> 20);
        drop(store);
        let started = Instant::now();
        let _store = SledStore::open(&records, Options::default()).unwrap();
        println!("open again: {:.2} s, resident {} MiB", started.elapsed().as_secs_f64(), resident_mib());
    }
    fdatasync_rate(directory.path());
}

/// Appends of 4 KiB, each with an fdatasync of its own.
fn fdatasync_rate(directory: &Path) {
    let mut file = File::create(directory.join("probe")).unwrap();
    let mut times = Vec::new();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(2) {
        let one = Instant::now();
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
        times.push(one.elapsed());
    }
    report("fdatasync of 4 KiB", started.elapsed(), times);
}

async fn submits(store: &Arc<SledStore>, submitters: usize) {
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..submitters {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let own = project();
            let mut times = Vec::new();
            while started.elapsed() < MEASURE {
                let one = Instant::now();
                submit(&*store, job(own)).await;
                times.push(one.elapsed());
            }
            times
        });
    }
    let times = tasks.join_all().await.concat();
    report(&format!("submits, {submitters} submitters"), started.elapsed(), times);
}

async fn lifecycles(store: &Arc<SledStore>, workers: usize) {
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let own = project();
            let mut times = Vec::new();
            while started.elapsed() < MEASURE {
                let one = Instant::now();
                let queued = submit(&*store, job(own)).await;
                let running = start(&*store, queued.id, 1).await;
                store.finish(end(&running, done(), 2)).await.unwrap();
                times.push(one.elapsed());
            }
            times
        });
    }
    let times = tasks.join_all().await.concat();
    report(&format!("submit, claim, finish, {workers} workers"), started.elapsed(), times);
}

async fn fill_up(store: &Arc<SledStore>, own: ProjectRef, jobs: usize) {
    let (next, started) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let (store, next) = (Arc::clone(store), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= jobs {
                    return;
                }
                let new = Job {
                    job_type: JobType::ALL[n % 4],
                    priority: Priority::ALL[n / 4 % 4],
                    submitted_by: format!("subject {}", n % 100),
                    created_at: at(n as i64),
                    ..job(own)
                };
                let queued = submit(&*store, new).await;
                if n % 10 != 0 {
                    let running = start(&*store, queued.id, 1).await;
                    store.finish(end(&running, done(), 2)).await.unwrap();
                }
            }
        });
    }
    tasks.join_all().await;
    println!("{jobs} jobs in {:.0} s, resident {} MiB", started.elapsed().as_secs_f64(), resident_mib());
}

async fn lists(store: &SledStore, own: ProjectRef) {
    let any = JobFilter::default;
    let filters = [
        ("all", any()),
        ("completed", JobFilter { states: vec![JobState::Completed], ..any() }),
        (
            "type and priority",
            JobFilter { job_type: Some(JobType::Analysis), priority: Some(Priority::Low), ..any() },
        ),
        ("subject", JobFilter { submitted_by: Some("subject 7".into()), ..any() }),
        ("time", JobFilter { created_from: Some(at(1000)), created_to: Some(at(500_000)), ..any() }),
    ];
    for (name, filter) in filters {
        let total = store.list(own, &filter, PageRequest { offset: 0, limit: 1 }).await.unwrap().total.max(1);
        for (depth, start, step) in [("first", 0, 7), ("middle", total / 2, 1000)] {
            let mut times = Vec::new();
            let started = Instant::now();
            for n in 0..100 {
                let offset = (start + n * step) % total;
                let one = Instant::now();
                store.list(own, &filter, PageRequest { offset, limit: 100 }).await.unwrap();
                times.push(one.elapsed());
            }
            report(&format!("list of 100, {name}, {depth} pages"), started.elapsed(), times);
        }
        let one = Instant::now();
        store.counts(own, &filter).await.unwrap();
        println!("{:<44} {:>9.3} ms", format!("counts, {name}"), one.elapsed().as_secs_f64() * 1e3);
    }
}

fn report(what: &str, elapsed: Duration, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let rate = times.len() as f64 / elapsed.as_secs_f64();
    println!("{what:<44} {rate:>9.0}/s   p50 {:>8.3} ms   p99 {:>8.3} ms", at(0.5), at(0.99));
}

/// Memory of this process, from /proc.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
