//! What those who watch jobs are told.

use super::fixtures::{at, cancel, done, end, failure, job, project, pulse, running, start, submit};
use crate::{EventPage, EventPlace, Store, Watched};
use fuelcell_domain::{ErrorCode, Happening, Job, JobEvent, LogLevel, LogLine, ProjectRef};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Everything behind a place, read in pages of two.
async fn all(store: &dyn Store, of: Watched, mut after: EventPlace) -> Vec<(EventPlace, JobEvent)> {
    let mut events = Vec::new();
    loop {
        let EventPage { events: page, next, forgotten } = store.events(of, after, 2).await.unwrap();
        assert!(!forgotten, "all is kept");
        assert!(page.iter().all(|(place, _)| (after..=next).contains(place) && *place != after));
        if next == after {
            return events;
        }
        events.extend(page);
        after = next;
    }
}

async fn told(store: &dyn Store, of: Watched) -> Vec<Happening> {
    all(store, of, EventPlace::START).await.into_iter().map(|(_, event)| event.what).collect()
}

fn of(job: &Job) -> Watched {
    Watched::Job(job.project, job.id)
}

pub async fn each_move_is_told_in_order(store: &dyn Store) {
    let own = project();
    let queued = submit(store, job(own)).await;
    let first = start(store, queued.id, 1).await;
    let attempt = first.current_attempt();
    store.record_pulse(attempt, pulse(10), at(2)).await.unwrap();
    store.record_pulse(attempt, pulse(10), at(3)).await.unwrap();
    let line = |message: &str| LogLine {
        at: at(4),
        attempt: 1,
        level: LogLevel::Info,
        stage: "load".into(),
        message: message.into(),
    };
    store.append_logs(attempt, vec![line("one"), line("two")]).await.unwrap();
    store.append_logs(attempt, Vec::new()).await.unwrap();
    store.extend_leases(&[attempt], at(50)).await.unwrap();
    store.expire_leases(at(60)).await.unwrap();
    let second = start(store, queued.id, 61).await;
    store.request_cancel(own, queued.id, cancel(62)).await.unwrap();
    store.request_cancel(own, queued.id, cancel(63)).await.unwrap();
    store.finish(end(&second, fuelcell_domain::Transition::Stop, 64)).await.unwrap();
    let whole = all(store, of(&queued), EventPlace::START).await;
    let seconds = |event: &JobEvent| (event.at.0 - at(0).0) / 1_000_000;
    let seen: Vec<_> =
        whole.iter().map(|(_, event)| (seconds(event), event.attempt, event.what.clone())).collect();
    let expected = [
        (0, 0, Happening::Queued),
        (1, 1, Happening::Started),
        (2, 1, Happening::Progressed(pulse(10).progress)),
        (4, 1, Happening::Logged(1)),
        (60, 1, Happening::Requeued),
        (61, 2, Happening::Started),
        (62, 2, Happening::CancelRequested),
        (64, 2, Happening::Cancelled),
    ];
    assert_eq!(seen, expected);
    assert!(whole.iter().all(|(_, event)| event.job == queued.id && event.ordinal == queued.ordinal));
    // From each place on the rest is told.
    for (told, (place, _)) in (1..).zip(&whole) {
        assert_eq!(all(store, of(&queued), *place).await, whole[told..]);
    }
    assert_eq!(store.latest_event(own).await.unwrap(), whole[whole.len() - 1].0);
}

pub async fn projects_and_jobs_are_told_apart(store: &dyn Store) {
    let (own, other) = (project(), project());
    assert_eq!(store.latest_event(own).await.unwrap(), EventPlace::START);
    let (one, two) = (running(store, job(own)).await, submit(store, job(own)).await);
    running(store, job(other)).await;
    let failed = store.finish(end(&one, failure(), 5)).await.unwrap();
    let ends = [Happening::Queued, Happening::Started, Happening::Failed(ErrorCode::Trap)];
    assert_eq!(told(store, of(&failed)).await, ends);
    assert_eq!(told(store, of(&two)).await, [Happening::Queued]);
    let both = all(store, Watched::Project(own), EventPlace::START).await;
    let both: Vec<_> = both.into_iter().map(|(_, event)| (event.job, event.what)).collect();
    let expected = [
        (one.id, Happening::Queued),
        (one.id, Happening::Started),
        (two.id, Happening::Queued),
        (one.id, Happening::Failed(ErrorCode::Trap)),
    ];
    assert_eq!(both, expected);
    assert_eq!(told(store, Watched::Project(other)).await, [Happening::Queued, Happening::Started]);
}

pub async fn what_is_gone_is_said(store: &dyn Store) {
    let own = project();
    let ended = running(store, job(own)).await;
    store.finish(end(&ended, done(), 5)).await.unwrap();
    let kept = submit(store, job(own)).await;
    store.delete_ended(own, ended.id).await.unwrap();
    assert_eq!(told(store, Watched::Project(own)).await, [Happening::Queued]);
    assert!(store.events(of(&ended), EventPlace::START, 9).await.unwrap().forgotten, "the job is deleted");
    assert_eq!(told(store, of(&kept)).await, [Happening::Queued]);
    // A place that nobody was given, as after an older backup was restored.
    let latest = store.latest_event(own).await.unwrap();
    let beyond = store.events(Watched::Project(own), EventPlace(latest.0 + 1), 9).await.unwrap();
    assert!(beyond.forgotten && beyond.events.is_empty());
}

/// A listener who asks all the while hears each event of every job once and in order.
pub async fn a_listener_hears_everything_once(store: Arc<dyn Store>) {
    const JOBS: usize = 40;
    let own = project();
    let mut work = JoinSet::new();
    for _ in 0..JOBS {
        let store = Arc::clone(&store);
        work.spawn(async move { one_life(&*store, own).await });
    }
    let (mut heard, mut after) = (Vec::new(), EventPlace::START);
    while heard.len() < JOBS * 4 {
        let page = store.events(Watched::Project(own), after, 7).await.unwrap();
        heard.extend(page.events);
        after = page.next;
        tokio::task::yield_now().await;
    }
    let lives = work.join_all().await;
    assert!(heard.is_sorted_by(|(one, _), (next, _)| one < next));
    for job in lives {
        let own: Vec<_> = heard.iter().filter(|(_, event)| event.job == job.id).collect();
        let what: Vec<_> = own.iter().map(|(_, event)| &event.what).collect();
        let progress = Happening::Progressed(pulse(10).progress);
        assert_eq!(what, [&Happening::Queued, &Happening::Started, &progress, &Happening::Completed]);
    }
}

async fn one_life(store: &dyn Store, own: ProjectRef) -> Job {
    let started = running(store, job(own)).await;
    store.record_pulse(started.current_attempt(), pulse(10), at(2)).await.unwrap();
    store.finish(end(&started, done(), 3)).await.unwrap()
}
