//! What attempts used, summed by UTC day. Sums outlive the jobs that they are made of, and equal the receipts.

use fuelcell_domain::{Fuel, Job, JobState, ProjectId, ProjectRef, Receipt, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many modules, subjects and labels of a project are told apart in one day, each. What comes after them is summed
/// under no value, so that whoever invents labels does not fill the store.
pub const VALUES_A_DAY: u32 = 500;

/// So many groups are summed for one question; what comes after them is summed under no value.
pub const MAX_GROUPS: usize = 20_000;

/// What is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Nothing.
    Total,
    /// The module's name.
    Module,
    /// Who submitted the job.
    Subject,
    /// A label of the job, as `key=value`. A job counts under each of its labels; jobs without one are not there.
    Label,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Total, Self::Module, Self::Subject, Self::Label];
}

/// Sums over attempts, and over jobs by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageSums {
    /// Units of fuel, as far as they are known.
    pub fuel: u64,
    /// Attempts of which that is a lower bound.
    pub fuel_at_least: u64,
    /// Attempts of which it is not known.
    pub fuel_unknown: u64,
    /// Microseconds of CPU time.
    pub cpu_micros: u64,
    /// Microseconds from start to end.
    pub wall_micros: u64,
    /// The most memory of each attempt, times its microseconds.
    pub memory_byte_micros: u128,
    /// Bytes read from inputs.
    pub bytes_read: u64,
    /// Bytes written to artifacts and checkpoints.
    pub bytes_written: u64,
    /// Attempts that ended.
    pub attempts: u64,
    /// Those of them that were lost with their node.
    pub lost_attempts: u64,
    /// Jobs that completed.
    pub completed: u64,
    /// Jobs that failed.
    pub failed: u64,
    /// Jobs that were cancelled.
    pub cancelled: u64,
}

impl UsageSums {
    /// Of what has happened to a job now: perhaps an attempt has ended, perhaps the job.
    pub fn of(job: &Job, receipt: Option<&Receipt>) -> Self {
        let mut sums = receipt.map(Self::of_attempt).unwrap_or_default();
        match job.state {
            JobState::Completed => sums.completed = 1,
            JobState::Failed => sums.failed = 1,
            JobState::Cancelled => sums.cancelled = 1,
            JobState::Queued | JobState::Running => {}
        }
        sums
    }

    /// Of one attempt.
    pub fn of_attempt(receipt: &Receipt) -> Self {
        let usage = receipt.usage;
        Self {
            fuel: usage.fuel.units().unwrap_or(0),
            fuel_at_least: u64::from(usage.fuel.is_lower_bound()),
            fuel_unknown: u64::from(usage.fuel == Fuel::Unknown),
            cpu_micros: usage.cpu_micros,
            wall_micros: usage.wall_micros,
            memory_byte_micros: u128::from(usage.peak_memory_bytes) * u128::from(usage.wall_micros),
            bytes_read: usage.bytes_read,
            bytes_written: usage.bytes_written,
            attempts: 1,
            lost_attempts: u64::from(receipt.is_lost()),
            ..Self::default()
        }
    }

    /// The same, without how jobs ended.
    pub fn of_attempts(self) -> Self {
        Self { completed: 0, failed: 0, cancelled: 0, ..self }
    }

    /// Adds others. A sum that would run over stays at the most that there is.
    pub fn add(&mut self, other: &Self) {
        let mut figures = *other;
        for (own, other) in self.figures().into_iter().zip(figures.figures()) {
            *own = own.saturating_add(*other);
        }
        self.memory_byte_micros = self.memory_byte_micros.saturating_add(other.memory_byte_micros);
    }

    /// Whether no sum is smaller than in another.
    pub fn covers(mut self, mut other: Self) -> bool {
        let memory = self.memory_byte_micros >= other.memory_byte_micros;
        memory && self.figures().into_iter().zip(other.figures()).all(|(own, other)| *own >= *other)
    }

