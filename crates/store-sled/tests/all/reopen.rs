//! A store that is closed and opened again is the same store.

use fuelcell_domain::job::{Notifications, Priority};
use fuelcell_domain::{
    Activation, AuditEntry, AuditFilter, AuditOutcome, Digest, ModuleVersion, ProjectLimits, Quotas,
    VersionName,
};
use fuelcell_domain::{
    Job, JobState, JobType, LogLevel, LogLine, PipelineId, Project, ProjectRef, Role, Scope, Tenant, Token,
    TokenId, TokenKind,
};
use fuelcell_store::conformance::fixtures::{
    EVERY_LINE, artifact, at, cancel, dataset, done, end, failure, job, log_lines, module, pipeline, project,
    pulse, registered_pipeline, running, start, submit, transient_failure,
};
use fuelcell_store::{Finish, JobFilter, Jobs, PageRequest, Pipelines, Store, StoreError};
use fuelcell_store_sled::{Options, SledStore};
use std::fmt::Write;
use tempfile::TempDir;

/// Everything that can be asked of the store about this project and these jobs, as text.
pub(crate) async fn everything(store: &dyn Store, own: ProjectRef, id: PipelineId, jobs: &[Job]) -> String {
    let mut text = String::new();
    let mut note = |what: &str, seen: String| writeln!(text, "{what}: {seen}").unwrap();
    let filters = [
        JobFilter::default(),
        JobFilter { states: vec![JobState::Queued, JobState::Failed], ..JobFilter::default() },
        JobFilter { pipeline: Some(id), ..JobFilter::default() },
        JobFilter { priority: Some(Priority::High), created_from: Some(at(1)), ..JobFilter::default() },
        JobFilter { submitted_by: Some("bert".into()), ..JobFilter::default() },
    ];
    for filter in filters {
        let page = store.list(own, &filter, PageRequest { offset: 1, limit: 50 }).await.unwrap();
        let (jobs, total) = (&page.jobs, page.total.count);
        let counts = store.counts(own, &filter).await.unwrap();
        note("list", format!("JobPage {{ jobs: {jobs:?}, total: {total} }} {counts:?}"));
    }
    for job in jobs {
        note("job", format!("{:?}", store.job(own, job.id).await.unwrap()));
        note("artifacts", format!("{:?}", store.artifacts(job.id).await.unwrap()));
        note("receipts", format!("{:?}", store.receipts(job.id).await.unwrap()));
        note("checkpoint", format!("{:?}", store.checkpoint(job.id).await.unwrap()));
        note("logs", format!("{:?}", log_lines(store, job.id, EVERY_LINE).await));
        note("before", format!("{:?}", store.queued_before(job, at(50)).await.unwrap()));
        note("durations", format!("{:?}", store.recent_durations(job.module.digest).await.unwrap()));
    }
    for seconds in [0, 50, 5000] {
        note("ready", format!("{:?}", store.ready(at(seconds), 100).await.unwrap()));
        note("next", format!("{:?}", store.next_not_before(at(seconds)).await.unwrap()));
    }
    note("figures", format!("{:?}", store.tenant_figures(own.tenant, at(9)).await.unwrap()));
    note("tenants", format!("{:?}", store.tenants().await.unwrap()));
    note("projects", format!("{:?}", store.projects(own.tenant).await.unwrap()));
    note("tokens", format!("{:?}", store.tokens().await.unwrap()));
    note("datasets", format!("{:?}", store.datasets(own).await.unwrap()));
    note("pipelines", format!("{:?}", store.pipelines(own).await.unwrap()));
    note("modules", format!("{:?}", store.module_versions(own).await.unwrap()));
    note("active", format!("{:?}", store.active_module(own, JobType::Analysis).await.unwrap()));
    note("activations", format!("{:?}", store.activations(own).await.unwrap()));
    note("limits", format!("{:?}", store.project_limits(own).await.unwrap()));
    note("usage", format!("{:?}", store.project_usage(own).await.unwrap()));
    note("audit", format!("{:?}", store.audit(&AuditFilter::default(), None, 9).await.unwrap()));
    note("processed", format!("{:?}", store.is_processed(own, id, "item").await.unwrap()));
    text
}

