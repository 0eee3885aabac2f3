//! Renaming, and taking tenants and projects away.

use super::fixtures::{
    at, cancel, dataset, holder, job, lease, project, registered_pipeline, submit, upload,
};
use super::registry::version;
use super::saved::view;
use super::usage::sums_of;
use crate::usage::Dimension;
use crate::{JobFilter, NewJob, PageRequest, RemovalStep, Store, StoreError};
use fuelcell_domain::JobType;
use fuelcell_domain::{
    Activation, AuditFilter, Capabilities, Digest, Grant, Job, JobState, Project, ProjectLimits, ProjectRef,
    Removal, Role, SavedKind, Scope, SealedSecret, Tenant, TenantId, Token, TokenId, TokenKind, Transition,
    VersionName,
};

const ALL: PageRequest = PageRequest { offset: 0, limit: 100 };

async fn add_tenant(store: &dyn Store, own: ProjectRef, name: &str) -> Result<(), StoreError> {
    store.create_tenant(Tenant { id: own.tenant, name: name.into(), created_at: at(0) }).await
}

async fn add_project(store: &dyn Store, own: ProjectRef, name: &str) -> Result<(), StoreError> {
    store.create_project(Project { id: own, name: name.into(), created_at: at(0) }).await
}

#[track_caller]
fn is_taken<T: std::fmt::Debug>(answer: Result<T, StoreError>, by: &str) {
    match answer {
        Err(StoreError::Conflict(message)) => assert!(message.contains(by), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn is_absent<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::NotFound("project" | "tenant"))), "{answer:?}");
}

pub async fn names_are_told_apart(store: &dyn Store) {
    let (one, other) = (project(), project());
    add_tenant(store, one, "Acme Übersee").await.unwrap();
    for same in ["Acme Übersee", " acme übersee ", "ACME U\u{308}BERSEE"] {
        is_taken(add_tenant(store, other, same).await, &one.tenant.to_string());
    }
    add_tenant(store, other, "Acme").await.unwrap();
    is_taken(store.rename_tenant(other.tenant, "ACME übersee".into()).await, "Acme Übersee");
    store.rename_tenant(one.tenant, "acme Übersee".into()).await.unwrap();
    store.rename_tenant(other.tenant, "Bcme".into()).await.unwrap();
    let names: Vec<_> = store.tenants().await.unwrap().into_iter().map(|tenant| tenant.name).collect();
    assert!(names.contains(&"acme Übersee".to_owned()) && names.contains(&"Bcme".to_owned()), "{names:?}");
    is_absent(store.rename_tenant(TenantId::random(), "x".into()).await);

    let second = ProjectRef { project: project().project, ..one };
    add_project(store, one, "Orders").await.unwrap();
    is_taken(add_project(store, second, "orders").await, &one.project.to_string());
    add_project(store, other, "orders").await.unwrap();
    add_project(store, second, "Bills").await.unwrap();
    is_taken(store.rename_project(second, " ORDERS".into()).await, &one.project.to_string());
    store.rename_project(second, "Invoices".into()).await.unwrap();
    assert_eq!(store.project(second).await.unwrap().unwrap().name, "Invoices");
    is_absent(store.rename_project(project(), "x".into()).await);
}

fn token(scope: Scope) -> Token {
    let id = TokenId::random();
    Token {
        id,
        kind: TokenKind::Bearer,
        hash: Digest::of(id.0.as_bytes()),
        subject: "anna".into(),
        role: Role::Viewer,
        scope,
        created_at: at(0),
        revoked_at: None,
        expires_at: None,
    }
}

/// Something of every kind: a running job, a queued one, one that has ended and one that was deleted.
async fn fill(store: &dyn Store, own: ProjectRef) -> [Job; 3] {
    store.create_token(token(Scope::Project(own))).await.unwrap();
    store.set_project_limits(own, ProjectLimits::default()).await.unwrap();
    store.put_dataset(dataset(own)).await.unwrap();
    store.begin_upload(upload(own)).await.unwrap();
    let pipeline = store.put_pipeline(registered_pipeline(own)).await.unwrap();
    store.add_module_version(version(own, "miner", "1")).await.unwrap();
    store.activate_module(own, activation()).await.unwrap();
    store.put_grant(grant(own)).await.unwrap();
    store.put_secret(secret(own)).await.unwrap();
    store.put_saved(view(own, "v", "q=x"), None).await.unwrap();
    let mut jobs = Vec::new();
    for number in 0..4 {
        let named = super::fixtures::pipeline(pipeline.id);
        let new = Job { pipeline: Some(named), parameters: "p".repeat(2_000 * number), ..job(own) };
        jobs.push(submit(store, new).await);
    }
    let [running, queued, ended, deleted] = <[Job; 4]>::try_from(jobs).unwrap();
    let ids = [running.id, ended.id];
    let claims = store.claim(&ids, lease("node", 1_000), holder(), at(1)).await.unwrap();
    let claimed = &claims.iter().find(|claim| claim.job.id == ended.id).unwrap().job;
    let finish = super::fixtures::end(claimed, super::fixtures::done(), 5);
    store.finish(crate::Finish { marks: vec!["item".into()], ..finish }).await.unwrap();
    store.request_cancel(own, deleted.id, cancel(3)).await.unwrap();
    store.delete_ended(own, deleted.id).await.unwrap();
    [running, queued, ended]
}

