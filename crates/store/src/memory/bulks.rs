//! Things that are done with many jobs.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::bulks::{check_end, check_step};
use crate::pages::{Page, Seek, cut};
use crate::verbs::Bulks;
use async_trait::async_trait;
use fuelcell_domain::bulk::parts;
use fuelcell_domain::{BulkId, BulkJob, BulkPart, BulkRun, ProjectRef, Timestamp};
use std::cmp::Reverse;

#[async_trait]
impl Bulks for MemoryStore {
    async fn begin_bulk(&self, run: BulkRun, jobs: Vec<BulkJob>) -> Result<BulkRun, StoreError> {
        let mut records = self.records();
        records.refuse_removed(run.project)?;
        let entry = records.bulks.entry((run.project, run.id)).or_insert_with(|| (run, parts(jobs)));
        Ok(entry.0.clone())
    }

    async fn bulk(&self, project: ProjectRef, id: BulkId) -> Result<Option<BulkRun>, StoreError> {
        Ok(self.records().bulks.get(&(project, id)).map(|(run, _)| run.clone()))
    }

    async fn bulk_part(
        &self,
        project: ProjectRef,
        id: BulkId,
        part: u32,
    ) -> Result<Option<BulkPart>, StoreError> {
        let records = self.records();
        let known = records.bulks.get(&(project, id));
        Ok(known.and_then(|(_, parts)| parts.get(part as usize)).cloned())
    }

    async fn bulks(
        &self,
        project: ProjectRef,
        seek: Seek<Reverse<BulkId>>,
    ) -> Result<Page<BulkRun>, StoreError> {
        let records = self.records();
        let own = records.runs().rev().filter(|run| run.project == project);
        Ok(cut(own.cloned().collect(), &seek))
    }

    async fn running_bulks(&self) -> Result<Vec<BulkRun>, StoreError> {
        Ok(self.records().runs().filter(|run| run.is_running()).cloned().collect())
    }

    async fn step_bulk(
        &self,
        before: BulkRun,
        after: BulkRun,
        part: Option<BulkPart>,
    ) -> Result<(), StoreError> {
        let mut records = self.records();
        let key = (before.project, before.id);
        check_step(records.bulks.get(&key).map(|(run, _)| run), &before)?;
        let Some((run, parts)) = records.bulks.get_mut(&key) else { return Ok(()) };
        *run = after;
        if let Some(part) = part
            && let Some(place) = parts.get_mut(part.number as usize)
        {
            *place = part;
        }
        Ok(())
    }

    async fn forget_bulk(&self, project: ProjectRef, id: BulkId) -> Result<(), StoreError> {
        let mut records = self.records();
        check_end(records.bulks.get(&(project, id)).map(|(run, _)| run))?;
        records.bulks.remove(&(project, id));
        Ok(())
    }

    async fn ended_bulks(&self, until: Timestamp, limit: usize) -> Result<Vec<BulkRun>, StoreError> {
        let records = self.records();
        let ended = records.runs().filter(|run| run.ended_at.is_some_and(|end| end <= until));
        Ok(ended.take(limit).cloned().collect())
    }
}

impl Records {
    fn runs(&self) -> impl DoubleEndedIterator<Item = &BulkRun> {
        self.bulks.values().map(|(run, _)| run)
    }
}
