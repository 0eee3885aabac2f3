//! What parent and child say to each other: messages on one stream, each with the bytes that go with it.
//!
//! A message is two lengths in four bytes each (little-endian), the message itself as postcard, and its payload: contents
//! of files, which no encoding is to touch.

use crate::cell::MAX_CALL_BYTES;
use crate::compile::engine::CodeSettings;
use fuelcell_domain::outbound::{HttpError, HttpRequest, HttpResponse};
use fuelcell_domain::seams::JobInput;
use fuelcell_domain::{
    ArtifactDescription, Cancellation, Digest, Fence, FuelProfile, HostError, Limits, LogLevel, Report,
    RunEnd, Usage,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// Longest message and longest payload in bytes: what one call of a guest can carry, and room for what is around it.
const MAX_PART: usize = MAX_CALL_BYTES + (1 << 20);

/// What a child gets ready before it knows its job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Home {
    /// The engine that the code was made for.
    pub(crate) fingerprint: String,
    pub(crate) settings: CodeSettings,
    /// The most bytes that one memory of a cell can have.
    pub(crate) slot_bytes: u64,
    /// Where the guest's files lie, without names.
    pub(crate) scratch_dir: PathBuf,
}

/// The one job that a child runs. Its compiled code comes before it, as an open file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Assignment {
    pub(crate) module: Digest,
    pub(crate) limits: Limits,
    pub(crate) deterministic_seed: Option<u64>,
    pub(crate) profiled: bool,
    pub(crate) parameters: String,
    pub(crate) has_script: bool,
    pub(crate) checks_script: bool,
    pub(crate) has_fixed_answers: bool,
    pub(crate) inputs: Vec<JobInput>,
    pub(crate) cancellation: Cancellation,
}

/// What a parent says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToChild {
    /// The first message, when the child is started.
    Settle(Box<Home>),
    /// The second one, which may be long after.
    Begin(Box<Assignment>),
    /// The wish to stop has changed.
    Cancellation(Cancellation),
    /// The guest is to be dropped.
    Stop,
    /// To the latest question.
    Answer(Answer),
    /// What came of a request over HTTP. The body is the payload.
    Http { request: u32, answer: Result<HttpResponse, HttpError> },
}

/// What a child says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToParent {
    /// The guest begins, behind these fences.
    Begun(Vec<Fence>),
    /// The child cannot begin, and why.
    Unable(String),
    /// Live figures, and the bytes of memory now.
    Figures(Usage, u64),
    Progress {
        done: u64,
        total: u64,
        stage: String,
    },
    Log {
        level: LogLevel,
        stage: String,
        message: String,
    },
    Report(Report),
    /// An artifact will not be finished.
    Drop {
        artifact: u32,
    },
    /// An input will not be read any more.
    Close {
        file: u32,
    },
    /// Waits for an answer.
    Ask(Question),
    /// A request over HTTP; others may come before its answer does. The body is the payload.
    Http {
        request: u32,
        head: HttpRequest,
    },
    /// Nobody waits for the answer to this request any more.
    DropHttp {
        request: u32,
    },
    /// Where the fuel went, if somebody wants to know; the last message but one.
    Profile(FuelProfile),
    /// The last message.
    Ended(RunEnd, Usage),
}

/// What a guest asks of its host. Bytes that it hands over are the payload.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Question {
    Open {
        name: String,
    },
    OpenScript,
    OpenEngine,
    Read {
        file: u32,
        offset: u64,
        max: u32,
    },
    Create(ArtifactDescription),
    Write {
        artifact: u32,
    },
    Finish {
        artifact: u32,
    },
    SaveCheckpoint,
    LoadCheckpoint,
    Seen {
        key: String,
    },
    Mark {
        key: String,
    },
    /// The messages are the payload, one after the other.
    Hmac {
        secret: String,
        lengths: Vec<u32>,
    },
}

/// What the host answers. Bytes that it hands over are the payload.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Done,
    Opened { file: u32, size: u64 },
    Created { artifact: u32 },
    Bytes,
    NoCheckpoint,
    Seen(bool),
    Refused(HostError),
}

/// Writes one message.
pub(super) fn write(to: &mut impl Write, message: &impl Serialize, payload: &[u8]) -> io::Result<()> {
    let message = postcard::to_stdvec(message).map_err(io::Error::other)?;
    to.write_all(&length(&message)?.to_le_bytes())?;
    to.write_all(&length(payload)?.to_le_bytes())?;
    to.write_all(&message)?;
    to.write_all(payload)
}

/// Reads one message; none when the other side has closed the stream between two.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<(T, Vec<u8>)>> {
    let mut lengths = [0; 8];
    match from.read_exact(&mut lengths) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let [a, b, c, d, e, f, g, h] = lengths;
    let message = read_part(from, u32::from_le_bytes([a, b, c, d]))?;
    let payload = read_part(from, u32::from_le_bytes([e, f, g, h]))?;
    Ok(Some((postcard::from_bytes(&message).map_err(io::Error::other)?, payload)))
}

fn length(part: &[u8]) -> io::Result<u32> {
    match part.len() {
        length @ ..=MAX_PART => Ok(length as u32),
        length => Err(too_long(length)),
    }
}

fn read_part(from: &mut impl Read, length: u32) -> io::Result<Vec<u8>> {
    let length = length as usize;
    if length > MAX_PART {
        return Err(too_long(length));
    }
    // Memory comes with the bytes: a length alone costs the reader nothing.
    let mut part = Vec::new();
    match from.take(length as u64).read_to_end(&mut part)? {
        read if read == length => Ok(part),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn too_long(length: usize) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a message has {length} bytes; at most {MAX_PART} are read"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_as_they_were_sent() {
        let mut stream = Vec::new();
        write(&mut stream, &Question::Write { artifact: 7 }, b"bytes").unwrap();
        write(&mut stream, &Question::LoadCheckpoint, b"").unwrap();
        let mut from = stream.as_slice();
        let (first, payload) = read::<Question>(&mut from).unwrap().unwrap();
        assert!(matches!(first, Question::Write { artifact: 7 }));
        assert_eq!(payload, b"bytes");
        let (second, payload) = read::<Question>(&mut from).unwrap().unwrap();
        assert!(matches!(second, Question::LoadCheckpoint) && payload.is_empty());
        assert!(read::<Question>(&mut from).unwrap().is_none());
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        let whole = {
            let mut stream = Vec::new();
            write(&mut stream, &ToParent::Drop { artifact: 1 }, b"payload").unwrap();
            stream
        };
        for cut in 8..whole.len() {
            assert!(read::<ToParent>(&mut &whole[..cut]).is_err(), "{cut}");
        }
        for damaged in [[255, 255, 255, 255, 0, 0, 0, 0], [1, 0, 0, 0, 255, 255, 255, 255]] {
            assert!(read::<ToParent>(&mut &[&damaged[..], &[0; 64]].concat()[..]).is_err());
        }
        let unknown = [1, 0, 0, 0, 0, 0, 0, 0, 200];
        assert!(read::<ToParent>(&mut &unknown[..]).is_err());
    }
}
