//! The host's answers to the interpreter's requests.

use crate::bindings::exports::fuelcell::science::bridge::{Completion, Failure, Guest};
use crate::bindings::fuelcell::job::{
    artifacts, cancel, checkpoint, inputs, log, parameters, processed, progress, reporting, secrets, types,
    usage,
};
use crate::frame::{Call, Description, End, Report, join, split};
use crate::http;
use serde_json::{Value, json};
use std::cell::RefCell;

/// What the interpreter is, for whoever asks the engine.
const DESCRIPTION: &str = r#"{"interface": "0.1", "title": "Python 3.15 with scientific libraries", "description": "Runs scripts in Python with numpy, pandas, scipy, scikit-learn, statsmodels, matplotlib and lxml.", "inputs": [], "outputs": []}"#;

thread_local! {
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
    static END: RefCell<Option<End>> = const { RefCell::new(None) };
}

/// What a handle stands for.
enum Held {
    Nothing,
    Reader(inputs::Reader),
    Writer(artifacts::Writer),
}

/// The answer of a call: a JSON value and bytes, or why there is none.
type Answer = Result<(Value, Vec<u8>), (String, String)>;

pub(crate) struct Bridge;

impl Guest for Bridge {
    fn call(frame: Vec<u8>) -> Vec<u8> {
        match answer(&frame) {
            Ok((value, bytes)) => join(&json!({ "ok": value }), &bytes),
            Err((kind, message)) => join(&json!({"error": kind, "message": message}), &[]),
        }
    }

    fn outcome() -> Result<Completion, Failure> {
        let failed = |code: &str, message: &str, transient| {
            Err(Failure { code: code.to_owned(), message: message.to_owned(), transient })
        };
        match END.take() {
            Some(End::Done) => Ok(Completion::Done),
            Some(End::NoItems) => Ok(Completion::NoItems),
            Some(End::Skipped { reason }) => Ok(Completion::Skipped(reason)),
            Some(End::Failed { code, message, transient }) => failed(&code, &message, transient),
            None => failed("EngineError", "the interpreter ended without saying how the script ended", false),
        }
    }

    fn description() -> String {
        DESCRIPTION.to_owned()
    }
}

fn answer(frame: &[u8]) -> Answer {
    let invalid = |reason: &str| ("invalid".to_owned(), format!("a request to the host is {reason}"));
    let (text, bytes) = split(frame).ok_or_else(|| invalid("no frame"))?;
    let call: Call = serde_json::from_slice(text).map_err(|error| invalid(&format!("not known: {error}")))?;
    match call {
        Call::Parameters => given(parameters::get().into_bytes()),
        Call::Inputs => told(inputs::list().into_iter().map(described).collect()),
        Call::Open { name } => told(hold(Held::Reader(inputs::open(&name).map_err(refused)?)).into()),
        Call::Read { handle, most } => given(with_reader(handle, |reader| reader.read(most))?),
        Call::Seek { handle, position } => done(with_reader(handle, |reader| reader.seek(position))?),
        Call::Progress { done: so_far, total, stage } => done(progress::report(so_far, total, &stage)),
        Call::Log { level, stage, message } => done(log::line(level_of(&level), &stage, &message)),
        Call::Poll => told(polled().into()),
        Call::Usage => told(used()),
        Call::Report(report) => done(reporting::set(&reported(report))),
        Call::Create(description) => {
            let writer = artifacts::create(&artifact(description)).map_err(refused)?;
            told(hold(Held::Writer(writer)).into())
        }
        Call::Write { handle } => done(with_writer(handle, |writer| writer.write(bytes))?),
        Call::Finish { handle } => done(with_writer(handle, artifacts::Writer::finish)?),
        Call::Drop { handle } => done(HELD.with_borrow_mut(|held| {
            if let Some(held) = held.get_mut(handle) {
                *held = Held::Nothing;
            }
        })),
        Call::SaveCheckpoint => done(checkpoint::save(bytes).map_err(refused)?),
        Call::LoadCheckpoint => match checkpoint::load().map_err(refused)? {
            Some(kept) => Ok((true.into(), kept)),
            None => told(false.into()),
        },
        Call::Seen { key } => told(processed::seen(&key).map_err(refused)?.into()),
        Call::Mark { key } => done(processed::mark(&key).map_err(refused)?),
        Call::Hmac { secret, sizes } => {
            let texts = cut(bytes, &sizes).ok_or_else(|| invalid("shorter than the texts in it"))?;
            given(secrets::hmac_sha256(&secret, &texts).map_err(refused)?)
        }
        Call::Send(request) => {
            let response = http::send(&request, bytes).map_err(|reason| ("http".to_owned(), reason))?;
            Ok((json!({"status": response.status, "headers": response.headers}), response.body))
        }
        Call::End(end) => done(END.set(Some(end))),
    }
}

