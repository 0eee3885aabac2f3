//! The order of the queue, and out of it.

use super::fixtures::{at, cancel, done, end, holder, job, lease, project, seen, start, submit};
use crate::{JobFilter, PageRequest, QueueEntry, QueueFigures, QueuePage, Store, Waiting};
use fuelcell_domain::job::Priority;
use fuelcell_domain::{Job, JobId, JobState};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

async fn ready(store: &dyn Store, seconds: i64, limit: usize) -> Vec<JobId> {
    store.ready(at(seconds), limit).await.unwrap().iter().map(|entry| entry.job).collect()
}

pub async fn order(store: &dyn Store) {
    let (own, other) = (project(), project());
    let put = async |project, priority, front, seconds| {
        submit(store, Job { priority, front, created_at: at(seconds), ..job(project) }).await
    };
    let low_front = put(own, Priority::Low, true, 1).await;
    let late = put(own, Priority::Normal, false, 9).await;
    let early = put(other, Priority::Normal, false, 3).await;
    let middle = put(own, Priority::Normal, false, 4).await;
    let front = put(own, Priority::Normal, true, 20).await;
    let high = put(other, Priority::High, false, 30).await;
    let critical = put(own, Priority::Critical, false, 40).await;
    let twin = put(own, Priority::Normal, false, 4).await;
    let order = [&critical, &high, &front, &early, &middle, &twin, &late, &low_front].map(|job| job.id);
    assert_eq!(ready(store, 50, 100).await, order);
    assert_eq!(ready(store, 50, 3).await, order[..3]);
    assert_eq!(ready(store, 50, 0).await, []);
    assert_eq!(store.ready(at(50), 1).await.unwrap(), [QueueEntry::of(&critical)]);

    start(store, critical.id, 50).await;
    store.request_cancel(other, high.id, cancel(51)).await.unwrap();
    assert_eq!(ready(store, 52, 100).await, order[2..]);
}

pub async fn heads(store: &dyn Store) {
    let (one, other) = (project(), project());
    let put = async |project, priority, not_before: Option<i64>, seconds| {
        let not_before = not_before.map(at);
        submit(store, Job { priority, not_before, created_at: at(seconds), ..job(project) }).await.id
    };
    let mut flood = Vec::new();
    for second in 1..=20 {
        flood.push(put(one, Priority::High, None, second).await);
    }
    let late = put(other, Priority::High, Some(30), 21).await;
    let low = [put(other, Priority::Low, None, 22).await, put(other, Priority::Low, None, 23).await];
    let heads = async |seconds, limit| -> Vec<JobId> {
        store.heads(at(seconds), limit).await.unwrap().iter().map(|entry| entry.job).collect()
    };
    assert_eq!(heads(29, 8).await, [&flood[..4], &low].concat());
    assert_eq!(heads(29, 0).await, [flood[0], low[0]], "at least one of each");
    assert_eq!(heads(30, 6).await, [&flood[..2], &[late], &low].concat());
    assert_eq!(heads(30, 1000).await, [&flood[..], &[late], &low].concat());
    assert_eq!(heads(30, 1000).await, ready(store, 30, 1000).await);
}

pub async fn figures(store: &dyn Store) {
    let (one, other) = (project(), project());
    let put = async |project, priority, front, not_before: Option<i64>, seconds| {
        let not_before = not_before.map(at);
        submit(store, Job { priority, front, not_before, created_at: at(seconds), ..job(project) }).await.id
    };
    let figures = async |seconds| store.queue_figures(at(seconds)).await.unwrap();
    assert_eq!(figures(0).await, QueueFigures::default());
    put(one, Priority::Normal, true, None, 9).await;
    put(one, Priority::Normal, false, None, 4).await;
    let oldest = put(other, Priority::Normal, false, None, 3).await;
    put(other, Priority::Critical, false, Some(30), 5).await;
    let waiting = |jobs, seconds| Waiting { jobs, since: Some(at(seconds)) };
    let normal = |normal| [Waiting::default(), normal, Waiting::default(), Waiting::default()];
    assert_eq!(figures(29).await, QueueFigures { ready: normal(waiting(3, 3)), scheduled: 1 });
    start(store, oldest, 29).await;
    let mut ready = normal(waiting(2, 4));
    ready[Priority::Critical as usize] = waiting(1, 30);
    assert_eq!(figures(30).await, QueueFigures { ready, scheduled: 0 });
    // The clock was set back.
    assert_eq!(figures(29).await, QueueFigures { ready: normal(waiting(2, 4)), scheduled: 1 });
}

