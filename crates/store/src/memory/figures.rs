//! Lists, counts and figures, all by looking at every job.

use super::Records;
use crate::jobs::{
    JobFilter, JobPage, PageRequest, RECENT_DURATIONS, StateCounts, TenantFigures, run_micros, utc_day,
};
use fuelcell_domain::{Digest, Job, JobState, ProjectRef, TenantId, Timestamp};
use std::cmp::Reverse;

impl Records {
    pub(super) fn matching(&self, project: ProjectRef, filter: &JobFilter) -> Vec<&Job> {
        let mut jobs: Vec<_> =
            self.jobs.values().filter(|job| job.project == project && filter.matches(job)).collect();
        jobs.sort_by_key(|job| Reverse(job.ordinal));
        jobs
    }

    pub(super) fn list(&self, project: ProjectRef, filter: &JobFilter, page: PageRequest) -> JobPage {
        let matching = self.matching(project, filter);
        let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
        JobPage {
            total: matching.len() as u64,
            jobs: matching.into_iter().skip(offset).take(page.limit).cloned().collect(),
        }
    }

    pub(super) fn counts(&self, project: ProjectRef, filter: &JobFilter) -> StateCounts {
        let any_state = filter.in_any_state();
        let mut counts = StateCounts::default();
        for job in self.matching(project, &any_state) {
            *counts.of(job.state) += 1;
        }
        counts
    }

    pub(super) fn recent_durations(&self, module: Digest) -> Vec<u64> {
        let own = self.durations.iter().rev().filter(|(digest, _)| *digest == module);
        own.take(RECENT_DURATIONS).map(|(_, micros)| *micros).collect()
    }

    pub(super) fn tenant_figures(&self, tenant: TenantId, now: Timestamp) -> TenantFigures {
        let today = |at: Timestamp| utc_day(at) == utc_day(now);
        let mut figures = TenantFigures::default();
        for job in self.jobs.values().chain(&self.deleted).filter(|job| job.project.tenant == tenant) {
            let ended_today = job.ended_at.is_some_and(today);
            match job.state {
                JobState::Queued if job.is_due(now) => figures.queued[job.priority as usize] += 1,
                JobState::Queued => figures.scheduled += 1,
                JobState::Running => figures.running += 1,
                JobState::Completed if ended_today => {
                    figures.completed += 1;
                    figures.duration_micros += run_micros(job);
                }
                JobState::Failed if ended_today => figures.failed += 1,
                JobState::Completed | JobState::Failed | JobState::Cancelled => {}
            }
            if let Some((_, wait)) = self.first_starts.get(&job.id).filter(|(at, _)| today(*at)) {
                figures.started += 1;
                figures.wait_micros += wait;
            }
        }
        figures
    }
}
