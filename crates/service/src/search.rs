//! Looking for jobs and for lines of logs by what no index of the store knows. For each page a bounded number is looked
//! through, so that a page may hold fewer than were asked for, and the next one goes on from there.

use crate::query::JobList;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Job, JobId, JobType, LogLine, Ordinal, ProjectRef, Role};
use fuelcell_rules::TextPattern;
use fuelcell_store::pages::{LogPlace, PAGE_BYTES, PlacedLine, Row};
use fuelcell_store::{JobFilter, LogFilter, Page, Seek};
use std::cmp::Reverse;
use std::sync::Arc;

/// Jobs that are looked through for one page.
pub const MAX_JOBS: usize = 5_000;
/// Lines of a log that are looked through for one page.
pub const MAX_LINES: usize = 100_000;
/// Longest text that is looked for, in bytes.
pub const MAX_TEXT: usize = 200;
/// Bytes that are looked through for one page, but for the last ones that were read.
pub const MAX_BYTES: usize = 16 << 20;
/// What a pattern may cost for one page at the worst: the states of its program, for each byte that is looked through.
const PATTERN_STEPS: usize = 1 << 30;
/// Jobs that are read at a time, with their parameters: at first and where they are large, and at most.
const FEW_JOBS: usize = 10;
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
    /// A [pattern](TextPattern) that the message fits somewhere.
    pub pattern: Option<String>,
    /// The stage.
    pub stage: Option<String>,
}

/// What is looked for in lines, checked.
struct LineFinder {
    search: LineSearch,
    pattern: Option<TextPattern>,
}

impl LineFinder {
    fn new(search: &LineSearch) -> Result<Self, ServiceError> {
        check_text(search.text.as_ref())?;
        let pattern = search.pattern.as_deref().map(TextPattern::new).transpose().map_err(|reason| {
            let message = format!("pattern cannot be looked for: {reason}");
            ServiceError::invalid("InvalidQuery", message)
        })?;
        Ok(Self { search: search.clone(), pattern })
    }

    fn finds(&self, line: &LogLine) -> bool {
        self.search.stage.as_ref().is_none_or(|stage| line.stage == *stage)
            && self.search.text.as_ref().is_none_or(|text| contains(&line.message, text))
            && self.pattern.as_ref().is_none_or(|pattern| pattern.finds(&line.message))
    }

