//! The job's host as the child has it: each question goes to the parent and waits for the answer.

use super::wire::{self, Answer, Question, ToParent};
use fuelcell_domain::outbound::{HttpAnswer, HttpError, HttpRequest, HttpResponse};
use fuelcell_domain::seams::{ArtifactWriter, JobInput, ScriptSources};
use fuelcell_domain::{ArtifactDescription, Cancellation, HostError, JobHost, LogLevel, ReadAt, Report};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Receiver;
use tokio::sync::oneshot;

/// Bytes that are asked for at once.
const MAX_READ: usize = 1 << 20;

/// The child's end of the stream.
pub(super) struct Wire {
    out: Mutex<BufWriter<UnixStream>>,
    answers: Mutex<Receiver<(Answer, Vec<u8>)>>,
}

impl Wire {
    /// `answers` brings what the parent answers, in order.
    pub(super) fn new(out: UnixStream, answers: Receiver<(Answer, Vec<u8>)>) -> Self {
        Self { out: Mutex::new(BufWriter::new(out)), answers: Mutex::new(answers) }
    }

    /// Says something, soon: at the next question or [`Wire::flush`].
    pub(super) fn tell(&self, message: &ToParent) {
        self.write(message, &[]);
    }

    /// Sends what was said.
    pub(super) fn flush(&self) {
        obey(self.out.lock().flush());
    }

    fn ask(&self, question: Question, payload: &[u8]) -> (Answer, Vec<u8>) {
        // Held until the answer is there, so that it goes to whoever asked.
        let answers = self.answers.lock();
        self.write(&ToParent::Ask(question), payload);
        self.flush();
        answers.recv().unwrap_or_else(|_| orphaned())
    }

    /// Asks for something that is only done or refused.
    fn request(&self, question: Question, payload: &[u8]) -> Result<(), HostError> {
        match self.ask(question, payload).0 {
            Answer::Done => Ok(()),
            other => Err(refused(other)),
        }
    }

    fn write(&self, message: &ToParent, payload: &[u8]) {
        obey(wire::write(&mut *self.out.lock(), message, payload));
    }
}

/// A child whose parent is gone has nobody to run for.
pub(super) fn orphaned() -> ! {
    process::exit(1)
}

fn obey(written: io::Result<()>) {
    if written.is_err() {
        orphaned();
    }
}

/// What came of a request.
type Answered = Result<HttpResponse, HttpError>;

/// Requests over HTTP that wait for their answers.
#[derive(Default)]
pub(super) struct Requests {
    waiting: Mutex<HashMap<u32, oneshot::Sender<Answered>>>,
    numbers: AtomicU32,
}

impl Requests {
    fn open(&self) -> (u32, oneshot::Receiver<Answered>) {
        let (sender, receiver) = oneshot::channel();
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        self.waiting.lock().insert(number, sender);
        (number, receiver)
    }

    /// Hands an answer to whoever waits for it.
    pub(super) fn answer(&self, request: u32, answer: Answered) {
        if let Some(waiting) = self.waiting.lock().remove(&request) {
            // It may have been given up just now.
            let _ = waiting.send(answer);
        }
    }
}

/// A request under way. Dropped before its answer is there, it is given up.
struct UnderWay {
    wire: Arc<Wire>,
    requests: Arc<Requests>,
    request: u32,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.requests.waiting.lock().remove(&self.request).is_some() {
            self.wire.tell(&ToParent::DropHttp { request: self.request });
        }
    }
}

/// The host of the one job.
pub(super) struct RemoteHost {
    pub(super) wire: Arc<Wire>,
    pub(super) parameters: String,
    pub(super) has_script: bool,
    pub(super) checks_script: bool,
    pub(super) has_fixed_answers: bool,
    pub(super) inputs: Vec<JobInput>,
    pub(super) requests: Arc<Requests>,
    /// The latest that the parent said.
    pub(super) cancellation: Arc<Mutex<Cancellation>>,
}

/// What is not the answer to the question; the parent is of the same program and gives none.
fn refused(answer: Answer) -> HostError {
    match answer {
        Answer::Refused(error) => error,
        other => HostError::Storage(format!("the host gave no fitting answer: {other:?}")),
    }
}

impl RemoteHost {
    fn opened(&self, question: Question) -> Result<Arc<dyn ReadAt>, HostError> {
        match self.wire.ask(question, &[]).0 {
            Answer::Opened { file, size } => Ok(Arc::new(RemoteFile { wire: self.wire.clone(), file, size })),
            other => Err(refused(other)),
        }
    }
}

impl JobHost for RemoteHost {
    fn parameters(&self) -> &str {
        &self.parameters
    }

    fn inputs(&self) -> &[JobInput] {
        &self.inputs
    }

