//! Who is told of the end of a job, and what.

use crate::job::Completion;
use crate::job::JobEnd;
use crate::outbound::SecretValue;
use crate::text::clipped;
use crate::{ErrorCode, Job, JobId, JobState, JobType, Ordinal, ProjectRef, Timestamp, Usage, WebhookId};
use serde::{Deserialize, Serialize};

/// Webhooks of one project.
pub const MAX_WEBHOOKS: usize = 16;
/// Bytes of a domain's name (RFC 1035).
pub const MAX_DOMAIN: usize = 253;
/// Bytes of a failed job's message that recipients are told.
const MAX_MESSAGE: usize = 1000;

/// Whether a text is the name of a domain, such as `example.com`; names in other scripts are in their ASCII form.
pub fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (1..=MAX_DOMAIN).contains(&text.len()) && text.split('.').all(is_label)
}

/// How a job ended, as those who are told can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum JobEnding {
    /// It completed.
    Completed,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl JobEnding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Completed, Self::Failed, Self::Cancelled];

    /// Of a job in this state; `None` when it has not ended.
    pub fn of(state: JobState) -> Option<Self> {
        match state {
            JobState::Completed => Some(Self::Completed),
            JobState::Failed => Some(Self::Failed),
            JobState::Cancelled => Some(Self::Cancelled),
            JobState::Queued | JobState::Running => None,
        }
    }

    /// As messages name it.
    pub fn event(self) -> &'static str {
        match self {
            Self::Completed => "job.completed",
            Self::Failed => "job.failed",
            Self::Cancelled => "job.cancelled",
        }
    }

    /// The state that clients know.
    pub fn state(self) -> JobState {
        match self {
            Self::Completed => JobState::Completed,
            Self::Failed => JobState::Failed,
            Self::Cancelled => JobState::Cancelled,
        }
    }
}

/// An address that a project has told of the ends of its jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Its project.
    pub project: ProjectRef,
    /// Where messages go.
    pub url: String,
    /// Of which ends, each once.
    pub events: Vec<JobEnding>,
    /// Whether it is told of anything.
    pub enabled: bool,
    /// Why the server stopped telling it; `None` when somebody else did, or nobody.
    pub stopped: Option<String>,
    /// The secret that signs, sealed.
    pub sealed: Vec<u8>,
    /// The one before, which signs too until a moment.
    pub previous: Option<(Vec<u8>, Timestamp)>,
    /// Who set it last.
    pub by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was set last.
    pub updated_at: Timestamp,
}

/// Whom jobs of a project may send e-mail to, and how much. What is absent is as the server has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailPolicy {
    /// The domains that recipients must be of.
    pub domains: Option<Vec<String>>,
    /// E-mails that are tried within an hour, if that is less.
    pub per_hour: Option<u32>,
}

/// Whom a project tells, and how many e-mails it sent of late.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notices {
    /// Its webhooks, in the order in which they were made.
    pub webhooks: Vec<Webhook>,
    /// The rules for e-mail.
    pub mail: MailPolicy,
    /// The hour, counted from 1970, in which e-mail was tried last.
    hour: i64,
    /// How many were to be tried in it, those that were put off included.
    mails: u32,
}

/// Why a webhook is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// It is not there.
    #[error("the webhook is not there")]
    Absent,
    /// Somebody else set it meanwhile.
    #[error("somebody else changed the webhook meanwhile")]
    Changed,
    /// The project has as many as it may have.
    #[error("a project has at most {MAX_WEBHOOKS} webhooks")]
    TooMany,
}

impl Notices {
    /// Adds a webhook, or puts it in the place of what it was `before`.
    pub fn put(&mut self, before: Option<&Webhook>, after: Webhook) -> Result<(), WebhookError> {
        let is_full = self.webhooks.len() >= MAX_WEBHOOKS;
        let present = self.webhooks.iter_mut().find(|hook| hook.id == after.id);
        match (before, present) {
            (None, None) if is_full => return Err(WebhookError::TooMany),
            (None, None) => self.webhooks.push(after),
            (Some(_), None) => return Err(WebhookError::Absent),
            (Some(before), Some(present)) if *before == *present => *present = after,
            (_, Some(_)) => return Err(WebhookError::Changed),
        }
        Ok(())
    }

    /// Takes a webhook away.
    pub fn remove(&mut self, id: WebhookId) -> Result<(), WebhookError> {
        let place = self.webhooks.iter().position(|hook| hook.id == id).ok_or(WebhookError::Absent)?;
        self.webhooks.remove(place);
        Ok(())
    }

    /// The webhook of this id.
    pub fn webhook(&self, id: WebhookId) -> Option<&Webhook> {
        self.webhooks.iter().find(|hook| hook.id == id)
    }

