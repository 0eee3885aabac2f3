//! Looking at jobs.

use crate::outlook::Outlook;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Job, JobId, Ordinal, ProjectRef, Receipt, Role};
use fuelcell_store::pages::{LogPlace, PlacedLine};
use fuelcell_store::{JobFilter, JobOrder, LogFilter, Page, PageRequest, Seek, StateCounts};
use std::cmp::Reverse;

/// A job with what follows from the queue as it stands.
#[derive(Clone, Debug)]
pub struct JobView {
    /// The job.
    pub job: Job,
    /// When it will probably run and end.
    pub outlook: Outlook,
    /// The accounts of its ended attempts, oldest first.
    pub receipts: Vec<Receipt>,
}

/// Which part of a list that has numbered pages, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<P> {
    /// The page with a number.
    Numbered(PageRequest),
    /// So many rows behind a place.
    Behind(P, usize),
}

/// A part of a list of jobs.
#[derive(Clone, Debug)]
pub struct JobList {
    /// The jobs, newest first.
    pub jobs: Vec<(Job, Outlook)>,
    /// Where the next part begins.
    pub next: Option<Reverse<Ordinal>>,
    /// Whether there is one.
    pub has_more: bool,
    /// Matches by state, the status filter left aside.
    pub counts: StateCounts,
}

impl Service {
    /// One job.
    pub async fn job(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: JobId,
    ) -> Result<JobView, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let job = self.store.job(project, id).await?.ok_or(ServiceError::NotFound("job"))?;
        let outlook = self.outlook(&job).await?;
        let receipts = self.store.receipts(id).await?;
        Ok(JobView { job, outlook, receipts })
    }

    /// Jobs that match.
    pub async fn jobs(
        &self,
        principal: &Principal,
        project: ProjectRef,
        filter: &JobFilter,
        part: Part<Reverse<Ordinal>>,
    ) -> Result<JobList, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        self.check_filter(project, filter).await?;
        let page = match part {
            Part::Behind(place, limit) => {
                self.store.jobs_page(project, filter, Seek { after: Some(place), limit }).await?
            }
            Part::Numbered(page) => {
                let found = self.store.list(project, filter, page).await?;
                Page { has_more: is_followed(page, found.jobs.len(), found.total.count), rows: found.jobs }
            }
        };
        let counts = self.store.counts(project, filter).await?;
        let (next, has_more) = (page.next(), page.has_more);
        let mut jobs = Vec::with_capacity(page.rows.len());
        for job in page.rows {
            let outlook = self.outlook(&job).await?;
            jobs.push((job, outlook));
        }
        Ok(JobList { jobs, next, has_more, counts })
    }

    /// Refuses a filter that nothing can match.
    pub(crate) async fn check_filter(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
    ) -> Result<(), ServiceError> {
        if let Some(job_type) = filter.job_type {
            self.check_job_type(project, job_type).await?;
        }
        match (filter.created_from, filter.created_to) {
            (Some(from), Some(to)) if from > to => {
                Err(ServiceError::invalid("InvalidDateRange", "dateFrom is later than dateTo"))
            }
            _ => Ok(()),
        }
    }

    /// A page of matching jobs in some order, and the number of all matches.
    pub async fn ordered_jobs(
        &self,
        principal: &Principal,
        project: ProjectRef,
        filter: &JobFilter,
        order: JobOrder,
        page: PageRequest,
    ) -> Result<(Vec<Job>, u64), ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let page = self.store.list_ordered(project, filter, order, page).await?;
        Ok((page.jobs, page.total.count))
    }

    /// One job by its ordinal in the project.
    pub async fn job_by_ordinal(
        &self,
        principal: &Principal,
        project: ProjectRef,
        ordinal: Ordinal,
    ) -> Result<Job, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        self.store.job_by_ordinal(project, ordinal).await?.ok_or(ServiceError::NotFound("job"))
    }

    /// Lines of a job's log, oldest first.
    pub async fn logs(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: JobId,
        filter: LogFilter,
        seek: Seek<LogPlace>,
    ) -> Result<Page<PlacedLine>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        self.store.job(project, id).await?.ok_or(ServiceError::NotFound("job"))?;
        Ok(self.store.logs(id, filter, seek).await?)
    }
}

/// Whether anything of a list comes behind a numbered page with so many rows.
pub(crate) fn is_followed(page: PageRequest, rows: usize, total: u64) -> bool {
    page.offset.saturating_add(rows as u64) < total
}
