//! Items that completed jobs marked, and their number by pipeline.

use crate::store::SledStore;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table, counters};
use crate::write::overlay::Overlay;
use async_trait::async_trait;
use fuelcell_domain::{Digest, Job, PipelineId, ProjectRef};
use fuelcell_store::pages::Pager;
use fuelcell_store::verbs::Processed;
use fuelcell_store::{Page, PageRequest, ProcessedItem, ProcessedPage, Seek, StoreError, Total};
use std::collections::BTreeMap;

#[async_trait]
impl Processed for SledStore {
    async fn is_processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        key: &str,
    ) -> Result<bool, StoreError> {
        let key = keys::processed(project, pipeline, key);
        Ok(self.database()?.value(Table::ProcessedItems, &key)?.is_some())
    }

    async fn processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        page: PageRequest,
    ) -> Result<ProcessedPage, StoreError> {
        self.read_many(move |shared| self::page(&shared.database, project, pipeline, page)).await
    }

    async fn processed_page(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        seek: Seek<Digest>,
    ) -> Result<Page<ProcessedItem>, StoreError> {
        self.read_many(move |shared| page_behind(&shared.database, project, pipeline, &seek)).await
    }

    async fn forget_processed(
        &self,
        project: ProjectRef,
        pipeline: Option<PipelineId>,
        limit: usize,
    ) -> Result<u64, StoreError> {
        let found = self.read_many(move |shared| find(&shared.database, project, pipeline, limit)).await?;
        self.end(move |overlay| forget(overlay, &found)).await
    }
}

/// Keeps the marks of a job that completed. What was marked before stays as it was.
pub(crate) fn mark(overlay: &mut Overlay<'_>, job: &Job, marks: &[String]) -> Result<(), StoreError> {
    let Some(pipeline) = &job.pipeline else { return Ok(()) };
    let at = job.ended_at.unwrap_or(job.updated_at);
    let mut new = 0;
    for mark in marks {
        let key = keys::processed(job.project, pipeline.id, mark);
        if overlay.value(Table::ProcessedItems, &key)?.is_none() {
            let item = ProcessedItem { key: mark.clone(), job: job.id, at };
            overlay.put(Table::ProcessedItems, &key, &item)?;
            new += 1;
        }
    }
    let counter = counters::processed(job.project, pipeline.id);
    match new {
        0 => Ok(()),
        new => {
            let before: u32 = overlay.get(Table::Counters, &counter)?.unwrap_or(0);
            overlay.put(Table::Counters, &counter, &before.saturating_add(new))
        }
    }
}

pub(crate) fn page(
    database: &Database,
    project: ProjectRef,
    pipeline: PipelineId,
    page: PageRequest,
) -> Result<ProcessedPage, StoreError> {
    let total: u32 = database.get(Table::Counters, &counters::processed(project, pipeline))?.unwrap_or(0);
    let prefix = keys::in_project(project, *pipeline.0.as_bytes());
    let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let mut items: Vec<ProcessedItem> = Vec::new();
    for key in database.some_keys(Table::ProcessedItems, &prefix, offset, page.limit)? {
        items.extend(database.get(Table::ProcessedItems, &key)?);
    }
    Ok(ProcessedPage { items, total: Total::exact(total.into()) })
}

/// Keys sort as the digests of the items' keys do.
pub(crate) fn page_behind(
    database: &Database,
    project: ProjectRef,
    pipeline: PipelineId,
    seek: &Seek<Digest>,
) -> Result<Page<ProcessedItem>, StoreError> {
    let prefix = keys::in_project(project, *pipeline.0.as_bytes());
    let after = seek.after.map(|digest| [&prefix[..], &digest.0].concat());
    let mut pager = Pager::new(seek.limit);
    database.visit_behind(Table::ProcessedItems, &prefix, after, |_, item| pager.push(item))?;
    Ok(pager.finish())
}

/// Keys of items to forget.
pub(crate) fn find(
    database: &Database,
    project: ProjectRef,
    pipeline: Option<PipelineId>,
    limit: usize,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let prefix = match pipeline {
        Some(pipeline) => keys::in_project(project, *pipeline.0.as_bytes()),
        None => keys::project(project),
    };
    database.some_keys(Table::ProcessedItems, &prefix, 0, limit)
}

/// Forgets the items with these keys, as far as they are there, and says how many.
pub(crate) fn forget(overlay: &mut Overlay<'_>, found: &[Vec<u8>]) -> Result<u64, StoreError> {
    let mut gone: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    for key in found {
        if overlay.value(Table::ProcessedItems, key)?.is_some() {
            overlay.remove(Table::ProcessedItems, key)?;
            *gone.entry(counters::processed_of(key)).or_default() += 1;
        }
    }
    for (counter, gone) in &gone {
        let before: u32 = overlay.get(Table::Counters, counter)?.unwrap_or(0);
        overlay.put(Table::Counters, counter, &before.saturating_sub(*gone))?;
    }
    Ok(gone.values().map(|gone| u64::from(*gone)).sum())
}
