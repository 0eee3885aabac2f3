//! Things that are done with many jobs.

use super::fixtures::{at, bulk_run, project, whole};
use crate::{RemovalStep, Store, StoreError};
use fuelcell_domain::bulk::{BULK_PART, BulkHolder, KEPT_BULKS};
use fuelcell_domain::{
    BulkJob, BulkPart, BulkRun, BulkStop, Incarnation, JobId, JobOutcome, Project, ProjectRef, Removal,
    Scope, Tenant,
};

/// One of so many jobs.
fn run(project: ProjectRef, count: usize) -> (BulkRun, Vec<BulkJob>) {
    let jobs = (1..=count as u64).map(|ordinal| BulkJob { id: JobId::random(), ordinal, outcome: None });
    bulk_run(project, jobs.collect())
}

async fn begun(store: &dyn Store, project: ProjectRef, count: usize) -> BulkRun {
    let (run, jobs) = run(project, count);
    let begun = store.begin_bulk(run.clone(), jobs).await.unwrap();
    assert_eq!(begun, run);
    run
}

async fn part(store: &dyn Store, run: &BulkRun, number: u32) -> BulkPart {
    store.bulk_part(run.project, run.id, number).await.unwrap().unwrap()
}

/// Ends one before its time.
async fn stopped(store: &dyn Store, run: &BulkRun, seconds: i64) -> BulkRun {
    let mut after = run.clone();
    after.stop(BulkStop { code: "Stopped".into(), message: "anna stopped it".into() }, at(seconds));
    store.step_bulk(run.clone(), after.clone(), None).await.unwrap();
    after
}

#[track_caller]
fn is_refused(answer: Result<(), StoreError>) {
    assert!(matches!(answer, Err(StoreError::Conflict(_))), "{answer:?}");
}

#[track_caller]
fn is_absent(answer: Result<(), StoreError>) {
    assert!(matches!(answer, Err(StoreError::NotFound("bulk action"))), "{answer:?}");
}

pub async fn its_jobs_are_frozen_and_each_has_its_outcome(store: &dyn Store) {
    let own = project();
    let (first, jobs) = run(own, 2 * BULK_PART + 1);
    assert_eq!(store.begin_bulk(first.clone(), jobs.clone()).await.unwrap(), first);
    assert_eq!(store.bulk(own, first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.bulk(project(), first.id).await.unwrap(), None, "another project's");
    let mut kept = Vec::new();
    for number in 0..3 {
        kept.extend(part(store, &first, number).await.jobs);
    }
    assert_eq!(kept, jobs);
    assert_eq!(store.bulk_part(own, first.id, 3).await.unwrap(), None);
    assert_eq!(store.bulk_part(own, first.id, u32::MAX).await.unwrap(), None);
    assert_eq!(store.bulk_part(project(), first.id, 0).await.unwrap(), None);

    let (mut after, mut second) = (first.clone(), part(store, &first, 1).await);
    let outcomes = vec![
        (second.jobs[0].id, JobOutcome::Done(Some(JobId::random()))),
        (second.jobs[1].id, JobOutcome::Skipped("JobEnded".into(), "it has ended".into())),
        (second.jobs[2].id, JobOutcome::Failed("ModuleGone".into(), "ä".repeat(99))),
    ];
    after.settle(&mut second, outcomes, at(2));
    after.holder = Some(BulkHolder { by: Incarnation::random(), until: at(9) });
    store.step_bulk(first.clone(), after.clone(), Some(second.clone())).await.unwrap();
    assert_eq!(store.bulk(own, first.id).await.unwrap(), Some(after.clone()));
    assert_eq!(part(store, &first, 1).await, second);
    assert_eq!(part(store, &first, 0).await.jobs[..], jobs[..BULK_PART]);

    // Who has seen an earlier one moves nothing, and what has begun does not begin anew.
    is_refused(store.step_bulk(first.clone(), first.clone(), Some(part(store, &first, 0).await)).await);
    assert_eq!(store.begin_bulk(first.clone(), jobs[..1].to_vec()).await.unwrap(), after);
    assert_eq!(part(store, &first, 1).await, second);
    let (unknown, _) = run(own, 1);
    is_absent(store.step_bulk(unknown.clone(), unknown, None).await);
}

pub async fn those_that_run_are_found_and_those_that_ended_forgotten(store: &dyn Store) {
    let (own, other) = (project(), project());
    let (first, second, foreign) =
        (begun(store, own, 1).await, begun(store, own, BULK_PART + 1).await, begun(store, other, 1).await);
    let running = async || {
        let mut running: Vec<_> =
            store.running_bulks().await.unwrap().into_iter().map(|run| run.id).collect();
        running.sort();
        running
    };
    assert_eq!(running().await, [first.id, second.id, foreign.id]);
    is_refused(store.forget_bulk(own, second.id).await);
    let second = stopped(store, &second, 5).await;
    assert_eq!(running().await, [first.id, foreign.id]);
    assert_eq!(second.kept_until(), Some(at(5).plus(KEPT_BULKS)));
    let listed = async || whole(1, async |seek| store.bulks(own, seek).await.unwrap()).await;
    assert_eq!(listed().await, [second.clone(), first.clone()], "the latest first");

    let foreign = stopped(store, &foreign, 6).await;
    let ended = async |seconds, limit| store.ended_bulks(at(seconds), limit).await.unwrap();
    assert_eq!(ended(4, 9).await, []);
    assert_eq!(ended(5, 9).await, std::slice::from_ref(&second));
    assert_eq!((ended(6, 9).await.len(), ended(6, 1).await.len()), (2, 1));
    is_absent(store.forget_bulk(other, second.id).await);
    store.forget_bulk(own, second.id).await.unwrap();
    is_absent(store.forget_bulk(own, second.id).await);
    for number in 0..2 {
        assert_eq!(store.bulk_part(own, second.id, number).await.unwrap(), None);
    }
    assert_eq!(listed().await, [first]);
    assert_eq!(ended(6, 9).await, [foreign]);
}

pub async fn they_go_with_their_project(store: &dyn Store) {
    let own = project();
    store.create_tenant(Tenant { id: own.tenant, name: "t".into(), created_at: at(1) }).await.unwrap();
    store.create_project(Project { id: own, name: "p".into(), created_at: at(1) }).await.unwrap();
    let (running, ended) = (begun(store, own, BULK_PART + 1).await, begun(store, own, 1).await);
    stopped(store, &ended, 5).await;
    let scope = Scope::Project(own);
    store.begin_removal(Removal { scope, by: "olga".into(), at: at(9), done_at: None }).await.unwrap();
    let (late, jobs) = run(own, 1);
    let late = store.begin_bulk(late, jobs).await;
    assert!(matches!(late, Err(StoreError::NotFound("project"))), "{late:?}");
    while store.remove_some(scope, 1, at(10)).await.unwrap() != RemovalStep::Done {}
    assert_eq!(store.running_bulks().await.unwrap(), []);
    assert_eq!(store.ended_bulks(at(99), 9).await.unwrap(), []);
    assert_eq!(store.bulk_part(own, running.id, 1).await.unwrap(), None);
}
