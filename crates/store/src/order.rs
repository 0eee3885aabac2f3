//! Other orders of a project's jobs than newest first.

use fuelcell_domain::job::JobEnd;
use fuelcell_domain::{Completion, Job, JobState, Ordinal, Standing, Timestamp};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Texts are compared by their first bytes only, at most so many: an index need not hold whole messages.
pub const COMPARED_BYTES: usize = 128;

/// What jobs are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// Their ordinal.
    Ordinal,
    /// The ordinal of their pipeline; 0 = none.
    Pipeline,
    /// Where they stand, in the order of this list; skipped ones by their reason, those without one first.
    Standing([Standing; 7]),
    /// The start of their latest attempt; a queued job has none.
    StartedAt,
    /// Their end.
    EndedAt,
    /// The message of their failure.
    Error,
}

/// An order of jobs. Jobs without a value come last, whichever the direction. Jobs with the same value follow each other
/// by their ordinals, in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobOrder {
    /// By what.
    pub key: SortKey,
    /// From the highest to the lowest.
    pub descending: bool,
}

/// What jobs can be ordered by, of one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranks {
    /// The ordinal of its pipeline; 0 = none.
    pub pipeline: Ordinal,
    /// Where it stands.
    pub standing: Standing,
    /// The start of its latest attempt, unless it is queued.
    pub started_at: Option<Timestamp>,
    /// Its end.
    pub ended_at: Option<Timestamp>,
    /// The beginning of the message of its failure, or of the reason why it was skipped.
    pub remark: Option<String>,
}

impl Ranks {
    /// Of this job.
    pub fn of(job: &Job) -> Self {
        let remark = match &job.end {
            Some(JobEnd::Failed(error)) if job.state == JobState::Failed => Some(&error.message),
            Some(JobEnd::Completed(Completion::Skipped(reason))) if !reason.is_empty() => Some(reason),
            _ => None,
        };
        Self {
            pipeline: job.pipeline.as_ref().map_or(0, |pipeline| pipeline.ordinal),
            standing: Standing::of(job),
            started_at: job.started_at.filter(|_| job.state != JobState::Queued),
            ended_at: job.ended_at,
            remark: remark.map(|text| text[..text.floor_char_boundary(COMPARED_BYTES)].to_owned()),
        }
    }

    /// The message of its failure.
    pub fn error(&self) -> Option<&str> {
        self.remark.as_deref().filter(|_| self.standing == Standing::Failed)
    }
}

impl JobOrder {
    /// Which of two jobs comes first.
    pub fn compare(&self, (a, a_ordinal): (&Ranks, Ordinal), (b, b_ordinal): (&Ranks, Ordinal)) -> Ordering {
        let by_value = match &self.key {
            SortKey::Ordinal => Ordering::Equal,
            SortKey::Pipeline => self.directed(a.pipeline.cmp(&b.pipeline)),
            SortKey::Standing(order) => self.directed(place(order, a).cmp(&place(order, b))),
            SortKey::StartedAt => self.with_absent_last(a.started_at, b.started_at),
            SortKey::EndedAt => self.with_absent_last(a.ended_at, b.ended_at),
            SortKey::Error => self.with_absent_last(a.error(), b.error()),
        };
        by_value.then_with(|| self.directed(a_ordinal.cmp(&b_ordinal)))
    }

    fn directed(&self, ordering: Ordering) -> Ordering {
        if self.descending { ordering.reverse() } else { ordering }
    }

    fn with_absent_last<T: Ord>(&self, a: Option<T>, b: Option<T>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => self.directed(a.cmp(&b)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
}

fn place<'a>(order: &[Standing; 7], ranks: &'a Ranks) -> (Option<usize>, Option<&'a str>) {
    let reason = ranks.remark.as_deref().filter(|_| ranks.standing == Standing::Skipped);
    (order.iter().position(|standing| *standing == ranks.standing), reason)
}
