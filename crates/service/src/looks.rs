//! One look at the store for all who watch a project: each of them would read the same.
//!
//! Who stands within what a look found takes the rest of it. Whoever stands elsewhere takes it for a hint and reads for
//! themselves, and everyone reads now and then without one, too.

use fuelcell_domain::{JobEvent, ProjectRef};
use fuelcell_store::verbs::JobEvents;
use fuelcell_store::{EventPage, EventPlace, StoreError, Watched};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How often a project that somebody watches is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Events that are read at a time.
pub(crate) const PAGE: usize = 500;

/// What the latest look at each watched project found, if it found anything.
type Seen = HashMap<ProjectRef, watch::Sender<Option<Arc<News>>>>;

/// What one look found.
pub(crate) struct News {
    /// Behind which it began.
    after: EventPlace,
    page: EventPage,
}

impl News {
    /// The events for a listener who has heard everything up to `after`, and the place behind them. `None` where this listener
    /// has to read for themselves: they are elsewhere, or some events are not kept any more.
    pub(crate) fn of(
        &self,
        of: Watched,
        after: EventPlace,
    ) -> Option<(impl Iterator<Item = &(EventPlace, JobEvent)>, EventPlace)> {
        let is_new = move |place: EventPlace, event: &JobEvent| match of {
            Watched::Project(_) => place > after,
            Watched::Job(_, job) => place > after && event.job == job,
        };
        let fits = (self.after..=self.page.next).contains(&after) && !self.page.forgotten;
        let events = self.page.events.iter().filter(move |(place, event)| is_new(*place, event));
        fits.then_some((events, self.page.next))
    }
}

/// The projects that are watched.
#[derive(Default)]
pub(crate) struct Looks(Arc<Mutex<Seen>>);

impl Looks {
    /// Joins those who watch a project. The first of them has it looked at, until the last one is gone.
    pub(crate) fn join(&self, store: Arc<dyn JobEvents>, project: ProjectRef) -> Hints {
        let mut seen = self.0.lock();
        if let Some(latest) = seen.get(&project) {
            return Hints(latest.subscribe());
        }
        let (latest, hints) = watch::channel(None);
        seen.insert(project, latest);
        tokio::spawn(look(Arc::clone(&self.0), store, project));
        Hints(hints)
    }
}

/// Says when there may be something new.
pub(crate) struct Hints(watch::Receiver<Option<Arc<News>>>);

impl Hints {
    /// What the latest look found. Only what comes from now on is a hint: to be called before a look of one's own.
    pub(crate) fn heard(&mut self) -> Option<Arc<News>> {
        self.0.borrow_and_update().clone()
    }

    /// Waits for a hint, no longer than `patience`.
    pub(crate) async fn next(&mut self, patience: Duration) {
        let hint = async {
            if self.0.changed().await.is_err() {
                pending::<()>().await;
            }
        };
        // Without a hint the next look is due.
        let _ = timeout(patience, hint).await;
    }
}

async fn look(seen: Arc<Mutex<Seen>>, store: Arc<dyn JobEvents>, project: ProjectRef) {
    let mut after = None;
    loop {
        sleep(LOOK).await;
        if !is_watched(&mut seen.lock(), project) {
            return;
        }
        let found = news(&*store, project, after).await;
        let seen = seen.lock();
        let Some(latest) = seen.get(&project) else { return };
        match found {
            // What is old goes without a word: nobody is to hear of a job that was deleted meanwhile.
            Ok(None) => forget(latest),
            Ok(Some(news)) => {
                after = Some(news.page.next);
                latest.send_replace(Some(Arc::new(news)));
            }
            // What is wrong each of them finds out with a look of their own.
            Err(_) => drop(latest.send_replace(None)),
        }
    }
}

/// Without waking anybody.
fn forget(latest: &watch::Sender<Option<Arc<News>>>) {
    latest.send_if_modified(|news| {
        *news = None;
        false
    });
}

/// What came behind a place, if anything did. The first look only finds out where things stand.
async fn news(
    store: &dyn JobEvents,
    project: ProjectRef,
    after: Option<EventPlace>,
) -> Result<Option<News>, StoreError> {
    let latest = store.latest_event(project).await?;
    let Some(after) = after else {
        return Ok(Some(News { after: latest, page: EventPage { next: latest, ..EventPage::default() } }));
    };
    if latest == after {
        return Ok(None);
    }
    let page = store.events(Watched::Project(project), after, PAGE).await?;
    Ok(Some(News { after, page }))
}

/// Whether anybody watches the project; it is forgotten when nobody does.
fn is_watched(seen: &mut Seen, project: ProjectRef) -> bool {
    let watched = seen.get(&project).is_some_and(|latest| latest.receiver_count() > 0);
    if !watched {
        seen.remove(&project);
    }
    watched
}

