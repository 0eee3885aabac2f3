//! What a tenant may have under way at the same time, counted so that no tenant takes all there is, and what it may only do
//! one after the other.

use fuelcell_domain::TenantId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use tokio::sync::Mutex as AsyncMutex;

/// How many permits of one kind each tenant has taken.
#[derive(Default)]
pub(crate) struct TenantPermits(Arc<Mutex<HashMap<TenantId, usize>>>);

impl TenantPermits {
    /// Takes one of the tenant's permits; `None` when `most` are taken.
    pub(crate) fn enter(&self, tenant: TenantId, most: usize) -> Option<TenantPermit> {
        let mut tenants = self.0.lock();
        let taken = tenants.get(&tenant).copied().unwrap_or(0);
        if taken >= most {
            return None;
        }
        tenants.insert(tenant, taken + 1);
        Some(TenantPermit { tenant, tenants: Arc::clone(&self.0) })
    }
}

/// One permit, given back when this is dropped.
#[must_use]
pub struct TenantPermit {
    tenant: TenantId,
    tenants: Arc<Mutex<HashMap<TenantId, usize>>>,
}

impl Drop for TenantPermit {
    fn drop(&mut self) {
        let mut tenants = self.tenants.lock();
        if let Some(taken) = tenants.get_mut(&self.tenant) {
            *taken -= 1;
            if *taken == 0 {
                tenants.remove(&self.tenant);
            }
        }
    }
}

/// A line for each tenant whose first one has the turn. Where those at the head of the lines are served in the order in which
/// they come, tenants take turns.
#[derive(Default)]
pub(crate) struct Lines(Mutex<HashMap<TenantId, Weak<AsyncMutex<()>>>>);

/// The right to a turn: whoever locks it has it. It stands in the line until it, or its lock, is dropped.
pub(crate) type Turn = Arc<AsyncMutex<()>>;

impl Lines {
    /// Joins the tenant's line; `None` when `most` stand in it.
    pub(crate) fn join(&self, tenant: TenantId, most: usize) -> Option<Turn> {
        let mut lines = self.0.lock();
        lines.retain(|_, line| line.strong_count() > 0);
        let line = lines.entry(tenant).or_default();
        if line.strong_count() >= most {
            return None;
        }
        let turn = line.upgrade().unwrap_or_default();
        *line = Arc::downgrade(&turn);
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_waits_behind_itself_only_and_in_a_line_that_ends() {
        let lines = Lines::default();
        let (one, other) = (TenantId::random(), TenantId::random());
        let (first, second) = (lines.join(one, 2).unwrap(), lines.join(one, 2).unwrap());
        assert!(lines.join(one, 2).is_none());
        let turn = first.try_lock_owned().unwrap();
        assert!(second.try_lock().is_err());
        assert!(lines.join(other, 2).unwrap().try_lock_owned().is_ok());
        drop(turn);
        assert!(second.try_lock().is_ok());
        assert!(lines.join(one, 2).is_some());
        drop(second);
        drop(lines.join(other, 2));
        assert_eq!(lines.0.lock().len(), 1, "lines where nobody stands are forgotten");
    }

    #[test]
    fn each_tenant_has_its_own_places_and_gets_them_back() {
        let permits = TenantPermits::default();
        let (one, other) = (TenantId::random(), TenantId::random());
        let held = [permits.enter(one, 2), permits.enter(one, 2)];
        assert!(held.iter().all(Option::is_some));
        assert!(permits.enter(one, 2).is_none());
        assert!(permits.enter(other, 2).is_some());
        drop(held);
        assert!(permits.enter(one, 2).is_some());
        assert!(permits.enter(one, 0).is_none());
        assert!(permits.0.lock().is_empty(), "tenants without permits are forgotten");
    }
}
