//! Ten times what the server sustains, with idle and slow clients beside it: it sheds, keeps what it took, and recovers.

mod cores;
mod load;

use cores::Cores;
use fuelcell_tests::{Client, Project, Server, eventually};
use load::{Outcome, Target, closed_loop, open_loop};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime;
use tokio::task::LocalSet;
use tokio::time::sleep;

/// Seconds of overload: with it the test is a soak, with all clients, and asserts times.
const SECONDS: &str = "SOAK_OVERLOAD_SECONDS";
/// How many times of what the server sustains come.
const TIMES: f64 = 10.0;
/// Clients that ask as soon as they are answered, while it is measured what the server sustains.
const ASKING: usize = 64;
/// What each job of a soak computes, so that one core runs some hundred of them a second: ten times of them can be sent from
/// another core.
const ROUNDS: u64 = 1_000_000;
/// How soon the server must be well again.
const RECOVERY: Duration = Duration::from_secs(10);
/// What an accepted request may take in a soak, for 99 of 100.
const ACCEPTED: Duration = Duration::from_millis(500);
/// What the process may hold more than before, in bytes.
const MEMORY: u64 = 1 << 30;

/// Each kind of client comes from an address of its own: what one address may open is limited.
const LOADING: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const IDLE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
const SLOW: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 4);

struct Size {
    overload: Duration,
    measured: Duration,
    connections: usize,
    idle: usize,
    slow: usize,
    rounds: u64,
}

fn size() -> (Size, bool) {
    let seconds = std::env::var(SECONDS).ok().map(|seconds| seconds.parse().unwrap());
    let size = match seconds {
        Some(seconds) => Size {
            overload: Duration::from_secs(seconds),
            measured: Duration::from_secs(10),
            connections: 3_000,
            idle: 5_000,
            slow: 1_000,
            rounds: ROUNDS,
        },
        None => Size {
            overload: Duration::from_secs(3),
            measured: Duration::from_secs(1),
            connections: 800,
            idle: 300,
            slow: 60,
            rounds: 0,
        },
    };
    (size, seconds.is_some())
}

