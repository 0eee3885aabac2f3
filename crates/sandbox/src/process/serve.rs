//! The parent's side of a child's questions: the job's real host, asked for a process that may be anybody's by now.

use super::wire::{self, Answer, Question, ToChild, ToParent};
use fuelcell_domain::outbound::{HttpError, HttpRequest, HttpResponse, MAX_AT_ONCE};
use fuelcell_domain::seams::ArtifactWriter;
use fuelcell_domain::{Fence, FuelProfile, HostError, JobHost, Meter, ReadAt, RunEnd, Usage};
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, spawn_blocking};

/// Inputs and artifacts that a child has open at once; a cell that keeps to its own limits never has as many.
const MAX_OPEN: usize = 1024;

/// Requests over HTTP that a child has under way at once; answers that wait to be written count, also those that the child
/// has dropped: each holds a thread.
const MAX_REQUESTS: usize = 4 * MAX_AT_ONCE;

/// Bytes that are read for a child at once.
const MAX_READ: u32 = 1 << 20;

/// The parent's end of the stream, to write to.
#[derive(Clone)]
pub(super) struct ChildWire(Arc<Mutex<BufWriter<UnixStream>>>);

impl ChildWire {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self(Arc::new(Mutex::new(BufWriter::new(stream))))
    }

    /// Sends a message. Blocks while the child does not read.
    pub(super) fn tell(&self, message: &ToChild, payload: &[u8]) -> io::Result<()> {
        let mut out = self.lock();
        wire::write(&mut *out, message, payload)?;
        out.flush()
    }

    /// A message is written by one call, so that a panic elsewhere cannot have left half of one.
    fn lock(&self) -> MutexGuard<'_, BufWriter<UnixStream>> {
        self.0.lock()
    }
}

/// What a child said last.
pub(super) enum LastWord {
    /// How the guest ended.
    Ended(RunEnd, Usage),
    /// The guest could not begin.
    Unable(String),
    /// Nothing: the stream ended, or what came was no message.
    None(Option<io::Error>),
}

/// Serves one child.
pub(super) struct Server {
    host: Arc<dyn JobHost>,
    meter: Arc<Meter>,
    wire: ChildWire,
    files: HashMap<u32, Arc<dyn ReadAt>>,
    artifacts: HashMap<u32, Box<dyn ArtifactWriter>>,
    handles: u32,
    requests: HashMap<u32, AbortHandle>,
    places: Arc<Semaphore>,
    /// Kibibytes that bodies under way may hold here: the job's memory, once more. What the child says of its memory is its
    /// word.
    bodies: Arc<Semaphore>,
    most_held: u32,
}

/// Nobody waits for answers any more.
impl Drop for Server {
    fn drop(&mut self) {
        self.requests.values().for_each(AbortHandle::abort);
    }
}

impl Server {
    /// For a child whose job may have `memory_bytes`.
    pub(super) fn new(host: Arc<dyn JobHost>, meter: Arc<Meter>, wire: ChildWire, memory_bytes: u64) -> Self {
        let most_held = kibibytes(memory_bytes);
        let bodies = Arc::new(Semaphore::new(most_held as usize));
        let (files, artifacts, requests) = Default::default();
        let places = Arc::new(Semaphore::new(MAX_REQUESTS));
        Self { host, meter, wire, files, artifacts, handles: 0, requests, places, bodies, most_held }
    }

    /// Answers until the child has said its last word.
    pub(super) fn serve(mut self, stream: UnixStream) -> LastWord {
        let mut from = BufReader::new(stream);
        loop {
            match wire::read(&mut from) {
                Ok(Some((ToParent::Ended(end, usage), _))) => return LastWord::Ended(end, usage),
                Ok(Some((ToParent::Unable(reason), _))) => return LastWord::Unable(reason),
                Ok(Some((message, payload))) => {
                    if let Err(error) = self.take(message, payload) {
                        return LastWord::None(Some(error));
                    }
                }
                Ok(None) => return LastWord::None(None),
                Err(error) => return LastWord::None(Some(error)),
            }
        }
    }

    fn take(&mut self, message: ToParent, payload: Vec<u8>) -> io::Result<()> {
        match message {
            ToParent::Begun(fences) => self.note_fences(fences),
            ToParent::Profile(profile) => self.note_profile(profile),
            ToParent::Figures(usage, memory_bytes) => self.meter.adopt(usage, memory_bytes),
            ToParent::Progress { done, total, stage } => self.host.progress(done, total, &stage),
            ToParent::Log { level, stage, message } => self.host.log(level, &stage, &message),
            ToParent::Report(report) => self.host.set_report(report),
            ToParent::Drop { artifact } => drop(self.artifacts.remove(&artifact)),
            ToParent::Close { file } => drop(self.files.remove(&file)),
            ToParent::Ask(question) => {
                let (answer, bytes) = self.answer(question, &payload).unwrap_or_else(refused);
                self.wire.tell(&ToChild::Answer(answer), &bytes)?;
            }
            ToParent::Http { request, head } => self.send(request, HttpRequest { body: payload, ..head })?,
            ToParent::DropHttp { request } => {
                if let Some(task) = self.requests.remove(&request) {
                    task.abort();
                }
            }
            // The caller has seen to them.
            ToParent::Ended(..) | ToParent::Unable(_) => {}
        }
        Ok(())
    }

