//! Jobs in every order, single jobs by their ordinal, and processed items.

use super::fixtures::{
    SORT_KEYS, at, done, end, job, pipeline, project, registered_pipeline, running, start, submit,
};
use crate::{Finish, JobFilter, JobOrder, PageRequest, ProcessedItem, Ranks, SortKey, Store, Total};
use fuelcell_domain::job::PipelineRef;
use fuelcell_domain::{
    Completion, ErrorCode, Job, JobError, Ordinal, PipelineId, ProjectRef, Standing, Transition,
};

const ALL: PageRequest = PageRequest { offset: 0, limit: 1000 };

/// Jobs that stand in every way, with values that repeat and values that are absent.
async fn variety(store: &dyn Store, own: ProjectRef) -> Vec<Job> {
    let fail = |message: &str| Transition::Fail(JobError::new(ErrorCode::GuestError, message));
    let skip = |reason: &str| Transition::Complete(Completion::Skipped(reason.into()));
    let long = "ä".repeat(200);
    let mut ends = vec![
        done(),
        fail("b"),
        skip("tuesday"),
        Transition::Complete(Completion::NoItems),
        fail("a"),
        skip(""),
        fail("b"),
        Transition::Stop,
        skip("monday"),
        fail(""),
        fail(&long),
        Transition::GiveBack,
    ];
    ends.extend(ends.clone());
    let mut jobs = Vec::new();
    for (n, transition) in (0..).zip(ends) {
        let named = PipelineRef { ordinal: 1 + n as Ordinal % 3, ..pipeline(PipelineId::random()) };
        let new = submit(store, Job { pipeline: Some(named).filter(|_| n % 4 != 0), ..job(own) }).await;
        let started = start(store, new.id, 50 - n % 5).await;
        jobs.push(store.finish(end(&started, transition, 60 + n % 7)).await.unwrap());
    }
    jobs.push(running(store, job(own)).await);
    jobs.push(submit(store, job(own)).await);
    jobs
}

pub async fn every_order(store: &dyn Store) {
    let own = project();
    submit(store, job(project())).await;
    let jobs = variety(store, own).await;
    let filters = [
        JobFilter::default(),
        JobFilter { standings: vec![Standing::Skipped, Standing::Failed], ..JobFilter::default() },
        JobFilter { pipeline_number: Some(2), ..JobFilter::default() },
        JobFilter { pipeline_number: Some(0), ..JobFilter::default() },
        JobFilter { pipeline_number: Some(99), ..JobFilter::default() },
    ];
    for filter in &filters {
        for key in SORT_KEYS {
            for descending in [false, true] {
                agrees(store, &jobs, filter, JobOrder { key, descending }).await;
            }
        }
    }
}

/// The whole list and pages of it are as the order says.
async fn agrees(store: &dyn Store, known: &[Job], filter: &JobFilter, order: JobOrder) {
    let own = known[0].project;
    let mut expected: Vec<_> = known.iter().filter(|job| filter.matches(job)).collect();
    expected.sort_by(|a, b| order.compare((&Ranks::of(a), a.ordinal), (&Ranks::of(b), b.ordinal)));
    let expected: Vec<_> = expected.into_iter().map(|job| job.ordinal).collect();
    let list = async |page| {
        let page = store.list_ordered(own, filter, order, page).await.unwrap();
        assert_eq!(page.total, Total::exact(expected.len() as u64), "{filter:?}");
        page.jobs.iter().map(|job| job.ordinal).collect::<Vec<_>>()
    };
    assert_eq!(list(ALL).await, expected, "{order:?} {filter:?}");
    for (offset, limit) in [(0, 0), (0, 1), (1, 3), (4, 9), (20, 100), (25, 1), (99, 5)] {
        let part: Vec<_> = expected.iter().copied().skip(offset).take(limit).collect();
        let page = PageRequest { offset: offset as u64, limit };
        assert_eq!(list(page).await, part, "{order:?} {offset} {limit}");
    }
    assert!(list(PageRequest { offset: u64::MAX, limit: 1 }).await.is_empty());
}

