//! The audit log.

use super::fixtures::{at, project};
use crate::Store;
use fuelcell_domain::{AuditEntry, AuditFilter, AuditOutcome, ProjectRef, TokenId};

fn entry(project: Option<ProjectRef>, subject: &str, seconds: i64) -> AuditEntry {
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

pub(super) async fn pages(store: &dyn Store) {
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
