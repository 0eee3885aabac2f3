//! The host behind WebAssembly imports, and the exports that it calls.

use std::{marker::PhantomData, time::Duration};

use crate::{
    Artifact, Cancellation, Completion, Context, Failure, GuestJob, HostError, Input, Kind, Level, Report,
    Role, Usage,
    host::{Host, HostReader, HostWriter},
};

/// What `wit-bindgen` makes of the interface: the only generated code of a guest.
#[allow(unsafe_code, missing_docs, unused_qualifications, unreachable_pub, clippy::all)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "job",
        pub_export_macro: true,
        export_macro_name: "export_job",
    });
}

use bindings::fuelcell::job::{
    artifacts, cancel, checkpoint, inputs, log, parameters, processed, progress, reporting, secrets, types,
    usage,
};

/// The exports of the job `J`.
pub struct Exported<J>(PhantomData<J>);

impl<J: GuestJob> bindings::Guest for Exported<J> {
    fn run() -> Result<types::Completion, types::Failure> {
        log_panics();
        J::run(&mut Context::new(WasmHost)).map(Into::into).map_err(Into::into)
    }

    fn describe() -> String {
        log_panics();
        serde_json::to_string(&J::manifest()).expect("a manifest has only string keys and plain values")
    }
}

/// A panic becomes a trap, which carries no text: the log line before it is what people get to read.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("the panic carries no text");
        let place = panic.location().map(|location| format!(" at {location}")).unwrap_or_default();
        log::line(types::Level::Error, "panic", &format!("{message}{place}"));
    }));
}

struct WasmHost;

impl Host for WasmHost {
    fn parameters(&self) -> String {
        parameters::get()
    }

    fn inputs(&self) -> Vec<Input> {
        inputs::list().into_iter().map(Into::into).collect()
    }

    fn open(&self, name: &str) -> Result<Box<dyn HostReader>, HostError> {
        Ok(Box::new(inputs::open(name)?))
    }

    fn progress(&self, done: u64, total: u64, stage: &str) {
        progress::report(done, total, stage);
    }

    fn log(&self, level: Level, stage: &str, message: &str) {
        log::line(level.into(), stage, message);
    }

    fn poll(&self) -> Cancellation {
        match cancel::poll() {
            types::Cancellation::None => Cancellation::None,
            types::Cancellation::User => Cancellation::User,
            types::Cancellation::Deadline => Cancellation::Deadline,
        }
    }

    fn usage(&self) -> Usage {
        let usage::Figures { fuel, memory_bytes, elapsed_milliseconds } = usage::so_far();
        Usage { fuel, memory_bytes, elapsed: elapsed_milliseconds.map(Duration::from_millis) }
    }

    fn report(&self, report: &Report) {
        reporting::set(&report.into());
    }

    fn create(&self, artifact: &Artifact) -> Result<Box<dyn HostWriter>, HostError> {
        Ok(Box::new(artifacts::create(&artifact.into())?))
    }

    fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), HostError> {
        Ok(checkpoint::save(bytes)?)
    }

    fn load_checkpoint(&self) -> Result<Option<Vec<u8>>, HostError> {
        Ok(checkpoint::load()?)
    }

    fn seen(&self, key: &str) -> Result<bool, HostError> {
        Ok(processed::seen(key)?)
    }

    fn mark(&self, key: &str) -> Result<(), HostError> {
        Ok(processed::mark(key)?)
    }

    fn hmac(&self, secret: &str, texts: &[Vec<u8>]) -> Result<Vec<[u8; 32]>, HostError> {
        let macs = secrets::hmac_sha256(secret, texts)?;
        Ok(macs.as_chunks().0.to_vec())
    }
}

impl HostReader for inputs::Reader {
    fn read(&mut self, max: u32) -> Result<Vec<u8>, HostError> {
        Ok(inputs::Reader::read(self, max)?)
    }

    fn seek(&mut self, position: u64) -> Result<(), HostError> {
        Ok(inputs::Reader::seek(self, position)?)
    }
}

impl HostWriter for artifacts::Writer {
    fn write(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        Ok(artifacts::Writer::write(self, bytes)?)
    }

    fn finish(&mut self) -> Result<(), HostError> {
        Ok(artifacts::Writer::finish(self)?)
    }
}

impl From<types::HostError> for HostError {
    fn from(error: types::HostError) -> Self {
        match error {
            types::HostError::Limit(text) => Self::Limit(text),
            types::HostError::Invalid(text) => Self::Invalid(text),
            types::HostError::Storage(text) => Self::Storage(text),
        }
    }
}

impl From<inputs::Input> for Input {
    fn from(input: inputs::Input) -> Self {
        Self { name: input.name, file_name: input.file_name, media_type: input.media_type, size: input.size }
    }
}

impl From<Level> for types::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

impl From<Kind> for artifacts::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Report => Self::Report,
            Kind::Data => Self::Data,
            Kind::Model => Self::Model,
            Kind::Visualization => Self::Visualization,
        }
    }
}

impl From<Role> for artifacts::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Output => Self::Output,
            Role::FailedRecords => Self::FailedRecords,
        }
    }
}

impl From<&Artifact> for artifacts::Description {
    fn from(artifact: &Artifact) -> Self {
        Self {
            name: artifact.name.clone(),
            kind: artifact.kind.into(),
            type_name: artifact.type_name.clone(),
            title: artifact.title.clone(),
            media_type: artifact.media_type.clone(),
            primary: artifact.primary,
            role: artifact.role.into(),
            record_count: artifact.record_count,
            accuracy: artifact.accuracy,
        }
    }
}

impl From<&crate::Finding> for types::Finding {
    fn from(finding: &crate::Finding) -> Self {
        Self { kind: finding.kind.clone(), message: finding.message.clone(), count: finding.count }
    }
}

impl From<crate::DataValidation> for types::DataValidation {
    fn from(figures: crate::DataValidation) -> Self {
        Self {
            total: figures.total,
            valid: figures.valid,
            duplicates_removed: figures.duplicates_removed,
            invalid: figures.invalid,
        }
    }
}

impl From<&Report> for types::Report {
    fn from(report: &Report) -> Self {
        Self {
            records_processed: report.records_processed,
            records_total: report.records_total,
            errors: report.errors,
            warnings: report.warnings.iter().map(Into::into).collect(),
            processing_errors: report.processing_errors.iter().map(Into::into).collect(),
            quality_score: report.quality_score,
            validation: report.validation.map(Into::into),
        }
    }
}

impl From<Completion> for types::Completion {
    fn from(completion: Completion) -> Self {
        match completion {
            Completion::Done => Self::Done,
            Completion::NoItems => Self::NoItems,
            Completion::Skipped(reason) => Self::Skipped(reason),
        }
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, message: failure.message, transient: failure.transient }
    }
}
