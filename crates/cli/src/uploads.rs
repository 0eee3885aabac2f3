//! Files on their way up, large ones part after part. What breaks off goes on: by itself while there is a chance, and
//! otherwise with the next run of the same command.

use crate::begun::{Begun, Memory, State};
use crate::connection::Connection;
use crate::failure::{Exit, Failure, Outcome};
use crate::files;
use crate::http::{Call, UPLOAD, read, refusal};
use crate::interrupt::on_interrupt;
use crate::operations::{
    APPEND_UPLOAD, BEGIN_UPLOAD, DELETE_UPLOAD, GET_DATASET, GET_UPLOAD, LIST_UPLOADS, Operation, PUT_DATASET,
};
use crate::output::{self, note};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::Duration;
use ureq::SendBody;
use uuid::Uuid;

/// Files from this size on come in parts.
const LARGE: u64 = 8 << 20;
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
pub(crate) struct Wish<'a> {
    pub(crate) path: &'a Path,
    pub(crate) name: &'a str,
    /// The dataset's id, where somebody named one.
    pub(crate) dataset: Option<&'a str>,
    /// Whether an earlier upload of it is given up.
    pub(crate) anew: bool,
}

/// Uploads a file, a large one in parts; the dataset that it is then.
pub(crate) fn put(connection: &Connection, wish: &Wish<'_>) -> Outcome<Value> {
    let (file, found) = files::open(wish.path)?;
    match found.len() < LARGE {
        true => put_whole(connection, wish),
        false => put_parts(connection, wish, file, &found),
    }
}

fn put_whole(connection: &Connection, wish: &Wish<'_>) -> Outcome<Value> {
    let call = connection.call(PUT_DATASET, &[("datasetId", &dataset_id(wish))])?;
    files::upload(&connection.http, call.query("name", Some(wish.name)), wish.path)
}