pub async fn moves_and_deletions_are_followed(store: &dyn Store) {
    let own = project();
    let order = JobOrder { key: SortKey::StartedAt, descending: false };
    let list = async || {
        let page = store.list_ordered(own, &JobFilter::default(), order, ALL).await.unwrap();
        page.jobs.iter().map(|job| job.ordinal).collect::<Vec<_>>()
    };
    let first = submit(store, job(own)).await;
    let second = submit(store, job(own)).await;
    assert_eq!(list().await, [1, 2]);
    start(store, second.id, 1).await;
    assert_eq!(list().await, [2, 1], "a job that waits comes last");
    let started = start(store, first.id, 0).await;
    assert_eq!(list().await, [1, 2]);
    store.finish(end(&started, done(), 3)).await.unwrap();
    store.delete_ended(own, first.id).await.unwrap();
    assert_eq!(list().await, [2]);
    assert_eq!(store.job_by_ordinal(own, 1).await.unwrap(), None);
}

pub async fn by_ordinal(store: &dyn Store) {
    let own = project();
    let first = submit(store, job(own)).await;
    let second = submit(store, job(own)).await;
    assert_eq!(store.job_by_ordinal(own, 1).await.unwrap(), Some(first));
    assert_eq!(store.job_by_ordinal(own, 2).await.unwrap(), Some(second));
    for absent in [0, 3, Ordinal::MAX] {
        assert_eq!(store.job_by_ordinal(own, absent).await.unwrap(), None);
    }
    assert_eq!(store.job_by_ordinal(project(), 1).await.unwrap(), None, "another project");
}

pub async fn processed_items(store: &dyn Store) {
    let own = project();
    let (first, second) = (PipelineId::random(), PipelineId::random());
    let run = async |owner: ProjectRef, id, marks: &[&str], seconds| {
        let started = running(store, Job { pipeline: Some(pipeline(id)), ..job(owner) }).await;
        let marks = marks.iter().map(|mark| (*mark).to_owned()).collect();
        store.finish(Finish { marks, ..end(&started, done(), seconds) }).await.unwrap().id
    };
    let page = async |owner, id, page| store.processed(owner, id, page).await.unwrap();
    let earlier = run(own, first, &["a", "b"], 5).await;
    let later = run(own, first, &["b", "c"], 6).await;
    run(own, second, &["a"], 7).await;
    let stranger = project();
    run(stranger, first, &["a"], 8).await;

    let all = page(own, first, ALL).await;
    let mut items = all.items.clone();
    items.sort_by(|a, b| a.key.cmp(&b.key));
    let item = |key: &str, job, seconds| ProcessedItem { key: key.into(), job, at: at(seconds) };
    assert_eq!(items, [item("a", earlier, 5), item("b", earlier, 5), item("c", later, 6)]);
    assert_eq!(all.total, Total::exact(3));
    for (offset, limit) in [(0, 2), (2, 2), (3, 2), (0, 0)] {
        let part = page(own, first, PageRequest { offset: offset as u64, limit }).await;
        let expected: Vec<_> = all.items.iter().skip(offset).take(limit).cloned().collect();
        assert_eq!((part.items, part.total), (expected, Total::exact(3)));
    }

    assert_eq!(store.forget_processed(own, Some(first), 2).await.unwrap(), 2);
    assert_eq!(page(own, first, ALL).await.total, Total::exact(1));
    assert_eq!(page(own, first, ALL).await.items.len(), 1);
    assert_eq!(store.forget_processed(own, None, 99).await.unwrap(), 2, "of both pipelines");
    assert_eq!(store.forget_processed(own, None, 99).await.unwrap(), 0);
    for id in [first, second] {
        assert_eq!(page(own, id, ALL).await.total, Total::exact(0));
        assert!(!store.is_processed(own, id, "a").await.unwrap());
    }
    assert!(store.is_processed(stranger, first, "a").await.unwrap(), "those of others stay");
    run(own, first, &["a"], 9).await;
    assert_eq!(page(own, first, ALL).await.total, Total::exact(1), "what was forgotten can be marked again");
    let registered = store.put_pipeline(registered_pipeline(own)).await.unwrap();
    assert_eq!(page(own, registered.id, ALL).await.total, Total::exact(0));
}
