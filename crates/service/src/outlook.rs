//! When a job will probably run and end, and why it waits: from the queue as it stands, the measured durations of the
//! modules in it, and the capacity at hand. What has no measured basis is `None`.

use crate::{Service, ServiceError};
use fuelcell_domain::estimate::{self, Capacity, Span, WaitReason, Waiting};
use fuelcell_domain::{Digest, Job, JobState, Timestamp};
use std::collections::HashMap;
use std::time::Duration;

/// Jobs ahead that an estimate looks at; behind more of them there is no estimate.
const HORIZON: usize = 200;

/// Durations of modules that were looked up for one estimate.
type Known = HashMap<Digest, Option<Span>>;

/// What can be said of a job's future.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Its place in the queue from 1; none when it is not queued, or its time has not come.
    pub queue_position: Option<u64>,
    /// When it may start.
    pub start: Option<Timestamp>,
    /// How long a run of its module takes.
    pub duration: Option<Span>,
    /// When it may end.
    pub completion: Option<Timestamp>,
    /// Why it waits; none when it is not queued.
    pub wait_reason: Option<WaitReason>,
}

impl Service {
    /// The outlook of a job as things stand.
    pub(crate) async fn outlook(&self, job: &Job) -> Result<Outlook, ServiceError> {
        match job.state {
            JobState::Queued => self.outlook_queued(job).await,
            JobState::Running => self.outlook_running(job).await,
            JobState::Completed | JobState::Failed | JobState::Cancelled => Ok(Outlook::default()),
        }
    }

    async fn outlook_running(&self, job: &Job) -> Result<Outlook, ServiceError> {
        let now = self.clock.now();
        let elapsed = job.started_at.map_or(Duration::ZERO, |start| now.since(start));
        let duration = self.module_duration(job.module.digest).await?;
        let by_progress = estimate::remaining(job.pulse.progress.percentage, elapsed);
        let left = by_progress.or(duration.map(|span| span.after(elapsed).high));
        Ok(Outlook { duration, completion: left.map(|left| now.plus(left)), ..Outlook::default() })
    }

    async fn outlook_queued(&self, job: &Job) -> Result<Outlook, ServiceError> {
        let now = self.clock.now();
        // The job may leave the queue between two looks; then there is no position to tell.
        let Some(queued_before) = self.store.queued_before(job, now).await? else {
            return Ok(Outlook::default());
        };
        let capacity = self.capacity();
        let waiting = Waiting {
            not_before: job.not_before,
            transient_failures: job.transient_failures,
            queued_before,
            memory_bytes: job.limits.memory_bytes,
            module_ready: self.nodes.module_ready(job.module.program()),
            at_limit: self.nodes.at_limit(job),
            others_first: self.nodes.others_first(job),
        };
        let duration = self.module_duration(job.module.digest).await?;
        let start = self.start_of(job, queued_before, capacity, duration, now).await?;
        let start = start.map(|span| now.plus(span.low));
        let completion = start.zip(duration).map(|(start, span)| start.plus(span.high));
        Ok(Outlook {
            queue_position: estimate::queue_position(job, queued_before, now),
            start,
            duration,
            completion,
            wait_reason: Some(estimate::wait_reason(waiting, capacity, now)),
        })
    }

    /// When a job with so many before it may start, from now.
    async fn start_of(
        &self,
        job: &Job,
        queued_before: u64,
        capacity: Capacity,
        own: Option<Span>,
        now: Timestamp,
    ) -> Result<Option<Span>, ServiceError> {
        let slots = usize::try_from(capacity.slots).unwrap_or(usize::MAX);
        let running = usize::try_from(capacity.running).unwrap_or(usize::MAX);
        let mut known = Known::default();
        let busy = match running < slots && queued_before == 0 {
            true => vec![Span::default(); running],
            false => match self.spans_running(running, own, &mut known).await? {
                Some(spans) => spans,
                None => return Ok(None),
            },
        };
        let Some(ahead) = self.spans_ahead(job, queued_before, now, &mut known).await? else {
            return Ok(None);
        };
        let free = estimate::start(slots, &busy, &ahead);
        let earliest = job.not_before.map_or(Duration::ZERO, |time| time.since(now));
        Ok(free.map(|span| span.at_least(earliest)))
    }

