//! One opened device: lines that come in pieces, the bytes behind them, and answers that wait to be read.
//!
//! All that lies here for a program counts as its memory until it closes the device.

use super::shared::{Desk, Task};
use super::words::{self, Answer, Figures, Hmac, Http, Input, Line, Question, Reason, Refusal, Response};
use crate::cell::MAX_CALL_BYTES;
use crate::cell::memory::Holding;
use crate::cell::requests::{MAX_FIELDS, target};
use crate::cell::told::End;
use crate::files::node::Session as Opened;
use crate::files::{ErrorCode, Result};
use crate::text::{MAX_TEXT, clipped};
use fuelcell_domain::limits::MODULE;
use fuelcell_domain::outbound::{HttpRequest, HttpResponse, MAX_AT_ONCE, MAX_BODY};
use fuelcell_domain::{Completion, HostError, LogLevel};
use parking_lot::{Mutex, MutexGuard};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

/// The stage of our lines in the job's log.
const STAGE: &str = "device";

/// Bytes of a line.
const MAX_LINE: usize = 1 << 20;

/// Answers that wait to be read. A program that asks reads.
const MAX_WAITING: usize = 64;

/// Bytes of lines that one call writes at most: each line does something, and a call cannot be stopped.
const PIECE: usize = 4 << 10;

/// Bytes that a header field takes beside its text.
const FIELD_OVERHEAD: usize = 64;

/// Bytes of a secret's name; a longer one is nobody's.
const MAX_SECRET: usize = 1 << 10;

/// Keys that are asked for or marked by one line, and texts that are computed with.
const MAX_KEYS: usize = 1000;

/// Bytes of a method and of a URL.
const MAX_METHOD: usize = 64;
const MAX_URL: usize = 8 << 10;

/// Longest reason for skipping, and longest code and message of a failure, in bytes.
const MAX_WORDS: usize = MAX_TEXT;

/// An answer that waits to be read.
enum Waiting {
    Ready {
        bytes: Vec<u8>,
        read: usize,
    },
    /// The request that is answered takes so many bytes.
    Pending {
        answer: Pin<Box<dyn Future<Output = Vec<u8>> + Send>>,
        bytes: usize,
    },
}

/// What the bytes behind a line are for.
enum Use {
    Checkpoint,
    Hmac(Hmac),
    /// A request without its body, or the word for what is wrong with it.
    Http(std::result::Result<HttpRequest, &'static str>),
}

impl Use {
    /// Bytes that it takes beside those behind the line.
    fn size(&self) -> usize {
        match self {
            Self::Checkpoint | Self::Http(Err(_)) => 0,
            Self::Hmac(hmac) => hmac.secret.len() + size_of_val(&*hmac.bytes),
            Self::Http(Ok(request)) => size(request),
        }
    }
}

/// Bytes behind a line, as far as they have come.
struct Body {
    wanted: usize,
    bytes: Vec<u8>,
    used: Use,
}

struct State {
    line: Vec<u8>,
    body: Option<Body>,
    answers: VecDeque<Waiting>,
    refusal: Option<Refusal>,
    held: Holding,
    held_bytes: usize,
}

/// One opened device.
pub(super) struct Session {
    desk: Arc<Desk>,
    state: Mutex<State>,
}

impl Session {
    pub(super) fn new(desk: Arc<Desk>) -> Self {
        let held = desk.memory.holding();
        let (line, body, answers, refusal) = Default::default();
        let state = Mutex::new(State { line, body, answers, refusal, held, held_bytes: 0 });
        Self { desk, state }
    }

    /// The state is whole after every call of the host, so a panic there cannot have broken it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl Opened for Session {
    fn write(&self, bytes: &[u8]) -> Result<()> {
        let mut state = self.state();
        state.take(&self.desk, bytes).map_err(|refusal| {
            let code = match refusal.code {
                Reason::Invalid => ErrorCode::Invalid,
                Reason::Limit => ErrorCode::Quota,
                Reason::Storage => ErrorCode::Io,
            };
            self.desk.host.log(LogLevel::Warn, STAGE, &format!("refused: {}", refusal.message));
            (state.line, state.body) = (Vec::new(), None);
            state.refusal = Some(refusal);
            code
        })
    }

