//! A receiver of webhooks on this machine: it answers as it is told to, and remembers what came.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answering {
    /// With this status, these further lines of the head and this body.
    With(u16, &'static str, &'static str),
    /// With 200, and a body that does not come for half a minute.
    Stalling,
    /// Not at all, for half a minute.
    Hanging,
    /// By closing the connection.
    Closing,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its path with the query.
    pub path: String,
    /// Its headers, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: String,
}

/// The receiver.
pub struct Receiver {
    port: u16,
    answering: Arc<Mutex<Answering>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// One that answers 204.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let answering = Arc::new(Mutex::new(Answering::With(204, "", "")));
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let (how, ears) = (answering.clone(), received.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (how, ears) = (how.clone(), ears.clone());
                // A server that is killed breaks off.
                thread::spawn(move || drop(answer(stream, &how, &ears)));
            }
        });
        Self { port, answering, received }
    }

    /// Where it listens.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Has it answer otherwise from now on.
    pub fn answer(&self, how: Answering) {
        *self.answering.lock().expect("no thread panics with it") = how;
    }

    /// What came so far, in its order.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no thread panics with it").clone()
    }
}

fn answer(stream: TcpStream, how: &Mutex<Answering>, ears: &Mutex<Vec<Received>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let line = whole_line(&mut reader)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    while let Some((name, value)) = whole_line(&mut reader)?.split_once(": ") {
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8(body).map_err(std::io::Error::other)?;
    ears.lock().expect("no thread panics with it").push(Received { path, headers, body });
    let how = how.lock().expect("no thread panics with it").clone();
    match how {
        Answering::With(status, head, body) => {
            let length = body.len();
            write!(&stream, "HTTP/1.1 {status} x\r\n{head}content-length: {length}\r\n\r\n{body}")
        }
        Answering::Stalling => {
            write!(&stream, "HTTP/1.1 200 x\r\ncontent-length: 10\r\n\r\n")?;
            thread::sleep(Duration::from_secs(30));
            Ok(())
        }
        Answering::Hanging => {
            thread::sleep(Duration::from_secs(30));
            Ok(())
        }
        Answering::Closing => Ok(()),
    }
}

/// The next line without its end. One that a killed sender broke off is an error, not the end of a head.
fn whole_line(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    line.strip_suffix("\r\n").map(str::to_owned).ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
}

/// A host that answers one request with 201 and this text, and the thread that tells what it heard. The request's body is
/// `{"x": 1}`.
pub fn one_answer(text: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let host = format!("http://{}", listener.local_addr().expect("it is bound"));
    let heard = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody asks");
        let mut heard = String::new();
        while !heard.ends_with("{\"x\": 1}") {
            let mut piece = [0; 1024];
            let read = stream.read(&mut piece).expect("the request can be read");
            assert!(read > 0, "{heard}");
            heard += &String::from_utf8_lossy(&piece[..read]);
        }
        let length = text.len();
        write!(stream, "HTTP/1.1 201 Created\r\nX-Kind: test\r\ncontent-length: {length}\r\n\r\n{text}")
            .expect("the answer can be written");
        heard
    });
    (host, heard)
}
