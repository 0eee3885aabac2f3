//! The state of the server, as a tenant or an operator sees it.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::seams::NodeLoad;
use fuelcell_domain::{Role, Tenant, TenantId, Timestamp};
use fuelcell_store::{QueueEntry, QueueFigures, Seek, TenantFigures};

/// The state of the server.
#[derive(Clone, Debug)]
pub struct SystemStatus {
    /// When it was measured.
    pub at: Timestamp,
    /// Whether the store can be written.
    pub store_healthy: bool,
    /// The processes that run jobs.
    pub nodes: Vec<NodeLoad>,
    /// Whether the caller may see which machine is how busy.
    pub node_details: bool,
    /// The tenant's own figures.
    pub figures: TenantFigures,
}

/// Tenants whose figures are looked up at a time.
pub const MAX_TENANTS: usize = 100;
/// Jobs that are named of those which have waited longest.
const LONGEST: usize = 20;

/// The whole server, as an operator sees it.
#[derive(Clone, Debug)]
pub struct ServerStatus {
    /// When it was measured.
    pub at: Timestamp,
    /// Whether the store can be written.
    pub store_healthy: bool,
    /// The processes that run jobs.
    pub nodes: Vec<NodeLoad>,
    /// The queue of all tenants.
    pub queue: QueueFigures,
    /// Jobs at the heads of tenants' queues, 20 at most, the one that has waited longest first.
    pub waiting: Vec<QueueEntry>,
    /// The oldest tenants, with their figures of today.
    pub tenants: Vec<(Tenant, TenantFigures)>,
    /// Whether there are more tenants.
    pub has_more_tenants: bool,
}

impl Service {
    /// The state of the whole server, for operators.
    pub async fn server_status(&self, principal: &Principal) -> Result<ServerStatus, ServiceError> {
        principal.require(Role::Operator)?;
        let at = self.clock.now();
        // A write of its own, as for a tenant.
        let store_healthy = self.store.check().await.is_ok();
        let mut waiting = self.store.heads(at, LONGEST).await?;
        waiting.sort_by_key(QueueEntry::since);
        waiting.truncate(LONGEST);
        let page = self.store.tenants_page(Seek { after: None, limit: MAX_TENANTS }).await?;
        let mut tenants = Vec::with_capacity(page.rows.len());
        for tenant in page.rows {
            let figures = self.store.tenant_figures(tenant.id, at).await?;
            tenants.push((tenant, figures));
        }
        Ok(ServerStatus {
            at,
            store_healthy,
            nodes: self.nodes.nodes(),
            queue: self.store.queue_figures(at).await?,
            waiting,
            tenants,
            has_more_tenants: page.has_more,
        })
    }

    /// The state of the server for one tenant.
    pub async fn system_status(
        &self,
        principal: &Principal,
        tenant: TenantId,
    ) -> Result<SystemStatus, ServiceError> {
        self.require_tenant(principal, tenant).await?;
        let at = self.clock.now();
        Ok(SystemStatus {
            at,
            // A write of its own: from then on the figures know what the caller saw of single jobs.
            store_healthy: self.store.check().await.is_ok(),
            nodes: self.nodes.nodes(),
            node_details: principal.role >= Role::Operator,
            figures: self.store.tenant_figures(tenant, at).await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stubs;
    use fuelcell_domain::clock::ManualClock;
    use fuelcell_store::MemoryStore;
    use std::sync::Arc;

    #[tokio::test]
    async fn as_many_tenants_are_listed_as_is_stated() {
        let clock = Arc::new(ManualClock::new(Timestamp(0)));
        let service = stubs::service(Arc::new(MemoryStore::new()), clock).0;
        let secret = service.first_operator_token().await.unwrap().unwrap();
        let operator = service.authenticate(&secret).await.unwrap();
        for number in 1..=MAX_TENANTS + 1 {
            service.create_tenant(&operator, None, format!("tenant {number}")).await.unwrap();
            if number < MAX_TENANTS {
                continue;
            }
            let status = service.server_status(&operator).await.unwrap();
            assert_eq!((status.tenants.len(), status.has_more_tenants), (MAX_TENANTS, number > MAX_TENANTS));
        }
    }
}
