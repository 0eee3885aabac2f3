//! The guest interface, answered: each import charges what the guest asks for and passes it to the job's host. How much
//! one call can carry is bounded here; what is kept of it, the job's host bounds.

use super::bindings::fuelcell::job as wit;
use super::handles::{Reader, Writer};
use crate::cell::Cell;
use crate::text::{MAX_TEXT, clipped};
use fuelcell_domain::seams::JobInput;
use fuelcell_domain::{
    ArtifactDescription, ArtifactKind, ArtifactRole, Cancellation, DataValidation, Finding, HostError,
    LogLevel, OutputNames, Report,
};
use std::sync::atomic::Ordering;
use std::time::Duration;
use wasmtime::Result;
use wasmtime::component::Resource;

/// The stage under which the panic hook of the SDK logs.
const PANIC: &str = "panic";

impl wit::types::Host for Cell {}

impl wit::parameters::Host for Cell {
    fn get(&mut self) -> Result<String> {
        Ok(self.host.parameters().to_owned())
    }
}

impl wit::inputs::Host for Cell {
    fn list(&mut self) -> Result<Vec<wit::inputs::Input>> {
        Ok(self.host.inputs().iter().map(input).collect())
    }

    fn open(&mut self, name: String) -> Result<Result<Resource<Reader>, wit::types::HostError>> {
        let reader = self.host.open_input(&name).map(Reader::new);
        Ok(reader.and_then(|reader| self.keep(reader)).map_err(host_error))
    }
}

impl wit::inputs::HostReader for Cell {
    fn read(&mut self, reader: Resource<Reader>, max: u32) -> Result<Result<Vec<u8>, wit::types::HostError>> {
        Ok(self.table.get_mut(&reader)?.read(max, &self.meter).map_err(host_error))
    }

    fn seek(&mut self, reader: Resource<Reader>, position: u64) -> Result<Result<(), wit::types::HostError>> {
        Ok(self.table.get_mut(&reader)?.seek(position).map_err(host_error))
    }

    fn drop(&mut self, reader: Resource<Reader>) -> Result<()> {
        self.table.delete(reader)?;
        Ok(())
    }
}

impl wit::progress::Host for Cell {
    fn report(&mut self, done: u64, total: u64, stage: String) -> Result<()> {
        self.host.progress(done, total, &stage);
        Ok(())
    }
}

impl wit::log::Host for Cell {
    fn line(&mut self, level: wit::types::Level, stage: String, message: String) -> Result<()> {
        let level = match level {
            wit::types::Level::Debug => LogLevel::Debug,
            wit::types::Level::Info => LogLevel::Info,
            wit::types::Level::Warn => LogLevel::Warn,
            wit::types::Level::Error => LogLevel::Error,
        };
        self.host.log(level, &stage, &message);
        if level == LogLevel::Error && stage == PANIC {
            self.panic = Some(clipped(message, MAX_TEXT));
        }
        Ok(())
    }
}

impl wit::cancel::Host for Cell {
    fn poll(&mut self) -> Result<wit::types::Cancellation> {
        Ok(match self.host.cancellation() {
            Cancellation::User => wit::types::Cancellation::User,
            Cancellation::Deadline => wit::types::Cancellation::Deadline,
            Cancellation::None if self.deadline_is_near() => wit::types::Cancellation::Deadline,
            Cancellation::None => wit::types::Cancellation::None,
        })
    }
}

impl wit::reporting::Host for Cell {
    fn set(&mut self, new: wit::types::Report) -> Result<()> {
        self.host.set_report(report(new));
        Ok(())
    }
}

impl wit::artifacts::Host for Cell {
    fn create(
        &mut self,
        new: wit::artifacts::Description,
    ) -> Result<Result<Resource<Writer>, wit::types::HostError>> {
        let writer = self.create_artifact(description(new));
        Ok(writer.and_then(|writer| self.keep(writer)).map_err(host_error))
    }
}

impl wit::artifacts::HostWriter for Cell {
    fn write(
        &mut self,
        writer: Resource<Writer>,
        bytes: Vec<u8>,
    ) -> Result<Result<(), wit::types::HostError>> {
        Ok(self.table.get_mut(&writer)?.write(&bytes, &self.meter).map_err(host_error))
    }

    fn finish(&mut self, writer: Resource<Writer>) -> Result<Result<(), wit::types::HostError>> {
        Ok(self.table.get_mut(&writer)?.finish().map_err(host_error))
    }

    fn drop(&mut self, writer: Resource<Writer>) -> Result<()> {
        self.table.delete(writer)?;
        Ok(())
    }
}

impl wit::checkpoint::Host for Cell {
    fn save(&mut self, bytes: Vec<u8>) -> Result<Result<(), wit::types::HostError>> {
        Ok(self.save_checkpoint(&bytes).map_err(host_error))
    }

