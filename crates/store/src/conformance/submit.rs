//! Into the queue.

use super::audit::entry;
use super::fixtures::{at, job, pipeline, project, seen, start, submit};
use super::limits::{limited, queued};
use crate::jobs::KEY_LIFE;
use crate::{IdempotencyKey, NewJob, Store, StoreError, Submitted};
use fuelcell_domain::job::{InputRef, Notifications, RetryOf};
use fuelcell_domain::state::TransitionError;
use fuelcell_domain::{
    AuditFilter, DatasetId, Digest, Job, JobId, JobState, PipelineId, QuotaExceeded, Timestamp,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

fn keyed(job: Job, key: &str, body: &[u8]) -> NewJob {
    let idempotency = Some(IdempotencyKey { key: key.into(), body: Digest::of(body) });
    NewJob { idempotency, ..job.into() }
}

pub async fn ordinals_have_no_gaps(store: Arc<dyn Store>) {
    let (own, other) = (project(), project());
    let mut tasks = JoinSet::new();
    for n in 0..60 {
        let store = Arc::clone(&store);
        let project = if n % 3 == 0 { other } else { own };
        tasks.spawn(async move { submit(&*store, job(project)).await });
    }
    let jobs = tasks.join_all().await;
    let ordinals = |project| -> BTreeSet<_> {
        jobs.iter().filter(|job| job.project == project).map(|job| job.ordinal).collect()
    };
    assert_eq!(ordinals(own), (1..=40).collect());
    assert_eq!(ordinals(other), (1..=20).collect());
}

/// An answer may be lost on its way, and the caller asks again.
pub async fn again_is_answered_as_the_first_time(store: &dyn Store) {
    let own = limited(store, queued(1)).await;
    let new = NewJob { audit: Some(entry(Some(own), "anna", 1)), ..keyed(job(own), "key", b"body") };
    let Submitted::Queued(first) = store.submit(new.clone()).await.unwrap() else { panic!("it is new") };
    assert_eq!(
        store.submit(new.clone()).await.unwrap(),
        Submitted::Queued(first.clone()),
        "it fills the queue"
    );
    // Also when it has moved since.
    let started = start(store, first.id, 1).await;
    let many = store.submit_many(vec![new.clone(), job(own).into(), job(own).into()]).await.unwrap();
    assert_eq!(*many[0].as_ref().unwrap(), Submitted::Queued(started));
    assert!(
        many[1].is_ok() && matches!(many[2], Err(StoreError::Quota(_))),
        "it takes no place again: {many:?}"
    );
    let other = NewJob { job: Job { parameters: "{\"a\":1}".into(), ..new.job.clone() }, ..new };
    let refused = store.submit(other).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(store.audit(&AuditFilter::default(), None, 9).await.unwrap().len(), 1);
}

pub async fn illegal_submissions(store: &dyn Store) {
    let own = project();
    let first = submit(store, job(own)).await;
    let twin = store.submit(Job { id: first.id, name: "another".into(), ..job(own) }.into()).await;
    assert!(matches!(twin, Err(StoreError::Conflict(_))), "{twin:?}");
    let foreign = store.submit(Job { id: first.id, ..job(project()) }.into()).await;
    assert!(matches!(foreign, Err(StoreError::Conflict(_))), "{foreign:?}");
    for state in JobState::ALL.into_iter().filter(|state| *state != JobState::Queued) {
        let refused = store.submit(Job { state, ..job(own) }.into()).await;
        let reason = TransitionError::NotQueued(state);
        assert!(matches!(&refused, Err(StoreError::Transition(seen)) if *seen == reason), "{refused:?}");
    }
    // What was refused used up no ordinal.
    assert_eq!(submit(store, job(own)).await.ordinal, 2);
}

pub async fn idempotency(store: &dyn Store) {
    let own = project();
    let send = async |new: NewJob| store.submit(new).await.unwrap();
    // Looking a key up says what submitting with it would.
    let used = async |project, key: &str, body: &[u8]| {
        let key = IdempotencyKey { key: key.into(), body: Digest::of(body) };
        store.used_key(project, &key, at(0)).await.unwrap()
    };
    assert_eq!(used(own, "key", b"body").await, None);
    let Submitted::Queued(first) = send(keyed(job(own), "key", b"body")).await else {
        panic!("the key is new")
    };
    assert_eq!(send(keyed(job(own), "key", b"body")).await, Submitted::Repeated(first.clone()));
    assert_eq!(send(keyed(job(own), "key", b"other")).await, Submitted::KeyConflict);
    assert_eq!(used(own, "key", b"body").await, Some(Submitted::Repeated(first.clone())));
    assert_eq!(used(own, "key", b"other").await, Some(Submitted::KeyConflict));
    // A repeat shows the job as it stands now.
    let started = start(store, first.id, 1).await;
    assert_eq!(send(keyed(job(own), "key", b"body")).await, Submitted::Repeated(started.clone()));
    assert_eq!(used(own, "key", b"body").await, Some(Submitted::Repeated(started)));
    // Keys belong to a project.
    assert_eq!(used(project(), "key", b"body").await, None);
    assert!(matches!(send(keyed(job(project()), "key", b"other")).await, Submitted::Queued(_)));
    // A refused submission leaves its key free.
    let refused = store
        .submit(keyed(Job { id: first.id, name: "another".into(), ..job(own) }, "second", b"body"))
        .await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(used(own, "second", b"body").await, None);
    let Submitted::Queued(second) = send(keyed(job(own), "second", b"other")).await else {
        panic!("the key is free")
    };
    assert_eq!(second.ordinal, 2);
}

pub async fn parallel_repeats_make_one_job(store: Arc<dyn Store>) {
    let own = project();
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.submit(keyed(job(own), "key", b"body")).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    let queued = answers.iter().filter(|answer| matches!(answer, Submitted::Queued(_))).count();
    let ids: BTreeSet<JobId> = answers
        .iter()
        .map(|answer| match answer {
            Submitted::Queued(job) | Submitted::Repeated(job) => job.id,
            Submitted::Forgotten(_) | Submitted::KeyConflict => panic!("the bodies are the same"),
        })
        .collect();
    assert_eq!((queued, ids.len()), (1, 1));
    assert_eq!(store.ready(at(1), 100).await.unwrap().len(), 1);
}

pub async fn everything_is_kept(store: &dyn Store) {
    let own = project();
    let input = InputRef {
        name: "dataset".into(),
        dataset: Some(DatasetId::random()),
        file_name: "log.csv".into(),
        media_type: "text/csv".into(),
        digest: Digest::of(b"log"),
        size: 3,
    };
    let full = Job {
        description: "ünïcode".into(),
        front: true,
        pipeline: Some(pipeline(PipelineId::random())),
        inputs: vec![input; 3],
        // Far more than one value of an embedded store should hold.
        parameters: format!("{{\"text\":\"{}\"}}", "x".repeat(300_000)),
        deterministic: true,
        labels: vec![("team".into(), "blue".into())],
        keep_partial_on_failure: true,
        profile: true,
        notifications: Notifications {
            on_completion: true,
            on_failure: false,
            email_recipients: vec!["a@b.example".into()],
        },
        not_before: Some(at(5)),
        retry_of: Some(RetryOf { job: JobId::random(), reason: None, generation: 2 }),
        ..job(own)
    };
    let queued = submit(store, full.clone()).await;
    assert_eq!(queued, Job { ordinal: 1, ..full });
    assert_eq!(seen(store, &queued).await, queued);
    let started = start(store, queued.id, 6).await;
    assert_eq!(seen(store, &queued).await, started);
    assert_eq!(started.parameters, queued.parameters);
}

pub async fn many_at_once(store: &dyn Store) {
    let own = limited(store, queued(4)).await;
    let earlier = submit(store, job(own)).await;
    let first = job(own);
    let audit = entry(Some(own), "anna", 1);
    let batch = vec![
        NewJob { audit: Some(audit.clone()), ..keyed(first.clone(), "one", b"body") },
        keyed(job(own), "one", b"body"),
        keyed(job(own), "one", b"other"),
        NewJob {
            audit: Some(audit.clone()),
            ..Job { id: earlier.id, name: "another".into(), ..job(own) }.into()
        },
        keyed(job(own), "two", b"body"),
        job(project()).into(),
        job(own).into(),
        NewJob { audit: Some(audit.clone()), ..keyed(job(own), "three", b"body") },
    ];
    let answers = store.submit_many(batch.clone()).await.unwrap();
    let ordinals: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            Ok(Submitted::Queued(job)) => Some(job.ordinal),
            _ => None,
        })
        .collect();
    assert_eq!(ordinals, [Some(2), None, None, None, Some(3), Some(1), Some(4), None], "{answers:?}");
    let queued = Job { ordinal: 2, ..first };
    assert!(matches!(&answers[1], Ok(Submitted::Repeated(job)) if *job == queued), "{:?}", answers[1]);
    assert!(matches!(answers[2], Ok(Submitted::KeyConflict)), "{:?}", answers[2]);
    assert!(matches!(answers[3], Err(StoreError::Conflict(_))), "{:?}", answers[3]);
    let full = QuotaExceeded::QueuedJobs(4);
    assert!(matches!(&answers[7], Err(StoreError::Quota(seen)) if *seen == full), "{:?}", answers[7]);
    assert_eq!(seen(store, &queued).await, queued);
    // What was refused left neither an entry nor a used key.
    let written = store.audit(&AuditFilter::default(), None, 9).await.unwrap();
    assert_eq!(written.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>(), [audit]);
    let key = IdempotencyKey { key: "three".into(), body: Digest::of(b"body") };
    assert_eq!(store.used_key(own, &key, at(0)).await.unwrap(), None);
    // The same again makes no further job under the keys that were used.
    let again = store.submit_many(batch[..2].to_vec()).await.unwrap();
    assert!(matches!(&again[0], Ok(Submitted::Queued(job)) if *job == queued), "it is the first one itself");
    assert!(matches!(&again[1], Ok(Submitted::Repeated(job)) if *job == queued));
    assert!(store.submit_many(Vec::new()).await.unwrap().is_empty());
}

