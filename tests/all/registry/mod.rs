//! Datasets, pipelines and modules.

mod datasets;
mod modules;
mod pipelines;
mod programs;
mod schedules;
