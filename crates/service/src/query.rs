//! Looking at jobs.

use crate::outlook::Outlook;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Job, JobId, LogLine, Ordinal, ProjectRef, Receipt, Role};
use fuelcell_store::{JobFilter, JobOrder, LogFilter, PageRequest, StateCounts};

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

/// A part of a list of jobs.
#[derive(Clone, Debug)]
pub struct JobList {
    /// The jobs, newest first.
    pub jobs: Vec<(Job, Outlook)>,
    /// All matches.
    pub total: u64,
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
        page: PageRequest,
    ) -> Result<JobList, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        if let (Some(from), Some(to)) = (filter.created_from, filter.created_to)
            && from > to
        {
            return Err(ServiceError::invalid("InvalidDateRange", "dateFrom is later than dateTo"));
        }
        let page = self.store.list(project, filter, page).await?;
        let counts = self.store.counts(project, filter).await?;
        let mut jobs = Vec::with_capacity(page.jobs.len());
        for job in page.jobs {
            let outlook = self.outlook(&job).await?;
            jobs.push((job, outlook));
        }
        Ok(JobList { jobs, total: page.total, counts })
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
        Ok((page.jobs, page.total))
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

    /// Lines of a job's log.
    pub async fn logs(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: JobId,
        filter: LogFilter,
    ) -> Result<Vec<LogLine>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        self.store.job(project, id).await?.ok_or(ServiceError::NotFound("job"))?;
        Ok(self.store.logs(id, filter).await?)
    }
}
