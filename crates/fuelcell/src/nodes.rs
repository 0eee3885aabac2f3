//! This process as a node: what it has and how busy it is, measured.

use anyhow::Context;
use fuelcell_domain::seams::{NodeLoad, Nodes, Readiness, Running};
use fuelcell_domain::{Digest, Job, JobRunner, NodeId};
use fuelcell_scheduler::Scheduler;
use parking_lot::Mutex;
use rustix::fs::statvfs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// Processor use is a mean over at least this long; asking more often answers the same figures.
const SAMPLE: Duration = Duration::from_secs(1);

/// The one node of an embedded server.
pub(crate) struct ThisNode {
    name: NodeId,
    scheduler: Arc<Scheduler>,
    runner: Arc<dyn JobRunner>,
    data: PathBuf,
    sampled: Mutex<Sampled>,
}

struct Sampled {
    system: System,
    at: Instant,
    cpu_percent: Option<f64>,
    disk_free_bytes: Option<u64>,
}

impl ThisNode {
    pub(crate) fn new(
        name: NodeId,
        scheduler: Arc<Scheduler>,
        runner: Arc<dyn JobRunner>,
        data: &Path,
    ) -> anyhow::Result<Self> {
        let data = data.canonicalize()?;
        let disk_free_bytes = free_bytes(&data);
        let sampled = Sampled { system: machine()?, at: Instant::now(), cpu_percent: None, disk_free_bytes };
        Ok(Self { name, scheduler, runner, data, sampled: Mutex::new(sampled) })
    }
}

/// The machine's figures, as of now.
fn machine() -> anyhow::Result<System> {
    let cpu = CpuRefreshKind::nothing().with_usage();
    let memory = MemoryRefreshKind::nothing().with_ram();
    let wanted = RefreshKind::nothing().with_cpu(cpu).with_memory(memory);
    System::new_with_specifics(wanted).context("the machine does not tell its processors and memory")
}

impl Sampled {
    fn refresh(&mut self, data: &Path) {
        if self.at.elapsed() < SAMPLE {
            return;
        }
        self.system.refresh_cpu_usage();
        self.system.refresh_memory();
        self.cpu_percent = Some(f64::from(self.system.global_cpu_usage()));
        self.disk_free_bytes = free_bytes(data);
        self.at = Instant::now();
    }
}

/// Bytes of the medium below `path` that this user may still fill.
fn free_bytes(path: &Path) -> Option<u64> {
    let medium = statvfs(path).ok()?;
    Some(medium.f_bavail.saturating_mul(medium.f_frsize))
}

impl Nodes for ThisNode {
    fn nodes(&self) -> Vec<NodeLoad> {
        let load = self.scheduler.load();
        let mut sampled = self.sampled.lock();
        sampled.refresh(&self.data);
        vec![NodeLoad {
            node: self.name.clone(),
            active: !load.draining,
            active_jobs: u32::try_from(load.capacity.running).unwrap_or(u32::MAX),
            job_capacity: u32::try_from(load.capacity.slots).unwrap_or(u32::MAX),
            dropped_results: load.dropped_results,
            job_memory_bytes: load.capacity.memory_bytes,
            job_memory_reserved_bytes: load.capacity.reserved_bytes,
            cores: u32::try_from(sampled.system.cpus().len()).unwrap_or(u32::MAX),
            cpu_percent: sampled.cpu_percent,
            memory_used_bytes: Some(sampled.system.used_memory()),
            memory_total_bytes: Some(sampled.system.total_memory()),
            disk_free_bytes: sampled.disk_free_bytes,
        }]
    }

    fn running(&self) -> Vec<Running> {
        self.scheduler.running()
    }

    fn module_ready(&self, module: Digest) -> Option<bool> {
        Some(self.runner.readiness(module) == Readiness::Ready)
    }

    fn at_limit(&self, job: &Job) -> bool {
        self.scheduler.at_limit(job)
    }

    fn others_first(&self, job: &Job) -> bool {
        self.scheduler.others_first(job)
    }
}

/// Bytes of the machine's memory.
pub(crate) fn machine_memory() -> anyhow::Result<u64> {
    Ok(machine()?.total_memory())
}