    /// Counts an e-mail that is tried now, if the project may send one; else says when it may.
    pub fn take_mail(&mut self, now: Timestamp, usual: u32) -> Result<(), Timestamp> {
        const HOUR: i64 = 3600 * 1_000_000;
        /// Hours after which nothing waits any more.
        const NEVER: i64 = 25;
        let hour = now.0.div_euclid(HOUR);
        if self.hour != hour {
            (self.hour, self.mails) = (hour, 0);
        }
        let most = self.mail.per_hour.map_or(usual, |own| own.min(usual));
        let asked = self.mails;
        self.mails = asked.saturating_add(1);
        if asked < most {
            return Ok(());
        }
        // Each waits for an hour with a place for it, so that it need not be put off again and again.
        let hours = asked.checked_div(most).map_or(NEVER, i64::from);
        Err(Timestamp((hour + hours) * HOUR))
    }
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recipient {
    /// A webhook of the project.
    Webhook(WebhookId),
    /// An address for e-mail.
    Mail(String),
}

impl Recipient {
    /// What tells it from others of the same job. An address is the same in any case.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Webhook(id) => format!("webhook {id}"),
            Self::Mail(address) => format!("mail {}", address.to_lowercase()),
        }
    }

    /// By which way it is told.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Webhook(_) => Channel::Webhook,
            Self::Mail(_) => Channel::Email,
        }
    }
}

/// By which way somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Channel {
    /// A request over HTTP.
    Webhook,
    /// An e-mail.
    Email,
}

impl Channel {
    /// As clients write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Email => "email",
        }
    }
}

/// What recipients are told of the end of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The job.
    pub job: JobId,
    /// Its ordinal.
    pub ordinal: Ordinal,
    /// Its name.
    pub name: String,
    /// Its type.
    pub job_type: JobType,
    /// How it ended.
    pub ending: JobEnding,
    /// Of a failed one: why, and the beginning of its message.
    pub error: Option<(ErrorCode, String)>,
    /// Of one that completed: whether there was anything to do, and why not.
    pub remark: Option<String>,
    /// The token's subject.
    pub submitted_by: String,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When its latest attempt started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Its attempts.
    pub attempts: u32,
    /// Records that it processed.
    pub records_processed: u64,
    /// What its latest attempt used.
    pub usage: Usage,
}

impl Notice {
    pub(crate) fn of(job: &Job, ending: JobEnding, ended_at: Timestamp) -> Self {
        let error = job.error().map(|error| (error.code, clipped(&error.message, MAX_MESSAGE)));
        let remark = match &job.end {
            Some(JobEnd::Completed(Completion::NoItems)) => Some("there was nothing to process".to_owned()),
            Some(JobEnd::Completed(Completion::Skipped(reason))) => Some(clipped(reason, MAX_MESSAGE)),
            _ => None,
        };
        Self {
            job: job.id,
            ordinal: job.ordinal,
            name: job.name.clone(),
            job_type: job.job_type,
            ending,
            error,
            remark,
            submitted_by: job.submitted_by.clone(),
            created_at: job.created_at,
            started_at: job.started_at,
            ended_at,
            attempts: job.attempt,
            records_processed: job.pulse.report.records_processed,
            usage: job.pulse.usage,
        }
    }
}

/// What whoever delivers asks of those who hold the server's secret.
pub trait Signing: Send + Sync {
    /// The keys that sign a webhook's messages at `now`, the newest first; none when they cannot be opened.
    fn keys(&self, webhook: &Webhook, now: Timestamp) -> Vec<SecretValue>;

    /// A link under which anybody may download an output of a job for a while.
    fn output_link(&self, project: ProjectRef, job: JobId, output: &str) -> String;

    /// The server's own public address, without a slash at its end.
    fn public_url(&self) -> String;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_of_an_hour_are_counted() {
        let mut notices = Notices::default();
        let at = |minutes: i64| Timestamp(minutes * 60_000_000);
        assert_eq!((notices.take_mail(at(30), 2), notices.take_mail(at(59), 2)), (Ok(()), Ok(())));
        assert_eq!(notices.take_mail(at(59), 2), Err(at(60)));
        assert_eq!(notices.take_mail(at(60), 2), Ok(()));
        notices.mail.per_hour = Some(0);
        assert_eq!(notices.take_mail(at(61), 2), Err(at(60 + 25 * 60)));
        let mut notices = Notices::default();
        let times: Vec<_> = (0..6).map(|_| notices.take_mail(at(0), 2)).collect();
        let (second, third) = (Err(at(60)), Err(at(120)));
        assert_eq!(times, [Ok(()), Ok(()), second, second, third, third], "each has an hour with a place");
    }
}