    /// Bytes to look through for one page.
    fn most_bytes(&self) -> usize {
        let steps = |pattern: &TextPattern| PATTERN_STEPS / pattern.states().max(1);
        self.pattern.as_ref().map_or(MAX_BYTES, |pattern| steps(pattern).min(MAX_BYTES))
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

/// Takes from pages what is found, until that is a page or enough was looked through: so many rows, or so many bytes.
struct Sieve<T: Row> {
    found: Found<T, T::Place>,
    limit: usize,
    most: usize,
    most_bytes: usize,
    looked: usize,
    found_bytes: usize,
    looked_bytes: usize,
}

impl<T: Row> Sieve<T> {
    fn new(seek: &Seek<T::Place>, most: usize) -> Self
    where
        T::Place: Clone,
    {
        let found = Found { rows: Vec::new(), reached: seek.after.clone(), has_more: true };
        Self {
            found,
            limit: seek.limit,
            most,
            most_bytes: MAX_BYTES,
            looked: 0,
            found_bytes: 0,
            looked_bytes: 0,
        }
    }

    fn is_full(&self) -> bool {
        self.found.rows.len() >= self.limit || self.found_bytes >= PAGE_BYTES
    }

    fn is_done(&self) -> bool {
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
    fn left(&self) -> usize {
        self.most.saturating_sub(self.looked)
    }

    /// Takes what is found of a page, whose rows have so many bytes as they are read.
    fn take(&mut self, page: Page<T>, bytes: impl Fn(&T) -> usize, finds: impl Fn(&T) -> bool) {
        let mut rows = page.rows.into_iter();
        self.found.has_more = page.has_more;
        for row in rows.by_ref() {
            self.looked += 1;
            self.looked_bytes += bytes(&row);
            self.found.reached = Some(row.place());
            if finds(&row) {
                self.found_bytes += row.size();
                self.found.rows.push(row);
                if self.is_full() {
                    break;
                }
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
        let mut sieve = Sieve::new(&seek, MAX_JOBS);
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
        let finder = Arc::new(LineFinder::new(search)?);
        self.store.job(project, id).await?.ok_or(ServiceError::NotFound("job"))?;
        let mut sieve = Sieve { most_bytes: finder.most_bytes(), ..Sieve::new(&seek, MAX_LINES) };
        while !sieve.is_done() {
            let seek = Seek { after: sieve.found.reached, limit: LINES_AT_A_TIME.min(sieve.left()) };
            let page = self.store.logs(id, filter, seek).await?;
            let finder = finder.clone();
            let take = move || {
                sieve.take(page, Row::size, |(_, line)| finder.finds(line));
                sieve
            };
            sieve = match search.pattern {
                // It may take a processor for long.
                Some(_) => self.checks.in_turn(project.tenant, take).await?,
                None => take(),
            };
        }
        Ok(sieve.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stubs;
    use fuelcell_domain::{LogLevel, Timestamp};
    use fuelcell_store::conformance::fixtures::{self, holder, lease};
    use fuelcell_store::{Logs, MemoryStore, Queue};

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
        let mut sieve = Sieve::new(&seek, MAX_LINES);
        for attempt in 1..=2 {
            assert!(!sieve.is_done());
            sieve.take(lines(attempt, 3, PAGE_BYTES / 4), Row::size, |_| true);
        }
        assert!(sieve.is_done() && sieve.found.has_more);
        assert_eq!((sieve.found.rows.len(), sieve.found.reached), (4, Some((2, 0))));

        let mut sieve = Sieve::new(&seek, MAX_LINES);
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
        let mut sieve = Sieve::new(&seek, MAX_JOBS);
        let mut pages = 0;
        while !sieve.is_done() {
            let rows = sieve.at_a_time(FEW_JOBS, JOBS_AT_A_TIME);
            pages += 1;
            sieve.take(lines(pages, rows, 1), |_| 1, |_| false);
        }
        assert_eq!((sieve.looked, sieve.found.has_more), (MAX_JOBS, true));
    }

    #[tokio::test]
    async fn as_many_lines_are_looked_through_as_is_stated() {
        let store = Arc::new(MemoryStore::new());
        let (service, anna, job) = stubs::with_a_job(store.clone()).await;
        let (project, id) = (job.project, job.id);
        let claimed =
            store.claim(&[id], lease("here", 30), holder(), fixtures::at(0)).await.unwrap().remove(0);
        let texts = std::iter::repeat_n("hay", MAX_LINES - 1).chain(["a needle within", "a needle beyond"]);
        let line = |text: &str| LogLine {
            at: Timestamp(0),
            attempt: 1,
            level: LogLevel::Info,
            stage: String::new(),
            message: text.into(),
        };
        store.append_logs(claimed.job.current_attempt(), texts.map(line).collect()).await.unwrap();
        let filter = LogFilter { level: LogLevel::Debug, from: None, to: None };
        let search = LineSearch { text: Some("needle".into()), ..LineSearch::default() };
        let look = async |after| {
            let seek = Seek { after, limit: 10 };
            service.search_log(&anna, project, id, filter, &search, seek).await.unwrap()
        };
        let first = look(None).await;
        assert_eq!((&first.rows[0].1.message[..], first.rows.len()), ("a needle within", 1));
        assert!(first.has_more);
        let second = look(first.reached).await;
        assert_eq!((&second.rows[0].1.message[..], second.has_more), ("a needle beyond", false));
    }
}
