//! The two worlds that a module can be written for, linked and ready to be instantiated.

use super::bindings::JobPre;
use super::linker;
use crate::cell::Cell;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi::p2::bindings::CommandPre;

/// A linked module.
#[derive(Clone)]
pub(crate) enum Program {
    /// A module of the job world.
    Job(JobPre<Cell>),
    /// A plain program.
    Command(CommandPre<Cell>),
}

impl Program {
    /// Connects imports and exports, which shows whether their types are right.
    pub(crate) fn link(linker: &Linker<Cell>, component: &Component) -> wasmtime::Result<Self> {
        let linked = linker.instantiate_pre(component)?;
        match is_command(component) {
            true => CommandPre::new(linked).map(Self::Command),
            false => JobPre::new(linked).map(Self::Job),
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        match self {
            Self::Job(job) => job.engine(),
            Self::Command(command) => command.engine(),
        }
    }
}

fn is_command(component: &Component) -> bool {
    component.component_type().exports(component.engine()).any(|(name, _)| linker::is_command(name))
}