    fn script(&self) -> Result<Option<ScriptSources>, HostError> {
        if !self.has_script {
            return Ok(None);
        }
        let archive = self.opened(Question::OpenScript)?;
        Ok(Some(ScriptSources { archive, engine: self.opened(Question::OpenEngine)? }))
    }

    fn checks_script(&self) -> bool {
        self.checks_script
    }

    fn has_fixed_answers(&self) -> bool {
        self.has_fixed_answers
    }

    fn open_input(&self, name: &str) -> Result<Arc<dyn ReadAt>, HostError> {
        self.opened(Question::Open { name: name.to_owned() })
    }

    fn progress(&self, done: u64, total: u64, stage: &str) {
        self.wire.tell(&ToParent::Progress { done, total, stage: stage.to_owned() });
    }

    fn log(&self, level: LogLevel, stage: &str, message: &str) {
        self.wire.tell(&ToParent::Log { level, stage: stage.to_owned(), message: message.to_owned() });
    }

    fn cancellation(&self) -> Cancellation {
        *self.cancellation.lock()
    }

    fn set_report(&self, report: Report) {
        self.wire.tell(&ToParent::Report(report));
    }

    fn create_artifact(
        &self,
        description: ArtifactDescription,
    ) -> Result<Box<dyn ArtifactWriter>, HostError> {
        match self.wire.ask(Question::Create(description), &[]).0 {
            Answer::Created { artifact } => {
                Ok(Box::new(RemoteWriter { wire: self.wire.clone(), artifact, open: true }))
            }
            other => Err(refused(other)),
        }
    }

    fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), HostError> {
        self.wire.request(Question::SaveCheckpoint, bytes)
    }

    fn load_checkpoint(&self) -> Result<Option<Vec<u8>>, HostError> {
        match self.wire.ask(Question::LoadCheckpoint, &[]) {
            (Answer::Bytes, bytes) => Ok(Some(bytes)),
            (Answer::NoCheckpoint, _) => Ok(None),
            (other, _) => Err(refused(other)),
        }
    }

    fn seen(&self, key: &str) -> Result<bool, HostError> {
        match self.wire.ask(Question::Seen { key: key.to_owned() }, &[]).0 {
            Answer::Seen(seen) => Ok(seen),
            other => Err(refused(other)),
        }
    }

    fn mark(&self, key: &str) -> Result<(), HostError> {
        self.wire.request(Question::Mark { key: key.to_owned() }, &[])
    }

    fn hmac(&self, secret: &str, messages: &[Vec<u8>]) -> Result<Vec<[u8; 32]>, HostError> {
        let lengths = messages.iter().map(|message| message.len() as u32).collect();
        let question = Question::Hmac { secret: secret.to_owned(), lengths };
        match self.wire.ask(question, &messages.concat()) {
            (Answer::Bytes, bytes) => Ok(bytes.as_chunks().0.to_vec()),
            (other, _) => Err(refused(other)),
        }
    }

    fn http(&self, mut head: HttpRequest) -> HttpAnswer {
        let (request, answer) = self.requests.open();
        let under_way = UnderWay { wire: self.wire.clone(), requests: self.requests.clone(), request };
        let body = std::mem::take(&mut head.body);
        self.wire.write(&ToParent::Http { request, head }, &body);
        self.wire.flush();
        Box::pin(async move {
            let answer = answer.await.unwrap_or(Err(HttpError::Protocol));
            drop(under_way);
            answer
        })
    }
}

struct RemoteFile {
    wire: Arc<Wire>,
    file: u32,
    size: u64,
}

impl ReadAt for RemoteFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let max = buffer.len().min(MAX_READ) as u32;
        match self.wire.ask(Question::Read { file: self.file, offset, max }, &[]) {
            (Answer::Bytes, bytes) => {
                let count = bytes.len().min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                Ok(count)
            }
            (other, _) => Err(io::Error::other(refused(other))),
        }
    }
}

impl Drop for RemoteFile {
    fn drop(&mut self) {
        self.wire.tell(&ToParent::Close { file: self.file });
    }
}

struct RemoteWriter {
    wire: Arc<Wire>,
    artifact: u32,
    open: bool,
}

impl ArtifactWriter for RemoteWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        self.wire.request(Question::Write { artifact: self.artifact }, bytes)
    }

    fn finish(mut self: Box<Self>) -> Result<(), HostError> {
        self.open = false;
        self.wire.request(Question::Finish { artifact: self.artifact }, &[])
    }
}

impl Drop for RemoteWriter {
    fn drop(&mut self) {
        if self.open {
            self.wire.tell(&ToParent::Drop { artifact: self.artifact });
        }
    }
}