    fn load(&mut self) -> Result<Result<Option<Vec<u8>>, wit::types::HostError>> {
        let loaded = self.host.load_checkpoint();
        if let Ok(Some(bytes)) = &loaded {
            self.meter.count_read(bytes.len() as u64);
        }
        Ok(loaded.map_err(host_error))
    }
}

impl wit::processed::Host for Cell {
    fn seen(&mut self, key: String) -> Result<Result<bool, wit::types::HostError>> {
        Ok(self.host.seen(&key).map_err(host_error))
    }

    fn mark(&mut self, key: String) -> Result<Result<(), wit::types::HostError>> {
        Ok(self.host.mark(&key).map_err(host_error))
    }
}

impl wit::secrets::Host for Cell {
    fn hmac_sha256(
        &mut self,
        secret: String,
        data: Vec<Vec<u8>>,
    ) -> Result<Result<Vec<u8>, wit::types::HostError>> {
        Ok(self.host.hmac(&secret, &data).map(|macs| macs.concat()).map_err(host_error))
    }
}

impl wit::usage::Host for Cell {
    fn so_far(&mut self) -> Result<wit::usage::Figures> {
        Ok(wit::usage::Figures {
            // The meter has the figure of this very call: see the hook of the store.
            fuel: self.meter.fuel.load(Ordering::Relaxed),
            memory_bytes: self.meter.memory_bytes.load(Ordering::Relaxed),
            elapsed_milliseconds: self.elapsed().map(milliseconds),
        })
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Cell {
    /// Gives the guest a handle to `resource`, unless it holds too many.
    fn keep<T: Send + 'static>(&mut self, resource: T) -> Result<Resource<T>, HostError> {
        self.table.push(resource).map_err(|_| self.disk.refuse_handle())
    }

    fn create_artifact(&self, description: ArtifactDescription) -> Result<Writer, HostError> {
        let description = description.checked().map_err(HostError::Invalid)?;
        let name = description.name.clone();
        self.outputs().insert(&name).map_err(HostError::Invalid)?;
        self.disk.add_artifact(&name)?;
        let made = self.host.create_artifact(description).inspect_err(|_| self.disk.drop_artifact(&name));
        Ok(Writer::new(made?, name, self.disk.clone()))
    }

    /// The names of the files that will be published.
    fn outputs(&self) -> OutputNames {
        let mut names = OutputNames::default();
        let outbox = self.outbox().filter(|outbox| outbox.disk.outputs() > 0);
        for (name, _) in outbox.iter().flat_map(|outbox| outbox.out.outputs()) {
            // Files of one tree never clash.
            let _ = names.insert(&name);
        }
        names
    }

    fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), HostError> {
        let size = bytes.len() as u64;
        self.disk.replace_checkpoint(size)?;
        self.host.save_checkpoint(bytes)?;
        self.meter.count_write(size);
        Ok(())
    }
}

fn host_error(error: HostError) -> wit::types::HostError {
    match error {
        HostError::Limit(text) => wit::types::HostError::Limit(text),
        HostError::Invalid(text) => wit::types::HostError::Invalid(text),
        HostError::Storage(text) => wit::types::HostError::Storage(text),
    }
}

fn input(input: &JobInput) -> wit::inputs::Input {
    wit::inputs::Input {
        name: input.name.clone(),
        file_name: input.file_name.clone(),
        media_type: input.media_type.clone(),
        size: input.size,
    }
}

fn description(new: wit::artifacts::Description) -> ArtifactDescription {
    ArtifactDescription {
        name: new.name,
        kind: match new.kind {
            wit::artifacts::Kind::Report => ArtifactKind::Report,
            wit::artifacts::Kind::Data => ArtifactKind::Data,
            wit::artifacts::Kind::Model => ArtifactKind::Model,
            wit::artifacts::Kind::Visualization => ArtifactKind::Visualization,
        },
        type_name: new.type_name,
        title: new.title,
        media_type: new.media_type,
        primary: new.primary,
        role: match new.role {
            wit::artifacts::Role::Output => ArtifactRole::Output,
            wit::artifacts::Role::FailedRecords => ArtifactRole::FailedRecords,
        },
        record_count: new.record_count,
        accuracy: new.accuracy,
    }
}

fn report(new: wit::types::Report) -> Report {
    Report {
        records_processed: new.records_processed,
        records_total: new.records_total,
        errors: new.errors,
        warnings: findings(new.warnings),
        processing_errors: findings(new.processing_errors),
        quality_score: new.quality_score,
        validation: new.validation.map(|found| DataValidation {
            total: found.total,
            valid: found.valid,
            duplicates_removed: found.duplicates_removed,
            invalid: found.invalid,
        }),
    }
}

fn findings(list: Vec<wit::types::Finding>) -> Vec<Finding> {
    let finding =
        |found: wit::types::Finding| Finding { kind: found.kind, message: found.message, count: found.count };
    list.into_iter().map(finding).collect()
}
