//! What an operator can set.

use crate::concurrency::Concurrency;
use fuelcell_domain::{FIXED, FixedLimits, Isolation, NodeId};
use std::time::Duration;

/// What a node may take on, and how patient it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulerConfig {
    /// The name of this process. Jobs that the store knows under it are released when the scheduler starts, so no two
    /// living processes may share one.
    pub node: NodeId,
    /// Jobs that run at the same time.
    pub slots: usize,
    /// Bytes that the memory limits of all running jobs together may reach. A job beyond it runs alone.
    pub memory_bytes: u64,
    /// Where cells are, unless a job asks for more.
    pub isolation: Isolation,
    /// How long a claim holds without a sign of life. Others rescue the job afterwards.
    pub lease: Duration,
    /// How often leases are extended and expired ones looked for; a fraction of `lease`.
    pub heartbeat: Duration,
    /// How often live figures and log lines are written and recorded cancels looked for.
    pub pulse: Duration,
    /// How long a cancelled guest may take to end by itself.
    pub cancel_grace: Duration,
    /// The same of one whose partial results are wanted: it has to write them. Not less than `cancel_grace`.
    pub partial_grace: Duration,
    /// How long running jobs may go on after shutdown was asked for, before they are stopped and requeued.
    pub drain: Duration,
    /// How long the end of an attempt is offered to a store that fails, before the job is left to its lease.
    pub finish_patience: Duration,
    /// What every attempt may have; the runner knows most of it, this room the log, the artifacts and the checkpoint.
    pub fixed: FixedLimits,
    /// Each such time that a job has waited raises it by one priority; zero = never.
    pub ageing: Duration,
    /// Limits on jobs of one project, pipeline or module that run at the same time.
    pub concurrency: Concurrency,
    /// Modules that are compiled at the same time.
    pub preparations: usize,
}

impl SchedulerConfig {
    /// The defaults for a node with this many slots and bytes of memory for jobs.
    pub fn new(node: NodeId, slots: usize, memory_bytes: u64) -> Self {
        Self {
            node,
            slots,
            memory_bytes,
            isolation: Isolation::InProcess,
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(10),
            pulse: Duration::from_millis(500),
            cancel_grace: Duration::from_secs(1),
            partial_grace: Duration::from_secs(10),
            drain: Duration::from_secs(20),
            finish_patience: Duration::from_secs(60),
            fixed: FIXED,
            ageing: Duration::from_secs(600),
            concurrency: Concurrency::default(),
            preparations: 2,
        }
    }
}