pub async fn not_before(store: &dyn Store) {
    let own = project();
    let scheduled =
        async |seconds: Option<i64>| submit(store, Job { not_before: seconds.map(at), ..job(own) }).await;
    let (later, soon, now) = (scheduled(Some(20)).await, scheduled(Some(10)).await, scheduled(None).await);
    assert_eq!(ready(store, 9, 9).await, [now.id]);
    assert_eq!(store.next_not_before(at(9)).await.unwrap(), Some(at(10)));
    assert_eq!(ready(store, 10, 9).await, [now.id, soon.id]);
    assert_eq!(store.next_not_before(at(10)).await.unwrap(), Some(at(20)));
    assert_eq!(
        ready(store, 20, 9).await,
        [now.id, soon.id, later.id],
        "by the time from which they may start"
    );
    assert_eq!(store.next_not_before(at(20)).await.unwrap(), None);
    // A clock that goes back finds the queue as it was.
    assert_eq!(ready(store, 9, 9).await, [now.id]);
    assert_eq!(store.next_not_before(at(9)).await.unwrap(), Some(at(10)));
    store.request_cancel(own, soon.id, cancel(1)).await.unwrap();
    assert_eq!(store.next_not_before(at(9)).await.unwrap(), Some(at(20)));
    let running = start(store, later.id, 20).await;
    assert_eq!(store.next_not_before(at(9)).await.unwrap(), None);
    store.finish(end(&running, done(), 21)).await.unwrap();
    assert_eq!(ready(store, 30, 9).await, [now.id]);
}

pub async fn queued_before(store: &dyn Store) {
    let (own, other) = (project(), project());
    let put = async |project, priority| submit(store, Job { priority, ..job(project) }).await;
    let before = async |job: &Job, seconds| store.queued_before(job, at(seconds)).await.unwrap();
    let normal = put(own, Priority::Normal).await;
    let low = put(own, Priority::Low).await;
    let high = put(other, Priority::High).await;
    let scheduled = Job { priority: Priority::High, front: true, not_before: Some(at(99)), ..job(other) };
    let scheduled = submit(store, scheduled).await;
    let later = submit(store, Job { not_before: Some(at(100)), ..job(own) }).await;
    for (place, job) in [&high, &normal, &low].into_iter().enumerate() {
        assert_eq!(before(job, 98).await, Some(place as u64), "a job that may not start is before nobody");
    }
    assert_eq!((before(&scheduled, 98).await, before(&later, 98).await), (Some(0), Some(2)));
    for (place, job) in [&scheduled, &high, &normal, &low].into_iter().enumerate() {
        assert_eq!(before(job, 99).await, Some(place as u64));
    }
    assert_eq!(before(&low, 100).await, Some(4));
    // A clock that goes back finds the queue as it was.
    assert_eq!((before(&low, 99).await, before(&low, 98).await), (Some(3), Some(2)));
    start(store, high.id, 1).await;
    assert_eq!(before(&high, 99).await, None);
    assert_eq!(before(&low, 99).await, Some(2));
    assert_eq!(before(&Job { ordinal: 99, ..low }, 99).await, None, "nobody has this place");
    assert_eq!(before(&Job { not_before: Some(at(7)), ..scheduled }, 99).await, None, "nor this one");
}

