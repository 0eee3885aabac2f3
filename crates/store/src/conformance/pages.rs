//! Lists that are read page by page, while rows come and go.

use super::fixtures::{
    at, cancel, dataset, done, end, job, pipeline, project, registered_pipeline, running, start, submit,
    whole,
};
use super::registry::version;
use crate::pages::{QueueSpot, Row, TokenFilter};
use crate::{JobFilter, Page, Seek, Store};
use fuelcell_domain::JobType;
use fuelcell_domain::job::Priority;
use fuelcell_domain::{
    Activation, Dataset, DatasetId, Digest, Job, JobState, Pipeline, PipelineId, Project, ProjectId,
    ProjectRef, Role, Scope, SealedSecret, Tenant, TenantId, Token, TokenId, TokenKind,
};
use std::fmt::Debug;

/// Reads a list in pages of each length; each shows the rows in their order and each of them once.
async fn reads<T: Row + Clone + Debug + PartialEq>(
    expected: &[T],
    read: impl AsyncFn(Seek<T::Position>) -> Page<T>,
) {
    for limit in 1..=expected.len() + 1 {
        assert_eq!(whole(limit, &read).await, expected, "pages of {limit}");
    }
    let none = read(Seek { after: None, limit: 0 }).await;
    assert_eq!(none, Page { rows: Vec::new(), has_more: !expected.is_empty() });
}

pub async fn of_accounts(store: &dyn Store) {
    let tenant = |seconds| {
        let id = TenantId::random();
        Tenant { id, name: id.to_string(), created_at: at(seconds) }
    };
    // The last two were made in the same moment.
    let mut tenants = [3, 1, 2, 2].map(tenant);
    for tenant in &tenants {
        store.create_tenant(tenant.clone()).await.unwrap();
    }
    tenants.sort_by_key(Row::position);
    reads(&tenants, async |seek| store.tenants_page(seek).await.unwrap()).await;
    let own = tenants[0].id;
    let project = |seconds| {
        let id = ProjectRef { tenant: own, project: ProjectId::random() };
        Project { id, name: id.to_string(), created_at: at(seconds) }
    };
    let mut projects = [2, 1, 1].map(project);
    for project in &projects {
        store.create_project(project.clone()).await.unwrap();
    }
    projects.sort_by_key(Row::position);
    reads(&projects, async |seek| store.projects_page(own, seek).await.unwrap()).await;
    reads(&[], async |seek| store.projects_page(tenants[1].id, seek).await.unwrap()).await;

    let token = |number: u8, kind, scope| Token {
        id: TokenId::random(),
        kind,
        hash: Digest::of(&[number]),
        subject: "anna".into(),
        role: Role::Viewer,
        scope,
        created_at: at(9 - i64::from(number) / 2),
        revoked_at: None,
        expires_at: None,
    };
    let scopes = [Scope::Server, Scope::Tenant(own), Scope::Project(projects[0].id), Scope::Tenant(own)];
    let kinds = [TokenKind::Bearer, TokenKind::Bearer, TokenKind::Bearer, TokenKind::ApplicationPassword];
    let tokens: Vec<_> = (0..)
        .zip(kinds.into_iter().zip(scopes).cycle().take(12))
        .map(|(n, (kind, scope))| token(n, kind, scope))
        .collect();
    for token in &tokens {
        store.create_token(token.clone()).await.unwrap();
    }
    for scope in scopes {
        for kind in [TokenKind::Bearer, TokenKind::ApplicationPassword] {
            let filter = TokenFilter { kind, scope };
            let mut expected: Vec<_> = tokens.iter().filter(|token| filter.matches(token)).cloned().collect();
            expected.sort_by_key(Row::position);
            reads(&expected, async |seek| store.tokens_page(filter, seek).await.unwrap()).await;
        }
    }
}