    fn room(&self) -> usize {
        let state = self.state();
        state.body.as_ref().map_or(PIECE, |body| (body.wanted - body.bytes.len()).max(PIECE))
    }

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        let Some(Waiting::Pending { answer, .. }) = state.answers.front_mut() else { return Poll::Ready(()) };
        let Poll::Ready(bytes) = answer.as_mut().poll(context) else { return Poll::Pending };
        state.answers.pop_front();
        // What there is no memory for is answered as an answer that is too long.
        let bytes = match state.hold(bytes.len()) {
            Ok(()) => bytes,
            Err(_) => told(&failed("HTTP-response-body-size")),
        };
        state.answers.push_front(Waiting::Ready { bytes, read: 0 });
        Poll::Ready(())
    }

    fn read(&self, max: usize) -> Option<Vec<u8>> {
        let mut state = self.state();
        let Some(first) = state.answers.front_mut() else { return Some(Vec::new()) };
        let Waiting::Ready { bytes, read } = first else { return None };
        let piece = bytes[*read..][..max.min(bytes.len() - *read)].to_vec();
        *read += piece.len();
        if *read == bytes.len() {
            state.answers.pop_front();
        }
        Some(piece)
    }
}

impl State {
    /// Counts so many bytes more than what lies here, as far as they are not counted already.
    fn hold(&mut self, more: usize) -> std::result::Result<(), Refusal> {
        let waiting = self.answers.iter().map(|answer| match answer {
            Waiting::Ready { bytes, .. } => bytes.len(),
            Waiting::Pending { bytes, .. } => *bytes,
        });
        let body = self.body.as_ref().map_or(0, |body| body.bytes.len() + body.used.size());
        let bytes = self.line.len() + body + waiting.sum::<usize>() + more;
        let beyond = bytes.saturating_sub(self.held_bytes);
        if !self.held.add(beyond as u64) {
            return Err(Refusal::limit("the job's memory is used up"));
        }
        self.held_bytes += beyond;
        Ok(())
    }

