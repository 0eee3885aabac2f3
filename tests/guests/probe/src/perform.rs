//! What each step does: one small function per step that needs one.

use std::{
    collections::hash_map::RandomState,
    fs::File,
    hash::{BuildHasher, Hasher},
    hint::black_box,
    io::{self, BufRead, BufReader, BufWriter, Write},
    net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket},
    ops::ControlFlow,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use fuelcell_sdk::{Artifact, Cancellation, Completion, Context, Failure, Kind, Usage};

use crate::{ArtifactStep, Content, Step};

/// Between two questions whether to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The most that is allocated at once.
const ALLOCATION_BYTES: u64 = 1024 * 1024;

/// Content of artifacts that are described by their size: it repeats, and its period is no power of two.
const PATTERN: [u8; 4096] = {
    let mut pattern = [0; 4096];
    let mut at = 0;
    while at < pattern.len() {
        pattern[at] = (at % 251) as u8;
        at += 1;
    }
    pattern
};

/// Whether the next step follows or the job has ended well.
type Flow = ControlFlow<Completion>;

/// Does one step. `held` keeps the memory that steps took.
pub(crate) fn step(context: &Context, step: &Step, held: &mut Vec<Vec<u8>>) -> Result<Flow, Failure> {
    match step {
        Step::Progress { done, total, stage } => context.progress(*done, *total, stage),
        Step::Log { level, stage, message, times } => {
            (0..*times).for_each(|_| context.log(*level, stage, message));
        }
        Step::Report(report) => context.report(report),
        Step::Sleep { milliseconds } => thread::sleep(Duration::from_millis(*milliseconds)),
        Step::Spin { milliseconds, forever } => spin(Duration::from_millis(*milliseconds), *forever),
        Step::Work { rounds } => work(*rounds),
        Step::Allocate { bytes } => allocate(*bytes, held),
        Step::Recurse => {
            black_box(recurse(0));
        }
        Step::Artifact(artifact) => write_artifact(context, artifact)?,
        Step::EchoInput { input, artifact } => echo_input(context, input, artifact)?,
        Step::EchoParameters { artifact } => echo_parameters(context, artifact)?,
        Step::Hmac { secret, texts, times, artifact } => hmac(context, secret, texts, *times, artifact)?,
        Step::Usage { rounds, artifact } => usage(context, *rounds, artifact)?,
        Step::Spill { bytes } => spill(*bytes)?,
        Step::Entropy { artifact } => entropy(context, artifact)?,
        Step::Sockets { artifact } => sockets(context, artifact)?,
        Step::Checkpoint { text } => context.save_checkpoint(text.as_bytes())?,
        Step::ExpectCheckpoint { text } => expect_checkpoint(context, text.as_deref())?,
        Step::Mark { key } => context.mark(key)?,
        Step::FailIfSeen { key } => fail_if_seen(context, key)?,
        Step::WaitForCancel => return wait_for_cancel(context),
        Step::IgnoreCancel { milliseconds } => ignore_cancel(context, Duration::from_millis(*milliseconds)),
        Step::Fail { code, message, transient } => return Err(failure(code, message, *transient)),
        Step::FailOnce => fail_once(context)?,
        Step::Panic { message } => panic!("{message}"),
        Step::Exit { code } => std::process::exit(*code),
        Step::NoItems => return Ok(Flow::Break(Completion::NoItems)),
        Step::Skip { reason } => return Ok(Flow::Break(Completion::Skipped(reason.clone()))),
    }
    Ok(Flow::Continue(()))
}

fn spin(time: Duration, forever: bool) {
    let start = Instant::now();
    while forever || start.elapsed() < time {
        work(10_000);
    }
}

/// A linear congruential generator (Knuth, MMIX): each round needs the one before, so none can be left out.
fn work(rounds: u64) {
    let last = (0..rounds).fold(1_u64, |state, _| {
        black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    });
    black_box(last);
}

/// Takes memory piece by piece, so that no single allocation is larger than the address space allows.
fn allocate(bytes: u64, held: &mut Vec<Vec<u8>>) {
    let mut left = bytes;
    while left > 0 {
        let piece = left.min(ALLOCATION_BYTES);
        // Zeroes would come from fresh pages without being written.
        held.push(vec![1; piece as usize]);
        left -= piece;
    }
}

/// The addition after the call keeps it from becoming a loop.
#[expect(unconditional_recursion, reason = "using up the stack is the point")]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    recurse(depth + 1) + frame[0]
}

fn write_artifact(context: &Context, step: &ArtifactStep) -> Result<(), Failure> {
    let mut writer = context.artifact(description(step))?;
    match &step.content {
        Content::Text(text) => writer.write_all(text.as_bytes())?,
        Content::Bytes(size) => write_pattern(&mut writer, *size)?,
    }
    if step.unfinished {
        return Ok(());
    }
    Ok(writer.finish()?)
}

fn description(step: &ArtifactStep) -> Artifact {
    let mut artifact =
        Artifact::new(&step.name, step.kind).type_name("ProbeArtifact").media_type(&step.media_type);
    artifact.primary = step.primary;
    artifact.record_count = step.record_count;
    artifact.accuracy = step.accuracy;
    if step.failed_records { artifact.failed_records() } else { artifact }
}

fn write_pattern(writer: &mut impl Write, size: u64) -> io::Result<()> {
    let mut left = size;
    while left > 0 {
        let count = left.min(PATTERN.len() as u64);
        writer.write_all(&PATTERN[..count as usize])?;
        left -= count;
    }
    Ok(())
}

fn echo_input(context: &Context, input: &str, artifact: &str) -> Result<(), Failure> {
    let mut reader = context.open(input)?;
    let mut writer = context.artifact(Artifact::new(artifact, Kind::Data).type_name("ProbeArtifact"))?;
    io::copy(&mut reader, &mut writer)?;
    Ok(writer.finish()?)
}

