//! What teams keep on the server: datasets, pipelines, modules, secrets. DTOs and mapping only.

pub(crate) mod activations;
pub(crate) mod capabilities;
mod compile;
pub(crate) mod datasets;
pub(crate) mod job_types;
pub(crate) mod modules;
pub(crate) mod pipelines;
pub(crate) mod processed;
pub(crate) mod resumable;
pub(crate) mod saved;
mod schedules;
pub(crate) mod secrets;
pub(crate) mod upload;
