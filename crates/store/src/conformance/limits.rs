//! Caps and quotas of projects.

use super::fixtures::{
    artifact, at, cancel, dataset, done, end, failure, job, project, running, seen, start, submit,
};
use crate::{BlobRef, Finish, NewJob, Store, StoreError, Submitted};
use fuelcell_domain::{
    Artifact, Dataset, Digest, Job, JobId, LimitRequest, Limits, LogLevel, LogLine, Project, ProjectLimits,
    ProjectRef, ProjectUsage, QuotaExceeded, Quotas, StoredBytes, Tenant,
};
use std::sync::Arc;

/// A project that exists, with these limits.
pub async fn limited(store: &dyn Store, limits: ProjectLimits) -> ProjectRef {
    let id = project();
    store.create_tenant(Tenant { id: id.tenant, name: "t".into(), created_at: at(0) }).await.unwrap();
    store.create_project(Project { id, name: "p".into(), created_at: at(0) }).await.unwrap();
    assert_eq!(store.project_limits(id).await.unwrap(), ProjectLimits::default());
    store.set_project_limits(id, limits).await.unwrap();
    assert_eq!(store.project_limits(id).await.unwrap(), limits);
    id
}

pub(super) fn queued(quota: u64) -> ProjectLimits {
    ProjectLimits {
        quotas: Quotas { queued_jobs: Some(quota), ..Quotas::default() },
        ..ProjectLimits::default()
    }
}

pub async fn caps_clamp(store: &dyn Store) {
    let unknown = store.set_project_limits(project(), ProjectLimits::default()).await;
    assert!(matches!(unknown, Err(StoreError::NotFound("project"))), "{unknown:?}");
    let caps = LimitRequest { memory_bytes: Some(1 << 20), fuel: Some(77), ..LimitRequest::default() };
    let own = limited(store, ProjectLimits { caps, ..ProjectLimits::default() }).await;
    let asked = job(own);
    let kept = submit(store, asked.clone()).await;
    assert_eq!(kept.limits, Limits { memory_bytes: 1 << 20, fuel: Some(77), ..asked.limits });
    assert_eq!(seen(store, &kept).await, kept);
    let other = submit(store, job(project())).await;
    assert_eq!(other.limits, asked.limits, "another project's caps do not matter");
}

pub async fn queue_quota(store: &dyn Store) {
    let own = limited(store, queued(2)).await;
    let try_submit = async |job: Job| store.submit(NewJob::from(job)).await;
    let usage = async || store.project_usage(own).await.unwrap();
    let first = submit(store, job(own)).await;
    let second = submit(store, job(own)).await;
    let records = first.stored_size() + second.stored_size();
    let stored = StoredBytes { records, ..StoredBytes::default() };
    assert_eq!(usage().await, ProjectUsage { queued_jobs: 2, stored });
    let full = try_submit(job(own)).await;
    assert!(matches!(full, Err(StoreError::Quota(QuotaExceeded::QueuedJobs(2)))), "{full:?}");
    submit(store, job(project())).await;
    // A place gets free when a job starts, and when one is cancelled.
    start(store, first.id, 1).await;
    let third = submit(store, job(own)).await;
    assert_eq!(third.ordinal, 3, "a refused job takes no ordinal");
    store.request_cancel(own, second.id, cancel(2)).await.unwrap();
    submit(store, job(own)).await;
    assert!(try_submit(job(own)).await.is_err());
    store.set_project_limits(own, ProjectLimits::default()).await.unwrap();
    submit(store, job(own)).await;
    assert_eq!(usage().await.queued_jobs, 3);
}