    /// When a job may start that is not queued yet, from now, and how many would be before it.
    pub(crate) async fn start_if_queued(
        &self,
        job: &Job,
        own: Option<Span>,
        now: Timestamp,
    ) -> Result<(u64, Option<Span>), ServiceError> {
        let ready = self.store.queue_figures(now).await?.ready;
        let before = ready.iter().skip(job.priority as usize).map(|waiting| waiting.jobs).sum();
        Ok((before, self.start_of(job, before, self.capacity(), own, now).await?))
    }

    /// The durations of the queued jobs before this one; `None` when one of them has never been measured.
    async fn spans_ahead(
        &self,
        job: &Job,
        queued_before: u64,
        now: Timestamp,
        known: &mut Known,
    ) -> Result<Option<Vec<Span>>, ServiceError> {
        let Some(count) = usize::try_from(queued_before).ok().filter(|count| *count <= HORIZON) else {
            return Ok(None);
        };
        let mut spans = Vec::with_capacity(count);
        for entry in self.store.ready(now, count).await?.into_iter().filter(|entry| entry.job != job.id) {
            let span = self.known_duration(entry.module.digest, known).await?;
            match span {
                Some(span) => spans.push(span),
                None => return Ok(None),
            }
        }
        Ok(Some(spans))
    }

    /// What the running attempts may still need: as their progress says, or else as earlier runs of their modules took.
    /// `None` when one of them says nothing and was never measured, or takes longer than any run that was.
    async fn spans_running(
        &self,
        running: usize,
        own: Option<Span>,
        known: &mut Known,
    ) -> Result<Option<Vec<Span>>, ServiceError> {
        let mut spans = Vec::with_capacity(running);
        for attempt in self.nodes.running() {
            let left = match estimate::remaining(attempt.percentage, attempt.elapsed) {
                Some(left) => Some(Span::exactly(left)),
                None => {
                    let whole = self.known_duration(attempt.module, known).await?;
                    whole.filter(|span| span.high > attempt.elapsed).map(|span| span.after(attempt.elapsed))
                }
            };
            match left {
                Some(left) => spans.push(left),
                None => return Ok(None),
            }
        }
        // Of those on other nodes nothing is known: between nothing and a whole run of the same kind as this job.
        let elsewhere = running.saturating_sub(spans.len());
        match own {
            _ if elsewhere == 0 => {}
            Some(span) => {
                let left = Span { low: Duration::ZERO, expected: span.expected / 2, high: span.high };
                spans.extend(vec![left; elsewhere]);
            }
            None => return Ok(None),
        }
        Ok(Some(spans))
    }

    async fn known_duration(&self, module: Digest, known: &mut Known) -> Result<Option<Span>, ServiceError> {
        match known.get(&module) {
            Some(span) => Ok(*span),
            None => {
                let span = self.module_duration(module).await?;
                known.insert(module, span);
                Ok(span)
            }
        }
    }

    async fn module_duration(&self, module: Digest) -> Result<Option<Span>, ServiceError> {
        Ok(estimate::duration(&self.store.recent_durations(module).await?))
    }

    fn capacity(&self) -> Capacity {
        let none = Capacity { slots: 0, running: 0, memory_bytes: 0, reserved_bytes: 0 };
        self.nodes.nodes().iter().filter(|node| node.active).fold(none, |sum, node| Capacity {
            slots: sum.slots + u64::from(node.job_capacity),
            running: sum.running + u64::from(node.active_jobs),
            memory_bytes: sum.memory_bytes + node.job_memory_bytes,
            reserved_bytes: sum.reserved_bytes + node.job_memory_reserved_bytes,
        })
    }
}

#[cfg(test)]
mod tests;
