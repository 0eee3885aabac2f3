//! A process that is killed while it works loses nothing that it acknowledged.

use fuelcell_domain::{Digest, Job, JobId, JobState, ProjectId, ProjectRef, TenantId};
use fuelcell_store::conformance::fixtures::{artifact, at, done, end, job, start, submit};
use fuelcell_store::{Backlog, BlobRef, BlobStore, Finish, JobFilter, Jobs, PageRequest, Store};
use fuelcell_store_sled::{Barrier, Fdatasync, FileBlobs, Options, SledStore};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tempfile::TempDir;

const DIRECTORY: &str = "FUELCELL_TEST_CRASH_DIRECTORY";
/// Where the child ends itself, as [`Failpoint::of`] reads it.
const FAILPOINT: &str = "FUELCELL_TEST_CRASH_FAILPOINT";
const SIGABRT: i32 = 6;
const ROUNDS: u64 = 6;
/// For what takes no time on a machine that is not busy.
const PATIENCE: Duration = Duration::from_secs(120);

fn own() -> ProjectRef {
    let id = "6f1c1c1e-0000-4000-8000-000000000001".parse().expect("a GUID");
    ProjectRef { tenant: TenantId(id), project: ProjectId(id) }
}

/// Ends the process at one of its barriers: when the records are written and not yet safe, or safe and not yet acknowledged.
struct Failpoint {
    calls: AtomicU64,
    call: u64,
    is_safe: bool,
}

impl Failpoint {
    /// From "7 false".
    fn of(text: &str) -> Self {
        let (call, is_safe) = text.split_once(' ').expect("two words");
        let (call, is_safe) = (call.parse().expect("a number"), is_safe.parse().expect("true or false"));
        Self { calls: AtomicU64::default(), call, is_safe }
    }
}

impl Barrier for Failpoint {
    fn sync(&self, file: &File) -> io::Result<()> {
        let is_here = self.calls.fetch_add(1, Ordering::SeqCst) == self.call;
        if is_here && !self.is_safe {
            std::process::abort();
        }
        Fdatasync.sync(file)?;
        if is_here {
            std::process::abort();
        }
        Ok(())
    }
}

/// Says what was acknowledged, in one write.
fn acknowledge(job: &Job) {
    let line = format!("acknowledged {} {}\n", job.id, job.state.as_str());
    io::stdout().write_all(line.as_bytes()).expect("the parent reads");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child of the test below: it works until it is killed"]
async fn child() {
    let directory = PathBuf::from(std::env::var_os(DIRECTORY).expect("started by its parent"));
    let barrier = match std::env::var(FAILPOINT) {
        Ok(text) => Arc::new(Failpoint::of(&text)) as Arc<dyn Barrier>,
        Err(_) => Arc::new(Fdatasync),
    };
    let options = Options { barrier, ..Options::default() };
    let store: Arc<dyn Store> = Arc::new(SledStore::open(&directory, options).expect("the store opens"));
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..8 {
        let store = Arc::clone(&store);
        workers.spawn(async move {
            loop {
                let queued = submit(&*store, job(own())).await;
                acknowledge(&queued);
                if worker % 2 == 0 {
                    let running = start(&*store, queued.id, 1).await;
                    acknowledge(&running);
                    let finish = Finish { artifacts: vec![artifact("a.txt")], ..end(&running, done(), 2) };
                    acknowledge(&store.finish(finish).await.expect("the attempt holds its job"));
                }
            }
        });
    }
    workers.join_next().await;
}

/// Lets a child work for a while, kills it, and returns what it had acknowledged: the furthest state of each job.
fn run_and_kill(directory: &TempDir, for_how_long: Duration) -> BTreeMap<JobId, String> {
    jobs(acknowledged_until_killed("crash::child", directory, for_how_long))
}

fn jobs(acknowledged: BTreeMap<String, String>) -> BTreeMap<JobId, String> {
    acknowledged.into_iter().map(|(id, state)| (id.parse().unwrap(), state)).collect()
}

/// A program of these tests that works on a directory until it ends.
fn started(child: &str, directory: &TempDir) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", child, "--ignored", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// What a program acknowledged: the last word on each thing.
fn acknowledged(lines: Vec<String>) -> BTreeMap<String, String> {
    let mut acknowledged = BTreeMap::new();
    for line in lines {
        let mut words = line.split(' ').skip_while(|word| *word != "acknowledged").skip(1);
        if let (Some(id), Some(state)) = (words.next(), words.next()) {
            acknowledged.insert(id.to_owned(), state.to_owned());
        }
    }
    acknowledged
}

/// The same, for any child: what it named, and what it said of it last. The time begins with the first.
fn acknowledged_until_killed(
    child: &str,
    directory: &TempDir,
    for_how_long: Duration,
) -> BTreeMap<String, String> {
    let mut child = started(child, directory).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (begun, has_begun) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let lines = output.split(b'\n').map(|line| String::from_utf8(line.unwrap()).unwrap());
        let heard = lines.inspect(|line| {
            if line.contains("acknowledged") {
                // Nobody listens after the first.
                let _ = begun.send(());
            }
        });
        heard.collect::<Vec<_>>()
    });
    has_begun.recv_timeout(PATIENCE).expect("the child acknowledges something");
    std::thread::sleep(for_how_long);
    child.kill().unwrap();
    child.wait().unwrap();
    acknowledged(reader.join().unwrap())
}

