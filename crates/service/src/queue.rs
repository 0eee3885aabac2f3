//! A project's queue as it stands.

use crate::outlook::Outlook;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Job, ProjectRef, Role};
use fuelcell_store::PageRequest;

/// A part of a project's queue.
#[derive(Clone, Debug)]
pub struct QueueView {
    /// The jobs that may start, in the order in which they do, then those whose time has not come, by that; with what
    /// follows from the queue.
    pub jobs: Vec<(Job, Outlook)>,
    /// All queued jobs of the project that may start.
    pub due: u64,
    /// Those whose time has not come.
    pub scheduled: u64,
}

impl Service {
    /// The project's queued jobs, in order.
    pub async fn queued_jobs(
        &self,
        principal: &Principal,
        project: ProjectRef,
        page: PageRequest,
    ) -> Result<QueueView, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let page = self.store.queued(project, self.clock.now(), page).await?;
        let mut jobs = Vec::with_capacity(page.jobs.len());
        for (_, job) in page.jobs {
            let outlook = self.outlook(&job).await?;
            jobs.push((job, outlook));
        }
        Ok(QueueView { jobs, due: page.due, scheduled: page.scheduled })
    }

    /// Answers whether the caller can reach the project at all.
    pub async fn ping(&self, principal: &Principal, project: ProjectRef) -> Result<(), ServiceError> {
        self.require(principal, project, Role::Viewer).await
    }
}