pub(crate) async fn fill_registry(store: &dyn Store, own: ProjectRef) {
    let tenant = Tenant { id: own.tenant, name: "t".into(), created_at: at(0) };
    store.create_tenant(tenant).await.unwrap();
    store.create_project(Project { id: own, name: "p".into(), created_at: at(0) }).await.unwrap();
    let quotas = Quotas { stored_bytes: Some(1 << 20), ..Quotas::default() };
    store.set_project_limits(own, ProjectLimits { quotas, ..ProjectLimits::default() }).await.unwrap();
    let token = Token {
        id: TokenId::random(),
        kind: TokenKind::ApplicationPassword,
        hash: Digest::of(b"secret"),
        subject: "anna".into(),
        role: Role::Operator,
        scope: Scope::Server,
        created_at: at(0),
        revoked_at: None,
        expires_at: None,
    };
    store.create_token(token).await.unwrap();
    store.put_dataset(dataset(own)).await.unwrap();
    store.put_pipeline(registered_pipeline(own)).await.unwrap();
    let module = module("miner");
    let version = ModuleVersion {
        project: Some(own),
        name: module.name.clone(),
        version: module.version.clone(),
        digest: module.digest,
        size: 1,
        manifest: fuelcell_domain::Manifest::fallback("Miner").into(),
        has_manifest: false,
        imports: Vec::new(),
        code_bytes: None,
        uploaded_by: "anna".into(),
        created_at: at(0),
    };
    store.add_module_version(version).await.unwrap();
    let name = VersionName { name: module.name, version: module.version };
    let activation =
        Activation { job_type: JobType::Analysis, module: Some(name), by: "anna".into(), at: at(0) };
    store.activate_module(own, activation).await.unwrap();
    store.append_audit(audit_entry(own)).await.unwrap();
}

fn audit_entry(own: ProjectRef) -> AuditEntry {
    AuditEntry {
        at: at(0),
        subject: "anna".into(),
        token: TokenId::random(),
        tenant: Some(own.tenant),
        project: Some(own.project),
        action: "a call".into(),
        target: "a thing".into(),
        outcome: AuditOutcome::Done,
        request_id: "a request".into(),
    }
}

pub(crate) async fn fill_jobs(store: &dyn Store, own: ProjectRef, id: PipelineId) -> Vec<Job> {
    let mut jobs = Vec::new();
    for n in 0..24_i64 {
        let new = Job {
            priority: Priority::ALL[n as usize % 4],
            submitted_by: if n % 3 == 0 { "anna".into() } else { "bert".into() },
            pipeline: (n % 2 == 0).then(|| pipeline(id)),
            created_at: at(if n == 7 { 0 } else { n }),
            not_before: (n % 5 == 0).then(|| at(n * 10)),
            parameters: "p".repeat(if n == 3 { 50_000 } else { 20 }),
            keep_partial_on_failure: true,
            notifications: Notifications {
                on_completion: false,
                on_failure: true,
                email_recipients: vec!["a@x.org".into()],
            },
            ..job(own)
        };
        let started = match n % 6 {
            0 => {
                jobs.push(submit(store, new).await);
                continue;
            }
            _ => running(store, new).await,
        };
        let attempt = started.current_attempt();
        let line =
            LogLine { at: at(n), attempt: 1, level: LogLevel::Info, stage: "s".into(), message: "m".into() };
        store.append_logs(attempt, vec![line]).await.unwrap();
        let blob = fuelcell_store::BlobRef { digest: Digest::of(b"checkpoint"), size: 10 };
        store.set_checkpoint(attempt, blob).await.unwrap();
        let finish = |transition| Finish {
            artifacts: vec![artifact("a"), artifact("b")],
            marks: vec!["item".into()],
            ..end(&started, transition, n + 5)
        };
        match n % 6 {
            1 => store.record_pulse(attempt, pulse(33), at(n)).await.unwrap(),
            2 => drop(store.request_cancel(own, started.id, cancel(n)).await.unwrap()),
            3 => drop(store.finish(finish(done())).await.unwrap()),
            4 => drop(store.finish(finish(failure())).await.unwrap()),
            _ => drop(store.finish(finish(transient_failure())).await.unwrap()),
        }
        jobs.push(started);
    }
    jobs
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_as_it_was() {
    let directory = TempDir::new().unwrap();
    let (own, id) = (project(), PipelineId::random());
    let store = crate::open(directory.path());
    fill_registry(&store, own).await;
    let jobs = fill_jobs(&store, own, id).await;
    let before = everything(&store, own, id, &jobs).await;
    drop(store);

    let store = crate::open(directory.path());
    assert_eq!(everything(&store, own, id, &jobs).await, before);
    // And it goes on from there.
    let next = submit(&store, job(own)).await;
    assert_eq!(next.ordinal, jobs.len() as u64 + 1);
    assert_eq!(store.put_pipeline(registered_pipeline(own)).await.unwrap().ordinal, 2);
    assert_eq!(start(&store, next.id, 9).await.attempt, 1);
    drop(store);
    let counts = crate::open(directory.path()).counts(own, &JobFilter::default()).await.unwrap();
    assert_eq!(counts.running, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_store_per_directory() {
    let directory = TempDir::new().unwrap();
    let _first = crate::open(directory.path());
    let second = SledStore::open(directory.path(), Options::default());
    assert!(matches!(&second, Err(StoreError::Conflict(reason)) if reason.contains("another process")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nearly_full_disk_is_not_opened() {
    let directory = TempDir::new().unwrap();
    let greedy = Options { free_bytes_to_open: u64::MAX, ..Options::default() };
    let refused = SledStore::open(directory.path(), greedy);
    assert!(matches!(&refused, Err(StoreError::Storage(reason)) if reason.contains("MiB are free")));
    drop(crate::open(directory.path()));
}
