//! The audit log.

use super::fixtures::{at, job, project};
use crate::{IdempotencyKey, NewJob, Store, Submitted};
use fuelcell_domain::{
    AUDIT_PAGE_BYTES, AuditEntry, AuditFilter, AuditOutcome, Digest, Job, ProjectRef, TokenId,
};

pub(super) fn entry(project: Option<ProjectRef>, subject: &str, seconds: i64) -> AuditEntry {
    AuditEntry {
        at: at(seconds),
        subject: subject.into(),
        token: TokenId::random(),
        tenant: project.map(|project| project.tenant),
        project: project.map(|project| project.project),
        action: "PUT something".into(),
        target: "something".into(),
        outcome: AuditOutcome::Refused("Conflict".into()),
        request_id: "r".into(),
    }
}

pub async fn pages(store: &dyn Store) {
    let (own, other) = (project(), project());
    let entries = [
        entry(Some(own), "anna", 1),
        entry(None, "operator", 2),
        entry(Some(other), "anna", 3),
        entry(Some(ProjectRef { project: other.project, ..own }), "bert", 4),
        entry(Some(own), "bert", 5),
    ];
    let page = async |filter: AuditFilter, before, limit| store.audit(&filter, before, limit).await.unwrap();
    assert_eq!(page(AuditFilter::default(), None, 9).await, []);
    for entry in &entries {
        store.append_audit(entry.clone()).await.unwrap();
    }
    let of = |indices: &[usize]| indices.iter().map(|index| entries[*index].clone()).collect::<Vec<_>>();
    let shown = async |filter: AuditFilter| {
        page(filter, None, 9).await.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>()
    };
    assert_eq!(shown(AuditFilter::default()).await, of(&[4, 3, 2, 1, 0]), "newest first");
    let tenant = AuditFilter { tenant: Some(own.tenant), ..AuditFilter::default() };
    assert_eq!(shown(tenant.clone()).await, of(&[4, 3, 0]));
    let in_project = AuditFilter { project: Some(own.project), ..tenant.clone() };
    assert_eq!(shown(in_project).await, of(&[4, 0]));
    assert_eq!(shown(AuditFilter { subject: Some("anna".into()), ..tenant.clone() }).await, of(&[0]));
    assert_eq!(shown(AuditFilter { tenant: Some(project().tenant), ..tenant.clone() }).await, of(&[]));

    for filter in [AuditFilter::default(), tenant] {
        let whole = page(filter.clone(), None, 9).await;
        let mut joined = Vec::new();
        while let part @ [_, ..] =
            &page(filter.clone(), joined.last().map(|(number, _)| *number), 2).await[..]
        {
            assert!(part.len() <= 2);
            joined.extend_from_slice(part);
        }
        assert_eq!(joined, whole);
    }
}

pub async fn long_pages(store: &dyn Store) {
    let long = |seconds| AuditEntry { target: "x".repeat(AUDIT_PAGE_BYTES / 3), ..entry(None, "s", seconds) };
    for second in 1..=7 {
        store.append_audit(long(second)).await.unwrap();
    }
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = store.audit(&AuditFilter::default(), before, 100).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        assert!(page.len() <= 3, "{} long entries at once", page.len());
        before = Some(*last);
        all.extend(page.iter().map(|(number, _)| *number));
    }
    assert_eq!(all, [7, 6, 5, 4, 3, 2, 1]);
}

pub async fn of_submissions(store: &dyn Store) {
    let own = project();
    let key = |body: &[u8]| Some(IdempotencyKey { key: "key".into(), body: Digest::of(body) });
    let new = |job: Job, body: &[u8], subject: &str| NewJob {
        job,
        idempotency: key(body),
        audit: Some(entry(Some(own), subject, 1)),
    };
    let first = job(own);
    let queued = store.submit(new(first.clone(), b"body", "anna")).await.unwrap();
    assert!(matches!(queued, Submitted::Queued(_)));
    let repeated = store.submit(new(job(own), b"body", "bert")).await.unwrap();
    assert!(matches!(repeated, Submitted::Repeated(_)));
    let conflict = store.submit(new(job(own), b"other", "carl")).await.unwrap();
    assert!(matches!(conflict, Submitted::KeyConflict));
    let twin = NewJob { idempotency: None, ..new(Job { name: "another".into(), ..first }, b"", "dora") };
    assert!(store.submit(twin).await.is_err());
    let written = store.audit(&AuditFilter::default(), None, 9).await.unwrap();
    let subjects: Vec<_> = written.iter().map(|(_, entry)| entry.subject.as_str()).collect();
    assert_eq!(subjects, ["anna"], "only what was queued is written down here");
}

pub async fn old_entries_are_forgotten(store: &dyn Store) {
    let (own, other) = (project(), project());
    for (second, owner) in [(1, Some(own)), (2, None), (3, Some(other)), (9, Some(own)), (4, None)] {
        store.append_audit(entry(owner, "anna", second)).await.unwrap();
    }
    let numbers = async || {
        let entries = store.audit(&AuditFilter::default(), None, 9).await.unwrap();
        entries.into_iter().map(|(number, _)| number).collect::<Vec<_>>()
    };
    assert_eq!(store.forget_audit(at(0), 9).await.unwrap(), 0);
    assert_eq!(store.forget_audit(at(5), 2).await.unwrap(), 2);
    assert_eq!(numbers().await, [5, 4, 3]);
    // What came after one that stays, stays.
    assert_eq!(store.forget_audit(at(5), 9).await.unwrap(), 1);
    assert_eq!(store.forget_audit(at(5), 9).await.unwrap(), 0);
    assert_eq!(numbers().await, [5, 4]);
    assert_eq!(store.forget_audit(at(9), 9).await.unwrap(), 2);
    assert_eq!(numbers().await, Vec::<u64>::new());
    store.append_audit(entry(Some(own), "anna", 10)).await.unwrap();
    assert_eq!(numbers().await, [6]);
}

pub async fn no_more_than_so_many_are_kept(store: &dyn Store) {
    let (own, other) = (project(), project());
    let numbers = async || {
        let entries = store.audit(&AuditFilter::default(), None, 9).await.unwrap();
        entries.into_iter().map(|(number, _)| number).collect::<Vec<_>>()
    };
    assert_eq!(store.trim_audit(0, 9).await.unwrap(), 0);
    for (second, owner) in [(1, Some(own)), (2, None), (3, Some(other)), (4, Some(own)), (5, None)] {
        store.append_audit(entry(owner, "anna", second)).await.unwrap();
    }
    for most in [5, 6, u64::MAX] {
        assert_eq!(store.trim_audit(most, 9).await.unwrap(), 0);
    }
    assert_eq!(store.trim_audit(2, 2).await.unwrap(), 2);
    assert_eq!(store.trim_audit(2, 9).await.unwrap(), 1);
    assert_eq!(numbers().await, [5, 4]);
    // Those that are forgotten by their age count no more.
    assert_eq!(store.forget_audit(at(4), 9).await.unwrap(), 1);
    store.append_audit(entry(Some(other), "anna", 6)).await.unwrap();
    assert_eq!(store.trim_audit(2, 9).await.unwrap(), 0);
    assert_eq!(numbers().await, [6, 5]);
    assert_eq!(store.trim_audit(0, 9).await.unwrap(), 2);
    assert_eq!(numbers().await, Vec::<u64>::new());
}
