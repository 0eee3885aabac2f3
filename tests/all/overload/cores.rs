//! Who runs on which cores. What a generator on the same machine takes of the server's cores, the server does not have: then
//! the figures would be of both.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores of this machine that we may have.
pub(super) struct Cores {
    all: CpuSet,
    /// All but the last one.
    server: CpuSet,
    /// The last one.
    generator: CpuSet,
}

impl Cores {
    /// None where there is one core only.
    pub(super) fn of_this_machine() -> Option<Self> {
        let all = sched_getaffinity(None).expect("a thread may ask where it may run");
        let last = (0..CpuSet::MAX_CPU).rev().find(|core| all.is_set(*core))?;
        let (mut server, mut generator) = (all, CpuSet::new());
        server.unset(last);
        generator.set(last);
        (all.count() > 1).then_some(Self { all, server, generator })
    }

    /// Keeps what this thread starts in `begin` to the server's cores, and itself from then on to its own.
    pub(super) fn apart<T>(&self, begin: impl FnOnce() -> T) -> T {
        keep_to(&self.server);
        let begun = begin();
        keep_to(&self.generator);
        begun
    }

    /// Lets this thread, and what it starts from now on, run on all of them.
    pub(super) fn together(&self) {
        keep_to(&self.all);
    }
}

fn keep_to(cores: &CpuSet) {
    sched_setaffinity(None, cores).expect("a thread may keep to some of its cores");
}
