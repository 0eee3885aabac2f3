//! Looking for jobs and for lines of logs by what no index of the store knows. For each page a bounded number is looked
//! through, so that a page may hold fewer than were asked for, and the next one goes on from there.

use crate::query::JobList;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Job, JobId, JobType, LogLine, Ordinal, ProjectRef, Role};
use fuelcell_store::pages::{LogPlace, PlacedLine, Row};
use fuelcell_store::{JobFilter, LogFilter, Page, Seek};
use std::cmp::Reverse;

/// Jobs that are looked through for one page.
pub const MAX_JOBS: usize = 5_000;
/// Lines of a log that are looked through for one page.
pub const MAX_LINES: usize = 100_000;
/// Longest text that is looked for, in bytes.
pub const MAX_TEXT: usize = 200;
/// Jobs that are read at a time, with their parameters.
const JOBS_AT_A_TIME: usize = 100;
/// Lines that are read at a time.
const LINES_AT_A_TIME: usize = 5_000;

/// What is looked for in jobs; nothing = all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobSearch {
    /// In the name, or at the beginning of the id; capitals do not matter.
    pub text: Option<String>,
    /// A label by its key, or by key and value.
    pub label: Option<(String, Option<String>)>,
    /// The module's name.
    pub module: Option<String>,
    /// No job of this type.
    pub not_type: Option<JobType>,
    /// No job that this subject sent.
    pub not_by: Option<String>,
}

impl JobSearch {
    /// Whether every job is found.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn finds(&self, job: &Job) -> bool {
        self.text.as_ref().is_none_or(|text| {
            contains(&job.name, text) || job.id.to_string().starts_with(&text.to_lowercase())
        }) && self.label.as_ref().is_none_or(|(key, value)| {
            job.labels.iter().any(|(own, has)| own == key && value.as_ref().is_none_or(|value| value == has))
        }) && self.module.as_ref().is_none_or(|module| job.module.name == *module)
            && self.not_type.is_none_or(|not| not != job.job_type)
            && self.not_by.as_ref().is_none_or(|not| *not != job.submitted_by)
    }
}

/// What is looked for in lines of a log; nothing = all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineSearch {
    /// In the message; capitals do not matter.
    pub text: Option<String>,
    /// The stage.
    pub stage: Option<String>,
}

impl LineSearch {
    fn finds(&self, line: &LogLine) -> bool {
        self.text.as_ref().is_none_or(|text| contains(&line.message, text))
            && self.stage.as_ref().is_none_or(|stage| line.stage == *stage)
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

fn check_text(text: Option<&String>) -> Result<(), ServiceError> {
    match text.is_some_and(|text| text.len() > MAX_TEXT) {
        true => Err(ServiceError::invalid("InvalidQuery", format!("text is at most {MAX_TEXT} bytes"))),
        false => Ok(()),
    }
}

/// A part of what was found.
#[derive(Clone, Debug)]
pub struct Found<T, P> {
    /// What was found.
    pub rows: Vec<T>,
    /// How far was looked; none = there is nothing behind the place that was asked for.
    pub reached: Option<P>,
    /// Whether something lies behind.
    pub has_more: bool,
}

/// Takes from pages what is found, until there are `limit` or so many were looked through.
struct Sieve<T: Row> {
    found: Found<T, T::Place>,
    limit: usize,
    most: usize,
    looked: usize,
}

impl<T: Row> Sieve<T> {
    fn new(seek: &Seek<T::Place>, most: usize) -> Self
    where
        T::Place: Clone,
    {
        let found = Found { rows: Vec::new(), reached: seek.after.clone(), has_more: true };
        Self { found, limit: seek.limit, most, looked: 0 }
    }

    fn is_done(&self) -> bool {
        !self.found.has_more || self.found.rows.len() >= self.limit || self.looked >= self.most
    }

    fn take(&mut self, page: Page<T>, finds: impl Fn(&T) -> bool) {
        let mut rows = page.rows.into_iter();
        self.found.has_more = page.has_more;
        for row in rows.by_ref() {
            self.looked += 1;
            self.found.reached = Some(row.place());
            if finds(&row) {
                self.found.rows.push(row);
                if self.found.rows.len() >= self.limit {
                    break;
                }
            }
        }
        self.found.has_more |= rows.next().is_some();
    }
}

impl Service {
    /// Jobs that match and are found, newest first. The counts are of those that match, found or not.
    pub async fn search_jobs(
        &self,
        principal: &Principal,
        project: ProjectRef,
        filter: &JobFilter,
        search: &JobSearch,
        seek: Seek<Reverse<Ordinal>>,
    ) -> Result<JobList, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        check_text(search.text.as_ref())?;
        let mut sieve = Sieve::new(&seek, MAX_JOBS);
        while !sieve.is_done() {
            let seek = Seek { after: sieve.found.reached, limit: JOBS_AT_A_TIME };
            let page = self.store.jobs_page(project, filter, seek).await?;
            sieve.take(page, |job| search.finds(job));
        }
        let Found { rows, reached, has_more } = sieve.found;
        let counts = self.store.counts(project, filter).await?;
        let mut jobs = Vec::with_capacity(rows.len());
        for job in rows {
            let outlook = self.outlook(&job).await?;
            jobs.push((job, outlook));
        }
        Ok(JobList { jobs, next: reached.filter(|_| has_more), has_more, counts })
    }

    /// Lines of a job's log that match and are found, oldest first.
    pub async fn search_log(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: JobId,
        filter: LogFilter,
        search: &LineSearch,
        seek: Seek<LogPlace>,
    ) -> Result<Found<PlacedLine, LogPlace>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        check_text(search.text.as_ref())?;
        self.store.job(project, id).await?.ok_or(ServiceError::NotFound("job"))?;
        let mut sieve = Sieve::new(&seek, MAX_LINES);
        while !sieve.is_done() {
            let seek = Seek { after: sieve.found.reached, limit: LINES_AT_A_TIME };
            let page = self.store.logs(id, filter, seek).await?;
            sieve.take(page, |(_, line)| search.finds(line));
        }
        Ok(sieve.found)
    }
}
