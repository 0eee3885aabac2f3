//! Tenants, projects, tokens, and that nothing crosses from one project to another.

use super::fixtures::{at, cancel, dataset, job, project, registered_pipeline, submit};
use crate::{JobFilter, PageRequest, Store, StoreError, Total};
use fuelcell_domain::{
    Digest, Project, ProjectId, ProjectRef, Role, Scope, Tenant, TenantId, Token, TokenId, TokenKind,
};

fn tenant(seconds: i64) -> Tenant {
    Tenant { id: TenantId::random(), name: format!("tenant {seconds}"), created_at: at(seconds) }
}

pub async fn tenants_and_projects(store: &dyn Store) {
    let (young, old) = (tenant(2), tenant(1));
    for tenant in [&young, &old] {
        store.create_tenant(tenant.clone()).await.unwrap();
    }
    assert_eq!(store.tenants().await.unwrap(), [old.clone(), young.clone()]);
    assert_eq!(store.tenant(old.id).await.unwrap(), Some(old.clone()));
    assert_eq!(store.tenant(TenantId::random()).await.unwrap(), None);
    let again = store.create_tenant(Tenant { name: "other".into(), ..old.clone() }).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");

    let new = |tenant: TenantId, seconds| Project {
        id: ProjectRef { tenant, project: ProjectId::random() },
        name: format!("project {seconds}"),
        created_at: at(seconds),
    };
    let orphan = store.create_project(new(TenantId::random(), 1)).await;
    assert!(matches!(orphan, Err(StoreError::NotFound("tenant"))), "{orphan:?}");
    let (second, first, foreign) = (new(old.id, 9), new(old.id, 8), new(young.id, 7));
    for project in [&second, &first, &foreign] {
        store.create_project(project.clone()).await.unwrap();
    }
    let again = store.create_project(second.clone()).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    assert_eq!(store.projects(old.id).await.unwrap(), [first.clone(), second]);
    assert_eq!(store.project(first.id).await.unwrap(), Some(first.clone()));
    let crossed = ProjectRef { tenant: young.id, ..first.id };
    assert_eq!(store.project(crossed).await.unwrap(), None);
}

pub async fn tokens(store: &dyn Store) {
    let token = |secret: &str, seconds| Token {
        id: TokenId::random(),
        kind: TokenKind::Bearer,
        hash: Digest::of(secret.as_bytes()),
        subject: "anna".into(),
        role: Role::Submitter,
        scope: Scope::Project(project()),
        created_at: at(seconds),
        revoked_at: None,
        expires_at: None,
    };
    let (young, old) = (token("young", 2), token("old", 1));
    for token in [&young, &old] {
        store.create_token(token.clone()).await.unwrap();
    }
    assert_eq!(store.tokens().await.unwrap(), [old.clone(), young.clone()]);
    for twin in [Token { id: old.id, ..token("other", 3) }, token("old", 3)] {
        let refused = store.create_token(twin).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    }
    assert_eq!(store.tokens().await.unwrap().len(), 2);
    assert_eq!(store.token_by_hash(young.hash).await.unwrap(), Some(young.clone()));
    assert_eq!(store.token_by_hash(Digest::of(b"unknown")).await.unwrap(), None);

    store.revoke_token(young.id, at(10)).await.unwrap();
    store.revoke_token(young.id, at(11)).await.unwrap();
    let revoked = Token { revoked_at: Some(at(10)), ..young };
    assert_eq!(store.token_by_hash(revoked.hash).await.unwrap(), Some(revoked.clone()));
    assert_eq!(store.tokens().await.unwrap(), [old, revoked]);
    let unknown = store.revoke_token(TokenId::random(), at(1)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound("token"))), "{unknown:?}");
}

pub async fn the_last_operator_stays(store: &dyn Store) {
    let operator = |expires_at| Token {
        id: TokenId::random(),
        kind: TokenKind::Bearer,
        hash: Digest::of(TokenId::random().0.as_bytes()),
        subject: "operator".into(),
        role: Role::Operator,
        scope: Scope::Server,
        created_at: at(1),
        revoked_at: None,
        expires_at,
    };
    let (one, other, brief) = (operator(None), operator(None), operator(Some(at(20))));
    for token in [&one, &other, &brief] {
        store.create_token(token.clone()).await.unwrap();
    }
    assert_eq!(store.token_by_hash(brief.hash).await.unwrap(), Some(brief.clone()));
    // Of two that go at the same time one stays, when the brief one has ended.
    let (first, second) =
        tokio::join!(store.revoke_token(one.id, at(20)), store.revoke_token(other.id, at(20)));
    let refused = |answer: &Result<(), StoreError>| matches!(answer, Err(StoreError::LastOperator));
    assert!(refused(&first) != refused(&second), "{first:?} {second:?}");
    let (gone, left) = if first.is_ok() { (one, other) } else { (other, one) };
    // What opens nothing any more may go, and does a second time.
    store.revoke_token(gone.id, at(21)).await.unwrap();
    store.revoke_token(brief.id, at(21)).await.unwrap();
    assert!(refused(&store.revoke_token(left.id, at(21)).await));
    store.create_token(operator(Some(at(30)))).await.unwrap();
    store.revoke_token(left.id, at(22)).await.unwrap();
}

pub async fn other_projects_see_nothing(store: &dyn Store) {
    let own = project();
    let first = submit(store, job(own)).await;
    let dataset = store.put_dataset(dataset(own)).await.unwrap();
    let pipeline = store.put_pipeline(registered_pipeline(own)).await.unwrap();
    // A sister project of the tenant, the same project id under another tenant, and a stranger.
    let others = [
        ProjectRef { project: ProjectId::random(), ..own },
        ProjectRef { tenant: TenantId::random(), ..own },
        project(),
    ];
    for other in others {
        assert_eq!(store.job(other, first.id).await.unwrap(), None);
        assert_eq!(store.dataset(other, dataset.id).await.unwrap(), None);
        assert_eq!(store.pipeline(other, pipeline.id).await.unwrap(), None);
        assert!(!store.is_processed(other, pipeline.id, "key").await.unwrap());
        let cancelled = store.request_cancel(other, first.id, cancel(1)).await;
        assert!(matches!(cancelled, Err(StoreError::NotFound("job"))), "{cancelled:?}");
        let page =
            store.list(other, &JobFilter::default(), PageRequest { offset: 0, limit: 10 }).await.unwrap();
        assert_eq!((page.jobs.len(), page.total), (0, Total::exact(0)));
        assert_eq!(store.counts(other, &JobFilter::default()).await.unwrap().total(), 0);
        // Its own numbering starts at 1, too.
        assert_eq!(submit(store, job(other)).await.ordinal, 1);
    }
    assert_eq!(store.job(own, first.id).await.unwrap(), Some(first));
}