pub async fn parallel_submits_keep_the_quota(store: Arc<dyn Store>) {
    let own = limited(&*store, queued(5)).await;
    let submits: Vec<_> = (0..40)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.submit(NewJob::from(job(own))).await })
        })
        .collect();
    let mut accepted = Vec::<JobId>::new();
    for submit in submits {
        match submit.await.expect("no panic") {
            Ok(Submitted::Queued(job)) => accepted.push(job.id),
            Err(StoreError::Quota(QuotaExceeded::QueuedJobs(5))) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(accepted.len(), 5);
}

pub async fn storage_quota(store: &dyn Store) {
    let quotas = Quotas { stored_bytes: Some(100), ..Quotas::default() };
    let own = limited(store, ProjectLimits { quotas, ..ProjectLimits::default() }).await;
    let sized = |first, size| Dataset { size, digest: Digest::of(&[size as u8]), ..first };
    let file = |size| sized(dataset(own), size);
    let stored = async || store.project_usage(own).await.unwrap().stored.live().total();
    let first = store.put_dataset(file(60)).await.unwrap();
    let refused = store.put_dataset(file(41)).await;
    assert!(
        matches!(refused, Err(StoreError::Quota(QuotaExceeded::StoredBytes { quota: 100, .. }))),
        "{refused:?}"
    );
    assert_eq!(stored().await, 60);
    let second = store.put_dataset(file(40)).await.unwrap();
    let grown = store.put_dataset(sized(first.clone(), 61)).await;
    assert!(matches!(grown, Err(StoreError::Quota(_))), "{grown:?}");
    assert_eq!(
        store.dataset(own, first.id).await.unwrap(),
        Some(first.clone()),
        "a refused one replaces nothing"
    );
    store.put_dataset(sized(first, 10)).await.unwrap();
    assert_eq!(stored().await, 50);
    let module = super::registry::version(own, "miner", "1");
    store.add_module_version(module.clone()).await.unwrap();
    store.add_module_version(module.clone()).await.unwrap();
    assert_eq!(stored().await, 50 + module.size, "the same version again is stored once");
    store.delete_dataset(own, second.id).await.unwrap();
    store.delete_module_version(own, "miner", "1").await.unwrap();
    assert_eq!(stored().await, 10);
    // 60 bytes were replaced, 40 and the module deleted.
    let refused = store.put_dataset(file(90)).await;
    assert!(
        matches!(refused, Err(StoreError::Quota(QuotaExceeded::Unswept { quota: 100, .. }))),
        "{refused:?}"
    );
    let swept = store.replaced(None, 9).await.unwrap();
    assert_eq!(store.settle_replaced(&swept).await.unwrap(), 3);
    store.put_dataset(file(90)).await.unwrap();
    let module = store.add_module_version(module).await;
    assert!(
        matches!(module, Err(StoreError::Quota(QuotaExceeded::StoredBytes { quota: 100, .. }))),
        "{module:?}"
    );
}

/// What is replaced or deleted counts once, until it is settled or named again.
pub async fn replaced_bytes(store: &dyn Store) {
    let own = limited(store, ProjectLimits::default()).await;
    let stored = async || store.project_usage(own).await.unwrap().stored;
    let file = |bytes: &[u8]| Dataset { digest: Digest::of(bytes), size: bytes.len() as u64, ..dataset(own) };
    let replace = async |first: &Dataset, bytes: &[u8]| {
        store.put_dataset(Dataset { id: first.id, ..file(bytes) }).await.unwrap()
    };
    let parts = |datasets, replaced| StoredBytes { datasets, replaced, ..StoredBytes::default() };
    let first = store.put_dataset(file(b"1")).await.unwrap();
    replace(&first, b"1").await;
    assert_eq!(stored().await, parts(1, 0), "the same bytes replace nothing");
    for _ in 0..2 {
        replace(&first, b"22").await;
        assert_eq!(stored().await, parts(2, 1));
        replace(&first, b"1").await;
        assert_eq!(stored().await, parts(1, 2));
    }
    let second = store.put_dataset(file(b"22")).await.unwrap();
    assert_eq!(stored().await, parts(3, 0));
    for dataset in [&first, &second] {
        store.delete_dataset(own, dataset.id).await.unwrap();
    }
    let module = super::registry::version(own, "miner", "1");
    store.add_module_version(module.clone()).await.unwrap();
    store.delete_module_version(own, "miner", "1").await.unwrap();
    assert_eq!(stored().await, parts(0, 3 + module.size));
    store.add_module_version(module.clone()).await.unwrap();
    assert_eq!(stored().await, StoredBytes { modules: module.size, ..parts(0, 3) });
    // Another project's are its own.
    let other = Dataset { project: project(), ..file(b"22") };
    store.put_dataset(other.clone()).await.unwrap();
    store.delete_dataset(other.project, other.id).await.unwrap();
    let mut expected =
        vec![(own, Digest::of(b"1")), (own, Digest::of(b"22")), (other.project, Digest::of(b"22"))];
    expected.sort_unstable();
    let mut paged: Vec<(ProjectRef, Digest)> = Vec::new();
    loop {
        let page = store.replaced(paged.last().copied(), 2).await.unwrap();
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, expected);
    let settled = [(own, Digest::of(b"22")), (own, Digest::of(b"unknown")), (own, module.digest)];
    assert_eq!(store.settle_replaced(&settled).await.unwrap(), 1);
    assert_eq!(store.settle_replaced(&settled).await.unwrap(), 0);
    assert_eq!(stored().await, StoredBytes { modules: module.size, ..parts(0, 1) });
    assert_eq!(store.project_usage(other.project).await.unwrap().stored, parts(0, 2));
}

/// What jobs leave behind counts by its kind, from when it is there until they are deleted.
pub async fn stored_parts(store: &dyn Store) {
    let quotas = Quotas { stored_bytes: Some(20_000), ..Quotas::default() };
    let own = limited(store, ProjectLimits { quotas, ..ProjectLimits::default() }).await;
    let stored = async || store.project_usage(own).await.unwrap().stored;
    let named = Job { parameters: "p".repeat(3_000), description: "d".repeat(100), ..job(own) };
    let started = start(store, submit(store, named).await.id, 1).await;
    let records = started.stored_size();
    assert!(records > 4_000);
    assert_eq!(stored().await, StoredBytes { records, ..StoredBytes::default() });
    for size in [500, 200] {
        let blob = BlobRef { digest: Digest::of(&[size as u8]), size };
        store.set_checkpoint(started.current_attempt(), blob).await.unwrap();
    }
    let line = |message: &str| LogLine {
        at: at(2),
        attempt: 1,
        level: LogLevel::Info,
        stage: "load".into(),
        message: message.into(),
    };
    let lines = vec![line("one"), line("another")];
    let logs = lines.iter().map(LogLine::stored_size).sum();
    store.append_logs(started.current_attempt(), lines).await.unwrap();
    let so_far = StoredBytes { records, checkpoints: 200, logs, replaced: 500, ..StoredBytes::default() };
    assert_eq!(stored().await, so_far);
    let large = Artifact { size: 18_000, ..artifact("a") };
    let artifacts = vec![large, Artifact { size: 7, ..artifact("b") }];
    store.finish(Finish { artifacts, ..end(&started, done(), 3) }).await.unwrap();
    let full = StoredBytes { artifacts: 18_007, ..so_far };
    assert_eq!(stored().await, full, "what ends may go beyond the quota");
    // A full project takes nothing more and is told what fills it.
    let refused = store.submit(NewJob::from(job(own))).await;
    let why = QuotaExceeded::StoredBytes { quota: 20_000, stored: full };
    assert!(matches!(&refused, Err(StoreError::Quota(told)) if *told == why), "{refused:?}");
    let refused = store.put_dataset(Dataset { size: 1, ..dataset(own) }).await;
    assert!(matches!(&refused, Err(StoreError::Quota(told)) if *told == why), "{refused:?}");
    store.delete_ended(own, started.id).await.unwrap();
    let replaced = 500 + 200 + 18_007;
    assert_eq!(stored().await, StoredBytes { replaced, ..StoredBytes::default() });
    // A job that publishes nothing leaves its record and its log.
    let failed = running(store, job(own)).await;
    store.finish(Finish { artifacts: vec![artifact("a")], ..end(&failed, failure(), 3) }).await.unwrap();
    let records = failed.stored_size();
    assert_eq!(stored().await, StoredBytes { records, replaced, ..StoredBytes::default() });
}
