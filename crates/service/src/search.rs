//! Looking for jobs, and for [lines of logs](crate::log_search), by what no index of the store knows. For each page a bounded number is looked
//! through, so that a page may hold fewer than were asked for, and the next one goes on from there.

use crate::query::JobList;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Job, JobType, Ordinal, ProjectRef, Role};
use fuelcell_store::pages::{PAGE_BYTES, Row};
use fuelcell_store::{JobFilter, Page, Seek};
use std::cmp::Reverse;

/// Jobs that are looked through for one page.
pub const MAX_JOBS: usize = 5_000;
/// Longest text that is looked for, in bytes.
pub const MAX_TEXT: usize = 200;
/// Bytes that are looked through for one page, but for the last ones that were read.
pub const MAX_BYTES: usize = 16 << 20;
/// Jobs that are read at a time, with their parameters: at first and where they are large, and at most.
const FEW_JOBS: usize = 10;
const JOBS_AT_A_TIME: usize = 100;

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

    pub(crate) fn finds(&self, job: &Job) -> bool {
        self.text.as_ref().is_none_or(|text| {
            contains(&job.name, text) || job.id.to_string().starts_with(&text.to_lowercase())
        }) && self.label.as_ref().is_none_or(|(key, value)| {
            job.labels.iter().any(|(own, has)| own == key && value.as_ref().is_none_or(|value| value == has))
        }) && self.module.as_ref().is_none_or(|module| job.module.name == *module)
            && self.not_type.is_none_or(|not| not != job.job_type)
            && self.not_by.as_ref().is_none_or(|not| *not != job.submitted_by)
    }
}

pub(crate) fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

pub(crate) fn check_text(text: Option<&String>) -> Result<(), ServiceError> {
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

/// Takes from pages what is found, until that is a page or enough was looked through: so many rows, or so many bytes.
pub(crate) struct Sieve<T: Row> {
    pub(crate) found: Found<T, T::Position>,
    limit: usize,
    most: usize,
    most_bytes: usize,
    looked: usize,
    found_bytes: usize,
    looked_bytes: usize,
}

impl<T: Row> Sieve<T> {
    pub(crate) fn new(seek: &Seek<T::Position>, most: usize, most_bytes: usize) -> Self
    where
        T::Position: Clone,
    {
        let found = Found { rows: Vec::new(), reached: seek.after.clone(), has_more: true };
        Self { found, limit: seek.limit, most, most_bytes, looked: 0, found_bytes: 0, looked_bytes: 0 }
    }

    fn is_full(&self) -> bool {
        self.found.rows.len() >= self.limit || self.found_bytes >= PAGE_BYTES
    }

    pub(crate) fn is_done(&self) -> bool {
        let has_looked = self.looked >= self.most || self.looked_bytes >= self.most_bytes;
        !self.found.has_more || self.is_full() || has_looked
    }

    /// Rows to read next, as large as those that were read so far: about a page's bytes of them.
    fn at_a_time(&self, first: usize, most: usize) -> usize {
        let rows = match self.looked_bytes.checked_div(self.looked) {
            Some(each) => (PAGE_BYTES / each.max(1)).clamp(1, most),
            None => first,
        };
        rows.min(self.left())
    }

    /// Rows that may still be looked through.
    pub(crate) fn left(&self) -> usize {
        self.most.saturating_sub(self.looked)
    }

    /// Takes what is found of a page, whose rows have so many bytes as they are read.
    pub(crate) fn take(&mut self, page: Page<T>, bytes: impl Fn(&T) -> usize, finds: impl Fn(&T) -> bool) {
        let mut rows = page.rows.into_iter();
        self.found.has_more = page.has_more;
        for row in rows.by_ref() {
            self.looked += 1;
            self.looked_bytes += bytes(&row);
            self.found.reached = Some(row.position());
            if finds(&row) {
                self.found_bytes += row.size();
                self.found.rows.push(row);
            }
            if self.is_full() || self.looked_bytes >= self.most_bytes {
                break;
            }
        }
        self.found.has_more |= rows.next().is_some();
    }
}

impl Service {
    /// Jobs that match and are found, newest first and without their parameters, which no list shows. The counts are of
    /// those that match, found or not.
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
        let mut sieve = Sieve::new(&seek, MAX_JOBS, MAX_BYTES);
        while !sieve.is_done() {
            let limit = sieve.at_a_time(FEW_JOBS, JOBS_AT_A_TIME);
            let seek = Seek { after: sieve.found.reached, limit };
            let page = self.store.jobs_page(project, filter, seek).await?;
            let before = sieve.found.rows.len();
            sieve.take(page, |job| job.size() + job.parameters.len(), |job| search.finds(job));
            sieve.found.rows[before..].iter_mut().for_each(|job| job.parameters = String::new());
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_search::MAX_LINES;
    use fuelcell_domain::{LogLevel, LogLine, Timestamp};
    use fuelcell_store::pages::PlacedLine;

    fn lines(batch: u32, of: usize, bytes: usize) -> Page<PlacedLine> {
        let line = |number| {
            let line = LogLine {
                at: Timestamp(0),
                attempt: batch,
                level: LogLevel::Info,
                stage: String::new(),
                message: "x".repeat(bytes),
            };
            ((batch, number), line)
        };
        Page { rows: (0..of as u32).map(line).collect(), has_more: true }
    }

    #[test]
    fn what_is_found_ends_with_a_pages_bytes_and_the_search_with_those_it_looked_through() {
        let seek = Seek { after: None, limit: 1_000 };
        // Each attempt's log has less than a page: together they have more.
        let mut sieve = Sieve::new(&seek, MAX_LINES, MAX_BYTES);
        for attempt in 1..=2 {
            assert!(!sieve.is_done());
            sieve.take(lines(attempt, 3, PAGE_BYTES / 4), Row::size, |_| true);
        }
        assert!(sieve.is_done() && sieve.found.has_more);
        assert_eq!((sieve.found.rows.len(), sieve.found.reached), (4, Some((2, 0))));

        let mut sieve = Sieve::new(&seek, MAX_LINES, MAX_BYTES);
        let mut pages = 0;
        while !sieve.is_done() {
            pages += 1;
            sieve.take(lines(pages, 4, PAGE_BYTES / 4), Row::size, |_| false);
        }
        assert_eq!((pages as usize, sieve.found.rows.len()), (MAX_BYTES / PAGE_BYTES, 0));
        assert_eq!((sieve.found.reached, sieve.at_a_time(10, 100)), (Some((16, 3)), 3));
    }

    /// As the search for jobs does it, with lines for jobs: the store in memory takes seconds to queue as many.
    #[test]
    fn as_many_jobs_are_looked_through_as_is_stated() {
        let seek = Seek { after: None, limit: 10 };
        let mut sieve = Sieve::new(&seek, MAX_JOBS, MAX_BYTES);
        let mut pages = 0;
        while !sieve.is_done() {
            let rows = sieve.at_a_time(FEW_JOBS, JOBS_AT_A_TIME);
            pages += 1;
            sieve.take(lines(pages, rows, 1), |_| 1, |_| false);
        }
        assert_eq!((sieve.looked, sieve.found.has_more), (MAX_JOBS, true));
    }
}