fn dataset_id(wish: &Wish<'_>) -> String {
    wish.dataset.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

/// Uploads a file, or what is left of it to upload.
fn put_parts(connection: &Connection, wish: &Wish<'_>, mut file: File, found: &Metadata) -> Outcome<Value> {
    let memory = Memory::of(connection, wish.path, &[wish.dataset.unwrap_or_default(), wish.name])?;
    let mut source = Source { path: wish.path, state: State::of(found), file: &mut file };
    let earlier = match memory.recall() {
        Some(begun) if wish.anew => {
            give_up(connection, &begun);
            None
        }
        Some(begun) => source.earlier(connection, begun)?,
        None => None,
    };
    let unfinished = match earlier {
        Some(Earlier::Finished(dataset)) => {
            memory.forget();
            return Ok(dataset);
        }
        Some(Earlier::Unfinished(unfinished)) => unfinished,
        None => source.begin(connection, wish, &memory)?,
    };
    if keep(&memory, &unfinished.begun) {
        on_interrupt("stopped; what has come is kept: the same command goes on from there".to_owned());
    }
    let dataset = source.send(connection, &unfinished)?;
    memory.forget();
    Ok(dataset)
}

/// Whether another command can go on with this upload.
fn keep(memory: &Memory, begun: &Begun) -> bool {
    let kept = memory.keep(begun);
    if let Err(failure) = &kept {
        note(&format!("no other command can go on with this upload: {}", failure.parts().0));
    }
    kept.is_ok()
}

/// What became of an earlier upload.
enum Earlier {
    Unfinished(Unfinished),
    /// The answer to its last part did not arrive.
    Finished(Value),
}

/// An upload that goes on.
struct Unfinished {
    id: String,
    /// Bytes that have come.
    offset: u64,
    begun: Begun,
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
        let Some(id) = id_of(connection, &begun)? else {
            // It was asked for, and never began.
            return Ok(None);
        };
        if let Some(offset) = look(connection, &id)? {
            let [come, all] = [offset, self.state.size].map(output::bytes);
            note(&format!("{come} of {all} have come already: the upload of {shown} goes on there"));
            let begun = Begun { upload_id: Some(id.clone()), state: self.state, ..begun };
            return Ok(Some(Earlier::Unfinished(Unfinished { id, offset, begun })));
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

    /// Begins the upload. That it is about to begin is remembered first: an upload whose answer is lost is found by its
    /// dataset, and does not stay behind.
    fn begin(&mut self, connection: &Connection, wish: &Wish<'_>, memory: &Memory) -> Outcome<Unfinished> {
        let digest = self.digest()?;
        let dataset_id = dataset_id(wish);
        let body =
            json!({"name": wish.name, "size": self.state.size, "digest": digest, "datasetId": dataset_id});
        let begun = Begun { upload_id: None, dataset_id, state: self.state, digest };
        // Whoever cannot keep it is told so when the upload has begun.
        let _ = memory.keep(&begun);
        let call = connection.call(BEGIN_UPLOAD, &[])?.json(body);
        let ask = || connection.http.send(&call).map(|told| told["uploadId"].as_str().map(str::to_owned));
        let id = match ask() {
            Err(failure) if failure.exit == Exit::Unreachable => match listed(connection, &begun) {
                Ok(Some(id)) => Some(id),
                Ok(None) => ask()?,
                Err(_) => return Err(failure),
            },
            asked => asked?,
        };
        let id = id.ok_or_else(|| Failure::here("the upload cannot begin", "the answer names none"))?;
        Ok(Unfinished { offset: 0, begun: Begun { upload_id: Some(id.clone()), ..begun }, id })
    }

    /// Sends what is missing; the dataset that it is then.
    fn send(&mut self, connection: &Connection, unfinished: &Unfinished) -> Outcome<Value> {
        let bar = files::bar(self.state.size, &self.path.display().to_string());
        let bar = bar.with_position(unfinished.offset);
        let sent = self.send_from(connection, unfinished, &bar);
        bar.finish_and_clear();
        sent
    }

    fn send_from(
        &mut self,
        connection: &Connection,
        unfinished: &Unfinished,
        bar: &ProgressBar,
    ) -> Outcome<Value> {
        let Unfinished { id, offset, begun } = unfinished;
        let (mut offset, mut tries) = (*offset, 0);
        loop {
            let failure = match self.send_part(connection, id, offset, bar)? {
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
            match look(connection, id) {
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
        id: &str,
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
        let call = call(connection, APPEND_UPLOAD, id)?
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

fn call(connection: &Connection, operation: Operation, id: &str) -> Outcome<Call> {
    connection.call(operation, &[("uploadId", id)])
}

/// How far an upload has come; none = the server does not know it any more.
fn look(connection: &Connection, id: &str) -> Outcome<Option<u64>> {
    let told = found(connection, &call(connection, GET_UPLOAD, id)?)?;
    Ok(told.and_then(|told| told["offset"].as_u64()))
}

/// The id of an upload; none = it has not begun.
fn id_of(connection: &Connection, begun: &Begun) -> Outcome<Option<String>> {
    match &begun.upload_id {
        Some(id) => Ok(Some(id.clone())),
        None => listed(connection, begun),
    }
}

/// The id of an upload that the server lists.
fn listed(connection: &Connection, begun: &Begun) -> Outcome<Option<String>> {
    let told = connection.send(LIST_UPLOADS, &[])?;
    let is_it = |upload: &&Value| {
        upload["datasetId"] == begun.dataset_id.as_str() && upload["digest"] == begun.digest.as_str()
    };
    let upload = told["uploads"].as_array().and_then(|uploads| uploads.iter().find(is_it));
    Ok(upload.and_then(|upload| upload["uploadId"].as_str()).map(str::to_owned))
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
    let Ok(Some(id)) = id_of(connection, begun) else { return };
    for tries in 1..=TRIES_TO_GIVE_UP {
        match call(connection, DELETE_UPLOAD, &id).and_then(|call| connection.http.send(&call)) {
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
