//! What is to be told of ended jobs, and to whom: the words of [`Deliveries`](crate::Deliveries).

use crate::StoreError;
use fuelcell_domain::{
    Channel, Delivery, DeliveryError, DeliveryId, DeliveryState, JobId, ProjectRef, Settled, Timestamp, Try,
    WebhookError,
};
use std::collections::BTreeMap;

/// Who asks for deliveries to try.
#[derive(Clone, Debug)]
pub struct DeliveryClaim {
    /// When: what is due by then is given out.
    pub now: Timestamp,
    /// Until when nobody else gets them.
    pub until: Timestamp,
    /// The most of them.
    pub limit: usize,
    /// The most of one project that are tried at the same time.
    pub per_project: usize,
    /// How many the caller tries already, by project.
    pub busy: BTreeMap<ProjectRef, usize>,
    /// E-mails within an hour of a project that has no rule of its own.
    pub mails_per_hour: u32,
}

impl DeliveryClaim {
    /// Whether one more of this project may be given out; counts it.
    pub fn admit(&mut self, project: ProjectRef) -> bool {
        let busy = self.busy.entry(project).or_default();
        let admitted = *busy < self.per_project;
        *busy += usize::from(admitted);
        admitted
    }
}

/// The end of a try.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The delivery's project.
    pub project: ProjectRef,
    /// The delivery.
    pub id: DeliveryId,
    /// The number of the try.
    pub number: u32,
    /// What came of it.
    pub tried: Try,
    /// What follows.
    pub next: Settled,
    /// When.
    pub now: Timestamp,
}

/// Which deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Of this job.
    pub job: Option<JobId>,
    /// That stand there.
    pub state: Option<DeliveryState>,
    /// That go this way.
    pub channel: Option<Channel>,
}

impl DeliveryFilter {
    /// Whether a delivery matches.
    pub fn matches(&self, delivery: &Delivery) -> bool {
        self.job.is_none_or(|job| delivery.notice.job == job)
            && self.state.is_none_or(|state| delivery.state == state)
            && self.channel.is_none_or(|channel| delivery.to.channel() == channel)
    }
}

/// How much waits to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxFigures {
    /// Deliveries that are not settled; more than 100,000 are not counted.
    pub waiting: u64,
    /// When the first of their jobs ended.
    pub oldest: Option<Timestamp>,
}

impl From<WebhookError> for StoreError {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Absent => Self::NotFound("webhook"),
            WebhookError::Changed | WebhookError::TooMany => Self::Conflict(error.to_string()),
        }
    }
}

impl From<DeliveryError> for StoreError {
    fn from(error: DeliveryError) -> Self {
        Self::Conflict(error.to_string())
    }
}