    fn take(&mut self, desk: &Arc<Desk>, mut bytes: &[u8]) -> std::result::Result<(), Refusal> {
        while !bytes.is_empty() {
            if let Some(body) = &self.body {
                let count = (body.wanted - body.bytes.len()).min(bytes.len());
                self.hold(count)?;
                bytes = self.fill(desk, bytes, count)?;
                continue;
            }
            let end = bytes.iter().position(|&byte| byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + part.len() > MAX_LINE {
                return Err(Refusal::limit(format!("a line has at most {MAX_LINE} bytes")));
            }
            self.hold(part.len())?;
            self.line.extend_from_slice(part);
            let Some(end) = end else { break };
            bytes = &bytes[end + 1..];
            let line = std::mem::take(&mut self.line);
            self.line(desk, &line)?;
        }
        Ok(())
    }

    /// Takes bytes that belong to the line before, and does what it asks for once all are there.
    fn fill<'a>(
        &mut self,
        desk: &Arc<Desk>,
        bytes: &'a [u8],
        count: usize,
    ) -> std::result::Result<&'a [u8], Refusal> {
        let (part, rest) = bytes.split_at(count);
        let is_whole = self.body.as_mut().is_some_and(|body| {
            body.bytes.extend_from_slice(part);
            body.bytes.len() == body.wanted
        });
        if is_whole && let Some(body) = self.body.take() {
            self.use_bytes(desk, body.used, body.bytes)?;
        }
        Ok(rest)
    }

    fn answer(&mut self, answer: &Answer, behind: &[u8]) -> std::result::Result<(), Refusal> {
        let mut bytes = told(answer);
        bytes.extend_from_slice(behind);
        self.hold(bytes.len())?;
        self.push(Waiting::Ready { bytes, read: 0 })
    }

    fn push(&mut self, answer: Waiting) -> std::result::Result<(), Refusal> {
        if self.answers.len() >= MAX_WAITING {
            return Err(Refusal::limit(format!("at most {MAX_WAITING} answers wait to be read; read some")));
        }
        self.answers.push_back(answer);
        Ok(())
    }

    /// The bytes behind a line are for `used`.
    fn expect(
        &mut self,
        desk: &Arc<Desk>,
        wanted: usize,
        most: usize,
        used: Use,
    ) -> std::result::Result<(), Refusal> {
        if wanted > most {
            return Err(Refusal::limit(format!(
                "at most {most} bytes come behind this line, and not {wanted}"
            )));
        }
        if wanted == 0 {
            return self.use_bytes(desk, used, Vec::new());
        }
        self.body = Some(Body { wanted, bytes: Vec::new(), used });
        self.hold(0)
    }

    fn line(&mut self, desk: &Arc<Desk>, text: &[u8]) -> std::result::Result<(), Refusal> {
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let host = &desk.host;
        match words::line(text)? {
            Line::Progress(progress) => host.progress(progress.done, progress.total, &progress.stage),
            Line::Log(entry) => host.log(entry.level.into(), &entry.stage, &entry.message),
            Line::Report(value) => host.set_report(words::report(&value)?),
            Line::Output(described) => desk.told().describe(described).map_err(Refusal::invalid)?,
            Line::Completion(completed) => {
                desk.told().end = Some(End::Completed(match completed.into() {
                    Completion::Skipped(reason) => Completion::Skipped(clipped(reason, MAX_WORDS)),
                    completion => completion,
                }));
            }
            Line::Failure(failure) => {
                let (code, message) = (clipped(failure.code, MAX_WORDS), clipped(failure.message, MAX_WORDS));
                desk.told().end = Some(End::Failed { code, message, transient: failure.transient });
            }
            Line::Mark(keys) => {
                check_count(keys.len())?;
                keys.iter().try_for_each(|key| host.mark(key))?;
            }
            Line::Seen(keys) => {
                check_count(keys.len())?;
                let seen =
                    keys.iter().map(|key| host.seen(key)).collect::<std::result::Result<_, HostError>>()?;
                self.answer(&Answer::Seen(seen), &[])?;
            }
            Line::Checkpoint(checkpoint) => {
                self.expect(desk, checkpoint.bytes, MAX_CALL_BYTES, Use::Checkpoint)?;
            }
            Line::Hmac(hmac) => {
                check_count(hmac.bytes.len())?;
                if hmac.secret.len() > MAX_SECRET {
                    return Err(Refusal::limit(format!(
                        "the name of a secret has at most {MAX_SECRET} bytes"
                    )));
                }
                let wanted = hmac.bytes.iter().fold(0_usize, |sum, bytes| sum.saturating_add(*bytes));
                self.expect(desk, wanted, MAX_CALL_BYTES, Use::Hmac(hmac))?;
            }
            Line::Http(http) => self.expect(desk, http.bytes, MAX_BODY, Use::Http(request(http)))?,
            Line::Ask(question) => self.ask(desk, &question)?,
            Line::Manifest(manifest) => {
                let manifest = manifest.to_string();
                if manifest.len() > MODULE.manifest_bytes {
                    return Err(Refusal::limit(format!(
                        "a manifest has at most {} bytes",
                        MODULE.manifest_bytes
                    )));
                }
                desk.told().manifest = Some(manifest);
            }
        }
        Ok(())
    }

    fn ask(&mut self, desk: &Desk, question: &Question) -> std::result::Result<(), Refusal> {
        let answer = match question {
            Question::Task => Answer::Task(match desk.task {
                Task::Run => "run",
                Task::Describe => "describe",
            }),
            Question::Cancellation => words::cancellation(desk.cancellation()),
            Question::Checkpoint => {
                let checkpoint = desk.host.load_checkpoint()?;
                let bytes = checkpoint.as_deref();
                desk.meter.count_read(bytes.map_or(0, <[u8]>::len) as u64);
                return self.answer(&Answer::Bytes(bytes.map(<[u8]>::len)), bytes.unwrap_or_default());
            }
            Question::Inputs => Answer::Inputs(inputs(desk)),
            Question::Usage => Answer::Usage(Figures {
                fuel: desk.meter.fuel.load(Ordering::Relaxed),
                memory_bytes: desk.meter.memory_bytes.load(Ordering::Relaxed),
                elapsed_milliseconds: desk
                    .started
                    .map(|started| u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)),
            }),
            Question::Refusal => Answer::Refusal(self.refusal.take()),
        };
        self.answer(&answer, &[])
    }

    fn use_bytes(&mut self, desk: &Arc<Desk>, used: Use, bytes: Vec<u8>) -> std::result::Result<(), Refusal> {
        match used {
            Use::Checkpoint => {
                let size = bytes.len() as u64;
                desk.disk.replace_checkpoint(size)?;
                desk.host.save_checkpoint(&bytes)?;
                desk.meter.count_write(size);
                Ok(())
            }
            Use::Hmac(hmac) => {
                let mut rest = &bytes[..];
                let mut texts = Vec::new();
                for length in hmac.bytes {
                    let (text, behind) = rest.split_at(length);
                    texts.push(text.to_vec());
                    rest = behind;
                }
                let macs = desk.host.hmac(&hmac.secret, &texts)?.concat();
                self.answer(&Answer::Bytes(Some(macs.len())), &macs)
            }
            Use::Http(http) => {
                let requests = self.answers.iter().filter(|answer| matches!(answer, Waiting::Pending { .. }));
                if requests.count() >= MAX_AT_ONCE {
                    return Err(Refusal::limit(format!(
                        "at most {MAX_AT_ONCE} requests wait; read an answer"
                    )));
                }
                let request = http.map(|head| HttpRequest { body: bytes, ..head });
                let size = request.as_ref().map_or(0, size);
                self.hold(size)?;
                let desk = desk.clone();
                let answer = Box::pin(async move { send(&desk, request).await });
                self.push(Waiting::Pending { answer, bytes: size })
            }
        }
    }
}