fn activation() -> Activation {
    let module = Some(VersionName { name: "miner".into(), version: "1".into() });
    Activation { job_type: JobType::Analysis, module, by: "anna".into(), at: at(1) }
}

fn grant(project: ProjectRef) -> Grant {
    let capabilities = Capabilities::default();
    Grant { project, module: "miner".into(), capabilities, by: "anna".into(), at: at(1) }
}

fn secret(project: ProjectRef) -> SealedSecret {
    let (name, by, headers) = ("KEY".into(), "anna".into(), vec!["Authorization".into()]);
    SealedSecret { project, name, headers, sealed: vec![7], by, created_at: at(1), updated_at: at(1) }
}

async fn begin(store: &dyn Store, scope: Scope) -> Result<(), StoreError> {
    store.begin_removal(Removal { scope, by: "olga".into(), at: at(9), done_at: None }).await
}

/// Removes what may go; says whether it waits or is done.
async fn remove(store: &dyn Store, scope: Scope, limit: usize) -> RemovalStep {
    loop {
        match store.remove_some(scope, limit, at(10)).await.unwrap() {
            RemovalStep::Removed(some) => assert!(some > 0),
            step => return step,
        }
    }
}

async fn total(store: &dyn Store, own: ProjectRef) -> u64 {
    store.counts(own, &JobFilter::default()).await.unwrap().total()
}

pub async fn a_project_goes_with_all_that_is_its(store: &dyn Store) {
    let (own, scope) = (project(), |own| Scope::Project(own));
    let sister = ProjectRef { project: project().project, ..own };
    add_tenant(store, own, "t").await.unwrap();
    for (project, name) in [(own, "own"), (sister, "sister")] {
        add_project(store, project, name).await.unwrap();
    }
    let [running, queued, ended] = fill(store, own).await;
    fill(store, sister).await;
    let before = attempts(store, own, Dimension::Subject).await;
    is_absent(begin(store, scope(project())).await);
    begin(store, scope(own)).await.unwrap();

    // It is not there at once, and nothing comes for it any more.
    assert_eq!(store.project(own).await.unwrap(), None);
    assert_eq!(store.projects(own.tenant).await.unwrap().len(), 1);
    assert_eq!(store.tokens().await.unwrap().len(), 1, "that of the other project");
    assert_eq!(store.removals().await.unwrap().len(), 1);
    is_absent(begin(store, scope(own)).await);
    is_absent(store.submit(NewJob::from(job(own))).await);
    is_absent(store.put_dataset(dataset(own)).await);
    is_absent(store.begin_upload(upload(own)).await);
    is_absent(store.put_pipeline(registered_pipeline(own)).await);
    is_absent(store.add_module_version(version(own, "miner", "2")).await);
    is_absent(store.activate_module(own, activation()).await);
    is_absent(store.put_grant(grant(own)).await);
    is_absent(store.put_secret(secret(own)).await);
    is_absent(store.put_saved(view(own, "w", "q=x"), None).await);
    is_absent(store.create_token(token(scope(own))).await);
    is_absent(store.set_project_limits(own, ProjectLimits::default()).await);
    is_taken(add_project(store, own, "again").await, "was deleted");
    add_project(store, ProjectRef { project: project().project, ..own }, "OWN").await.unwrap();

    // All but what runs goes at once; the rest waits for its end.
    assert_eq!(remove(store, scope(own), 1).await, RemovalStep::Waiting);
    assert_eq!(total(store, own).await, 1);
    for gone in [&queued, &ended] {
        assert_eq!(store.job(own, gone.id).await.unwrap(), None);
        assert_eq!(store.artifacts(gone.id).await.unwrap(), []);
    }
    store.request_cancel(own, running.id, cancel(11)).await.unwrap();
    let claimed = store.job(own, running.id).await.unwrap().unwrap();
    assert_eq!(claimed.state, JobState::Running);
    let stop = super::fixtures::end(&claimed, Transition::Stop, 12);
    store.finish(stop).await.unwrap();
    assert_eq!(remove(store, scope(own), 2).await, RemovalStep::Done);
    nothing_is_left(store, own).await;
    assert_eq!(store.removals().await.unwrap(), []);
    let again = store.remove_some(scope(own), 9, at(11)).await;
    assert!(matches!(again, Err(StoreError::NotFound("removal"))), "{again:?}");
    is_taken(add_project(store, own, "again").await, "was deleted");
    is_absent(store.submit(NewJob::from(job(own))).await);

    // What was used stays known, but not by whom and with what.
    assert_eq!((attempts(store, own, Dimension::Total).await, before), (2, 1));
    assert_eq!(attempts(store, own, Dimension::Subject).await, 0);

    // The other project has everything.
    assert_eq!(total(store, sister).await, 3);
    assert_eq!(store.datasets(sister).await.unwrap().len(), 1);
    assert_eq!(store.module_versions(sister).await.unwrap().len(), 1);
    assert_eq!(submit(store, job(sister)).await.ordinal, 5);
    assert!(store.audit(&AuditFilter::default(), None, 9).await.unwrap().is_empty());
}

