//! Forgetting an ended job.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{JobId, ProjectRef, Role};

impl Service {
    /// Deletes an ended job's record, artifacts, log and receipts, durably: from then on it is found nowhere, and links to
    /// its artifacts are dead. Its bytes may be those of other jobs too, so they stay in the blob store; nothing but a
    /// record leads to them.
    pub async fn delete_job_data(
        &self,
        principal: &Principal,
        project: ProjectRef,
        job: JobId,
    ) -> Result<(), ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        self.store.delete_ended(project, job).await?;
        tracing::info!(%job, %project, by = %principal.subject, "an ended job was deleted");
        Ok(())
    }
}
