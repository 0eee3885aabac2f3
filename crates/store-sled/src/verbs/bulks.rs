//! Things that are done with many jobs.

use crate::records::removed::refuse_removed;
use crate::store::SledStore;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table};
use crate::write::overlay::Overlay;
use async_trait::async_trait;
use fuelcell_domain::bulk::{BULK_PART, parts};
use fuelcell_domain::{BulkId, BulkJob, BulkPart, BulkRun, ProjectRef, Timestamp};
use fuelcell_store::bulks::{check_end, check_step};
use fuelcell_store::pages::Pager;
use fuelcell_store::verbs::Bulks;
use fuelcell_store::{Page, Seek, StoreError};
use std::cmp::Reverse;
use std::ops::ControlFlow;

#[async_trait]
impl Bulks for SledStore {
    async fn begin_bulk(&self, run: BulkRun, jobs: Vec<BulkJob>) -> Result<BulkRun, StoreError> {
        self.write(move |overlay| begin(overlay, run, jobs)).await
    }

    async fn bulk(&self, project: ProjectRef, id: BulkId) -> Result<Option<BulkRun>, StoreError> {
        self.database()?.get(Table::Bulks, &keys::bulk(project, id))
    }

    async fn bulk_part(
        &self,
        project: ProjectRef,
        id: BulkId,
        part: u32,
    ) -> Result<Option<BulkPart>, StoreError> {
        let jobs = self.database()?.get(Table::BulkJobs, &keys::bulk_part(project, id, part))?;
        Ok(jobs.map(|jobs| BulkPart { number: part, jobs }))
    }

    async fn bulks(
        &self,
        project: ProjectRef,
        seek: Seek<Reverse<BulkId>>,
    ) -> Result<Page<BulkRun>, StoreError> {
        self.read_many(move |shared| page(&shared.database, project, &seek)).await
    }

    async fn running_bulks(&self) -> Result<Vec<BulkRun>, StoreError> {
        self.read_many(|shared| running(&shared.database)).await
    }

    async fn step_bulk(
        &self,
        before: BulkRun,
        after: BulkRun,
        part: Option<BulkPart>,
    ) -> Result<(), StoreError> {
        self.end(move |overlay| step(overlay, &before, &after, part)).await
    }

    async fn forget_bulk(&self, project: ProjectRef, id: BulkId) -> Result<(), StoreError> {
        self.end(move |overlay| forget(overlay, project, id)).await
    }

    async fn ended_bulks(&self, until: Timestamp, limit: usize) -> Result<Vec<BulkRun>, StoreError> {
        self.read_many(move |shared| ended(&shared.database, until, limit)).await
    }
}

fn begin(overlay: &mut Overlay<'_>, run: BulkRun, jobs: Vec<BulkJob>) -> Result<BulkRun, StoreError> {
    refuse_removed(overlay, run.project)?;
    let key = keys::bulk(run.project, run.id);
    if let Some(known) = overlay.get(Table::Bulks, &key)? {
        return Ok(known);
    }
    for BulkPart { number, jobs } in parts(jobs) {
        overlay.put(Table::BulkJobs, &keys::bulk_part(run.project, run.id, number), &jobs)?;
    }
    overlay.put(Table::Bulks, &key, &run)?;
    overlay.put(Table::RunningBulks, &key, &())?;
    Ok(run)
}

fn step(
    overlay: &mut Overlay<'_>,
    before: &BulkRun,
    after: &BulkRun,
    part: Option<BulkPart>,
) -> Result<(), StoreError> {
    let key = keys::bulk(before.project, before.id);
    check_step(overlay.get(Table::Bulks, &key)?.as_ref(), before)?;
    overlay.put(Table::Bulks, &key, after)?;
    if !after.is_running() {
        overlay.remove(Table::RunningBulks, &key)?;
    }
    match part {
        Some(BulkPart { number, jobs }) => {
            overlay.put(Table::BulkJobs, &keys::bulk_part(before.project, before.id, number), &jobs)
        }
        None => Ok(()),
    }
}

fn forget(overlay: &mut Overlay<'_>, project: ProjectRef, id: BulkId) -> Result<(), StoreError> {
    let key = keys::bulk(project, id);
    let run: Option<BulkRun> = overlay.get(Table::Bulks, &key)?;
    check_end(run.as_ref())?;
    let parts = run.map_or(0, |run| run.jobs.div_ceil(BULK_PART as u64));
    for number in 0..u32::try_from(parts).unwrap_or(u32::MAX) {
        overlay.remove(Table::BulkJobs, &keys::bulk_part(project, id, number))?;
    }
    overlay.remove(Table::Bulks, &key)
}

fn page(
    database: &Database,
    project: ProjectRef,
    seek: &Seek<Reverse<BulkId>>,
) -> Result<Page<BulkRun>, StoreError> {
    let end = match seek.after {
        Some(Reverse(id)) => keys::bulk(project, id),
        None => keys::behind_ids(project),
    };
    let mut pager = Pager::new(seek.limit);
    database.visit_back(Table::Bulks, &keys::project(project), &end, |_, run| pager.push(run))?;
    Ok(pager.finish())
}

fn running(database: &Database) -> Result<Vec<BulkRun>, StoreError> {
    let keys = database.keys(Table::RunningBulks, &[])?;
    keys.iter().filter_map(|key| database.get(Table::Bulks, key).transpose()).collect()
}

fn ended(database: &Database, until: Timestamp, limit: usize) -> Result<Vec<BulkRun>, StoreError> {
    let mut found = Vec::new();
    database.visit(Table::Bulks, &[], |_, run: BulkRun| {
        if found.len() >= limit {
            return ControlFlow::Break(());
        }
        if run.ended_at.is_some_and(|end| end <= until) {
            found.push(run);
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}