/// Bytes of the nth blob: some are one write, some are many.
fn blob_bytes(number: usize) -> Vec<u8> {
    let length = [10, 4_000, 300_000][number % 3];
    number.to_le_bytes().into_iter().cycle().take(length).collect()
}

#[test]
#[ignore = "the child of the test below: it works until it is killed"]
fn writing_child() {
    let directory = PathBuf::from(std::env::var_os(DIRECTORY).expect("started by its parent"));
    let blobs = FileBlobs::open(&directory).expect("the blobs open");
    for number in 0.. {
        let mut writer = blobs.begin().unwrap();
        blob_bytes(number).chunks(10_000).for_each(|part| writer.write_all(part).unwrap());
        let digest = writer.commit().unwrap().digest;
        let line = format!("acknowledged {digest} {number}\n");
        io::stdout().write_all(line.as_bytes()).expect("the parent reads");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_leaves_every_blob_whole_or_absent() {
    let directory = TempDir::new().unwrap();
    for round in 0..ROUNDS {
        let time = Duration::from_millis(70 * round);
        let acknowledged = acknowledged_until_killed("crash::writing_child", &directory, time);
        let blobs = FileBlobs::open(directory.path()).unwrap();
        for (digest, number) in &acknowledged {
            let expected = blob_bytes(number.parse().unwrap());
            let blob =
                blobs.open(digest.parse().unwrap()).await.unwrap().expect("an acknowledged blob is there");
            assert_eq!(blob.size(), expected.len() as u64);
        }
        // Also those that nobody heard of.
        for BlobRef { digest, size } in blobs.list(None, usize::MAX).await.unwrap() {
            let blob = blobs.open(digest).await.unwrap().unwrap();
            let mut bytes = vec![0; usize::try_from(size).unwrap()];
            assert_eq!(blob.read_at(0, &mut bytes).unwrap(), bytes.len());
            assert_eq!(Digest::of(&bytes), digest, "no half blob has a name");
        }
    }
}

/// How far a job has come, by the name of its state.
fn rank(state: &str) -> usize {
    JobState::ALL.iter().position(|known| known.as_str() == state).expect("a state")
}

/// Everything acknowledged is there, nothing is half there, and the figures agree.
async fn nothing_is_lost(directory: &TempDir, acknowledged: &BTreeMap<JobId, String>) {
    let store = crate::open(directory.path());
    for (id, state) in acknowledged {
        let job = store.job(own(), *id).await.unwrap().expect("an acknowledged job is there");
        assert!(rank(job.state.as_str()) >= rank(state), "{id} was {state} and is {:?}", job.state);
        let published = store.artifacts(*id).await.unwrap().len();
        assert_eq!(published, usize::from(job.state == JobState::Completed), "all or nothing");
    }
    let all =
        store.list(own(), &JobFilter::default(), PageRequest { offset: 0, limit: 1_000_000 }).await.unwrap();
    let ordinals = all.jobs.iter().map(|job| job.ordinal);
    assert!(ordinals.eq((1..=all.total.count).rev()), "no gaps");
    let counts = store.counts(own(), &JobFilter::default()).await.unwrap();
    let completed = all.jobs.iter().filter(|job| job.state == JobState::Completed).count();
    assert_eq!((counts.total(), counts.completed), (all.total.count, completed as u64));
    assert_eq!(store.ready(at(1), 1_000_000).await.unwrap().len() as u64, counts.queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_nothing_acknowledged() {
    let directory = TempDir::new().unwrap();
    let mut acknowledged = BTreeMap::new();
    for round in 0..ROUNDS {
        acknowledged.extend(run_and_kill(&directory, Duration::from_millis(130 * round)));
        nothing_is_lost(&directory, &acknowledged).await;
    }
    assert!(acknowledged.values().any(|state| state == "Completed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_between_two_writes_loses_nothing_acknowledged() {
    let directory = TempDir::new().unwrap();
    let mut known = BTreeMap::new();
    for call in [1, 2, 3, 5, 8, 13] {
        for is_safe in [false, true] {
            let mut child = started("crash::child", &directory);
            let ended = child.env(FAILPOINT, format!("{call} {is_safe}")).output().unwrap();
            assert_eq!(ended.status.signal(), Some(SIGABRT), "the failpoint ended it");
            let lines = String::from_utf8(ended.stdout).unwrap().lines().map(str::to_owned).collect();
            known.extend(jobs(acknowledged(lines)));
            nothing_is_lost(&directory, &known).await;
        }
    }
    assert!(known.values().any(|state| state == "Completed"));
}