pub async fn of_what_teams_keep(store: &dyn Store) {
    let (own, other) = (project(), project());
    let mut datasets = Vec::new();
    for (project, seconds) in [(own, 5), (own, 3), (other, 1), (own, 4), (own, 4)] {
        let new = Dataset { id: DatasetId::random(), created_at: at(seconds), ..dataset(project) };
        datasets.push(store.put_dataset(new).await.unwrap());
    }
    datasets.retain(|dataset| dataset.project == own);
    datasets.sort_by_key(Row::position);
    reads(&datasets, async |seek| store.datasets_page(own, seek).await.unwrap()).await;
    // One that is replaced keeps its place; a page begins behind a place where nothing is any more.
    let replaced = Dataset { created_at: at(99), digest: Digest::of(b"new"), ..datasets[0].clone() };
    datasets[0] = store.put_dataset(replaced).await.unwrap();
    store.delete_dataset(own, datasets[1].id).await.unwrap();
    let rest =
        store.datasets_page(own, Seek { after: Some(datasets[1].position()), limit: 9 }).await.unwrap();
    assert_eq!(rest.rows, datasets[2..]);
    datasets.remove(1);
    reads(&datasets, async |seek| store.datasets_page(own, seek).await.unwrap()).await;

    let mut pipelines = Vec::new();
    for project in [own, other, own, own] {
        let new = Pipeline { id: PipelineId::random(), ..registered_pipeline(project) };
        pipelines.push(store.put_pipeline(new).await.unwrap());
    }
    pipelines.retain(|pipeline| pipeline.project == own);
    reads(&pipelines, async |seek| store.pipelines_page(own, seek).await.unwrap()).await;

    for (name, number) in [("zebra", "1"), ("ant", "2"), ("zebra", "0"), ("bee", "1"), ("ant", "1")] {
        store.add_module_version(version(own, name, number)).await.unwrap();
    }
    store.delete_module_version(own, "bee", "1").await.unwrap();
    let seen = whole(9, async |seek| store.module_versions_page(own, None, seek).await.unwrap()).await;
    let names: Vec<_> = seen.iter().map(|(_, module)| (&module.name[..], &module.version[..])).collect();
    assert_eq!(names, [("ant", "2"), ("ant", "1"), ("zebra", "1"), ("zebra", "0")]);
    reads(&seen, async |seek| store.module_versions_page(own, None, seek).await.unwrap()).await;
    reads(&seen[2..], async |seek| store.module_versions_page(own, Some("zebra"), seek).await.unwrap()).await;
    reads(&[], async |seek| store.module_versions_page(own, Some("zeb"), seek).await.unwrap()).await;

    for number in 0..4 {
        let job_type = JobType::RESERVED[number % 2];
        let activation = Activation { job_type, module: None, by: "anna".into(), at: at(number as i64) };
        store.activate_module(own, activation).await.unwrap();
    }
    let seen = whole(9, async |seek| store.activations_page(own, seek).await.unwrap()).await;
    let plain: Vec<_> = seen.iter().map(|(_, activation)| activation.clone()).collect();
    assert_eq!(plain, store.activations(own).await.unwrap());
    reads(&seen, async |seek| store.activations_page(own, seek).await.unwrap()).await;

    for (project, name) in [(own, "B"), (own, "A"), (other, "C"), (own, "AA")] {
        let (sealed, by) = (vec![1], "anna".into());
        let (created_at, updated_at) = (at(1), at(1));
        let name = name.into();
        let secret = SealedSecret { project, name, headers: vec![], sealed, by, created_at, updated_at };
        store.put_secret(secret).await.unwrap();
    }
    let secrets = store.secrets(own).await.unwrap();
    assert_eq!(secrets.len(), 3);
    reads(&secrets, async |seek| store.secrets_page(own, seek).await.unwrap()).await;
}

pub async fn of_processed_items(store: &dyn Store) {
    let (own, line) = (project(), PipelineId::random());
    for id in [line, PipelineId::random()] {
        let started = running(store, Job { pipeline: Some(pipeline(id)), ..job(own) }).await;
        let marks = (0..7).map(|n| format!("item {n}")).collect();
        store.finish(crate::Finish { marks, ..end(&started, done(), 2) }).await.unwrap();
    }
    let all = crate::PageRequest { offset: 0, limit: 99 };
    let items = store.processed(own, line, all).await.unwrap().items;
    assert_eq!(items.len(), 7);
    reads(&items, async |seek| store.processed_page(own, line, seek).await.unwrap()).await;
}

