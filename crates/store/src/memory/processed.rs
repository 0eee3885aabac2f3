//! Items of input that completed jobs of a pipeline marked.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::jobs::{PageRequest, Total};
use crate::pages::{Page, Seek, cut};
use crate::processed::{ProcessedItem, ProcessedPage};
use crate::verbs::Processed;
use async_trait::async_trait;
use fuelcell_domain::{Digest, Job, PipelineId, ProjectRef};

#[async_trait]
impl Processed for MemoryStore {
    async fn is_processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        key: &str,
    ) -> Result<bool, StoreError> {
        Ok(self.records().processed.contains_key(&(project, pipeline, key.to_owned())))
    }

    async fn processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        page: PageRequest,
    ) -> Result<ProcessedPage, StoreError> {
        Ok(self.records().processed(project, pipeline, page))
    }

    async fn processed_page(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        seek: Seek<Digest>,
    ) -> Result<Page<ProcessedItem>, StoreError> {
        let all = PageRequest { offset: 0, limit: usize::MAX };
        Ok(cut(self.records().processed(project, pipeline, all).items, &seek))
    }

    async fn forget_processed(
        &self,
        project: ProjectRef,
        pipeline: Option<PipelineId>,
        limit: usize,
    ) -> Result<u64, StoreError> {
        Ok(self.records().forget_processed(project, pipeline, limit))
    }
}

impl Records {
    pub(super) fn mark_processed(&mut self, job: &Job, marks: Vec<String>) {
        let Some(pipeline) = &job.pipeline else { return };
        let at = job.ended_at.unwrap_or(job.updated_at);
        for key in marks {
            let item = ProcessedItem { key: key.clone(), job: job.id, at };
            self.processed.entry((job.project, pipeline.id, key)).or_insert(item);
        }
    }

    pub(super) fn processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        page: PageRequest,
    ) -> ProcessedPage {
        let own = self.processed.iter().filter(|((owner, of, _), _)| (*owner, *of) == (project, pipeline));
        let mut items: Vec<_> = own.map(|(_, item)| item.clone()).collect();
        items.sort_by_key(|item| Digest::of(item.key.as_bytes()).0);
        let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
        ProcessedPage {
            total: Total::exact(items.len() as u64),
            items: items.into_iter().skip(offset).take(page.limit).collect(),
        }
    }

    pub(super) fn forget_processed(
        &mut self,
        project: ProjectRef,
        pipeline: Option<PipelineId>,
        limit: usize,
    ) -> u64 {
        let own = self
            .processed
            .keys()
            .filter(|(owner, of, _)| *owner == project && pipeline.is_none_or(|wanted| wanted == *of));
        let forgotten: Vec<_> = own.take(limit).cloned().collect();
        for key in &forgotten {
            self.processed.remove(key);
        }
        forgotten.len() as u64
    }
}
