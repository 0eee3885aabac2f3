//! Figures of what jobs did.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::hours::HourFigures;
use crate::jobs::{QueueFigures, RECENT_DURATIONS, TenantFigures, run_micros, utc_day};
use crate::usage::{UsageQuery, UsageReport};
use crate::verbs::Figures;
use async_trait::async_trait;
use fuelcell_domain::{Digest, JobState, ProjectRef, TenantId, Timestamp};

#[async_trait]
impl Figures for MemoryStore {
    async fn recent_durations(&self, module: Digest) -> Result<Vec<u64>, StoreError> {
        Ok(self.records().recent_durations(module))
    }

    async fn tenant_figures(&self, tenant: TenantId, now: Timestamp) -> Result<TenantFigures, StoreError> {
        Ok(self.records().tenant_figures(tenant, now))
    }

    async fn queue_figures(&self, now: Timestamp) -> Result<QueueFigures, StoreError> {
        Ok(self.records().queue_figures(now))
    }

    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, StoreError> {
        Ok(self.records().usage(&query))
    }

    async fn hours(&self, project: ProjectRef, from: i64, to: i64) -> Result<Vec<HourFigures>, StoreError> {
        let records = self.records();
        let own = records.hours.iter().filter(|((of, _), _)| *of == project).map(|(_, figures)| figures);
        let mut hours: Vec<_> = own.filter(|figures| (from..=to).contains(&figures.hour)).cloned().collect();
        hours.sort_by_key(|figures| figures.hour);
        Ok(hours)
    }
}

impl Records {
    pub(super) fn recent_durations(&self, module: Digest) -> Vec<u64> {
        let own = self.durations.iter().rev().filter(|(digest, _)| *digest == module);
        own.take(RECENT_DURATIONS).map(|(_, micros)| *micros).collect()
    }

    pub(super) fn queue_figures(&self, now: Timestamp) -> QueueFigures {
        let mut figures = QueueFigures::default();
        for job in self.jobs.values().filter(|job| job.state == JobState::Queued) {
            if !job.is_due(now) {
                figures.scheduled += 1;
                continue;
            }
            let waiting = &mut figures.ready[job.priority as usize];
            waiting.jobs += 1;
            waiting.since = Some(waiting.since.map_or(job.since(), |since| since.min(job.since())));
        }
        figures
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
