//! Messages about ended jobs, and how sending them went.
//!
//! The transaction that ends a job makes a [`Delivery`] for each recipient. Whoever delivers claims it for a while, tries, and
//! settles the try; what was claimed and not settled is tried again by anybody when its time is over.

use crate::notice::{JobEnding, Notice, Notices, Recipient};
use crate::text::clipped;
use crate::{DeliveryId, Job, ProjectRef, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Tries that a delivery remembers, the latest ones.
pub const MAX_TRIES: usize = 10;
/// Bytes of a text that comes from elsewhere and is kept with a try.
pub const MAX_ANSWER: usize = 512;
/// How long a delivery is tried, from the end of its job or from when somebody had it sent again.
pub const PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// How long a delivery is remembered once it is settled.
pub const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryState {
    /// It waits for its time.
    Waiting,
    /// Somebody tries.
    Sending,
    /// Its recipient has it.
    Delivered,
    /// Nobody tries any more.
    Parked,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Sending, Self::Delivered, Self::Parked];

    /// As clients write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Sending => "Sending",
            Self::Delivered => "Delivered",
            Self::Parked => "Parked",
        }
    }

    /// Whether nothing happens to it by itself.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Delivered | Self::Parked)
    }
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_millis: u64,
    /// A word for what came of it: `Delivered`, or why not.
    pub code: String,
    /// The status of the answer: of HTTP, or of the mail server.
    pub status: Option<u16>,
    /// The beginning of the answer, or a sentence on why there is none.
    pub answer: String,
}

/// What follows from a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Settled {
    /// Nothing: the recipient has it.
    Delivered,
    /// Another one, not before this moment.
    Again(Timestamp),
    /// Nothing: no try will do better.
    Parked,
}

/// A message to one recipient about the end of one job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id, under which the recipient gets it however often it is sent.
    pub id: DeliveryId,
    /// The job's project.
    pub project: ProjectRef,
    /// Who is told.
    pub to: Recipient,
    /// What.
    pub notice: Notice,
    /// Where it stands.
    pub state: DeliveryState,
    /// While it waits: when it is tried. While somebody tries: until when nobody else does. Settled: until when it is kept.
    pub due_at: Timestamp,
    /// The number of the latest try, counted from 1 over all of them. Whoever settles a try names it.
    pub number: u32,
    /// Tries that failed since its job ended, or since somebody had it sent again.
    pub failures: u32,
    /// When nobody tries any more.
    pub give_up_at: Timestamp,
    /// The latest tries, oldest first.
    pub tries: Vec<Try>,
}

/// Why a delivery does not move that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Somebody else tries it by now, or it is settled.
    #[error("this try of the delivery is not the latest one")]
    Stale,
    /// It is under way already.
    #[error("the delivery is not settled yet: it is tried by itself")]
    Unsettled,
}

impl Delivery {
    fn new(job: &Job, ending: JobEnding, at: Timestamp, to: Recipient) -> Self {
        Self {
            id: DeliveryId::of_end(job.id, at, &to.key()),
            project: job.project,
            to,
            notice: Notice::of(job, ending, at),
            state: DeliveryState::Waiting,
            due_at: at,
            number: 0,
            failures: 0,
            give_up_at: at.plus(PATIENCE),
            tries: Vec::new(),
        }
    }

    /// The id that its recipient sees.
    pub fn message_id(&self) -> String {
        format!("msg_{}", self.id.0.simple())
    }

    /// Begins a try, which nobody else does before `until`. Of one that is being tried the time must be over.
    pub fn claim(&mut self, until: Timestamp) {
        self.state = DeliveryState::Sending;
        self.number += 1;
        self.due_at = until;
    }

    /// Leaves an e-mail for the next hour, because its project has sent enough in this one. One that would come too late is
    /// parked, and says why.
    pub fn wait_for_hour(&mut self, until: Timestamp, now: Timestamp) {
        if until < self.give_up_at {
            self.state = DeliveryState::Waiting;
            self.due_at = until;
            return;
        }
        let answer =
            "the project sent as many e-mails an hour as it may, until this one was too late".to_owned();
        self.keep(Try { at: now, took_millis: 0, code: "HourlyLimit".into(), status: None, answer });
        self.park(now);
    }

    /// Ends the try of this number. One after which nobody would try again in time is the last.
    pub fn settle(
        &mut self,
        number: u32,
        tried: Try,
        next: Settled,
        now: Timestamp,
    ) -> Result<(), DeliveryError> {
        if self.state != DeliveryState::Sending || self.number != number {
            return Err(DeliveryError::Stale);
        }
        self.keep(tried);
        match next {
            Settled::Delivered => {
                self.state = DeliveryState::Delivered;
                self.due_at = now.plus(REMEMBERED);
            }
            Settled::Again(at) if at < self.give_up_at => {
                self.failures += 1;
                self.state = DeliveryState::Waiting;
                self.due_at = at;
            }
            Settled::Again(_) | Settled::Parked => {
                self.failures += 1;
                self.park(now);
            }
        }
        Ok(())
    }

    /// Has a settled one sent again, under its id.
    pub fn send_again(&mut self, now: Timestamp) -> Result<(), DeliveryError> {
        if !self.state.is_settled() {
            return Err(DeliveryError::Unsettled);
        }
        self.state = DeliveryState::Waiting;
        self.due_at = now;
        self.failures = 0;
        self.give_up_at = now.plus(PATIENCE);
        Ok(())
    }

