//! Datasets, pipelines and modules.

mod datasets;
mod inputs;
mod job_types;
mod modules;
mod pipelines;
mod programs;
mod saved;
mod schedules;
mod scripts;
mod secrets;
mod uploads;