#[cfg(test)]
impl Hints {
    /// Of a look that found these.
    pub(crate) fn of(after: EventPlace, page: EventPage) -> Self {
        Self(watch::channel(Some(Arc::new(News { after, page }))).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use fuelcell_domain::{Happening, JobId, Timestamp};
    use fuelcell_store::conformance::fixtures::project;
    use futures::FutureExt;
    use std::sync::atomic::{AtomicU64, Ordering};
    use tokio::time::Instant;

    /// Longer than any of these tests waits for a hint.
    const LONG: Duration = Duration::from_secs(3600);

    /// A store whose latest event is the one that the test says; 0 = it cannot be read. Counts how often it was asked, and
    /// how often its events were read.
    #[derive(Default)]
    struct Latest {
        place: AtomicU64,
        asked: AtomicU64,
        read: AtomicU64,
        events: Vec<(EventPlace, JobEvent)>,
    }

    #[async_trait]
    impl JobEvents for Latest {
        async fn events(&self, _: Watched, _: EventPlace, _: usize) -> Result<EventPage, StoreError> {
            self.read.fetch_add(1, Ordering::Relaxed);
            let next = EventPlace(self.place.load(Ordering::Relaxed).into());
            Ok(EventPage { next, events: self.events.clone(), forgotten: false })
        }

        async fn latest_event(&self, _: ProjectRef) -> Result<EventPlace, StoreError> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            match self.place.load(Ordering::Relaxed) {
                0 => Err(StoreError::Unavailable("it fails over".into())),
                place => Ok(EventPlace(place.into())),
            }
        }
    }

    fn store() -> Arc<Latest> {
        Arc::new(Latest { place: AtomicU64::new(1), ..Latest::default() })
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_who_watch_a_project_look_at_it_once_and_all_hear_of_what_is_new() {
        let (looks, store) = (Looks::default(), store());
        let own = project();
        let mut all: Vec<_> = (0..1000).map(|_| looks.join(store.clone(), own)).collect();
        let mut other = looks.join(store.clone(), project());
        // Nothing is known before the first look: so that is a hint.
        other.next(LONG).await;
        all.iter_mut().for_each(|hints| drop(hints.heard()));
        sleep(LOOK * 10 - LOOK / 2).await;
        assert_eq!(store.asked.load(Ordering::Relaxed), 2 * 10, "ten looks at two projects");
        assert!(all.iter_mut().all(|hints| hints.0.changed().now_or_never().is_none()), "nothing is new");
        let since = Instant::now();
        store.place.store(2, Ordering::Relaxed);
        for hints in &mut all {
            hints.next(LONG).await;
        }
        assert!(since.elapsed() <= LOOK);
        assert_eq!(store.read.load(Ordering::Relaxed), 2, "one reads for all of a project");
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_heard_everything_takes_what_a_look_found_until_the_next_one_and_nobody_else_does() {
        let own = project();
        let of = |job| JobEvent { job, ordinal: 1, attempt: 0, at: Timestamp(0), what: Happening::Queued };
        let (one, other) = (JobId::random(), JobId::random());
        let events = vec![(EventPlace(2), of(one)), (EventPlace(3), of(other))];
        let store = Arc::new(Latest { place: AtomicU64::new(1), events, ..Latest::default() });
        let looks = Looks::default();
        let mut hints = looks.join(store.clone(), own);
        hints.next(LONG).await;
        let places = |news: &News, of, after| {
            let (events, next) = news.of(of, EventPlace(after))?;
            Some((events.map(|(place, _)| place.0).collect::<Vec<_>>(), next.0))
        };
        let first = hints.heard().unwrap();
        assert_eq!(places(&first, Watched::Project(own), 1), Some((vec![], 1)), "nothing is new");
        store.place.store(3, Ordering::Relaxed);
        hints.next(LONG).await;
        let news = hints.heard().unwrap();
        assert_eq!(places(&news, Watched::Project(own), 1), Some((vec![2, 3], 3)));
        assert_eq!(places(&news, Watched::Job(own, other), 1), Some((vec![3], 3)));
        assert_eq!(places(&news, Watched::Project(own), 2), Some((vec![3], 3)), "who has read a part of it");
        assert_eq!(places(&news, Watched::Project(own), 3), Some((vec![], 3)), "who has heard it");
        for elsewhere in [0, 4] {
            assert_eq!(places(&news, Watched::Project(own), elsewhere), None);
        }
        sleep(LOOK * 2).await;
        assert!(hints.heard().is_none(), "what is old is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn who_hears_of_nothing_looks_for_themselves_in_time_and_at_once_when_the_store_fails() {
        let (looks, store) = (Looks::default(), store());
        let mut hints = looks.join(store.clone(), project());
        hints.next(LONG).await;
        let since = Instant::now();
        hints.next(LOOK * 10).await;
        assert_eq!(since.elapsed(), LOOK * 10, "in time");
        store.place.store(0, Ordering::Relaxed);
        hints.next(LONG).await;
        assert!(since.elapsed() <= LOOK * 11, "at once");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_looks_at_what_nobody_watches_and_whoever_comes_later_has_it_looked_at_again() {
        let (looks, store) = (Looks::default(), store());
        let own = project();
        let (one, other) = (looks.join(store.clone(), own), looks.join(store.clone(), own));
        drop(one);
        sleep(LOOK * 2).await;
        assert_eq!(looks.0.lock().len(), 1, "the other one is there");
        drop(other);
        sleep(LOOK * 2).await;
        assert!(looks.0.lock().is_empty());
        let asked = store.asked.load(Ordering::Relaxed);
        sleep(LOOK * 10).await;
        assert_eq!(store.asked.load(Ordering::Relaxed), asked, "nobody looks");
        looks.join(store.clone(), own).next(LONG).await;
        assert!(store.asked.load(Ordering::Relaxed) > asked);
    }
}
