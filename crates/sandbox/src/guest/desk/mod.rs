//! `/dev/fuelcell`: what the job interface has beyond files, for programs that know files only. A program writes lines of
//! JSON, and reads lines of JSON where there is something to answer. `docs/programs.md` has them all.

mod session;
mod shared;
mod words;

pub(crate) use shared::Task;

use crate::cell::Cell;
use crate::cell::requests::Sender;
use crate::files::node::{Device, Session as Opened};
use session::Session;
use shared::Desk;
use std::sync::Arc;

/// The device of a cell.
struct Counter(Arc<Desk>);

impl Device for Counter {
    fn open(&self) -> Arc<dyn Opened> {
        Arc::new(Session::new(self.0.clone()))
    }
}

/// Gives a program its device, before it begins.
pub(crate) fn set_up(cell: &mut Cell, task: Task) {
    let deterministic = cell.deterministic_seed.is_some();
    let desk = Desk {
        task,
        host: cell.host.clone(),
        meter: cell.meter.clone(),
        memory: cell.memory.clone(),
        disk: cell.disk.clone(),
        sender: Sender::new(cell.host.clone(), cell.memory.clone(), deterministic),
        told: cell.told.clone(),
        notice: cell.notice,
        started: (!deterministic).then_some(cell.started),
    };
    cell.device = Some(Arc::new(Counter(Arc::new(desk))));
}