/// A key is free once its life is over, whether or not it was swept, and whether or not its job is still there.
pub async fn keys_have_an_end(store: &dyn Store) {
    let own = project();
    let key = |key: &str| IdempotencyKey { key: key.into(), body: Digest::of(b"body") };
    for name in ["one", "two", "three"] {
        assert!(matches!(store.submit(keyed(job(own), name, b"body")).await.unwrap(), Submitted::Queued(_)));
    }
    let used = store.used_key(own, &key("one"), at(0)).await.unwrap();
    let Some(Submitted::Repeated(first)) = used else { panic!("{used:?}") };
    let end = first.id.made_at().unwrap().plus(KEY_LIFE);
    let before = Timestamp(end.0 - 1);
    assert_eq!(store.used_key(own, &key("one"), before).await.unwrap(), Some(Submitted::Repeated(first)));
    assert_eq!(store.used_key(own, &key("one"), end).await.unwrap(), None);
    assert_eq!(store.forget_keys(before, 9).await.unwrap(), 0);
    // Used again, it is another job's, and swept no more.
    let later = end.plus(Duration::from_secs(60));
    let renewed = Job { created_at: later, id: made_at(later), ..job(own) };
    let answer = store.submit(keyed(renewed, "one", b"other")).await.unwrap();
    let Submitted::Queued(renewed) = answer else { panic!("{answer:?}") };
    assert_eq!(store.forget_keys(later, 1).await.unwrap(), 1);
    assert_eq!(store.forget_keys(later, 9).await.unwrap(), 1);
    assert_eq!(store.forget_keys(later, 9).await.unwrap(), 0);
    let other = IdempotencyKey { body: Digest::of(b"other"), ..key("one") };
    assert_eq!(store.used_key(own, &other, later).await.unwrap(), Some(Submitted::Repeated(renewed)));
    assert_eq!(store.used_key(own, &key("two"), at(0)).await.unwrap(), None, "it was swept");
}

/// An id that was made then.
fn made_at(at: Timestamp) -> JobId {
    let millis = at.0 / 1000;
    format!("{:08x}-{:04x}-7000-8000-000000000000", millis >> 16, millis & 0xffff).parse().unwrap()
}