    /// Sends a request, while the child goes on. What the job may send its host knows; how many at once, and how much they
    /// hold here, is bounded here.
    fn send(&mut self, request: u32, head: HttpRequest) -> io::Result<()> {
        self.requests.retain(|_, task| !task.is_finished());
        let place = self.places.clone().try_acquire_owned();
        let held = kibibytes((head.body.len() as u64).saturating_add(head.max_response));
        let (Ok(place), false, true) = (place, self.requests.contains_key(&request), held <= self.most_held)
        else {
            let answer = Err(HttpError::TooMany("too many requests are under way".into()));
            return self.wire.tell(&ToChild::Http { request, answer }, &[]);
        };
        let (host, bodies, wire) = (self.host.clone(), self.bodies.clone(), self.wire.clone());
        let task = Handle::current().spawn(async move {
            // A child that keeps to its memory may have an answer already that is still being put away here.
            let Ok(room) = bodies.acquire_many_owned(held).await else { return };
            let answer = host.http(head).await;
            // Writing may be held up by a child that does not read. One that is gone needs no answer.
            let telling = spawn_blocking(move || {
                let _held = (place, room);
                tell_of_answer(&wire, request, answer)
            });
            let _ = telling.await;
        });
        self.requests.insert(request, task.abort_handle());
        Ok(())
    }

    fn note_fences(&self, fences: Vec<Fence>) {
        // A second word on it changes nothing.
        let _ = self.meter.fences.set(fences);
    }

    /// One that no child of ours makes is none.
    fn note_profile(&self, profile: FuelProfile) {
        if let Some(profile) = profile.checked() {
            let _ = self.meter.profile.set(profile);
        }
    }

    fn open(
        &mut self,
        open: impl FnOnce() -> Result<Arc<dyn ReadAt>, HostError>,
    ) -> Result<Answer, HostError> {
        let file = self.handle()?;
        let opened = open()?;
        let size = opened.size();
        self.files.insert(file, opened);
        Ok(Answer::Opened { file, size })
    }

    fn answer(&mut self, question: Question, payload: &[u8]) -> Result<(Answer, Vec<u8>), HostError> {
        let host = self.host.clone();
        let answer = match question {
            Question::Open { name } => self.open(|| host.open_input(&name))?,
            Question::OpenScript => {
                self.open(|| host.script()?.map(|script| script.archive).ok_or_else(unknown))?
            }
            Question::OpenEngine => {
                self.open(|| host.script()?.map(|script| script.engine).ok_or_else(unknown))?
            }
            Question::Read { file, offset, max } => {
                return Ok((Answer::Bytes, self.read(file, offset, max)?));
            }
            Question::Create(description) => {
                let handle = self.handle()?;
                self.artifacts.insert(handle, host.create_artifact(description)?);
                Answer::Created { artifact: handle }
            }
            Question::Write { artifact } => {
                self.artifacts.get_mut(&artifact).ok_or_else(unknown)?.write(payload)?;
                Answer::Done
            }
            Question::Finish { artifact } => {
                self.artifacts.remove(&artifact).ok_or_else(unknown)?.finish()?;
                Answer::Done
            }
            Question::SaveCheckpoint => {
                host.save_checkpoint(payload)?;
                Answer::Done
            }
            Question::LoadCheckpoint => match host.load_checkpoint()? {
                Some(bytes) => return Ok((Answer::Bytes, bytes)),
                None => Answer::NoCheckpoint,
            },
            Question::Hmac { secret, lengths } => {
                let macs = host.hmac(&secret, &parts(payload, &lengths)?)?;
                return Ok((Answer::Bytes, macs.concat()));
            }
            Question::Seen { key } => Answer::Seen(host.seen(&key)?),
            Question::Mark { key } => {
                host.mark(&key)?;
                Answer::Done
            }
        };
        Ok((answer, Vec::new()))
    }

    fn read(&self, file: u32, offset: u64, max: u32) -> Result<Vec<u8>, HostError> {
        let file = self.files.get(&file).ok_or_else(unknown)?;
        let mut buffer = vec![0; max.min(MAX_READ) as usize];
        let count = file.read_at(offset, &mut buffer).map_err(|error| {
            tracing::warn!(error.message = %error, "an input of a job cannot be read");
            HostError::Storage("the input cannot be read".into())
        })?;
        buffer.truncate(count);
        Ok(buffer)
    }

    fn handle(&mut self) -> Result<u32, HostError> {
        if self.files.len() + self.artifacts.len() >= MAX_OPEN {
            return Err(HostError::Limit("too many inputs and artifacts are open".into()));
        }
        self.handles = self.handles.wrapping_add(1);
        Ok(self.handles)
    }
}

/// The messages that lie one after the other in a payload.
fn parts(mut payload: &[u8], lengths: &[u32]) -> Result<Vec<Vec<u8>>, HostError> {
    let mut parts = Vec::with_capacity(lengths.len());
    for length in lengths {
        let (part, rest) = payload
            .split_at_checked(*length as usize)
            .ok_or_else(|| HostError::Invalid("the messages are longer than what came".into()))?;
        parts.push(part.to_vec());
        payload = rest;
    }
    Ok(parts)
}

/// Rounded up: half a kibibyte is held too.
fn kibibytes(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX)
}

fn tell_of_answer(
    wire: &ChildWire,
    request: u32,
    mut answer: Result<HttpResponse, HttpError>,
) -> io::Result<()> {
    let body = answer.as_mut().map(|head| std::mem::take(&mut head.body)).unwrap_or_default();
    wire.tell(&ToChild::Http { request, answer }, &body)
}

fn refused(error: HostError) -> (Answer, Vec<u8>) {
    (Answer::Refused(error), Vec::new())
}

fn unknown() -> HostError {
    HostError::Invalid("there is no such handle".into())
}