fn body(rounds: u64) -> Value {
    let steps = if rounds == 0 { json!([]) } else { json!([{"do": "work", "rounds": rounds}]) };
    json!({"jobName": "load", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": steps}})
}

/// A request of the project, as it goes over the wire.
fn request(project: &Project, rounds: u64) -> Vec<u8> {
    let body = body(rounds).to_string();
    let head = head(project, body.len());
    [head.as_bytes(), body.as_bytes()].concat()
}

fn head(project: &Project, length: usize) -> String {
    format!(
        "POST {} HTTP/1.1\r\nhost: fuelcell\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n",
        project.path("execution/job"),
        project.token
    )
}

/// One that asked once, and keeps its connection.
async fn idle(target: Target) {
    loop {
        if let Ok(mut stream) = target.connect().await {
            let _ = stream.write_all(&target.request).await;
            let mut buffer = [0; 1024];
            while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// One whose body comes a byte a second.
async fn slow(target: Target) {
    loop {
        if let Ok(mut stream) = target.connect().await {
            let mut well = stream.write_all(&target.request).await.is_ok();
            while well {
                sleep(Duration::from_secs(1)).await;
                well = stream.write_all(b" ").await.is_ok();
            }
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// What others see meanwhile.
#[derive(Default)]
struct Seen {
    asked: u64,
    unwell: Vec<String>,
    slowest: Duration,
    memory: u64,
}

/// Asks for health, and as another tenant, until it is told to stop.
fn watch(server: &Server, other: &Project, stop: &Arc<AtomicBool>) -> thread::JoinHandle<Seen> {
    let (health, client, path) = (server.client(None), other.client.clone(), other.path("execution/job"));
    let (pid, stop) = (server.pid(), Arc::clone(stop));
    thread::spawn(move || {
        let mut seen = Seen::default();
        while !stop.load(Ordering::SeqCst) {
            for ask in [&|| health.try_send("GET", "/livez", &[], &[]), &|| submitted(&client, &path)]
                as [&dyn Fn() -> Result<fuelcell_tests::Answer, ureq::Error>; 2]
            {
                let began = Instant::now();
                match ask() {
                    Ok(answer) if answer.status == 200 => {}
                    Ok(answer) => seen.unwell.push(format!("{}: {}", answer.status, answer.text())),
                    Err(error) => seen.unwell.push(error.to_string()),
                }
                seen.asked += 1;
                seen.slowest = seen.slowest.max(began.elapsed());
            }
            seen.memory = seen.memory.max(memory(pid));
            thread::sleep(Duration::from_millis(200));
        }
        seen
    })
}

fn submitted(client: &Client, path: &str) -> Result<fuelcell_tests::Answer, ureq::Error> {
    client.try_send("POST", path, &[("content-type", "application/json")], body(0).to_string().as_bytes())
}

/// Bytes that a process holds now.
fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn quantile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    times
        .get(((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

/// How many jobs of the project have completed.
fn completed(project: &Project) -> u64 {
    let page = project.client.get(&project.path("execution/jobs?pageSize=1")).ok();
    page["summary"]["completedJobs"].as_u64().unwrap()
}

/// Every job of the project.
fn jobs(project: &Project) -> BTreeSet<String> {
    let (mut all, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = project.client.get(&project.path(&format!("execution/jobs?pageSize=100{cursor}"))).ok();
        let rows = page["jobs"].as_array().unwrap();
        all.extend(rows.iter().map(|row| row["jobId"].as_str().unwrap().to_owned()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[expect(clippy::too_many_lines, reason = "one life, told in its order")]
#[test]
fn an_overloaded_server_sheds_keeps_what_it_took_and_recovers() {
    let (size, is_soak) = size();
    let cores = is_soak.then(Cores::of_this_machine).flatten();
    let mut server = match &cores {
        Some(cores) => cores.apart(Server::start),
        None if is_soak => Server::start(),
        // With few clients there must be room for fewer, so that some are refused.
        None => Server::start_set(&[("API__MAX_TENANT_CHANGES", "128")]),
    };
    let [project, other, third] = [(), (), ()].map(|()| Project::new(&server).with_probe());
    let to = server.base().trim_start_matches("http://").parse().unwrap();
    let target = |from, request| Target { server: to, from, request };
    let loading = target(LOADING, request(&project, size.rounds));
    let before = memory(server.pid());
    let stop = Arc::new(AtomicBool::new(false));
    let watching: Mutex<Option<thread::JoinHandle<Seen>>> = Mutex::default();

    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ((sustained, run), mut outcome) = LocalSet::new().block_on(&runtime, async {
        let sustained = closed_loop(&loading, ASKING, size.measured).await;
        // Jobs that were run, not those that were taken.
        let run = completed(&project);
        for _ in 0..size.idle {
            let hello = b"GET /livez HTTP/1.1\r\nhost: fuelcell\r\n\r\n".to_vec();
            tokio::task::spawn_local(idle(target(IDLE, hello)));
        }
        for _ in 0..size.slow {
            tokio::task::spawn_local(slow(target(SLOW, head(&third, 4_000).into_bytes())));
        }
        sleep(Duration::from_secs(2)).await;
        *watching.lock().unwrap() = Some(watch(&server, &other, &stop));
        let rate = TIMES * run as f64 / size.measured.as_secs_f64();
        let outcome = open_loop(&loading, size.connections, rate, size.overload).await;
        ((sustained, run), outcome)
    });
    let began = Instant::now();
    let recovered = eventually("the server is well again", 2 * RECOVERY, || {
        let asked = Instant::now();
        let well = submitted(&project.client, &project.path("execution/job"));
        let well = well.is_ok_and(|answer| answer.status == 200) && asked.elapsed() < ACCEPTED;
        well.then(|| began.elapsed())
    });
    stop.store(true, Ordering::SeqCst);
    let seen = watching.lock().unwrap().take().unwrap().join().unwrap();

    let p99 = quantile(&mut outcome.accepted, 0.99);
    report(&size, cores.is_some(), run, &mut outcome, &seen, (before, recovered));
    let odd: Vec<_> = outcome.statuses.keys().filter(|status| ![200, 429, 503].contains(*status)).collect();
    assert!(odd.is_empty() && outcome.broken.is_empty(), "{odd:?} {:?}", outcome.broken.first());
    // In a soak the queue has room for all of it: ten times of what is run are fewer than can be taken.
    assert!(
        !outcome.jobs.is_empty() && (is_soak || outcome.statuses.contains_key(&429)),
        "{:?}",
        outcome.statuses
    );
    assert_eq!(seen.unwell, Vec::<String>::new(), "health and other tenants are answered");
    assert!(seen.memory.saturating_sub(before) < MEMORY, "{} MiB", seen.memory >> 20);
    assert!(recovered < RECOVERY, "{recovered:?}");

    server.kill();
    if let Some(cores) = &cores {
        cores.together();
    }
    server.restart();
    let project = project.after_restart(&server);
    let kept = jobs(&project);
    let acknowledged: Vec<_> = sustained.jobs.iter().chain(&outcome.jobs).collect();
    let lost = acknowledged.iter().filter(|job| !kept.contains(**job)).count();
    assert_eq!(lost, 0, "of {}", acknowledged.len());
    if is_soak {
        assert!(p99 < ACCEPTED, "99 of 100 accepted requests took no longer than {p99:?}");
    }
}

fn report(
    size: &Size,
    apart: bool,
    run: u64,
    outcome: &mut Outcome,
    seen: &Seen,
    (before, recovered): (u64, Duration),
) {
    let seconds = size.overload.as_secs_f64();
    let (p50, p99) = (quantile(&mut outcome.accepted, 0.5), quantile(&mut outcome.accepted, 0.99));
    let due_p99 = quantile(&mut outcome.since_due, 0.99);
    #[allow(clippy::print_stderr)]
    {
        eprintln!(
            "{}; {:.0} jobs/s are run; {:.0}/s came for {seconds} s beside {} idle and {} slow clients: {:?}, {} broken; \
             accepted p50 {p50:?}, p99 {p99:?} (from when due {due_p99:?}, {} found no connection); \
             memory from {} to {} MiB; others asked {} times, slowest {:?}, unwell {}; recovered in {recovered:?}",
            if apart { "the generator on a core of its own" } else { "the generator on the server's cores" },
            run as f64 / size.measured.as_secs_f64(),
            outcome.due as f64 / seconds,
            size.idle,
            size.slow,
            outcome.statuses,
            outcome.broken.len(),
            outcome.unsent,
            before >> 20,
            seen.memory >> 20,
            seen.asked,
            seen.slowest,
            seen.unwell.len(),
        );
    }
}