/// While jobs come, move and are deleted, each that stays is shown once.
pub async fn of_jobs_that_come_and_go(store: &dyn Store) {
    let own = project();
    let mut known = Vec::new();
    for _ in 0..12 {
        known.push(running(store, job(own)).await);
    }
    let (mut shown, mut after, mut deleted) = (Vec::new(), None, Vec::new());
    let any = JobFilter::default();
    loop {
        let page = store.jobs_page(own, &any, Seek { after, limit: 2 }).await.unwrap();
        shown.extend(page.rows.iter().map(|job| job.id));
        after = page.next();
        if after.is_none() {
            break;
        }
        // One comes, the newest that was shown goes, and so does one that was not.
        submit(store, job(own)).await;
        for place in [shown.len(), 12 - shown.len()] {
            let Some(gone) = known.get(12 - place).filter(|job| !deleted.contains(&job.id)) else { continue };
            store.finish(end(gone, done(), 3)).await.unwrap();
            store.delete_ended(own, gone.id).await.unwrap();
            deleted.push(gone.id);
        }
    }
    let stayed = known.iter().rev().map(|job| job.id).filter(|id| !deleted.contains(id));
    let stayed: Vec<_> = stayed.collect();
    assert!(!deleted.is_empty() && !stayed.is_empty());
    let seen: Vec<_> = shown.iter().copied().filter(|id| stayed.contains(id)).collect();
    assert_eq!(seen, stayed, "each once, newest first");

    let filter = JobFilter { states: vec![JobState::Running, JobState::Queued], ..any.clone() };
    let all = crate::PageRequest { offset: 0, limit: 99 };
    for filter in [any, filter, JobFilter { priority: Some(Priority::Low), ..JobFilter::default() }] {
        let expected = store.list(own, &filter, all).await.unwrap().jobs;
        reads(&expected, async |seek| store.jobs_page(own, &filter, seek).await.unwrap()).await;
    }
}

/// From the oldest on, too, while those that were shown and others are deleted.
pub async fn of_jobs_from_the_oldest(store: &dyn Store) {
    let own = project();
    let mut known = Vec::new();
    for _ in 0..12 {
        known.push(running(store, job(own)).await);
    }
    let (mut shown, mut after) = (Vec::new(), None);
    let any = JobFilter::default();
    loop {
        let some = store.oldest_jobs(own, &any, after, 2).await.unwrap();
        let Some(last) = some.last() else { break };
        after = Some(last.ordinal);
        shown.extend(some.iter().map(|job| job.id));
        // One that was shown goes, and the one behind it.
        let behind = known.iter().skip_while(|job| job.ordinal < last.ordinal);
        for gone in behind.take(2).filter(|_| shown.len() < 6) {
            store.finish(end(gone, done(), 3)).await.unwrap();
            store.delete_ended(own, gone.id).await.unwrap();
        }
    }
    let ids = [0, 1, 3, 4, 6, 7, 8, 9, 10, 11].map(|number: usize| known[number].id);
    assert_eq!(shown, ids, "each that stays once, oldest first");
}

/// A queue is read as it is seen at one moment, also when the times of jobs come meanwhile.
pub async fn of_a_queue(store: &dyn Store) {
    let (own, other) = (project(), project());
    let put = async |project, priority, not_before: Option<i64>| {
        submit(store, Job { priority, not_before: not_before.map(at), ..job(project) }).await
    };
    let low = put(own, Priority::Low, None).await;
    let later = put(own, Priority::Critical, Some(50)).await;
    let high = put(own, Priority::High, None).await;
    put(other, Priority::High, None).await;
    let latest = put(own, Priority::Critical, Some(60)).await;
    let soon = put(own, Priority::High, Some(20)).await;
    let order = [&high, &low, &soon, &later, &latest].map(|job| (QueueSpot::of(job, at(9)), job.clone()));
    reads(&order, async |seek| store.queue_page(own, at(9), seek).await.unwrap()).await;
    let page = async |after, limit| store.queue_page(own, at(9), Seek { after, limit }).await.unwrap();
    let first = page(None, 1).await;
    assert_eq!(first.rows, order[..1]);
    // Somebody looks at the queue later: in the page that goes on, nobody moves.
    assert_eq!(store.ready(at(55), 9).await.unwrap().len(), 5);
    let second = page(first.next(), 2).await;
    assert_eq!(second.rows, order[1..3]);
    // What was shown goes and what was not comes.
    start(store, high.id, 55).await;
    store.request_cancel(own, later.id, cancel(56)).await.unwrap();
    let urgent = put(own, Priority::Critical, None).await;
    let last = page(second.next(), 9).await;
    assert_eq!(last, Page { rows: order[4..].to_vec(), has_more: false });
    let now = [&urgent, &soon, &low, &latest].map(|job| (QueueSpot::of(job, at(55)), job.clone()));
    reads(&now, async |seek| store.queue_page(own, at(55), seek).await.unwrap()).await;
}
