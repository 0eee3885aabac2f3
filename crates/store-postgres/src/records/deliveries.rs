//! What is to be told of ended jobs.

use crate::database::Session;
use crate::record;
use crate::records::ledger::split;
use crate::work::Work;
use fuelcell_domain::{Delivery, DeliveryId, Job, Notices, ProjectRef};
use fuelcell_store::StoreError;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Whom a project tells.
pub(crate) async fn notices(session: &Session, project: ProjectRef) -> Result<Notices, StoreError> {
    let notices = "SELECT record FROM notices WHERE tenant = $1 AND project = $2";
    let notices = session.record("notices", notices, &[&project.tenant.0, &project.project.0]).await?;
    Ok(notices.unwrap_or_default())
}

/// Replaces whom a project tells.
pub(crate) async fn put_notices(
    work: &Work,
    project: ProjectRef,
    notices: &Notices,
) -> Result<(), StoreError> {
    let put = "INSERT INTO notices VALUES ($1, $2, $3) ON CONFLICT (tenant, project) DO UPDATE SET record = excluded.record";
    let record = record::write(notices)?;
    work.execute(put, &[&project.tenant.0, &project.project.0, &record]).await.map(drop)
}

/// Notes what is to be told of jobs that have just ended.
pub(crate) async fn note_ends(work: &Work, ended: &[&Job]) -> Result<(), StoreError> {
    if ended.is_empty() {
        return Ok(());
    }
    let (tenants, projects) = split(ended.iter().map(|job| &job.project));
    let known = "SELECT tenant, project, record FROM notices WHERE (tenant, project) IN \
        (SELECT * FROM unnest($1::uuid[], $2::uuid[]))";
    let mut notices: BTreeMap<ProjectRef, Notices> = BTreeMap::new();
    for row in work.query(known, &[&tenants, &projects]).await? {
        notices.insert(crate::records::ledger::project(&row), record::read("notices", row.get(2))?);
    }
    let none = Notices::default();
    let told = ended.iter().flat_map(|job| notices.get(&job.project).unwrap_or(&none).of_end(job));
    put(work, &told.collect::<Vec<_>>()).await
}

/// Writes deliveries as they stand now.
pub(crate) async fn put(work: &Work, deliveries: &[Delivery]) -> Result<(), StoreError> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let (tenants, projects) = split(deliveries.iter().map(|one| &one.project));
    let ids: Vec<Uuid> = deliveries.iter().map(|one| one.id.0).collect();
    let due: Vec<_> = deliveries.iter().map(|one| one.due_at.0).collect();
    let settled: Vec<_> = deliveries.iter().map(|one| one.state.is_settled()).collect();
    let jobs: Vec<Uuid> = deliveries.iter().map(|one| one.notice.job.0).collect();
    let states: Vec<_> = deliveries.iter().map(|one| one.state.as_str()).collect();
    let channels: Vec<_> = deliveries.iter().map(|one| one.to.channel().as_str()).collect();
    let records = record::write_all(deliveries)?;
    let put = "INSERT INTO deliveries SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], \
        $5::boolean[], $6::uuid[], $7::text[], $8::text[], $9::text[]) ON CONFLICT (tenant, project, delivery) \
        DO UPDATE SET due_at = excluded.due_at, settled = excluded.settled, state = excluded.state, record = excluded.record";
    work.execute(put, &[&tenants, &projects, &ids, &due, &settled, &jobs, &states, &channels, &records])
        .await
        .map(drop)
}

/// A project's delivery.
pub(crate) async fn find(
    session: &Session,
    project: ProjectRef,
    id: DeliveryId,
) -> Result<Option<Delivery>, StoreError> {
    let find = "SELECT record FROM deliveries WHERE tenant = $1 AND project = $2 AND delivery = $3";
    session.record("deliveries", find, &[&project.tenant.0, &project.project.0, &id.0]).await
}
