//! What a tenant may have under way at the same time, counted so that no tenant takes all there is.

use fuelcell_domain::TenantId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many places of one kind each tenant has taken.
#[derive(Default)]
pub(crate) struct Places(Arc<Mutex<HashMap<TenantId, usize>>>);

impl Places {
    /// Takes one of the tenant's places; `None` when `most` are taken.
    pub(crate) fn enter(&self, tenant: TenantId, most: usize) -> Option<Place> {
        let mut tenants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = tenants.get(&tenant).copied().unwrap_or(0);
        if taken >= most {
            return None;
        }
        tenants.insert(tenant, taken + 1);
        Some(Place { tenant, tenants: Arc::clone(&self.0) })
    }
}

/// One place, given back when this is dropped.
#[must_use]
pub struct Place {
    tenant: TenantId,
    tenants: Arc<Mutex<HashMap<TenantId, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = tenants.get_mut(&self.tenant) {
            *taken -= 1;
            if *taken == 0 {
                tenants.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tenant_has_its_own_places_and_gets_them_back() {
        let places = Places::default();
        let (one, other) = (TenantId::random(), TenantId::random());
        let held = [places.enter(one, 2), places.enter(one, 2)];
        assert!(held.iter().all(Option::is_some));
        assert!(places.enter(one, 2).is_none());
        assert!(places.enter(other, 2).is_some());
        drop(held);
        assert!(places.enter(one, 2).is_some());
        assert!(places.enter(one, 0).is_none());
        assert!(places.0.lock().unwrap().is_empty(), "tenants without places are forgotten");
    }
}