fn told(value: Value) -> Answer {
    Ok((value, Vec::new()))
}

fn given(bytes: Vec<u8>) -> Answer {
    Ok((Value::Null, bytes))
}

fn done((): ()) -> Answer {
    told(Value::Null)
}

fn refused(error: types::HostError) -> (String, String) {
    let (kind, message) = match error {
        types::HostError::Limit(message) => ("limit", message),
        types::HostError::Invalid(message) => ("invalid", message),
        types::HostError::Storage(message) => ("storage", message),
    };
    (kind.to_owned(), message)
}

fn hold(one: Held) -> usize {
    HELD.with_borrow_mut(|held| match held.iter().position(|held| matches!(held, Held::Nothing)) {
        Some(free) => {
            held[free] = one;
            free
        }
        None => {
            held.push(one);
            held.len() - 1
        }
    })
}

fn with_reader<T>(
    handle: usize,
    work: impl FnOnce(&inputs::Reader) -> Result<T, types::HostError>,
) -> Result<T, (String, String)> {
    HELD.with_borrow(|held| match held.get(handle) {
        Some(Held::Reader(reader)) => work(reader).map_err(refused),
        _ => Err(("invalid".to_owned(), "the input is closed".to_owned())),
    })
}

fn with_writer<T>(
    handle: usize,
    work: impl FnOnce(&artifacts::Writer) -> Result<T, types::HostError>,
) -> Result<T, (String, String)> {
    HELD.with_borrow(|held| match held.get(handle) {
        Some(Held::Writer(writer)) => work(writer).map_err(refused),
        _ => Err(("invalid".to_owned(), "the artifact is closed".to_owned())),
    })
}

fn described(input: inputs::Input) -> Value {
    json!({"name": input.name, "fileName": input.file_name, "mediaType": input.media_type, "size": input.size})
}

fn level_of(level: &str) -> types::Level {
    match level {
        "debug" => types::Level::Debug,
        "warn" => types::Level::Warn,
        "error" => types::Level::Error,
        _ => types::Level::Info,
    }
}

fn polled() -> &'static str {
    match cancel::poll() {
        types::Cancellation::None => "none",
        types::Cancellation::User => "user",
        types::Cancellation::Deadline => "deadline",
    }
}

fn used() -> Value {
    let usage::Figures { fuel, memory_bytes, elapsed_milliseconds } = usage::so_far();
    json!({"fuel": fuel, "memoryBytes": memory_bytes, "elapsedMilliseconds": elapsed_milliseconds})
}

fn reported(report: Report) -> types::Report {
    let findings = |found: Vec<(String, String, u64)>| {
        found.into_iter().map(|(kind, message, count)| types::Finding { kind, message, count }).collect()
    };
    types::Report {
        records_processed: report.records_processed,
        records_total: report.records_total,
        errors: report.errors,
        warnings: findings(report.warnings),
        processing_errors: findings(report.processing_errors),
        quality_score: report.quality_score,
        validation: report.validation.map(|(total, valid, duplicates_removed, invalid)| {
            types::DataValidation { total, valid, duplicates_removed, invalid }
        }),
    }
}

fn artifact(description: Description) -> artifacts::Description {
    artifacts::Description {
        name: description.name,
        kind: match description.kind.as_str() {
            "report" => artifacts::Kind::Report,
            "model" => artifacts::Kind::Model,
            "visualization" => artifacts::Kind::Visualization,
            _ => artifacts::Kind::Data,
        },
        type_name: description.type_name,
        title: description.title,
        media_type: description.media_type,
        primary: description.primary,
        role: match description.failed_records {
            true => artifacts::Role::FailedRecords,
            false => artifacts::Role::Output,
        },
        record_count: description.record_count,
        accuracy: description.accuracy,
    }
}

/// The bytes in pieces of these sizes.
fn cut(mut bytes: &[u8], sizes: &[usize]) -> Option<Vec<Vec<u8>>> {
    sizes
        .iter()
        .map(|&size| {
            let (text, rest) = bytes.split_at_checked(size)?;
            bytes = rest;
            Some(text.to_vec())
        })
        .collect()
}
