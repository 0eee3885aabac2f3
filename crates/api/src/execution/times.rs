//! When a job was made, started and ended, finer than the protocol's whole seconds: what happened within one second has an
//! order, too.

use chrono::SecondsFormat;
use fuelcell_domain::{Job, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// The same moments to the microsecond
#[derive(Serialize, ToSchema)]
pub(super) struct PreciseTimes {
    #[schema(format = DateTime)]
    created: String,
    /// When the latest attempt was taken from the queue, several in one step at one moment; `null` = there was none yet
    #[schema(format = DateTime)]
    started: Option<String>,
    /// `null` = it has not ended
    #[schema(format = DateTime)]
    ended: Option<String>,
}

impl PreciseTimes {
    pub(super) fn of(job: &Job) -> Self {
        Self {
            created: precise(job.created_at),
            started: job.started_at.map(precise),
            ended: job.ended_at.map(precise),
        }
    }
}

fn precise(at: Timestamp) -> String {
    at.to_utc().to_rfc3339_opts(SecondsFormat::Micros, true)
}
