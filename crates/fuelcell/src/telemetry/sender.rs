//! Spans wait here until they are sent, some at a time, by a thread of their own. Who tells a span never waits: what does not
//! fit is dropped and counted.

use super::otlp::{self, Resource};
use fuelcell_domain::trace::{Span, Spans};
use prometheus::{IntCounterVec, register_int_counter_vec};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, LazyLock, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Spans that wait.
const MAX_WAITING: usize = 8_192;
/// Spans of one request.
const MAX_AT_ONCE: usize = 512;
/// How long a span waits for company.
const COMPANY: Duration = Duration::from_secs(1);
/// Pauses before what the collector did not take is sent again.
const PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];
/// How long after it was told to stop the last request begins.
const LAST_REQUEST: Duration = Duration::from_secs(10);
/// How often it is said that spans are lost.
const BETWEEN_COMPLAINTS: Duration = Duration::from_secs(60);
/// The random bits of a trace's id.
const RANDOM_BITS: u32 = 56;

static SPANS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "fuelcell_trace_spans_total",
        "Spans that were made, by whether the collector took them (`sent`) or they are lost (`dropped`).",
        &["outcome"]
    )
    .expect("the name is used once")
});

/// How an attempt to send went wrong.
pub(super) enum Refused {
    /// Another one may do.
    ForNow(String),
    /// None will.
    ForGood(String),
}

/// Posts a request to the collector. It may wait, not for ever.
pub(super) type Post = Box<dyn Fn(&[u8]) -> Result<(), Refused> + Send>;

enum Item {
    Span(Box<Span>),
    Stop,
}

/// Since when it is to stop: known at once, whatever waits before [`Item::Stop`].
type Stopping = OnceLock<Instant>;

/// Takes spans.
struct Intake {
    queue: SyncSender<Item>,
    /// A trace is sampled when its random bits are no less.
    threshold: u64,
}

/// Sends what was told, until it is stopped.
pub(crate) struct Sender {
    queue: SyncSender<Item>,
    stopping: Arc<Stopping>,
    thread: JoinHandle<()>,
}

/// Begins to send. `sample` is the part of new traces that is told.
pub(super) fn start(resource: Resource, sample: f64, post: Post) -> std::io::Result<(impl Spans, Sender)> {
    for outcome in ["sent", "dropped"] {
        SPANS.with_label_values(&[outcome]);
    }
    let (queue, waiting) = sync_channel(MAX_WAITING);
    let stopping = Arc::<Stopping>::default();
    let told = Arc::clone(&stopping);
    let thread = thread::Builder::new()
        .name("traces".into())
        .spawn(move || send_all(&waiting, &resource, &post, &told))?;
    Ok((Intake { queue: queue.clone(), threshold: threshold(sample) }, Sender { queue, stopping, thread }))
}

impl Sender {
    /// Sends what waits, and ends. A collector that does not take it holds nobody up for longer than a few requests may
    /// take: what is left is dropped.
    pub(crate) fn stop(self) {
        // It was not set before: whoever stops it has it no more.
        let _ = self.stopping.set(Instant::now());
        // Nobody hears it when the sender has ended already; a panic was told where it happened.
        drop(self.queue.send(Item::Stop));
        drop(self.thread.join());
    }
}

impl Spans for Intake {
    fn samples(&self, trace: [u8; 16]) -> bool {
        random_bits(trace) >= self.threshold
    }

    fn take(&self, span: Span) {
        if self.queue.try_send(Item::Span(Box::new(span))).is_err() {
            SPANS.with_label_values(&["dropped"]).inc();
        }
    }
}

/// As OpenTelemetry's probability sampling has it, so that whoever samples the same traces takes the same.
fn threshold(sample: f64) -> u64 {
    ((1.0 - sample.clamp(0.0, 1.0)) * (1_u64 << RANDOM_BITS) as f64) as u64
}

fn random_bits(trace: [u8; 16]) -> u64 {
    trace[9..].iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

fn send_all(waiting: &Receiver<Item>, resource: &Resource, post: &Post, stopping: &Stopping) {
    let mut complained: Option<Instant> = None;
    let mut goes_on = true;
    while goes_on {
        let (spans, more) = batch(waiting);
        goes_on = more;
        if spans.is_empty() {
            continue;
        }
        let count = spans.len() as u64;
        let sent = match stopping.get() {
            Some(since) if since.elapsed() >= LAST_REQUEST => Err("it is too slow to wait for".into()),
            _ => send(&otlp::request(resource, &spans), post, &PAUSES, stopping),
        };
        let Err(error) = sent else {
            SPANS.with_label_values(&["sent"]).inc_by(count);
            continue;
        };
        let is_last = stopping.get().is_some();
        let lost = count + if is_last { left(waiting) } else { 0 };
        SPANS.with_label_values(&["dropped"]).inc_by(lost);
        if is_last || complained.is_none_or(|at| at.elapsed() >= BETWEEN_COMPLAINTS) {
            tracing::warn!(error, spans = lost, "spans are lost: the collector does not take them");
            complained = Some(Instant::now());
        }
        goes_on &= !is_last;
    }
}

/// Spans that wait still, and that nobody will send.
fn left(waiting: &Receiver<Item>) -> u64 {
    waiting.try_iter().filter(|item| matches!(item, Item::Span(_))).count() as u64
}

/// The next spans, and whether there will be more.
fn batch(waiting: &Receiver<Item>) -> (Vec<Span>, bool) {
    let mut spans = match waiting.recv() {
        Ok(Item::Span(span)) => vec![*span],
        Ok(Item::Stop) | Err(_) => return (Vec::new(), false),
    };
    let until = Instant::now() + COMPANY;
    while spans.len() < MAX_AT_ONCE {
        match waiting.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Item::Span(span)) => spans.push(*span),
            Err(RecvTimeoutError::Timeout) => break,
            Ok(Item::Stop) | Err(RecvTimeoutError::Disconnected) => return (spans, false),
        }
    }
    (spans, true)
}

