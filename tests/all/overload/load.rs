//! A generator of load: requests come at their time, whether those before them were answered or not, on connections that are
//! open already.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How often requests are let go.
const TICK: Duration = Duration::from_millis(2);
/// How long an answer may take at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where requests go, from which address, and what they say.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) server: SocketAddr,
    pub(super) from: Ipv4Addr,
    pub(super) request: Vec<u8>,
}

impl Target {
    pub(super) async fn connect(&self) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((self.from, 0)))?;
        let stream = socket.connect(self.server).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// What came of it.
#[derive(Default)]
pub(super) struct Outcome {
    /// How many answers had which status.
    pub(super) statuses: BTreeMap<u16, u64>,
    /// Jobs that were acknowledged.
    pub(super) jobs: Vec<String>,
    /// How long those requests took, from when they were sent.
    pub(super) accepted: Vec<Duration>,
    /// The same from when it was their time, which includes the wait for a connection.
    pub(super) since_due: Vec<Duration>,
    /// Requests without an answer, and why.
    pub(super) broken: Vec<String>,
    /// Requests whose time came.
    pub(super) due: u64,
    /// Those that were not sent, because no connection was free before the end.
    pub(super) unsent: usize,
}

struct Answer {
    status: u16,
    body: String,
    closes: bool,
}

/// Requests whose time has come.
struct Line {
    permits: Semaphore,
    due: RefCell<VecDeque<Instant>>,
    ended: Cell<bool>,
    outcome: RefCell<Outcome>,
}

impl Line {
    fn new() -> Rc<Self> {
        let (permits, due, ended) = (Semaphore::new(0), RefCell::default(), Cell::new(false));
        Rc::new(Self { permits, due, ended, outcome: RefCell::default() })
    }

    /// The next request, when its time has come.
    async fn next(&self) -> Option<Instant> {
        self.permits.acquire().await.ok()?.forget();
        self.due.borrow_mut().pop_front()
    }

    fn add(&self, count: u64) {
        let now = Instant::now();
        let mut due = self.due.borrow_mut();
        due.extend((0..count).map(|_| now));
        self.outcome.borrow_mut().due += count;
        self.permits.add_permits(usize::try_from(count).unwrap());
    }

    fn note(&self, due: Instant, sent: Instant, answer: std::io::Result<Answer>) -> bool {
        let outcome = &mut *self.outcome.borrow_mut();
        match answer {
            Ok(answer) => {
                *outcome.statuses.entry(answer.status).or_default() += 1;
                if answer.status == 200 {
                    outcome.accepted.push(sent.elapsed());
                    outcome.since_due.push(due.elapsed());
                    let id = answer.body.split("\"jobId\":\"").nth(1).and_then(|rest| rest.split('"').next());
                    outcome.jobs.push(id.expect("a job that is queued has an id").to_owned());
                }
                !answer.closes
            }
            Err(error) => {
                outcome.broken.push(error.to_string());
                false
            }
        }
    }
}

/// So many requests at a time, the next ones as soon as those are answered.
pub(super) async fn closed_loop(target: &Target, connections: usize, time: Duration) -> Outcome {
    let line = Line::new();
    let workers = workers(target, &line, connections).await;
    let end = Instant::now() + time;
    while Instant::now() < end {
        let waiting = line.permits.available_permits();
        line.add((connections.saturating_sub(waiting)) as u64);
        sleep(TICK).await;
    }
    finished(line, workers).await
}

/// So many requests a second, whatever becomes of them.
pub(super) async fn open_loop(target: &Target, connections: usize, rate: f64, time: Duration) -> Outcome {
    let line = Line::new();
    let workers = workers(target, &line, connections).await;
    let began = Instant::now();
    let mut let_go = 0;
    while began.elapsed() < time {
        let due = (began.elapsed().as_secs_f64() * rate) as u64;
        line.add(due - let_go);
        let_go = due;
        sleep(TICK).await;
    }
    finished(line, workers).await
}

async fn workers(target: &Target, line: &Rc<Line>, connections: usize) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        let stream = target.connect().await.expect("the server takes connections");
        workers.spawn_local(work(target.clone(), line.clone(), Some(stream)));
    }
    workers
}

async fn finished(line: Rc<Line>, mut workers: JoinSet<()>) -> Outcome {
    line.ended.set(true);
    line.outcome.borrow_mut().unsent = std::mem::take(&mut *line.due.borrow_mut()).len();
    // Whoever waits for a request hears that none comes.
    line.permits.add_permits(workers.len());
    while workers.join_next().await.is_some() {}
    line.outcome.take()
}

async fn work(target: Target, line: Rc<Line>, mut kept: Option<TcpStream>) {
    loop {
        let Some(due) = line.next().await else {
            match line.ended.get() {
                true => return,
                false => continue,
            }
        };
        let sent = Instant::now();
        let answer = timeout(PATIENCE, ask(&target, &mut kept)).await;
        let answer = answer.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
        if !line.note(due, sent, answer) {
            kept = None;
        }
    }
}

/// A connection that was closed while nothing was under way is opened anew.
async fn ask(target: &Target, kept: &mut Option<TcpStream>) -> std::io::Result<Answer> {
    if let Some(stream) = kept {
        match exchange(stream, &target.request).await {
            Err(error) if is_gone(&error) => {}
            answer => return answer,
        }
    }
    let stream = kept.insert(target.connect().await?);
    exchange(stream, &target.request).await
}

fn is_gone(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof)
}

async fn exchange(stream: &mut TcpStream, request: &[u8]) -> std::io::Result<Answer> {
    stream.write_all(request).await?;
    let mut bytes = Vec::with_capacity(2048);
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        more(stream, &mut bytes).await?;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length: usize = header("content-length:").map_or(0, |length| length.parse().unwrap());
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    let closes = header("connection:") == Some("close");
    while bytes.len() < head + length {
        more(stream, &mut bytes).await?;
    }
    Ok(Answer { status, body: String::from_utf8_lossy(&bytes[head..]).into_owned(), closes })
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    match stream.read_buf(bytes).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}
