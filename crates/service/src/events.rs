//! Watching jobs: what befalls them, event by event, as it happens.
//!
//! The store is asked again and again, so that a stream tells the same whatever node runs the job or serves the stream.
//! [One look](crate::looks) serves all streams of a project that stand within what it found; the others look for
//! themselves, and all of them do every two seconds without being told.

use crate::looks::{Hints, PAGE};
use crate::permits::TenantPermit;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Happening, JobEvent, JobId, LogLevel, LogLine, ProjectRef, Role};
use fuelcell_store::{EventPlace, LogFilter, Seek, Watched};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often a stream looks whether its listener may still listen, and for events that nobody told it of.
const RECOGNISE: Duration = Duration::from_secs(2);
/// Log lines that are read at a time.
const LINES: usize = 500;

/// What a listener is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Something befell a job.
    Event {
        /// Where it stands. A listener who comes back with it hears what came after.
        place: EventPlace,
        /// What it was.
        event: JobEvent,
        /// The lines that came to the log, if that was it.
        lines: Vec<LogLine>,
    },
    /// Some events are not kept any more: read how things stand, and go on from here.
    Reset {
        /// Where the stream goes on.
        place: EventPlace,
    },
}

/// What is to be told.
#[derive(Clone)]
enum Pending {
    Event(EventPlace, JobEvent),
    Reset(EventPlace),
}

/// A stream of events. It holds a permit of its tenant until it is dropped.
pub struct Watch {
    service: Arc<Service>,
    principal: Principal,
    of: Watched,
    after: EventPlace,
    /// What was read and not told yet: without lines, which would be the log once for each listener.
    pending: VecDeque<Pending>,
    recognised: Instant,
    hints: Hints,
    ended: bool,
    _permit: TenantPermit,
}

impl Service {
    /// Watches a project from now on, or from behind a place.
    pub async fn watch_project(
        self: Arc<Self>,
        principal: &Principal,
        project: ProjectRef,
        after: Option<EventPlace>,
    ) -> Result<Watch, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let after = match after {
            Some(after) => after,
            None => self.store.latest_event(project).await?,
        };
        self.watch(principal, Watched::Project(project), after)
    }

    /// Watches a job from its beginning, or from behind a place. `None` when it has ended and there is nothing more to tell.
    pub async fn watch_job(
        self: Arc<Self>,
        principal: &Principal,
        project: ProjectRef,
        job: JobId,
        after: Option<EventPlace>,
    ) -> Result<Option<Watch>, ServiceError> {
        let found = self.job(principal, project, job).await?.job;
        let of = Watched::Job(project, job);
        if let Some(after) = after.filter(|_| found.state.is_ended()) {
            let page = self.store.events(of, after, 1).await?;
            if page.events.is_empty() && !page.forgotten {
                return Ok(None);
            }
        }
        self.watch(principal, of, after.unwrap_or(EventPlace::START)).map(Some)
    }

    fn watch(
        self: Arc<Self>,
        principal: &Principal,
        of: Watched,
        after: EventPlace,
    ) -> Result<Watch, ServiceError> {
        let most = self.config.max_streams;
        let permit = self.streams.enter(of.project().tenant, most).ok_or_else(|| too_many(most))?;
        let hints = self.looks.join(self.store.clone(), of.project());
        Ok(Watch {
            service: self,
            principal: principal.clone(),
            of,
            after,
            pending: VecDeque::new(),
            recognised: Instant::now(),
            hints,
            ended: false,
            _permit: permit,
        })
    }
}

impl Watch {
    /// What comes next, once it comes; `None` when the stream is over: its job has ended, or its listener may not listen
    /// any more.
    pub async fn next(&mut self) -> Result<Option<Told>, ServiceError> {
        loop {
            if let Some(pending) = self.pending.front() {
                // Whoever stops waiting in the middle has lost nothing.
                let told = self.tell(pending.clone()).await;
                self.pending.pop_front();
                return told.map(Some);
            }
            if self.ended {
                return Ok(None);
            }
            let is_due = self.recognise_again().await?;
            self.look(is_due).await?;
            if self.pending.is_empty() && !self.ended {
                self.hints.next(RECOGNISE.saturating_sub(self.recognised.elapsed())).await;
            }
        }
    }

    /// Refuses a listener who has lost the right to see. Says whether it was due.
    async fn recognise_again(&mut self) -> Result<bool, ServiceError> {
        if self.recognised.elapsed() < RECOGNISE {
            return Ok(false);
        }
        self.service.recognise_again(&self.principal).await?;
        self.service.require(&self.principal, self.of.project(), Role::Viewer).await?;
        self.recognised = Instant::now();
        Ok(true)
    }

    /// Reads what is new; when it is due, without what another look found.
    async fn look(&mut self, is_due: bool) -> Result<(), ServiceError> {
        if let Some(news) = self.hints.heard().filter(|_| !is_due)
            && let Some((events, next)) = news.of(self.of, self.after)
        {
            events.for_each(|(place, event)| self.expect(*place, event.clone()));
            self.after = next;
            return Ok(());
        }
        let page = self.service.store.events(self.of, self.after, PAGE).await?;
        if page.forgotten {
            return self.reset().await;
        }
        page.events.into_iter().for_each(|(place, event)| self.expect(place, event));
        self.after = page.next;
        Ok(())
    }

