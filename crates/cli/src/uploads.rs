//! Large files on their way up, part after part. What breaks off goes on: by itself while there is a chance, and otherwise
//! with the next run of the same command.

use crate::begun::{Begun, Memory, State};
use crate::connection::Connection;
use crate::failure::{Exit, Failure, Outcome};
use crate::files;
use crate::http::{Call, UPLOAD, read, refusal};
use crate::interrupt::on_interrupt;
use crate::operations::{APPEND_UPLOAD, BEGIN_UPLOAD, DELETE_UPLOAD, GET_DATASET, GET_UPLOAD, Operation};
use crate::output::{self, note};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::Duration;
use ureq::SendBody;

/// Files from this size on come in parts.
pub(crate) const LARGE: u64 = 8 << 20;
/// Bytes of a part: what is sent again at most.
const PART: u64 = 16 << 20;
/// How long a part may take. A connection that takes less is dead, or as good as that.
const PART_TIME: Duration = Duration::from_secs(10 * 60);
/// Tries in a row that bring nothing: two minutes with the pauses between them.
const TRIES: u32 = 9;
const TRIES_TO_GIVE_UP: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A file that is to become a dataset.
pub(crate) struct Large<'a> {
    pub(crate) path: &'a Path,
    pub(crate) name: &'a str,
    /// The dataset's id, where somebody named one.
    pub(crate) dataset: Option<&'a str>,
    /// Whether an earlier upload of it is given up.
    pub(crate) anew: bool,
}

/// Uploads a file, or what is left of it to upload.
pub(crate) fn put(connection: &Connection, large: &Large<'_>) -> Outcome<Value> {
    let (mut file, found) = files::open(large.path)?;
    let memory = Memory::of(connection, large.path, &[large.dataset.unwrap_or_default(), large.name])?;
    let mut source = Source { path: large.path, state: State::of(&found), file: &mut file };
    let earlier = match memory.recall() {
        Some(begun) if large.anew => {
            give_up(connection, &begun);
            None
        }
        Some(begun) => source.earlier(connection, begun)?,
        None => None,
    };
    let (begun, offset) = match earlier {
        Some(Earlier::Finished(dataset)) => {
            memory.forget();
            return Ok(dataset);
        }
        Some(Earlier::Unfinished(begun, offset)) => (begun, offset),
        None => (source.begin(connection, large)?, 0),
    };
    match memory.keep(&begun) {
        Ok(()) => {
            on_interrupt("stopped; what has come is kept: the same command goes on from there".to_owned());
        }
        Err(failure) => note(&format!("no other command can go on with this upload: {}", failure.parts().0)),
    }
    let dataset = source.send(connection, &begun, offset)?;
    memory.forget();
    Ok(dataset)
}

/// What became of an earlier upload.
enum Earlier {
    Unfinished(Begun, u64),
    /// The answer to its last part did not arrive.
    Finished(Value),
}

/// The file that is uploaded.
struct Source<'a> {
    path: &'a Path,
    state: State,
    file: &'a mut File,
}