    fn figures(&mut self) -> [&mut u64; 12] {
        let Self {
            fuel,
            fuel_at_least,
            fuel_unknown,
            cpu_micros,
            wall_micros,
            memory_byte_micros: _,
            bytes_read,
            bytes_written,
            attempts,
            lost_attempts,
            completed,
            failed,
            cancelled,
        } = self;
        [
            fuel,
            fuel_at_least,
            fuel_unknown,
            cpu_micros,
            wall_micros,
            bytes_read,
            bytes_written,
            attempts,
            lost_attempts,
            completed,
            failed,
            cancelled,
        ]
    }
}

/// Under which values a job counts.
pub fn values_of(job: &Job) -> Vec<(Dimension, String)> {
    let labels = job.labels.iter().map(|(key, value)| (Dimension::Label, format!("{key}={value}")));
    let named =
        [(Dimension::Module, job.module.name.clone()), (Dimension::Subject, job.submitted_by.clone())];
    let mut values: Vec<_> = named.into_iter().chain(labels).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// Whose sums, of which days, told apart by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageQuery {
    /// Of this tenant; none = of all.
    pub tenant: Option<TenantId>,
    /// Of this project of the tenant; none = of all.
    pub project: Option<ProjectId>,
    /// The first UTC day: whole days since 1970-01-01.
    pub from: i64,
    /// The last one.
    pub to: i64,
    /// By what values.
    pub dimension: Dimension,
    /// Whether days are told apart.
    pub by_day: bool,
    /// Whether projects are, and with them their tenants.
    pub by_project: bool,
    /// Whether tenants are.
    pub by_tenant: bool,
}

impl UsageQuery {
    /// Whether it is about this project.
    pub fn is_about(&self, project: ProjectRef) -> bool {
        self.tenant.is_none_or(|tenant| tenant == project.tenant)
            && self.project.is_none_or(|wanted| wanted == project.project)
    }

    /// Where a sum of a project and day goes.
    pub fn group(&self, project: ProjectRef, day: i64, value: Option<String>) -> UsageGroup {
        UsageGroup {
            day: self.by_day.then_some(day),
            tenant: (self.by_tenant || self.by_project).then_some(project.tenant),
            project: self.by_project.then_some(project.project),
            value,
        }
    }
}

/// What a sum is of; what is not told apart is `None`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageGroup {
    /// The UTC day.
    pub day: Option<i64>,
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The project.
    pub project: Option<ProjectId>,
    /// The value; none = all others.
    pub value: Option<String>,
}

/// Sums by group, in the order of their groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageReport(pub BTreeMap<UsageGroup, UsageSums>);

impl UsageReport {
    /// Adds to a group, or to what stands for all others once there are too many.
    pub fn add(&mut self, mut group: UsageGroup, sums: &UsageSums) {
        if self.0.len() >= MAX_GROUPS && !self.0.contains_key(&group) {
            group = UsageGroup { day: None, tenant: None, project: None, value: None };
        }
        self.0.entry(group).or_default().add(sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::fixtures::{job, project, receipt};

    #[test]
    fn sums_are_of_attempts_and_of_ends() {
        let job = job(project());
        let account = receipt(job.current_attempt(), 5);
        let mut sums = UsageSums::of(&job, Some(&account));
        assert_eq!((sums.fuel, sums.attempts, sums.completed), (7, 1, 0));
        sums.add(&UsageSums::of(&Job { state: JobState::Failed, ..job }, None));
        assert_eq!((sums.fuel, sums.attempts, sums.failed), (7, 1, 1));
        assert!(sums.covers(UsageSums::of_attempt(&account)) && !sums.of_attempts().covers(sums));
        let mut most = UsageSums { fuel: u64::MAX, ..sums };
        most.add(&sums);
        assert_eq!((most.fuel, most.failed), (u64::MAX, 2));
    }
}
