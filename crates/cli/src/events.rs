//! The stream of events of a job or a project, taken up again where it broke off (`docs/events.md`).

use crate::failure::{Exit, Failure, Outcome};
use crate::http::{Call, Http};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// A server breaks its silence every 15 seconds; one that is silent for longer is gone.
const SILENCE: Duration = Duration::from_secs(45);
/// How long a server may be gone before nobody waits for it any more.
const GONE: Duration = Duration::from_secs(120);
/// What one event may have; a log's lines come in events, too.
const LONGEST: u64 = 16 << 20;

/// What befell a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// What a stream brings.
enum Part {
    Event(Event),
    /// When to come back.
    Retry(Duration),
    /// It is alive.
    Comment,
}

/// Calls `each` for every event from the beginning, until it says that it has heard enough or the stream has ended for good.
/// Comes back when the connection breaks off, with `heard` as the last event that was heard.
pub(crate) fn follow(
    http: &Http,
    call: &Call,
    deadline: Option<Instant>,
    each: &mut dyn FnMut(&Event) -> Outcome<bool>,
) -> Outcome {
    let mut heard: Option<String> = None;
    let mut retry = Duration::from_secs(1);
    // A server that never answered is not waited for.
    let mut alive: Option<Instant> = None;
    loop {
        let call = match &heard {
            Some(id) => call.clone().header("last-event-id", id),
            None => call.clone(),
        };
        match http.open(&call) {
            // The end was heard before.
            Ok(answer) if answer.status() == 204 => return Ok(()),
            Ok(answer) => {
                alive = Some(Instant::now());
                let parts = parts_of(answer.into_body().into_reader());
                while let Some(part) = next(&parts, deadline)? {
                    alive = Some(Instant::now());
                    match part {
                        Part::Retry(time) => retry = time.min(Duration::from_secs(10)),
                        Part::Comment => {}
                        Part::Event(event) => {
                            heard = Some(event.id.clone());
                            if each(&event)? {
                                return Ok(());
                            }
                        }
                    }
                }
            }
            Err(failure) => {
                let may_return = alive.is_some_and(|since| since.elapsed() <= GONE);
                if failure.exit != Exit::Unreachable || !may_return {
                    return Err(failure);
                }
            }
        }
        pause(retry, deadline)?;
    }
}

/// The next part; none when the connection broke off.
fn next(parts: &Receiver<Part>, deadline: Option<Instant>) -> Outcome<Option<Part>> {
    let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
    let patience = left.map_or(SILENCE, |left| left.min(SILENCE));
    match parts.recv_timeout(patience) {
        Ok(part) => Ok(Some(part)),
        Err(RecvTimeoutError::Timeout) if left.is_some_and(|left| left <= SILENCE) => Err(too_late()),
        Err(_) => Ok(None),
    }
}

pub(crate) fn too_late() -> Failure {
    Failure::new(Exit::Deadline, "the job has not ended in the time that it was waited for; it goes on")
}

fn pause(time: Duration, deadline: Option<Instant>) -> Outcome {
    let left = deadline.map_or(time, |end| end.saturating_duration_since(Instant::now()));
    thread::sleep(time.min(left));
    if left < time { Err(too_late()) } else { Ok(()) }
}

/// Reads on a thread of its own, so that silence can be told. It ends with the connection, or when nobody listens any more.
fn parts_of(stream: impl Read + Send + 'static) -> Receiver<Part> {
    let (sender, receiver) = sync_channel(64);
    thread::spawn(move || {
        let mut lines = BufReader::new(stream);
        // A connection that breaks off ends the stream, however it does.
        let _ = read_parts(&mut lines, &mut |part| sender.send(part).is_ok());
    });
    receiver
}

/// Server-sent events, as the standard has them.
fn read_parts(lines: &mut impl BufRead, each: &mut dyn FnMut(Part) -> bool) -> io::Result<()> {
    let (mut id, mut name, mut data) = (String::new(), String::new(), String::new());
    loop {
        let mut line = String::new();
        if lines.take(LONGEST).read_line(&mut line)? == 0 || data.len() as u64 > LONGEST {
            return Ok(());
        }
        let line = line.trim_end_matches(['\r', '\n']);
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        let part = match field {
            "" if !line.is_empty() => Some(Part::Comment),
            "" if data.is_empty() => None,
            "" => {
                let data = serde_json::from_str(&std::mem::take(&mut data)).unwrap_or(Value::Null);
                Some(Part::Event(Event { id: id.clone(), name: std::mem::take(&mut name), data }))
            }
            "retry" => {
                value.parse().ok().map(|milliseconds| Part::Retry(Duration::from_millis(milliseconds)))
            }
            "id" => {
                id = value.to_owned();
                None
            }
            "event" => {
                name = value.to_owned();
                None
            }
            "data" => {
                if !data.is_empty() {
                    data.push('\n');
                }
                data += value;
                None
            }
            _ => None,
        };
        if part.is_some_and(|part| !each(part)) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_stream_is_read_as_the_standard_has_it() {
        let stream = "retry: 2000\n\n: alive\n\nid: 41\r\nevent: queued\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\nid: 42\nevent: cut off";
        let (mut events, mut others) = (Vec::new(), 0);
        read_parts(&mut stream.as_bytes(), &mut |part| {
            match part {
                Part::Event(event) => events.push(event),
                Part::Retry(time) => assert_eq!(time, Duration::from_secs(2)),
                Part::Comment => others += 1,
            }
            true
        })
        .unwrap();
        assert_eq!(events, [Event { id: "41".into(), name: "queued".into(), data: json!({"a": 1}) }]);
        assert_eq!(others, 1);
    }
}
