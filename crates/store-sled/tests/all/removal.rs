//! Taking a project away in many steps, each of which leaves a whole store behind.

use crate::reopen::{fill_jobs, fill_registry};
use fuelcell_domain::{PipelineId, ProjectRef, Removal, Scope};
use fuelcell_store::conformance::fixtures::{at, job, project, submit};
use fuelcell_store::{Jobs, Queue, RemovalStep, Removals};
use fuelcell_store_sled::{Options, SledStore, check, compact};
use std::path::Path;
use tempfile::TempDir;

async fn begin(store: &SledStore, own: ProjectRef) {
    let (scope, by) = (Scope::Tenant(own.tenant), "olga".into());
    store.begin_removal(Removal { scope, by, at: at(9), done_at: None }).await.unwrap();
}

#[track_caller]
fn is_whole(directory: &Path) -> u64 {
    let (report, _) = check(directory, &Options::default()).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    report.jobs
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_step_a_removal_has_come_to_the_store_is_whole_and_it_goes_on() {
    let directory = TempDir::new().unwrap();
    let (own, other) = (project(), project());
    let store = crate::open(directory.path());
    fill_registry(&store, own).await;
    fill_jobs(&store, own, PipelineId::random()).await;
    let kept = submit(&store, job(other)).await;
    begin(&store, own).await;
    // So that there are tombstones in many places.
    store.expire_leases(at(1_000_000)).await.unwrap();
    drop(store);
    let (mut steps, mut jobs) = (0, is_whole(directory.path()));
    loop {
        let store = crate::open(directory.path());
        let Some(removal) = store.removals().await.unwrap().first().cloned() else { break };
        let step = store.remove_some(removal.scope, 4, at(10)).await.unwrap();
        assert!(step != RemovalStep::Waiting, "{removal:?}");
        drop(store);
        if steps == 3 {
            compact(directory.path(), &Options::default()).unwrap();
        }
        let left = is_whole(directory.path());
        assert!(left <= jobs, "{left} of {jobs}");
        (steps, jobs) = (steps + 1, left);
    }
    assert!(steps > 10, "{steps} steps");
    assert_eq!(jobs, 1, "that of the other project");
    let (_, named) = check(directory.path(), &Options::default()).unwrap();
    assert_eq!(named.len(), 1, "its module: {named:?}");
    compact(directory.path(), &Options::default()).unwrap();
    let store = crate::open(directory.path());
    assert_eq!(store.job(other, kept.id).await.unwrap(), Some(kept));
    assert_eq!(submit(&store, job(other)).await.ordinal, 2);
}