fn check_count(count: usize) -> std::result::Result<(), Refusal> {
    match count > MAX_KEYS {
        true => Err(Refusal::limit(format!("a line has at most {MAX_KEYS} keys or texts, and not {count}"))),
        false => Ok(()),
    }
}

fn inputs(desk: &Desk) -> Vec<Input> {
    let inputs = desk.host.inputs().iter();
    inputs
        .map(|input| Input {
            name: input.name.clone(),
            file_name: input.file_name.clone(),
            media_type: input.media_type.clone(),
            size: input.size,
        })
        .collect()
}

/// Sends a request, and returns what the program reads of it.
async fn send(desk: &Desk, request: std::result::Result<HttpRequest, &'static str>) -> Vec<u8> {
    let request = match request {
        Ok(request) => request,
        Err(word) => return told(&failed(word)),
    };
    match desk.sender.exchange(request).await {
        Ok(response) => came(response),
        Err(error) => told(&failed(words::http_error(&error))),
    }
}

/// Bytes that a request takes while it waits.
fn size(request: &HttpRequest) -> usize {
    let fields = request.headers.iter().map(|(name, value)| name.len() + value.len() + FIELD_OVERHEAD);
    request.body.len() + request.path.len() + fields.sum::<usize>()
}

/// A request without its body.
fn request(http: Http) -> std::result::Result<HttpRequest, &'static str> {
    let uri: http::Uri = match http.method.len() <= MAX_METHOD && http.url.len() <= MAX_URL {
        true => http.url.parse().map_err(|_| "HTTP-request-URI-invalid")?,
        false => return Err("HTTP-request-URI-too-long"),
    };
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let target = target(&uri).filter(|_| is_web).ok_or("HTTP-request-URI-invalid")?;
    let fields = http.headers.iter().map(|(name, value)| name.len() + value.len() + FIELD_OVERHEAD);
    if fields.sum::<usize>() > MAX_FIELDS {
        return Err("HTTP-request-header-section-size");
    }
    let headers =
        http.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value.into_bytes()));
    Ok(HttpRequest {
        method: http.method,
        target,
        path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        headers: headers.collect(),
        connect_timeout: http.connect_timeout_milliseconds.map(Duration::from_millis),
        read_timeout: http.read_timeout_milliseconds.map(Duration::from_millis),
        max_response: MAX_BODY as u64,
        body: Vec::new(),
    })
}

fn came(response: HttpResponse) -> Vec<u8> {
    let text = |(name, value): (String, Vec<u8>)| (name, String::from_utf8_lossy(&value).into_owned());
    let headers = response.headers.into_iter().map(text).collect();
    let head = Response::Came { status: response.status, bytes: response.body.len(), headers };
    let mut bytes = told(&Answer::Http(head));
    bytes.extend_from_slice(&response.body);
    bytes
}