    fn park(&mut self, now: Timestamp) {
        self.state = DeliveryState::Parked;
        self.due_at = now.plus(REMEMBERED);
    }

    fn keep(&mut self, tried: Try) {
        self.tries.push(Try { answer: clipped(&tried.answer, MAX_ANSWER), ..tried });
        let beyond = self.tries.len().saturating_sub(MAX_TRIES);
        self.tries.drain(..beyond);
    }
}

impl Notices {
    /// What this end of a job is told: one delivery for each recipient. None of a job that has not ended.
    pub fn of_end(&self, job: &Job) -> Vec<Delivery> {
        let (Some(ending), Some(at)) = (JobEnding::of(job.state), job.ended_at) else { return Vec::new() };
        let hooks = self.webhooks.iter().filter(|hook| hook.enabled && hook.events.contains(&ending));
        let asked = match ending {
            JobEnding::Completed => job.notifications.on_completion,
            JobEnding::Failed => job.notifications.on_failure,
            JobEnding::Cancelled => false,
        };
        let mails = job.notifications.email_recipients.iter().filter(|_| asked);
        let recipients = hooks.map(|hook| Recipient::Webhook(hook.id));
        let recipients = recipients.chain(mails.map(|address| Recipient::Mail(address.clone())));
        let deliveries = recipients.map(|to| Delivery::new(job, ending, at, to));
        // An address that was named twice is told once.
        deliveries.map(|delivery| (delivery.id, delivery)).collect::<BTreeMap<_, _>>().into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Completion, JobEnd, ModuleRef, Notifications};
    use crate::{Caps, Digest, JobState, JobType, LimitRequest, Limits, ProjectId, TenantId};

    fn ended(recipients: &[&str]) -> Job {
        let project = ProjectRef { tenant: TenantId::random(), project: ProjectId::random() };
        let digest = Digest::of(b"m");
        let module = ModuleRef { name: "m".into(), version: "1".into(), digest, engine: None };
        let limits = Limits::resolve(LimitRequest::default(), Caps::default());
        let job = Job::new(project, JobType::Analysis, module, limits, "anna".into(), Timestamp(0));
        Job {
            state: JobState::Completed,
            ended_at: Some(Timestamp(7_000_000)),
            end: Some(JobEnd::Completed(Completion::Done)),
            notifications: Notifications {
                on_completion: true,
                on_failure: false,
                email_recipients: recipients.iter().map(|&address| address.to_owned()).collect(),
            },
            ..job
        }
    }

    fn tried() -> Try {
        Try {
            at: Timestamp(0),
            took_millis: 1,
            code: "Status".into(),
            status: Some(500),
            answer: "ä".repeat(400),
        }
    }

    #[test]
    fn each_recipient_is_told_once_under_an_id_that_stays() {
        let job = ended(&["a@example.com", "b@example.com", "A@Example.com"]);
        let told = Notices::default().of_end(&job);
        assert_eq!(told.len(), 2);
        assert_eq!(told, Notices::default().of_end(&job));
        let failed = Job { state: JobState::Failed, ..job.clone() };
        assert_eq!(Notices::default().of_end(&failed), []);
        assert_eq!(Notices::default().of_end(&Job { state: JobState::Running, ended_at: None, ..job }), []);
    }

    #[test]
    fn a_late_try_changes_nothing_and_a_day_is_enough() {
        let [mut delivery] =
            <[Delivery; 1]>::try_from(Notices::default().of_end(&ended(&["a@b.c"]))).unwrap();
        let (now, end) = (Timestamp(8_000_000), delivery.give_up_at);
        delivery.claim(now);
        delivery.claim(now);
        let later = Settled::Again(Timestamp(9_000_000));
        assert_eq!(delivery.settle(1, tried(), later, now), Err(DeliveryError::Stale));
        delivery.settle(2, tried(), later, now).unwrap();
        assert_eq!(delivery.state, DeliveryState::Waiting);
        assert!(delivery.tries[0].answer.len() <= MAX_ANSWER);
        assert_eq!(delivery.send_again(now), Err(DeliveryError::Unsettled));
        delivery.claim(now);
        delivery.settle(3, tried(), Settled::Again(end), now).unwrap();
        assert_eq!(delivery.state, DeliveryState::Parked, "the next one would come too late");
        delivery.send_again(end).unwrap();
        assert_eq!((delivery.failures, delivery.number, delivery.tries.len()), (0, 3, 2));
        delivery.wait_for_hour(delivery.give_up_at, end);
        assert_eq!(delivery.state, DeliveryState::Parked);
    }

    #[test]
    fn tries_and_what_they_were_answered_are_kept_as_far_as_is_stated() {
        let [mut delivery] =
            <[Delivery; 1]>::try_from(Notices::default().of_end(&ended(&["a@b.c"]))).unwrap();
        let tried =
            |number: usize, bytes| Try { took_millis: number as u64, answer: "x".repeat(bytes), ..tried() };
        (0..MAX_TRIES).for_each(|number| delivery.keep(tried(number, MAX_ANSWER)));
        assert_eq!((delivery.tries.len(), delivery.tries[0].took_millis), (MAX_TRIES, 0));
        assert!(delivery.tries.iter().all(|tried| tried.answer.len() == MAX_ANSWER));
        delivery.keep(tried(MAX_TRIES, MAX_ANSWER + 1));
        assert_eq!((delivery.tries.len(), delivery.tries[0].took_millis), (MAX_TRIES, 1));
        assert_eq!(delivery.tries[MAX_TRIES - 1].answer.len(), MAX_ANSWER);
    }
}
