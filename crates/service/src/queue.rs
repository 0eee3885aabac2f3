//! A project's queue as it stands.

use crate::outlook::Outlook;
use crate::query::{Part, is_followed};
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Job, ProjectRef, Role, Timestamp};
use fuelcell_store::pages::QueueSpot;
use fuelcell_store::{Page, PageRequest, QueuePage, Seek};

/// A part of a project's queue.
#[derive(Clone, Debug)]
pub struct QueueView {
    /// The jobs that may start, in the order in which they do, then those whose time has not come, by that; with what
    /// follows from the queue.
    pub jobs: Vec<(Job, Outlook)>,
    /// Where the next part begins, in the queue as it was seen for the first one.
    pub next: Option<(Timestamp, QueueSpot)>,
    /// Whether there is one.
    pub has_more: bool,
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
        part: Part<(Timestamp, QueueSpot)>,
    ) -> Result<QueueView, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let now = self.clock.now();
        let (seen, page, due, scheduled) = match part {
            Part::Behind((seen, spot), limit) => {
                let none = PageRequest { offset: 0, limit: 0 };
                let QueuePage { due, scheduled, .. } = self.store.queued(project, now, none).await?;
                let seek = Seek { after: Some(spot), limit };
                (seen, self.store.queue_page(project, seen, seek).await?, due, scheduled)
            }
            Part::Numbered(page) => {
                let QueuePage { jobs, due, scheduled } = self.store.queued(project, now, page).await?;
                let has_more = is_followed(page, jobs.len(), due + scheduled);
                let rows = jobs.into_iter().map(|(_, job)| (QueueSpot::of(&job, now), job)).collect();
                (now, Page { rows, has_more }, due, scheduled)
            }
        };
        let (next, has_more) = (page.next().map(|spot| (seen, spot)), page.has_more);
        let mut jobs = Vec::with_capacity(page.rows.len());
        for (_, job) in page.rows {
            let outlook = self.outlook(&job).await?;
            jobs.push((job, outlook));
        }
        Ok(QueueView { jobs, next, has_more, due, scheduled })
    }

    /// Answers whether the caller can reach the project at all.
    pub async fn ping(&self, principal: &Principal, project: ProjectRef) -> Result<(), ServiceError> {
        self.require(principal, project, Role::Viewer).await
    }
}
