//! Looking for lines of a job's log.
//!
//! A pattern may take a processor for long, so what it may cost for one page is bounded, and searches by pattern are done in
//! [turns](crate::searches).

use crate::error::ServiceError;
use crate::search::{Found, MAX_BYTES, Sieve, check_text, contains};
use crate::{Principal, Service};
use fuelcell_domain::{JobId, LogLine, ProjectRef, Role};
use fuelcell_rules::TextPattern;
use fuelcell_store::pages::{LogPlace, PlacedLine, Row};
use fuelcell_store::{LogFilter, Seek};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Lines of a log that are looked through for one page.
pub const MAX_LINES: usize = 100_000;
/// Lines that are read at a time.
const LINES_AT_A_TIME: usize = 5_000;
/// What a pattern may cost for one page at the worst, but for the last line: the states of its program, for each byte that is
/// looked through. About a second.
const PATTERN_STEPS: usize = 1 << 27;

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

impl LineSearch {
    fn finds(&self, line: &LogLine) -> bool {
        self.stage.as_ref().is_none_or(|stage| line.stage == *stage)
            && self.text.as_ref().is_none_or(|text| contains(&line.message, text))
    }
}

impl Service {
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
        if let Some(pattern) = &search.pattern {
            let pattern = TextPattern::new(pattern).map_err(|reason| {
                ServiceError::invalid("InvalidQuery", format!("pattern cannot be looked for: {reason}"))
            })?;
            let _turn = self.searches.turn(project.tenant).await?;
            return self.find_by_pattern(id, filter, search, pattern, seek).await;
        }
        let mut sieve = Sieve::new(&seek, MAX_LINES, MAX_BYTES);
        while !sieve.is_done() {
            let page = self.store.logs(id, filter, next(&sieve)).await?;
            sieve.take(page, Row::size, |(_, line)| search.finds(line));
        }
        Ok(sieve.found)
    }

    async fn find_by_pattern(
        &self,
        id: JobId,
        filter: LogFilter,
        search: &LineSearch,
        pattern: TextPattern,
        seek: Seek<LogPlace>,
    ) -> Result<Found<PlacedLine, LogPlace>, ServiceError> {
        let most_bytes = (PATTERN_STEPS / pattern.states().max(1)).min(MAX_BYTES);
        let mut sieve = Sieve::new(&seek, MAX_LINES, most_bytes);
        let wanted = Arc::new((search.clone(), pattern));
        while !sieve.is_done() {
            let page = self.store.logs(id, filter, next(&sieve)).await?;
            let wanted = wanted.clone();
            let looking = spawn_blocking(move || {
                let (search, pattern) = &*wanted;
                sieve.take(page, Row::size, |(_, line)| search.finds(line) && pattern.finds(&line.message));
                sieve
            });
            sieve = looking.await.map_err(|panic| {
                tracing::error!(%panic, "a search by pattern ended badly");
                ServiceError::Storage
            })?;
        }
        Ok(sieve.found)
    }
}

fn next(sieve: &Sieve<PlacedLine>) -> Seek<LogPlace> {
    Seek { after: sieve.found.reached, limit: LINES_AT_A_TIME.min(sieve.left()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::searches::MAX_SEARCHES;
    use crate::stubs;
    use fuelcell_domain::{LogLevel, Timestamp};
    use fuelcell_store::conformance::fixtures::{self, holder, lease};
    use fuelcell_store::{Logs, MemoryStore, Queue};

    const FILTER: LogFilter = LogFilter { level: LogLevel::Debug, from: None, to: None };

    fn line(text: &str) -> LogLine {
        LogLine {
            at: Timestamp(0),
            attempt: 1,
            level: LogLevel::Info,
            stage: String::new(),
            message: text.into(),
        }
    }

    /// A job with a log of these lines.
    async fn with_log(lines: Vec<LogLine>) -> (Service, Principal, ProjectRef, JobId) {
        let store = Arc::new(MemoryStore::new());
        let (service, anna, job) = stubs::with_a_job(store.clone()).await;
        let claimed =
            store.claim(&[job.id], lease("here", 30), holder(), fixtures::at(0)).await.unwrap().remove(0);
        store.append_logs(claimed.job.current_attempt(), lines).await.unwrap();
        (service, anna, job.project, job.id)
    }

    #[tokio::test]
    async fn as_many_lines_are_looked_through_as_is_stated() {
        let texts = std::iter::repeat_n("hay", MAX_LINES - 1).chain(["a needle within", "a needle beyond"]);
        let (service, anna, project, id) = with_log(texts.map(line).collect()).await;
        let search = LineSearch { text: Some("needle".into()), ..LineSearch::default() };
        let look = async |after| {
            let seek = Seek { after, limit: 10 };
            service.search_log(&anna, project, id, FILTER, &search, seek).await.unwrap()
        };
        let first = look(None).await;
        assert_eq!((&first.rows[0].1.message[..], first.rows.len()), ("a needle within", 1));
        assert!(first.has_more);
        let second = look(first.reached).await;
        assert_eq!((&second.rows[0].1.message[..], second.has_more), ("a needle beyond", false));
    }

    #[tokio::test]
    async fn a_costly_pattern_looks_through_less_and_goes_on_from_there() {
        let text = "0123456789".repeat(200);
        let (service, anna, project, id) = with_log(vec![line(&text); 300]).await;
        let pattern = "[0-9]*x[0-9]{900}".to_owned();
        let states = TextPattern::new(&pattern).unwrap().states();
        let search = LineSearch { pattern: Some(pattern), ..LineSearch::default() };
        let (mut after, mut pages) = (None, 0);
        loop {
            let seek = Seek { after, limit: 10 };
            let found = service.search_log(&anna, project, id, FILTER, &search, seek).await.unwrap();
            pages += 1;
            if !found.has_more {
                break;
            }
            assert!(found.rows.is_empty() && found.reached > after);
            after = found.reached;
        }
        let each = PATTERN_STEPS / states;
        assert!(
            each < 300 * text.len() && pages > 300 * text.len() / (each + 2 * text.len()),
            "{pages} pages"
        );
    }

    #[tokio::test]
    async fn searches_by_pattern_stand_in_a_line_of_their_tenant() {
        let (service, anna, project, id) = with_log(vec![line("a needle")]).await;
        let search = LineSearch { pattern: Some("^a".into()), ..LineSearch::default() };
        let look =
            || service.search_log(&anna, project, id, FILTER, &search, Seek { after: None, limit: 10 });
        let places: Vec<_> =
            (0..MAX_SEARCHES).map(|_| service.searches.join(project.tenant).unwrap()).collect();
        assert!(matches!(look().await, Err(ServiceError::TooMany { code: "TooManySearches", .. })));
        drop(places);
        assert_eq!(look().await.unwrap().rows.len(), 1);
    }
}
