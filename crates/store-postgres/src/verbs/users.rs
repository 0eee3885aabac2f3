//! What refers to a dataset or a module version, in words.

use super::pipelines;
use crate::database::Session;
use crate::record;
use crate::records::job;
use crate::work::Work;
use fuelcell_domain::{Activation, ProjectRef};
use fuelcell_store::StoreError;
use fuelcell_store::references::Referent;
pub(super) use fuelcell_store::references::refuse_if_used as refuse_used;

pub(super) async fn users(
    work: &Work,
    project: ProjectRef,
    referent: &Referent,
) -> Result<Vec<String>, StoreError> {
    let pipelines = pipelines::all(work, project).await?;
    let mut users: Vec<_> =
        pipelines.iter().filter_map(|pipeline| referent.use_by_pipeline(pipeline)).collect();
    let mut active: Vec<Activation> = activations(work, project).await?;
    // Of each type the newest, which comes first.
    active.sort_by_key(|activation| activation.job_type);
    active.dedup_by_key(|activation| activation.job_type);
    users.extend(active.iter().filter_map(|activation| referent.use_by_activation(activation)));
    let unfinished = "SELECT j.spec, p.state FROM jobs j JOIN places p USING (job) \
        WHERE j.job IN (SELECT job FROM queue WHERE tenant = $1 AND project = $2 \
        UNION ALL SELECT job FROM running WHERE tenant = $1 AND project = $2) ORDER BY j.ordinal";
    for row in work.query(unfinished, &[&project.tenant.0, &project.project.0]).await? {
        let mut job: fuelcell_domain::Job = record::read("jobs", row.get(0))?;
        job.state = job::state(row.get(1))?;
        users.extend(referent.use_by_job(&job));
    }
    Ok(users)
}

/// All activations of a project, newest first.
pub(super) async fn activations(session: &Session, own: ProjectRef) -> Result<Vec<Activation>, StoreError> {
    let all = "SELECT record FROM activations WHERE tenant = $1 AND project = $2 ORDER BY number DESC";
    session.records("activations", all, &[&own.tenant.0, &own.project.0]).await
}