    fn expect(&mut self, place: EventPlace, event: JobEvent) {
        let of_one = matches!(self.of, Watched::Job(..));
        // Who watches a project has no eye for the lines of each job.
        if of_one || !matches!(event.what, Happening::Logged(_)) {
            self.ended = of_one && event.what.is_end();
            self.pending.push_back(Pending::Event(place, event));
        }
    }

    async fn tell(&self, pending: Pending) -> Result<Told, ServiceError> {
        let (place, event) = match pending {
            Pending::Event(place, event) => (place, event),
            Pending::Reset(place) => return Ok(Told::Reset { place }),
        };
        let lines = match event.what {
            Happening::Logged(batch) => self.lines(event.job, batch).await?,
            _ => Vec::new(),
        };
        Ok(Told::Event { place, event, lines })
    }

    /// The lines of a batch that are still kept.
    async fn lines(&self, job: JobId, batch: u32) -> Result<Vec<LogLine>, ServiceError> {
        let all = LogFilter { level: LogLevel::Debug, from: None, to: None };
        let mut after = (batch.saturating_sub(1), u32::MAX);
        let mut lines = Vec::new();
        // Nobody closes it. What is returned goes to the connection at once, which counts it.
        let _turn = self.service.line_readers.acquire().await;
        loop {
            let seek = Seek { after: Some(after), limit: LINES };
            let page = self.service.store.logs(job, all, seek).await?;
            let own = page.rows.iter().take_while(|((of, _), _)| *of == batch);
            let count = own.clone().count();
            lines.extend(own.map(|(_, line)| line.clone()));
            let Some((last, _)) = page.rows.last().filter(|_| count == page.rows.len()) else { break };
            after = *last;
        }
        Ok(lines)
    }

    /// Goes on from now. Of a job that has ended the end is told once more.
    async fn reset(&mut self) -> Result<(), ServiceError> {
        let project = self.of.project();
        let place = self.service.store.latest_event(project).await?;
        self.after = place;
        self.pending.push_back(Pending::Reset(place));
        if let Watched::Job(_, id) = self.of {
            let job = self.service.store.job(project, id).await?.ok_or(ServiceError::NotFound("job"))?;
            if let Some(event) = JobEvent::of_end(&job) {
                self.expect(place, event);
            }
        }
        Ok(())
    }
}

fn too_many(most: usize) -> ServiceError {
    ServiceError::TooMany {
        code: "TooManyStreams",
        message: format!("{most} streams of events are open already; close some, or try again later"),
        retry_after: 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config, stubs};
    use fuelcell_domain::Timestamp;
    use fuelcell_store::conformance::fixtures;
    use fuelcell_store::{EventPage, Logs, MemoryStore};
    use futures::FutureExt;

    /// What comes before anything else happens.
    fn at_once(watch: &mut Watch) -> Option<Told> {
        watch.next().now_or_never().map(|told| told.unwrap().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_look_found_is_told_without_a_read_of_ones_own_until_one_is_due() {
        let store = Arc::new(MemoryStore::default());
        let (service, anna, job) = stubs::with_a_job(store.clone()).await;
        let mut watch = Arc::new(service).watch_project(&anna, job.project, None).await.unwrap();
        let begun = watch.after;
        // The store has no such event.
        let event = JobEvent {
            job: job.id,
            ordinal: job.ordinal,
            attempt: 7,
            at: Timestamp(0),
            what: Happening::Started,
        };
        let place = EventPlace(begun.0 + 1);
        let page = EventPage { events: vec![(place, event.clone())], next: place, forgotten: false };
        watch.hints = Hints::of(begun, page);
        assert_eq!(at_once(&mut watch), Some(Told::Event { place, event, lines: Vec::new() }));
        assert_eq!(at_once(&mut watch), None, "nor is it read what lies behind");
        tokio::time::sleep(RECOGNISE).await;
        let told = watch.next().await.unwrap();
        assert_eq!(told, Some(Told::Reset { place: begun }), "the store knows nothing of the place");
    }

    #[tokio::test(start_paused = true)]
    async fn listeners_of_a_log_read_its_lines_in_turns() {
        let store = Arc::new(MemoryStore::default());
        let (service, anna, job) = stubs::with_a_job(store.clone()).await;
        let service = Arc::new(service);
        let started = fixtures::start(&*store, job.id, 1).await;
        let line = LogLine {
            at: Timestamp(0),
            attempt: 1,
            level: LogLevel::Info,
            stage: String::new(),
            message: "a line".into(),
        };
        store.append_logs(started.current_attempt(), vec![line.clone()]).await.unwrap();
        let turns = service.line_readers.acquire_many(config::LINE_READERS as u32).await.unwrap();
        let mut watch = service.clone().watch_job(&anna, job.project, job.id, None).await.unwrap().unwrap();
        for what in [Happening::Queued, Happening::Started] {
            let Some(Told::Event { event, .. }) = at_once(&mut watch) else { panic!("{what:?} comes first") };
            assert_eq!(event.what, what);
        }
        assert!(at_once(&mut watch).is_none(), "others read");
        drop(turns);
        let told = watch.next().await.unwrap();
        assert!(matches!(&told, Some(Told::Event { lines, .. }) if *lines == [line]), "{told:?}");
        assert_eq!(service.line_readers.available_permits(), config::LINE_READERS);
    }
}
