//! What listeners cost running jobs: jobs run while nobody listens, again while nobody does, and while a thousand streams of
//! events are open on their project, in turn. What chance alone does is between the first two. The listeners would have machines
//! of their own: here they take the processor time that nobody else wants.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime,
    sync::Notify,
    task::JoinSet,
};

use super::{
    project::{MODULE, Project},
    row::{Row, measure},
    spread::{median, ratios},
};
use crate::{
    client::text,
    server::{Interrupt, Server},
};

const LISTENERS: usize = 1_000;
/// How often it is all done.
const ROUNDS: usize = 6;
/// Of a processor, a quarter of a second or so.
const WORK: u64 = 100_000_000;
/// The niceness of a thread that waits for all others.
const LAST: i32 = 19;
/// Streams look for new events five times a second.
const HEARD_WITHIN: Duration = Duration::from_secs(2);

/// Medians of a phase.
struct Phase {
    /// Of the attempts, by their receipts, in seconds: what a client that waits sees is rounded up to the next look.
    wall: f64,
    /// Processor time, likewise.
    cpu: f64,
    /// Of the server without its jobs, for each second.
    server: f64,
}

/// Measures for `time` in each phase.
pub(super) fn rows(
    server: &Server,
    project: &Project,
    time: Duration,
    interrupt: &Interrupt,
) -> Result<Vec<Row>> {
    let job = json!({
        "jobName": "Work", "jobType": "Analysis", "module": {"name": MODULE},
        "parameters": {"steps": [{"do": "work", "rounds": WORK}]},
    });
    let phase = || phase(server, project, &job, time, interrupt);
    phase()?;
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        let label = format!("Jobs beside no and {LISTENERS} listeners, {round} of {ROUNDS}");
        rounds.push(measure(&label, || {
            let (first, second) = (phase()?, phase()?);
            let listeners = Listeners::open(project)?;
            let beside = phase()?;
            listeners.close()?;
            Ok([first, second, beside])
        })?);
    }
    Ok(vec![
        row("jobs' CPU", &rounds, |phase| phase.cpu),
        row("jobs' time", &rounds, |phase| phase.wall),
        Row::new(
            &format!(
                "CPU of the server without its jobs, {LISTENERS} listeners who hear every event : nobody"
            ),
            format!(
                "{:.3} : {:.3} cores",
                median(rounds.iter().map(|[.., beside]| beside.server)),
                median(rounds.iter().map(|[first, ..]| first.server)),
            ),
        ),
    ])
}

fn row(what: &str, rounds: &[[Phase; 3]], of: impl Fn(&Phase) -> f64) -> Row {
    let nobody = |round: &[Phase; 3]| (of(&round[0]) + of(&round[1])) / 2.0;
    let beside = ratios(rounds.iter().map(|round| of(&round[2]) / nobody(round)));
    let chance = ratios(rounds.iter().map(|round| of(&round[1]) / of(&round[0])));
    let seconds = median(rounds.iter().map(nobody));
    Row::new(
        &format!("{what}, beside {LISTENERS} listeners : beside none"),
        format!("{beside}; none : none {chance}; alone {:.1} ms", seconds * 1e3),
    )
}

/// One job after the other.
fn phase(
    server: &Server,
    Project { client, base }: &Project,
    job: &Value,
    time: Duration,
    interrupt: &Interrupt,
) -> Result<Phase> {
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    let (began, before) = (Instant::now(), server.cpu_time()?);
    while began.elapsed() < time {
        interrupt.check()?;
        let answer = client.post(&format!("{base}/execution/job"), job)?;
        let path = format!("{base}/execution/job/{}?wait=30s", text(&answer, "jobId")?);
        // The first answer may be that it runs.
        let mut ended = client.get(&path)?;
        if matches!(text(&ended, "status")?, "Queued" | "Running") {
            ended = client.get(&path)?;
        }
        let status = text(&ended, "status")?;
        ensure!(status == "Completed", "a job is {status}: {}", ended["error"]);
        let seconds =
            |name| ended["receipt"][name].as_f64().with_context(|| format!("the receipt has no {name}"));
        walls.push(seconds("wallSeconds")?);
        cpus.push(seconds("cpuSeconds")?);
    }
    let all = (server.cpu_time()? - before).as_secs_f64() - cpus.iter().sum::<f64>();
    let server = all / began.elapsed().as_secs_f64();
    Ok(Phase { wall: median(walls.into_iter()), cpu: median(cpus.into_iter()), server })
}

/// Open streams on a thread of their own, which reads what comes and throws it away.
struct Listeners {
    thread: JoinHandle<Result<()>>,
    heard: Arc<AtomicUsize>,
    close: Arc<Notify>,
}

impl Listeners {
    /// Opens all of them, and waits until each is answered.
    fn open(Project { client, base }: &Project) -> Result<Self> {
        let (authority, authorization) = (client.authority().to_owned(), client.authorization().to_owned());
        let request = format!(
            "GET {base}/execution/events HTTP/1.1\r\nhost: {authority}\r\nauthorization: {authorization}\r\n\r\n"
        );
        let (heard, close) = (Arc::<AtomicUsize>::default(), Arc::<Notify>::default());
        let (opened, all_open) = mpsc::channel();
        let thread = thread::spawn({
            let (heard, close) = (heard.clone(), close.clone());
            move || listen(&authority, &request, &opened, &heard, &close)
        });
        if all_open.recv().is_err() {
            let ended = thread.join().map_err(|_| anyhow!("the listeners panicked"))?;
            return Err(ended.err().unwrap_or_else(|| anyhow!("the listeners ended")));
        }
        Ok(Self { thread, heard, close })
    }

    /// Closes them, when each of them has heard something.
    fn close(self) -> Result<()> {
        let asked = Instant::now();
        while self.heard.load(Ordering::Relaxed) < LISTENERS && asked.elapsed() < HEARD_WITHIN {
            thread::sleep(Duration::from_millis(10));
        }
        let heard = self.heard.load(Ordering::Relaxed);
        self.close.notify_one();
        self.thread.join().map_err(|_| anyhow!("the listeners panicked"))??;
        ensure!(heard == LISTENERS, "only {heard} of {LISTENERS} listeners heard anything");
        Ok(())
    }
}

fn listen(
    authority: &str,
    request: &str,
    opened: &mpsc::Sender<()>,
    heard: &Arc<AtomicUsize>,
    close: &Notify,
) -> Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    rustix::process::nice(LAST).context("the listeners cannot stand back")?;
    runtime.block_on(async {
        let mut streams = JoinSet::new();
        for _ in 0..LISTENERS {
            let stream = open(authority, request).await?;
            streams.spawn(read(stream, heard.clone()));
        }
        opened.send(()).context("nobody waits for the listeners")?;
        close.notified().await;
        Ok(())
    })
}

async fn open(authority: &str, request: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(authority).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = [0; 1024];
    let length = stream.read(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer[..length]);
    ensure!(answer.starts_with("HTTP/1.1 200"), "a listener is answered {answer}");
    Ok(stream)
}

/// Until the stream ends, or is dropped.
async fn read(mut stream: TcpStream, heard: Arc<AtomicUsize>) {
    let (mut bytes, mut told) = ([0; 4096], false);
    loop {
        match stream.read(&mut bytes).await {
            Ok(0) => return,
            Err(error) if error.kind() != ErrorKind::Interrupted => return,
            Ok(length) if !told && bytes[..length].windows(6).any(|window| window == b"event:") => {
                told = true;
                heard.fetch_add(1, Ordering::Relaxed);
            }
            Ok(_) | Err(_) => {}
        }
    }
}