pub async fn of_a_project(store: &dyn Store) {
    let (own, other) = (project(), project());
    let put = async |project, priority, not_before: Option<i64>| {
        submit(store, Job { priority, not_before: not_before.map(at), ..job(project) }).await
    };
    let normal = put(own, Priority::Normal, None).await;
    let foreign = put(other, Priority::High, None).await;
    let latest = put(own, Priority::Critical, Some(99)).await;
    let later = put(own, Priority::Low, Some(98)).await;
    let low = put(own, Priority::Low, None).await;
    let running = put(own, Priority::Critical, None).await;
    start(store, running.id, 1).await;
    let page = async |seconds, offset, limit| {
        store.queued(own, at(seconds), PageRequest { offset, limit }).await.unwrap()
    };
    let line = vec![
        (Some(1), normal.clone()),
        (Some(2), low.clone()),
        (None, later.clone()),
        (None, latest.clone()),
    ];
    let all = QueuePage { jobs: line.clone(), due: 2, scheduled: 2 };
    assert_eq!(page(9, 0, 9).await, all, "a job of others counts as ahead, one that may not start does not");
    for offset in 0..5 {
        assert_eq!(page(9, offset as u64, 2).await.jobs[..], line[offset..line.len().min(offset + 2)]);
    }
    assert_eq!(page(9, u64::MAX, 1).await, QueuePage { jobs: vec![], due: 2, scheduled: 2 });
    let come = vec![(Some(0), latest), (Some(2), normal), (Some(3), low), (Some(4), later)];
    assert_eq!(page(99, 0, 9).await, QueuePage { jobs: come, due: 4, scheduled: 0 });
    // A clock that goes back finds the queue as it was.
    assert_eq!(page(9, 0, 9).await, all);
    assert_eq!(page(9, 1, 2).await.jobs[..], line[1..3]);
    let of_others = store.queued(other, at(9), PageRequest { offset: 0, limit: 9 }).await.unwrap();
    assert_eq!(of_others, QueuePage { jobs: vec![(Some(0), foreign)], due: 1, scheduled: 0 });
}

pub async fn claim_starts_an_attempt(store: &dyn Store) {
    let own = project();
    let (first, second) = (submit(store, job(own)).await, submit(store, job(own)).await);
    let ids = [second.id, JobId::random(), first.id, second.id];
    let own_claim = holder();
    let claims = store.claim(&ids, lease("node", 31), own_claim, at(1)).await.unwrap();
    let claimed: Vec<_> = claims.iter().map(|claim| claim.job.id).collect();
    assert_eq!(claimed, [second.id, first.id], "in the order asked for, and each once");
    let running = &claims[1].job;
    assert_eq!(running.state, JobState::Running);
    assert_eq!((running.attempt, running.started_at), (1, Some(at(1))));
    assert_eq!(running.lease, Some(lease("node", 31)));
    assert_eq!(claims[1].checkpoint, None);
    assert_eq!(seen(store, &first).await, *running);
    assert_eq!(store.claim(&[first.id], lease("thief", 99), holder(), at(2)).await.unwrap(), []);
    assert_eq!(seen(store, &first).await, *running);
    assert_eq!(ready(store, 99, 9).await, []);
    // An answer may be lost on its way, and the caller asks again: it hears of its claims, and of none twice.
    let third = submit(store, job(own)).await;
    let again = [first.id, first.id, third.id, second.id];
    let again = store.claim(&again, lease("node", 90), own_claim, at(3)).await.unwrap();
    assert_eq!(again[0], claims[1], "it goes on as it began");
    let claimed: Vec<_> = again.iter().map(|claim| claim.job.id).collect();
    assert_eq!(claimed, [first.id, third.id, second.id]);
}

pub async fn parallel_claims_start_each_job_once(store: Arc<dyn Store>) {
    const JOBS: usize = 30;
    let own = project();
    for _ in 0..JOBS {
        submit(&*store, job(own)).await;
    }
    let mut tasks = JoinSet::new();
    for node in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut claimed = Vec::new();
            loop {
                let ids = ready(&*store, 1, 5).await;
                if ids.is_empty() {
                    return claimed;
                }
                let node = lease(&format!("node {node}"), 30);
                let claims = store.claim(&ids, node.clone(), holder(), at(1)).await.unwrap();
                assert!(
                    claims
                        .iter()
                        .all(|claim| claim.job.attempt == 1 && claim.job.lease.as_ref() == Some(&node))
                );
                claimed.extend(claims.into_iter().map(|claim| claim.job.id));
            }
        });
    }
    let claimed = tasks.join_all().await.concat();
    assert_eq!(claimed.len(), JOBS);
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>().len(), JOBS);
    let counts = store.counts(own, &JobFilter::default()).await.unwrap();
    assert_eq!((counts.running, counts.total()), (JOBS as u64, JOBS as u64));
}
