//! The state of the server, as a tenant or an operator sees it.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::seams::NodeLoad;
use fuelcell_domain::{Role, TenantId, Timestamp};
use fuelcell_store::TenantFigures;

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

impl Service {
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