fn echo_parameters(context: &Context, artifact: &str) -> Result<(), Failure> {
    let mut writer = context.artifact(Artifact::new(artifact, Kind::Data).type_name("ProbeArtifact"))?;
    writer.write_all(context.parameters_json().as_bytes())?;
    Ok(writer.finish()?)
}

fn hmac(
    context: &Context,
    secret: &str,
    texts: &[String],
    times: u64,
    artifact: &str,
) -> Result<(), Failure> {
    let texts: Vec<&String> = (0..times).flat_map(|_| texts).collect();
    let mut writer = context.artifact(Artifact::new(artifact, Kind::Data).type_name("ProbeArtifact"))?;
    for mac in context.hmac_all(secret, &texts)? {
        let digits: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(writer, "{digits}")?;
    }
    Ok(writer.finish()?)
}

fn usage(context: &Context, rounds: u64, artifact: &str) -> Result<(), Failure> {
    let before = context.usage();
    work(rounds);
    let after = context.usage();
    let mut writer = context.artifact(Artifact::new(artifact, Kind::Data).type_name("ProbeArtifact"))?;
    for Usage { fuel, memory_bytes, elapsed } in [before, after] {
        let milliseconds =
            elapsed.map_or_else(|| "none".to_owned(), |elapsed| elapsed.as_millis().to_string());
        writeln!(writer, "{fuel} {memory_bytes} {milliseconds}")?;
    }
    Ok(writer.finish()?)
}

fn spill(size: u64) -> Result<(), Failure> {
    // Natively the folder is the machine's, and tests run beside one another; in a cell there are no process ids.
    let owner = if cfg!(target_family = "wasm") { 0 } else { std::process::id() };
    let path = fuelcell_sdk::temp_dir().join(format!("probe-{owner}.spill"));
    if path.exists() {
        return Err(Failure::new("SpillFound", format!("{} is there already", path.display())));
    }
    let mut writer = BufWriter::new(File::create(&path)?);
    write_pattern(&mut writer, size)?;
    writer.flush()?;
    drop(writer);
    let mut written = BufReader::new(File::open(&path)?);
    let (mut found, mut same) = (0, true);
    loop {
        let piece = written.fill_buf()?;
        if piece.is_empty() {
            break;
        }
        let expected = PATTERN.iter().cycle().skip((found % PATTERN.len() as u64) as usize);
        same &= piece.iter().eq(expected.take(piece.len()));
        found += piece.len() as u64;
        let count = piece.len();
        written.consume(count);
    }
    match same && found == size {
        true => Ok(()),
        false => Err(Failure::new("SpillLost", format!("{size} bytes were written, and {found} are there"))),
    }
}

fn entropy(context: &Context, artifact: &str) -> Result<(), Failure> {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let random = RandomState::new().build_hasher().finish();
    let mut writer = context.artifact(Artifact::new(artifact, Kind::Data).type_name("ProbeArtifact"))?;
    write!(writer, "clock {clock}\nrandom {random}\n")?;
    Ok(writer.finish()?)
}

fn sockets(context: &Context, artifact: &str) -> Result<(), Failure> {
    let outcome = |result: io::Result<()>| match result {
        Ok(()) => "done".to_string(),
        Err(error) => format!("{:?}", error.kind()),
    };
    let connected = outcome(TcpStream::connect("127.0.0.1:80").map(drop));
    let listening = outcome(TcpListener::bind("127.0.0.1:0").map(drop));
    let bound = outcome(UdpSocket::bind("127.0.0.1:0").map(drop));
    let resolved = if "localhost:80".to_socket_addrs().is_ok() { "done" } else { "refused" };
    let mut writer = context.artifact(Artifact::new(artifact, Kind::Data).type_name("ProbeArtifact"))?;
    write!(writer, "connect {connected}\nlisten {listening}\nbind {bound}\nresolve {resolved}\n")?;
    Ok(writer.finish()?)
}

fn expect_checkpoint(context: &Context, expected: Option<&str>) -> Result<(), Failure> {
    let found = context.load_checkpoint()?;
    if found.as_deref() == expected.map(str::as_bytes) {
        return Ok(());
    }
    let found = found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Err(Failure::new("UnexpectedCheckpoint", format!("expected {expected:?}, found {found:?}")))
}

fn fail_if_seen(context: &Context, key: &str) -> Result<(), Failure> {
    if context.seen(key)? {
        return Err(Failure::new("Seen", format!("the item `{key}` has been dealt with")));
    }
    Ok(())
}

fn wait_for_cancel(context: &Context) -> Result<Flow, Failure> {
    let reason = loop {
        match context.cancellation() {
            Cancellation::None => thread::sleep(POLL_INTERVAL),
            Cancellation::User => break "user",
            Cancellation::Deadline => break "deadline",
        }
    };
    context.save_checkpoint(format!("stopped: {reason}").as_bytes())?;
    Ok(Flow::Break(Completion::Done))
}

fn ignore_cancel(context: &Context, time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        // The answer is what this step ignores.
        let _ = context.cancellation();
        thread::sleep(POLL_INTERVAL);
    }
}

fn failure(code: &str, message: &str, transient: bool) -> Failure {
    let failure = Failure::new(code, message);
    if transient { failure.transient() } else { failure }
}

fn fail_once(context: &Context) -> Result<(), Failure> {
    if context.load_checkpoint()?.is_some() {
        return Ok(());
    }
    context.save_checkpoint(b"first attempt")?;
    Err(Failure::new("FirstAttempt", "the first attempt fails, the next one passes").transient())
}
