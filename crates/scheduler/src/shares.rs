//! Who has had how much: tenants share each priority by the fuel that their jobs burn.
//!
//! The rule is least-served first: of the tenants that have jobs waiting at the most urgent priority, the one goes next
//! whose jobs have burnt the least. It is the form of deficit round-robin for jobs whose cost is known only afterwards: a
//! job is charged with what its module burnt of late when it starts, or with what it has burnt so far if that is more, and
//! with what it did burn when it ends. So two tenants that both wait stay within about one job's fuel of each other,
//! whatever the sizes of their jobs.
//!
//! Nobody saves up: a tenant that comes back after a pause begins where the least-served of the others stands, but not
//! below its own account. Accounts begin anew with the process.

use crate::choose::SHORT;
use fuelcell_domain::{Digest, TenantId, Usage};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// Units of fuel that a microsecond of CPU time stands for before anything was measured.
const FIRST_RATE: f64 = 1000.0;
/// The weight of the newest figure in a running mean.
const NEWEST: f64 = 0.2;
/// Modules whose figures are remembered; with more of them all are learnt anew.
const MAX_MODULES: usize = 10_000;

/// The accounts of this node.
pub(crate) struct Shares {
    accounts: HashMap<TenantId, u64>,
    modules: HashMap<Digest, Means>,
    fuel_per_cpu_micro: f64,
}

/// Running means of a module's runs.
#[derive(Clone, Copy)]
struct Means {
    fuel: f64,
    wall_micros: f64,
}

impl Default for Shares {
    fn default() -> Self {
        Self { accounts: HashMap::new(), modules: HashMap::new(), fuel_per_cpu_micro: FIRST_RATE }
    }
}

impl Shares {
    /// Charges a tenant with a run that has ended.
    pub(crate) fn settle(&mut self, tenant: TenantId, module: Digest, usage: &Usage) {
        let at_least = usage.fuel.units().unwrap_or(0);
        let fuel = usage.fuel.exact().unwrap_or_else(|| self.fuel_of(usage.cpu_micros).max(at_least));
        let account = self.accounts.entry(tenant).or_default();
        *account = account.saturating_add(fuel);
        if let (Some(fuel), 1..) = (usage.fuel.exact(), usage.cpu_micros) {
            approach(&mut self.fuel_per_cpu_micro, fuel as f64 / usage.cpu_micros as f64);
        }
        if self.modules.len() >= MAX_MODULES && !self.modules.contains_key(&module) {
            self.modules.clear();
        }
        let run = Means { fuel: fuel as f64, wall_micros: usage.wall_micros as f64 };
        let means = self.modules.entry(module).or_insert(run);
        approach(&mut means.fuel, run.fuel);
        approach(&mut means.wall_micros, run.wall_micros);
    }

    /// What a run of a module burns, by its latest runs; 0 before the first has ended.
    pub(crate) fn expected_fuel(&self, module: Digest) -> u64 {
        self.modules.get(&module).map_or(0, |means| means.fuel as u64)
    }

    /// How long a run of a module takes, by its latest runs; `None` before the first has ended.
    pub(crate) fn expected_time(&self, module: Digest) -> Option<Duration> {
        self.modules.get(&module).map(|means| Duration::from_micros(means.wall_micros as u64))
    }

    /// The same, if that is short enough to be claimed ahead.
    pub(crate) fn short_time(&self, module: Digest) -> Option<Duration> {
        self.expected_time(module).filter(|time| *time <= SHORT)
    }

    /// What a run that has used so much CPU time has burnt, about.
    pub(crate) fn fuel_of(&self, cpu_micros: u64) -> u64 {
        (cpu_micros as f64 * self.fuel_per_cpu_micro) as u64
    }

    /// Takes in who has jobs that wait or run now, and returns the account of each.
    pub(crate) fn attend(&mut self, active: &BTreeSet<TenantId>) -> HashMap<TenantId, u64> {
        let present = active.iter().filter_map(|tenant| self.accounts.get(tenant));
        let least = present.min().copied().unwrap_or(0);
        for tenant in active {
            let account = self.accounts.entry(*tenant).or_insert(least);
            *account = (*account).max(least);
        }
        // Who is away and has no more than anybody here would be lifted to `least` anyway.
        self.accounts.retain(|tenant, account| active.contains(tenant) || *account > least);
        active.iter().filter_map(|tenant| Some((*tenant, *self.accounts.get(tenant)?))).collect()
    }
}

fn approach(mean: &mut f64, newest: f64) {
    *mean += (newest - *mean) * NEWEST;
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::Fuel;

    fn burnt(fuel: u64) -> Usage {
        Usage { fuel: Fuel::Exact(fuel), cpu_micros: fuel / 500, wall_micros: 2_000, ..Usage::default() }
    }

    #[test]
    fn runs_are_charged_and_expected() {
        let (tenant, module) = (TenantId::random(), Digest::of(b"m"));
        let mut shares = Shares::default();
        assert_eq!((shares.expected_fuel(module), shares.expected_time(module)), (0, None));
        for _ in 0..100 {
            shares.settle(tenant, module, &burnt(1_000_000));
        }
        assert_eq!(shares.expected_fuel(module), 1_000_000);
        assert_eq!(shares.expected_time(module), Some(Duration::from_millis(2)));
        // A run that was broken off is charged by its CPU time, at the rate that was seen.
        let before = shares.attend(&[tenant].into())[&tenant];
        shares.settle(tenant, module, &Usage { fuel: Fuel::Unknown, cpu_micros: 1_000, ..Usage::default() });
        let charged = shares.attend(&[tenant].into())[&tenant] - before;
        assert!((499_000..=501_000).contains(&charged), "{charged}");
    }

    #[test]
    fn nobody_saves_up_and_nobody_is_forgiven() {
        let [one, other, third] = [TenantId::random(), TenantId::random(), TenantId::random()];
        let module = Digest::of(b"m");
        let mut shares = Shares::default();
        shares.attend(&[one].into());
        shares.settle(one, module, &burnt(1_000));
        // Who comes new begins with the least-served.
        assert_eq!(shares.attend(&[one, other].into())[&other], 1_000);
        shares.settle(one, module, &burnt(500));
        // Who goes away in debt comes back in debt; who goes away in credit does not keep it.
        assert_eq!(shares.attend(&[other].into())[&other], 1_000);
        assert_eq!(shares.attend(&[one, other].into()), [(one, 1_500), (other, 1_000)].into());
        shares.attend(&[one].into());
        shares.settle(one, module, &burnt(100));
        assert_eq!(shares.attend(&[one, other, third].into())[&other], 1_600);
    }
}
