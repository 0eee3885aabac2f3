//! Jobs in other orders, and processed items.

use super::Records;
use crate::jobs::{JobFilter, JobPage, PageRequest};
use crate::order::{JobOrder, Ranks};
use crate::processed::{ProcessedItem, ProcessedPage};
use fuelcell_domain::{Digest, Job, Ordinal, PipelineId, ProjectRef};

impl Records {
    pub(super) fn list_ordered(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        order: JobOrder,
        page: PageRequest,
    ) -> JobPage {
        let mut jobs: Vec<_> =
            self.matching(project, filter).into_iter().map(|job| (Ranks::of(job), job)).collect();
        jobs.sort_by(|(a, first), (b, second)| order.compare((a, first.ordinal), (b, second.ordinal)));
        let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
        JobPage {
            total: jobs.len() as u64,
            jobs: jobs.into_iter().skip(offset).take(page.limit).map(|(_, job)| job.clone()).collect(),
        }
    }

    pub(super) fn job_by_ordinal(&self, project: ProjectRef, ordinal: Ordinal) -> Option<&Job> {
        self.jobs.values().find(|job| job.project == project && job.ordinal == ordinal)
    }

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
            total: items.len() as u64,
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
