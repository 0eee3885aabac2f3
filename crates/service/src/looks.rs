//! One look at the store for all who watch a project: each of them would find the same number.
//!
//! What is told here is a hint. Whoever hears it looks for themselves, and looks now and then without one, too.

use fuelcell_domain::ProjectRef;
use fuelcell_store::EventPlace;
use fuelcell_store::verbs::JobEvents;
use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How often a project that somebody watches is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// The place of each watched project's latest event, as it was last seen.
type Seen = HashMap<ProjectRef, watch::Sender<Option<EventPlace>>>;

/// The projects that are watched.
#[derive(Default)]
pub(crate) struct Looks(Arc<Mutex<Seen>>);

impl Looks {
    /// Joins those who watch a project. The first of them has it looked at, until the last one is gone.
    pub(crate) fn join(&self, store: Arc<dyn JobEvents>, project: ProjectRef) -> Hints {
        let mut seen = lock(&self.0);
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
pub(crate) struct Hints(watch::Receiver<Option<EventPlace>>);

impl Hints {
    /// Only what comes from now on is a hint: to be called before a look.
    pub(crate) fn heard(&mut self) {
        self.0.mark_unchanged();
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
    loop {
        sleep(LOOK).await;
        if !is_watched(&mut lock(&seen), project) {
            return;
        }
        let found = store.latest_event(project).await;
        let seen = lock(&seen);
        let Some(latest) = seen.get(&project) else { return };
        latest.send_if_modified(|latest| match found {
            Ok(found) => latest.replace(found) != Some(found),
            // What is wrong each of them finds out with a look of their own.
            Err(_) => true,
        });
    }
}

/// Whether anybody watches the project; it is forgotten when nobody does.
fn is_watched(seen: &mut Seen, project: ProjectRef) -> bool {
    let watched = seen.get(&project).is_some_and(|latest| latest.receiver_count() > 0);
    if !watched {
        seen.remove(&project);
    }
    watched
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use fuelcell_store::conformance::fixtures::project;
    use fuelcell_store::{EventPage, StoreError, Watched};
    use futures::FutureExt;
    use std::sync::atomic::{AtomicU64, Ordering};
    use tokio::time::Instant;

    /// Longer than any of these tests waits for a hint.
    const LONG: Duration = Duration::from_secs(3600);

    /// A store whose latest event is the one that the test says; 0 = it cannot be read. Counts how often it was asked.
    #[derive(Default)]
    struct Latest {
        place: AtomicU64,
        asked: AtomicU64,
    }

    #[async_trait]
    impl JobEvents for Latest {
        async fn events(&self, _: Watched, _: EventPlace, _: usize) -> Result<EventPage, StoreError> {
            unreachable!("only the latest event is looked at")
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
        all.iter_mut().for_each(Hints::heard);
        sleep(LOOK * 10 - LOOK / 2).await;
        assert_eq!(store.asked.load(Ordering::Relaxed), 2 * 10, "ten looks at two projects");
        assert!(all.iter_mut().all(|hints| hints.0.changed().now_or_never().is_none()), "nothing is new");
        let since = Instant::now();
        store.place.store(2, Ordering::Relaxed);
        for hints in &mut all {
            hints.next(LONG).await;
        }
        assert!(since.elapsed() <= LOOK);
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
        assert_eq!(lock(&looks.0).len(), 1, "the other one is there");
        drop(other);
        sleep(LOOK * 2).await;
        assert!(lock(&looks.0).is_empty());
        let asked = store.asked.load(Ordering::Relaxed);
        sleep(LOOK * 10).await;
        assert_eq!(store.asked.load(Ordering::Relaxed), asked, "nobody looks");
        looks.join(store.clone(), own).next(LONG).await;
        assert!(store.asked.load(Ordering::Relaxed) > asked);
    }
}