/// Posts it, again and again until no pause is left; of a sender that is to stop, once.
fn send(request: &[u8], post: &Post, pauses: &[Duration], stopping: &Stopping) -> Result<(), String> {
    let mut pauses = pauses.iter();
    loop {
        let Err(refused) = post(request) else { return Ok(()) };
        let pause = pauses.next().filter(|_| stopping.get().is_none());
        match (refused, pause) {
            (Refused::ForNow(_), Some(pause)) => thread::sleep(*pause),
            (Refused::ForNow(error) | Refused::ForGood(error), _) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::Timestamp;
    use fuelcell_domain::trace::{SpanKind, TraceContext};
    use std::sync::mpsc::channel;

    fn resource() -> Resource {
        Resource { service: "s".into(), version: "1", instance: "i".into() }
    }

    fn span() -> Span {
        let context = TraceContext { trace: [1; 16], span: [2; 8], sampled: true };
        let (start, end) = (Timestamp(1), Timestamp(2));
        let (name, kind) = ("run".to_owned(), SpanKind::Internal);
        Span { context, parent: None, name, kind, start, end, attributes: Vec::new(), error: None }
    }

    #[test]
    fn what_waits_is_sent_when_it_stops() {
        let (told, heard) = channel();
        let post: Post = Box::new(move |request| {
            told.send(request.to_vec()).map_err(|error| Refused::ForGood(error.to_string()))
        });
        let (intake, sender) = start(resource(), 1.0, post).unwrap();
        (0..3).for_each(|_| intake.take(span()));
        sender.stop();
        let all = otlp::request(&resource(), &[span(), span(), span()]);
        assert_eq!(heard.iter().collect::<Vec<_>>(), [all]);
    }

    #[test]
    fn what_is_refused_for_now_is_sent_again_and_for_good_is_not() {
        let (told, heard) = channel();
        let refusing = |error: fn(String) -> Refused| -> Post {
            let told = told.clone();
            Box::new(move |_| {
                told.send(()).unwrap();
                Err(error("no".into()))
            })
        };
        let pauses = [Duration::ZERO; 2];
        assert_eq!(send(b"", &refusing(Refused::ForNow), &pauses, &Stopping::new()), Err("no".into()));
        assert_eq!(heard.try_iter().count(), 3);
        assert_eq!(send(b"", &refusing(Refused::ForGood), &pauses, &Stopping::new()), Err("no".into()));
        assert_eq!(heard.try_iter().count(), 1);
    }

    #[test]
    fn a_collector_that_hangs_is_asked_no_more_once_it_stops() {
        const WAITING: usize = 4 * MAX_AT_ONCE;
        let dropped = || SPANS.with_label_values(&["dropped"]).get();
        let before = dropped();
        let ((told, heard), (give_up, given_up)) = (channel(), channel());
        let post: Post = Box::new(move |_| {
            told.send(()).unwrap();
            given_up.recv().unwrap();
            Err(Refused::ForNow("timeout".into()))
        });
        let (intake, sender) = start(resource(), 1.0, post).unwrap();
        (0..WAITING).for_each(|_| intake.take(span()));
        heard.recv().unwrap();
        let stopping = Arc::clone(&sender.stopping);
        let stopped = thread::spawn(|| sender.stop());
        while stopping.get().is_none() {
            thread::yield_now();
        }
        give_up.send(()).unwrap();
        drop(give_up);
        stopped.join().unwrap();
        assert_eq!(heard.try_iter().count(), 0, "nothing is tried again, and nothing more is sent");
        assert_eq!(dropped() - before, WAITING as u64);
    }

    #[test]
    fn a_part_of_the_traces_is_told_by_their_random_bits() {
        let trace = |last: u8| {
            let mut trace = [0x7f; 16];
            trace[9] = last;
            trace
        };
        let samples = |sample, trace| random_bits(trace) >= threshold(sample);
        for last in [0, 0x3f, 0x80, 0xff] {
            assert!(samples(1.0, trace(last)) && !samples(0.0, trace(last)));
            assert_eq!(samples(0.5, trace(last)), last >= 0x80);
            assert_eq!(samples(0.75, trace(last)), last >= 0x40);
        }
    }
}