impl Source<'_> {
    /// Where an earlier upload goes on; none = it does not.
    fn earlier(&mut self, connection: &Connection, begun: Begun) -> Outcome<Option<Earlier>> {
        let shown = self.path.display();
        if begun.state != self.state
            && (begun.state.size != self.state.size || begun.digest != self.digest()?)
        {
            note(&format!("{shown} has changed since its upload began: it begins anew"));
            give_up(connection, &begun);
            return Ok(None);
        }
        if let Some(offset) = look(connection, &begun)? {
            let [come, all] = [offset, self.state.size].map(output::bytes);
            note(&format!("{come} of {all} have come already: the upload of {shown} goes on there"));
            return Ok(Some(Earlier::Unfinished(Begun { state: self.state, ..begun }, offset)));
        }
        let finished = finished(connection, &begun)?;
        match finished {
            Some(_) => note(&format!("{shown} had come already: this is the dataset of the earlier upload")),
            None => note(&format!("the server has given up the earlier upload of {shown}: it begins anew")),
        }
        Ok(finished.map(Earlier::Finished))
    }

    fn digest(&mut self) -> Outcome<String> {
        let unreadable = |error| files::unreadable(self.path, &error);
        self.file.rewind().map_err(unreadable)?;
        files::digest(self.file).map(hex::encode).map_err(unreadable)
    }

    fn begin(&mut self, connection: &Connection, large: &Large<'_>) -> Outcome<Begun> {
        let digest = self.digest()?;
        let mut body = json!({"name": large.name, "size": self.state.size, "digest": digest});
        if let Some(dataset) = large.dataset {
            body["datasetId"] = dataset.into();
        }
        let told = connection.http.send(&connection.call(BEGIN_UPLOAD, &[])?.json(body))?;
        let id = |member: &str| told[member].as_str().unwrap_or_default().to_owned();
        Ok(Begun { upload_id: id("uploadId"), dataset_id: id("datasetId"), state: self.state, digest })
    }

    /// Sends what is missing; the dataset that it is then.
    fn send(&mut self, connection: &Connection, begun: &Begun, offset: u64) -> Outcome<Value> {
        let bar = files::bar(self.state.size, &self.path.display().to_string()).with_position(offset);
        let sent = self.send_from(connection, begun, offset, &bar);
        bar.finish_and_clear();
        sent
    }

    fn send_from(
        &mut self,
        connection: &Connection,
        begun: &Begun,
        mut offset: u64,
        bar: &ProgressBar,
    ) -> Outcome<Value> {
        let mut tries = 0;
        loop {
            let failure = match self.send_part(connection, begun, offset, bar)? {
                Sent::Whole(dataset) => return Ok(dataset),
                Sent::Part(next) => {
                    (offset, tries) = (next, 0);
                    continue;
                }
                Sent::Nothing(failure) => failure,
            };
            tries += 1;
            if tries > TRIES {
                return Err(failure.with_remedy("the same command goes on where this one stopped"));
            }
            bar.suspend(|| note(&format!("{}; trying again", failure.parts().0)));
            thread::sleep(pause(tries));
            match look(connection, begun) {
                Ok(Some(come)) => {
                    if come > offset {
                        tries = 0;
                    }
                    offset = come;
                    bar.set_position(offset);
                }
                Ok(None) => return finished(connection, begun)?.ok_or(failure),
                // It may be away for longer.
                Err(failure) if failure.exit == Exit::Unreachable => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Sends one part. The digest that goes with it has the server notice what was changed on the way.
    fn send_part(
        &mut self,
        connection: &Connection,
        begun: &Begun,
        offset: u64,
        bar: &ProgressBar,
    ) -> Outcome<Sent> {
        let unreadable = |error| files::unreadable(self.path, &error);
        let mut part = Vec::new();
        self.file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
        let length = PART.min(self.state.size.saturating_sub(offset));
        self.file.by_ref().take(length).read_to_end(&mut part).map_err(unreadable)?;
        if part.len() as u64 != length {
            return Err(Failure::here(
                "the upload cannot go on",
                format!("{} got shorter", self.path.display()),
            ));
        }
        let digest = BASE64_STANDARD.encode(Sha256::digest(&part));
        let call = call(connection, APPEND_UPLOAD, begun)?
            .header("upload-offset", offset.to_string())
            .header("content-digest", format!("sha-256=:{digest}:"))
            .header("content-length", length.to_string())
            .within(UPLOAD)
            .sent_within(PART_TIME);
        let mut bytes = bar.wrap_read(&part[..]);
        let body = SendBody::from_reader(&mut bytes);
        let answer = match connection.http.any(&call, Some("application/octet-stream"), body) {
            Ok(answer) => answer,
            Err(failure) if failure.exit == Exit::Unreachable => return Ok(Sent::Nothing(failure)),
            Err(failure) => return Err(failure),
        };
        let status = answer.status().as_u16();
        Ok(match status {
            204 => Sent::Part(offset + length),
            200..300 => match read(answer) {
                Ok(dataset) => Sent::Whole(dataset),
                Err(failure) => Sent::Nothing(failure),
            },
            // Somebody else is at it, the server is busy or away, or the part was damaged on its way: it may pass.
            400 | 404 | 409 | 410 | 429 | 500 | 502..=504 => {
                Sent::Nothing(refusal(&connection.http.server, answer))
            }
            _ => return Err(refusal(&connection.http.server, answer)),
        })
    }
}

/// What became of a part.
enum Sent {
    /// It was the last one.
    Whole(Value),
    /// The next one begins here.
    Part(u64),
    /// Perhaps nothing of it came.
    Nothing(Failure),
}

fn pause(tries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(LONGEST_PAUSE)
}

fn call(connection: &Connection, operation: Operation, begun: &Begun) -> Outcome<Call> {
    connection.call(operation, &[("uploadId", &begun.upload_id)])
}

/// How far an upload has come; none = the server does not know it any more.
fn look(connection: &Connection, begun: &Begun) -> Outcome<Option<u64>> {
    let call = call(connection, GET_UPLOAD, begun)?;
    let told = found(connection, &call)?;
    Ok(told.and_then(|told| told["offset"].as_u64()))
}

/// The dataset that an upload has become.
fn finished(connection: &Connection, begun: &Begun) -> Outcome<Option<Value>> {
    let call = connection.call(GET_DATASET, &[("datasetId", &begun.dataset_id)])?;
    Ok(found(connection, &call)?.filter(|dataset| dataset["digest"] == begun.digest.as_str()))
}

/// What a call is answered; none = what it asks for is not there.
fn found(connection: &Connection, call: &Call) -> Outcome<Option<Value>> {
    let answer = connection.http.any(call, None, String::new())?;
    match answer.status().as_u16() {
        200..300 => read(answer).map(Some),
        404 | 410 => Ok(None),
        _ => Err(refusal(&connection.http.server, answer)),
    }
}

/// Gives up an upload. The server may not have seen the end of a connection over which something was added to it: then it is
/// asked again for a moment. One that stays ends by itself.
fn give_up(connection: &Connection, begun: &Begun) {
    for tries in 1..=TRIES_TO_GIVE_UP {
        match call(connection, DELETE_UPLOAD, begun).and_then(|call| connection.http.send(&call)) {
            Err(failure) if failure.exit == Exit::Conflict => thread::sleep(pause(tries)),
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_minute_and_take_two_minutes_together() {
        let pauses: Vec<_> = (1..=TRIES).map(pause).collect();
        assert_eq!((pauses[0], pauses[1], pauses[8]), (FIRST_PAUSE, FIRST_PAUSE * 2, LONGEST_PAUSE));
        let all: Duration = pauses.iter().sum();
        assert_eq!(all, Duration::from_millis(121_500));
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