fn failed(word: &'static str) -> Answer {
    Answer::Http(Response::Failed { error: word })
}

/// The line of an answer.
fn told(answer: &Answer) -> Vec<u8> {
    // What has texts, numbers and lists only is always JSON.
    let mut line = serde_json::to_vec(answer).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::memory::Memory;
    use crate::cell::requests::Sender;
    use crate::cell::told::Told;
    use crate::files::disk::Disk;
    use crate::run::no_job::NoJob;
    use fuelcell_domain::Meter;
    use std::future::poll_fn;
    use std::time::Instant;

    fn session(memory_bytes: u64) -> (Session, Arc<Mutex<Told>>) {
        let (host, meter) = (Arc::new(NoJob::default()), Arc::new(Meter::default()));
        let memory = Memory::new(memory_bytes, meter.clone());
        let told = Arc::<Mutex<Told>>::default();
        let desk = Desk {
            task: Task::Run,
            host: host.clone(),
            meter: meter.clone(),
            memory: memory.clone(),
            disk: Disk::new(1000, meter),
            sender: Sender::new(host, memory, false),
            told: told.clone(),
            notice: Instant::now() + Duration::from_secs(60),
            started: None,
        };
        (Session::new(Arc::new(desk)), told)
    }

    async fn read(session: &Session) -> String {
        poll_fn(|context| session.poll_ready(context)).await;
        String::from_utf8(session.read(1 << 20).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn lines_come_in_any_pieces_and_answers_in_their_order() {
        let (session, told) = session(1 << 20);
        let text = b"{\"ask\":\"task\"}\n\n{\"ask\":\"cancellation\"}\r\n{\"completion\":\"noItems\"}\n{\"http\":{\"method\":\"GET\",\"url\":\"https://a.example/\"}}\n{\"ask\":\"task\"}\n";
        for byte in text {
            session.write(&[*byte]).unwrap();
        }
        assert_eq!(read(&session).await, "{\"task\":\"run\"}\n");
        assert_eq!(session.read(5).unwrap(), b"{\"can");
        assert_eq!(read(&session).await, "cellation\":\"none\"}\n");
        assert_eq!(session.read(5), None, "the answer of a request is not there before it is waited for");
        assert_eq!(read(&session).await, "{\"http\":{\"error\":\"HTTP-request-denied\"}}\n");
        assert_eq!(read(&session).await, "{\"task\":\"run\"}\n");
        assert_eq!(read(&session).await, "", "every answer has been read");
        assert_eq!(told.lock().end, Some(End::Completed(Completion::NoItems)));
    }

    #[tokio::test]
    async fn what_is_wrong_is_refused_with_what_stands_behind_it() {
        let (session, told) = session(1 << 20);
        for wrong in [
            "no JSON",
            "{}",
            "[]",
            "{\"progress\":{\"done\":-1,\"total\":1}}",
            "{\"progress\":{\"done\":1,\"total\":1},\"log\":{\"message\":\"\"}}",
            "{\"failure\":{\"code\":\"A\"}}",
            "{\"report\":{\"records\":1}}",
            "{\"output\":{\"name\":\"../a\"}}",
            "{\"ask\":\"everything\"}",
            "{\"seen\":[\"a\"]}",
            "{\"hmac\":{\"secret\":\"KEY\",\"bytes\":[]}}",
        ] {
            let text = format!("{wrong}\n{{\"completion\":\"noItems\"}}\n");
            assert!(session.write(text.as_bytes()).is_err(), "{wrong}");
            assert_eq!(told.lock().end, None, "{wrong}");
            session.write(b"{\"ask\":\"refusal\"}\n").unwrap();
            assert!(
                read(&session).await.starts_with("{\"refusal\":{\"code\":\"invalid\",\"message\":\""),
                "{wrong}"
            );
        }
        session.write(b"{\"ask\":\"refusal\"}\n").unwrap();
        assert_eq!(read(&session).await, "{\"refusal\":null}\n");
    }

    #[test]
    fn lengths_are_limited() {
        let line = |length: usize| [b"{\"mark\":[\"".to_vec(), vec![b'x'; length]].concat();
        let (short, _) = session(1 << 30);
        short.write(&line(MAX_LINE - 10)).unwrap();
        assert_eq!(short.write(b"x").unwrap_err(), ErrorCode::Quota);
        let (poor, _) = session(1000);
        assert_eq!(
            poor.write(&line(1000)).unwrap_err(),
            ErrorCode::Quota,
            "what waits here is the job's memory"
        );
        let keys = |count: usize| format!("{{\"seen\":{}}}\n", serde_json::json!(vec!["k"; count]));
        assert_eq!(short.write(keys(MAX_KEYS + 1).as_bytes()).unwrap_err(), ErrorCode::Quota);
        for wrong in [
            format!("{{\"http\":{{\"method\":\"GET\",\"url\":\"/\",\"bytes\":{}}}}}\n", MAX_BODY + 1),
            "{\"hmac\":{\"secret\":\"K\",\"bytes\":[18446744073709551615,1]}}\n".into(),
        ] {
            assert_eq!(short.write(wrong.as_bytes()).unwrap_err(), ErrorCode::Quota, "{wrong}");
        }
        for _ in 0..MAX_WAITING {
            short.write(b"{\"ask\":\"task\"}\n").unwrap();
        }
        assert_eq!(short.write(b"{\"ask\":\"task\"}\n").unwrap_err(), ErrorCode::Quota);
    }

    #[test]
    fn requests_that_wait_count_with_bodies_and_fields_and_are_few() {
        let line = |headers: &str, bytes: usize| {
            format!(
                "{{\"http\":{{\"method\":\"POST\",\"url\":\"https://a.example/\",\"headers\":[{headers}],\"bytes\":{bytes}}}}}\n"
            )
        };
        let (poor, _) = session(2 << 20);
        let body = vec![0; 1 << 20];
        poor.write(line("", body.len()).as_bytes()).unwrap();
        assert_eq!(poor.room(), body.len(), "the bytes behind a line come at once");
        poor.write(&body).unwrap();
        assert_eq!(poor.room(), PIECE);
        poor.write(line("", body.len()).as_bytes()).unwrap();
        assert_eq!(poor.write(&body).unwrap_err(), ErrorCode::Quota, "the first one waits");
        let (poor, _) = session(64 << 10);
        let field = format!("[\"x\",\"{}\"]", "y".repeat(12 << 10));
        poor.write(line(&field, 1).as_bytes()).unwrap();
        poor.write(b"b").unwrap();
        let more = || poor.write(line(&field, 0).as_bytes());
        assert!((0..MAX_AT_ONCE).any(|_| more() == Err(ErrorCode::Quota)), "fields count");
        let (rich, _) = session(1 << 30);
        for _ in 0..MAX_AT_ONCE {
            rich.write(line("", 0).as_bytes()).unwrap();
        }
        assert_eq!(rich.write(line("", 0).as_bytes()).unwrap_err(), ErrorCode::Quota);
    }

    #[tokio::test]
    async fn many_small_fields_are_too_many() {
        let (session, _) = session(1 << 30);
        let fields = vec!["[\"\",\"\"]"; MAX_FIELDS / FIELD_OVERHEAD + 1].join(",");
        let line = format!(
            "{{\"http\":{{\"method\":\"GET\",\"url\":\"https://a.example/\",\"headers\":[{fields}]}}}}\n"
        );
        session.write(line.as_bytes()).unwrap();
        assert!(read(&session).await.contains("HTTP-request-header-section-size"));
    }

    #[tokio::test]
    async fn a_url_is_one_of_the_web() {
        for (url, word) in [
            ("https://user@a.example/", "HTTP-request-URI-invalid"),
            ("/a", "HTTP-request-URI-invalid"),
            ("file:///etc/passwd", "HTTP-request-URI-invalid"),
            ("no url", "HTTP-request-URI-invalid"),
            ("https://a.example/", "HTTP-request-denied"),
        ] {
            let (session, _) = session(1 << 30);
            session
                .write(format!("{{\"http\":{{\"method\":\"GET\",\"url\":\"{url}\"}}}}\n").as_bytes())
                .unwrap();
            assert!(read(&session).await.contains(word), "{url}");
        }
    }
}