async fn attempts(store: &dyn Store, own: ProjectRef, dimension: Dimension) -> u64 {
    let report = store.usage(sums_of(own, dimension)).await.unwrap();
    report.0.values().map(|sums| sums.attempts).sum()
}

async fn nothing_is_left(store: &dyn Store, own: ProjectRef) {
    assert_eq!(total(store, own).await, 0);
    assert_eq!(store.list(own, &JobFilter::default(), ALL).await.unwrap().jobs, []);
    assert_eq!(store.datasets(own).await.unwrap(), []);
    assert_eq!(store.uploads(own).await.unwrap(), []);
    assert_eq!(store.pipelines(own).await.unwrap(), []);
    assert_eq!(store.module_versions(own).await.unwrap(), []);
    assert_eq!(store.activations(own).await.unwrap(), []);
    assert_eq!(store.active_module(own, JobType::Analysis).await.unwrap(), None);
    assert_eq!(store.grant(own, "miner").await.unwrap(), None);
    assert_eq!(store.secrets(own).await.unwrap(), []);
    assert_eq!(store.saved(own, SavedKind::View, "v").await.unwrap(), None);
    assert_eq!(store.hours(own, i64::MIN, i64::MAX).await.unwrap(), []);
    assert_eq!(store.project_usage(own).await.unwrap().stored.total(), 0);
    assert_eq!(store.project_limits(own).await.unwrap(), ProjectLimits::default());
    let scheduled = store.scheduled_pipelines().await.unwrap();
    assert!(scheduled.iter().all(|pipeline| pipeline.project != own));
}

pub async fn a_tenant_goes_with_its_projects(store: &dyn Store) {
    let (own, other) = (project(), project());
    let second = ProjectRef { project: project().project, ..own };
    for (project, name) in [(own, "own"), (other, "other")] {
        add_tenant(store, project, name).await.unwrap();
        add_project(store, project, "p").await.unwrap();
        store.create_token(token(Scope::Tenant(project.tenant))).await.unwrap();
    }
    add_project(store, second, "q").await.unwrap();
    let [running, ..] = fill(store, own).await;
    submit(store, job(second)).await;
    submit(store, job(other)).await;
    is_absent(begin(store, Scope::Server).await);
    let scope = Scope::Tenant(own.tenant);
    begin(store, scope).await.unwrap();
    assert_eq!(store.tenant(own.tenant).await.unwrap(), None);
    assert_eq!(store.projects(own.tenant).await.unwrap(), []);
    assert_eq!(store.tokens().await.unwrap().len(), 1, "that of the other tenant");
    is_taken(add_tenant(store, own, "again").await, "was deleted");
    is_absent(add_project(store, ProjectRef { project: project().project, ..own }, "new").await);
    is_absent(store.create_token(token(scope)).await);
    is_absent(store.submit(NewJob::from(job(second))).await);
    let scopes: Vec<_> = store.removals().await.unwrap().into_iter().map(|removal| removal.scope).collect();
    assert_eq!((scopes.len(), scopes[2]), (3, scope), "projects come before their tenant");

    assert_eq!(remove(store, scope, 9).await, RemovalStep::Waiting);
    assert_eq!(remove(store, Scope::Project(second), 9).await, RemovalStep::Done);
    assert_eq!(remove(store, Scope::Project(own), 9).await, RemovalStep::Waiting);
    let claimed = store.job(own, running.id).await.unwrap().unwrap();
    store.finish(super::fixtures::end(&claimed, super::fixtures::done(), 12)).await.unwrap();
    assert_eq!(remove(store, Scope::Project(own), 9).await, RemovalStep::Done);
    assert_eq!(remove(store, scope, 9).await, RemovalStep::Done);
    assert_eq!(store.removals().await.unwrap(), []);
    nothing_is_left(store, own).await;
    nothing_is_left(store, second).await;
    assert_eq!(store.tenant_figures(own.tenant, at(5)).await.unwrap(), Default::default());
    assert_eq!(total(store, other).await, 1);
}
