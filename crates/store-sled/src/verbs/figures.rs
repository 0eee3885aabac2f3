//! Figures of what jobs did.

use crate::index::project_index::ProjectIndex;
use crate::records::{figures, hours, usage};
use crate::store::SledStore;
use crate::write::shared::Shared;
use async_trait::async_trait;
use fuelcell_domain::{Digest, ProjectRef, TenantId, Timestamp};
use fuelcell_store::usage::{UsageQuery, UsageReport};
use fuelcell_store::verbs::Figures;
use fuelcell_store::{HourFigures, QueueFigures, StoreError, TenantFigures};

#[async_trait]
impl Figures for SledStore {
    async fn recent_durations(&self, module: Digest) -> Result<Vec<u64>, StoreError> {
        figures::durations(self.database()?, module)
    }

    async fn tenant_figures(&self, tenant: TenantId, now: Timestamp) -> Result<TenantFigures, StoreError> {
        self.shared.check()?;
        tenant_figures(&self.shared, tenant, now)
    }

    async fn queue_figures(&self, now: Timestamp) -> Result<QueueFigures, StoreError> {
        self.shared.check()?;
        Ok(self.shared.arrived(now).queue().figures(now))
    }

    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, StoreError> {
        self.read_many(move |shared| usage::report(&shared.database, &query)).await
    }

    async fn hours(&self, project: ProjectRef, from: i64, to: i64) -> Result<Vec<HourFigures>, StoreError> {
        self.read_many(move |shared| hours::report(&shared.database, project, from, to)).await
    }
}

pub(crate) fn tenant_figures(
    shared: &Shared,
    tenant: TenantId,
    now: Timestamp,
) -> Result<TenantFigures, StoreError> {
    let day = figures::day(&shared.database, tenant, now)?;
    let mut figures = TenantFigures {
        completed: day.completed,
        failed: day.failed,
        duration_micros: day.duration_micros,
        started: day.started,
        wait_micros: day.wait_micros,
        ..TenantFigures::default()
    };
    let image = shared.arrived(now);
    figures.running = image.of_tenant(tenant).map(ProjectIndex::running).sum();
    (figures.queued, figures.scheduled) = image.queue().of_tenant(tenant, now);
    Ok(figures)
}
