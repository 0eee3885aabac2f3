//! A proxy on this machine that does to requests and answers what networks do: it loses and cuts them.

use crate::Server;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

const HOLD: Duration = Duration::from_secs(30);

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// The server does not see it; this is the answer, as it goes over the wire.
    Answered(&'static str),
    /// The server answers, and nothing of it arrives.
    AnswerLost,
    /// So many bytes of the answer's body arrive.
    AnswerCut(usize),
    /// So many bytes of the answer's body arrive, and then nothing for half a minute.
    AnswerHeld(usize),
    /// The server sees so many bytes of its body.
    RequestCut(u64),
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Passed {
    /// When its head was there.
    pub at: Instant,
    /// Its method.
    pub method: String,
    /// Its path with the query.
    pub path: String,
    /// Its headers, by their names in lower case.
    pub headers: BTreeMap<String, String>,
}

/// The proxy. Its address stays while the server's changes with every start.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: Mutex<SocketAddr>,
    plans: Mutex<Vec<Plan>>,
    passed: Mutex<Vec<Passed>>,
}

struct Plan {
    method: &'static str,
    part: String,
    fates: VecDeque<Fate>,
}

impl Proxy {
    /// A proxy before this server.
    pub fn start(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (plans, passed) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { server: Mutex::new(address(server)), plans, passed });
        let own = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = own.clone();
                // Connections that break off are what this is for.
                thread::spawn(move || drop(shared.pass(&client)));
            }
        });
        Self { port, shared }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Leads to this server from now on.
    pub fn lead_to(&self, server: &Server) {
        *held(&self.shared.server) = address(server);
    }

    /// What becomes of the next requests with this method, and this part in their path. Those after them pass.
    pub fn plan(&self, method: &'static str, part: &str, fates: impl IntoIterator<Item = Fate>) {
        let plan = Plan { method, part: part.to_owned(), fates: fates.into_iter().collect() };
        held(&self.shared.plans).push(plan);
    }

    /// What was planned does not happen any more.
    pub fn mend(&self) {
        held(&self.shared.plans).clear();
    }

    /// The requests that came with this method, and this part in their path.
    pub fn passed(&self, method: &str, part: &str) -> Vec<Passed> {
        let passed = held(&self.shared.passed);
        passed
            .iter()
            .filter(|passed| passed.method == method && passed.path.contains(part))
            .cloned()
            .collect()
    }
}

fn address(server: &Server) -> SocketAddr {
    server.base().trim_start_matches("http://").parse().expect("a server's base is its address")
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding it")
}

impl Shared {
    #[expect(clippy::too_many_lines, reason = "one connection in both directions")]
    fn pass(&self, client: &TcpStream) -> io::Result<()> {
        let mut requests = BufReader::new(client);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if requests.read_line(&mut line)? == 0 {
                return Ok(());
            }
            match line.trim_end() {
                "" => break,
                text => lines.push(text.to_owned()),
            }
        }
        let (first, headers) = lines.split_first().ok_or(io::ErrorKind::InvalidData)?;
        let mut words = first.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let headers: BTreeMap<String, String> = headers
            .iter()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = requests.take(length);
        let fate = self.fate(&method, &path);
        let passed = Passed { at: Instant::now(), method, path, headers };
        held(&self.passed).push(passed.clone());
        let mut client = client;
        if let Some(Fate::Answered(answer)) = fate {
            io::copy(&mut body, &mut io::sink())?;
            return client.write_all(answer.as_bytes());
        }
        let address = *held(&self.server);
        let mut server = TcpStream::connect(address)?;
        let mut head = format!("{first}\r\n");
        for (name, value) in passed.headers.iter().filter(|(name, _)| *name != "connection") {
            head += &format!("{name}: {value}\r\n");
        }
        // One connection, one request.
        server.write_all(format!("{head}connection: close\r\n\r\n").as_bytes())?;
        if let Some(Fate::RequestCut(bytes)) = fate {
            io::copy(&mut body.take(bytes), &mut server)?;
            return Ok(());
        }
        io::copy(&mut body, &mut server)?;
        let mut answer = BufReader::new(server);
        if let Some(Fate::AnswerLost) = fate {
            return answer.read_exact(&mut [0]);
        }
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if answer.read_until(b'\n', &mut head)? == 0 {
                return Ok(());
            }
        }
        client.write_all(&head)?;
        let mut left = match fate {
            Some(Fate::AnswerCut(bytes) | Fate::AnswerHeld(bytes)) => bytes,
            _ => usize::MAX,
        };
        while left > 0 {
            let piece = answer.fill_buf()?;
            let count = piece.len().min(left);
            if count == 0 {
                break;
            }
            client.write_all(&piece[..count])?;
            answer.consume(count);
            left -= count;
        }
        if let Some(Fate::AnswerHeld(_)) = fate {
            thread::sleep(HOLD);
        }
        Ok(())
    }

    fn fate(&self, method: &str, path: &str) -> Option<Fate> {
        let mut plans = held(&self.plans);
        let matching =
            |plan: &&mut Plan| plan.method == method && path.contains(&plan.part) && !plan.fates.is_empty();
        plans.iter_mut().find(matching)?.fates.pop_front()
    }
}
