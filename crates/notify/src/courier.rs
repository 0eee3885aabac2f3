//! The loop that delivers: it looks for what is due, tries, and writes down how it went.

use crate::backoff::pause;
use crate::config::NotifyConfig;
use crate::mail::Post;
use crate::metrics;
use crate::outcome::{Outcome, Then};
use crate::webhook;
use fuelcell_domain::notice::{Recipient, Signing};
use fuelcell_domain::trace::{self, OpenSpan, SpanKind, keys};
use fuelcell_domain::{
    Artifact, ArtifactRole, Clock, Delivery, ProjectRef, Settled, Timestamp, Try, Webhook,
};
use fuelcell_outbound::Client;
use fuelcell_store::{Deliveries, DeliveryClaim, Jobs, Settlement, StoreError};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How often somebody looks for what is due. Looking is one read while nothing is.
const LOOK: Duration = Duration::from_millis(250);
/// The same while all that is due is of projects that have all their places: a look passes over all of it.
const BUSY_LOOK: Duration = Duration::from_secs(1);
/// How often old deliveries are forgotten, and how many in one step.
const FORGET_EVERY: Duration = Duration::from_secs(600);
const FORGOTTEN: usize = 500;
/// How often the end of a try is offered to a store that is not available, and the pause between.
const OFFERS: u32 = 10;
const BETWEEN_OFFERS: Duration = Duration::from_millis(500);

/// What a notifier reads and writes.
pub trait Desk: Deliveries + Jobs {}

impl<S: Deliveries + Jobs + ?Sized> Desk for S {}

/// Delivers what is to be told.
pub struct Notifier {
    store: Arc<dyn Desk>,
    signing: Arc<dyn Signing>,
    clock: Arc<dyn Clock>,
    client: Client,
    post: Post,
    config: NotifyConfig,
    /// Tries under way, by project.
    busy: Mutex<BTreeMap<ProjectRef, usize>>,
}

/// What came of a look.
enum Begun {
    /// Something was tried or put off.
    Some,
    /// Nothing was due, or the server has no permit left.
    NothingDue,
    /// What was due has to wait for a permit of its project.
    AllBusy,
}

/// One of the permits that a project has for tries at the same time.
struct Permit {
    notifier: Arc<Notifier>,
    project: ProjectRef,
}

impl Permit {
    fn take(notifier: &Arc<Notifier>, project: ProjectRef) -> Self {
        notifier.busy(|busy| *busy.entry(project).or_default() += 1);
        Self { notifier: Arc::clone(notifier), project }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.notifier.busy(|busy| match busy.get_mut(&self.project) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(busy.remove(&self.project)),
        });
    }
}

impl Notifier {
    /// One that sends requests with `client`.
    ///
    /// # Errors
    /// A sentence when the mail server's settings cannot be used.
    pub fn new(
        store: Arc<dyn Desk>,
        signing: Arc<dyn Signing>,
        clock: Arc<dyn Clock>,
        client: Client,
        config: NotifyConfig,
    ) -> Result<Self, String> {
        metrics::announce();
        let post = Post::new(&config)?;
        Ok(Self { store, signing, clock, client, post, config, busy: Mutex::default() })
    }

    /// Delivers until it is told to stop; tries that are under way then may end.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut tries = JoinSet::new();
        let mut forgot: Option<Instant> = None;
        while !stop.is_cancelled() {
            while tries.try_join_next().is_some() {}
            let begun = self.begin(&mut tries).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "Messages that are due could not be looked for");
                Begun::NothingDue
            });
            if forgot.is_none_or(|at| at.elapsed() >= FORGET_EVERY) && self.forget().await {
                forgot = Some(Instant::now());
            }
            let rest = match begun {
                // There may be more.
                Begun::Some => continue,
                Begun::NothingDue => LOOK,
                Begun::AllBusy => BUSY_LOOK,
            };
            // Where a try ends, there is a place.
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(rest) => {}
                Some(_) = tries.join_next() => {}
            }
        }
        let end = async { while tries.join_next().await.is_some() {} };
        if timeout(self.config.lease(), end).await.is_err() {
            tracing::warn!("Messages were still being sent at the end; they are sent again");
        }
    }

    /// Begins as many tries as there are places for.
    async fn begin(self: &Arc<Self>, tries: &mut JoinSet<()>) -> Result<Begun, StoreError> {
        let places = self.config.max_at_once.saturating_sub(tries.len());
        let now = self.clock.now();
        let is_due = self.store.next_delivery().await?.is_some_and(|due| due <= now);
        if places == 0 || !is_due {
            return Ok(Begun::NothingDue);
        }
        // Without a mail server nothing is sent, and nothing need wait for it.
        let smtp = &self.config.smtp;
        let mails_per_hour = smtp.host.as_ref().map_or(u32::MAX, |_| smtp.per_hour);
        let busy = self.busy(|busy| busy.clone());
        let nobody_is_busy = busy.is_empty();
        let claim = DeliveryClaim {
            now,
            until: now.plus(self.config.lease()),
            limit: places,
            per_project: self.config.max_at_once_per_project,
            busy,
            mails_per_hour,
        };
        let claimed = self.store.claim_deliveries(claim).await?;
        // Where nobody is busy and none was given out, some were put off.
        let begun = if claimed.is_empty() && !nobody_is_busy { Begun::AllBusy } else { Begun::Some };
        for delivery in claimed {
            tries.spawn(Arc::clone(self).attempt(Permit::take(self, delivery.project), delivery));
        }
        Ok(begun)
    }

    /// Between two statements the counts are whole.
    fn busy<T>(&self, with: impl FnOnce(&mut BTreeMap<ProjectRef, usize>) -> T) -> T {
        with(&mut self.busy.lock())
    }

    /// Tries, and writes down how it went.
    async fn attempt(self: Arc<Self>, _permit: Permit, delivery: Delivery) {
        let (at, began) = (self.clock.now(), Instant::now());
        let span = self.span(&delivery, at).await;
        let sent = timeout(self.config.try_time(), self.send(&delivery)).await;
        let outcome = sent.unwrap_or_else(|_| {
            Outcome::again("Timeout", format!("no answer within {} s", self.config.try_seconds))
        });
        let took = began.elapsed();
        metrics::tried(delivery.to.channel(), &outcome, took);
        tried(span, &outcome, self.clock.now());
        self.settle(&delivery, at, took, outcome).await;
    }

    /// A span of the trace that the job belongs to; none of a job that was deleted since.
    async fn span(&self, delivery: &Delivery, at: Timestamp) -> OpenSpan {
        if !trace::is_on() {
            return OpenSpan::default();
        }
        let job = self.store.job(delivery.project, delivery.notice.job).await.ok().flatten();
        let mut span = OpenSpan::begin("notify", SpanKind::Client, job.and_then(|job| job.trace), at);
        span.text(keys::JOB, delivery.notice.job)
            .text(keys::DELIVERY, delivery.id)
            .text(keys::CHANNEL, delivery.to.channel().as_str())
            .count(keys::TRY, delivery.number.into());
        span
    }

    async fn send(&self, delivery: &Delivery) -> Outcome {
        let notices = match self.store.notices(delivery.project).await {
            Ok(notices) => notices,
            Err(error) => return Outcome::again("Storage", error.to_string()),
        };
        match &delivery.to {
            Recipient::Mail(address) => {
                let transport = match self.post.transport_to(address, notices.mail.domains.as_deref()) {
                    Ok(transport) => transport,
                    Err(refusal) => return refusal,
                };
                let artifacts = match self.store.artifacts(delivery.notice.job).await {
                    Ok(artifacts) => results(artifacts),
                    Err(error) => return Outcome::again("Storage", error.to_string()),
                };
                self.post.send(transport, delivery, address, &artifacts, &*self.signing).await
            }
            Recipient::Webhook(id) => {
                let Some(hook) = notices.webhook(*id) else {
                    return Outcome::park("WebhookDeleted", "the webhook was deleted");
                };
                if !hook.enabled {
                    return Outcome::park("WebhookDisabled", "the webhook is switched off");
                }
                let now = self.clock.now();
                let keys = self.signing.keys(hook, now);
                let url = self.signing.public_url();
                let outcome = webhook::send(&self.client, hook, delivery, &keys, &url, now).await;
                if outcome.code == webhook::GONE {
                    self.switch_off(hook, now).await;
                }
                outcome
            }
        }
    }

    /// A receiver that says that it is gone is told of nothing more.
    async fn switch_off(&self, hook: &Webhook, now: Timestamp) {
        let stopped = Some("its receiver answered 410 Gone".to_owned());
        let after = Webhook { enabled: false, stopped, updated_at: now, ..hook.clone() };
        // Whoever changed it meanwhile wants it as it is.
        match self.store.put_webhook(Some(hook.clone()), after).await {
            Ok(()) => {
                tracing::info!(webhook = %hook.id, project = %hook.project, "A webhook was switched off: its receiver is gone");
            }
            Err(error) => tracing::debug!(webhook = %hook.id, %error, "A webhook was not switched off"),
        }
    }

    async fn settle(&self, delivery: &Delivery, at: Timestamp, took: Duration, outcome: Outcome) {
        let now = self.clock.now();
        let Outcome { code, status, answer, then } = outcome;
        let next = match then {
            Then::Done => Settled::Delivered,
            Then::Park => Settled::Parked,
            Then::Again(wish) => {
                let failures = delivery.failures + 1;
                Settled::Again(now.plus(pause(&self.config.retries, failures, wish, rand::random())))
            }
        };
        let took_millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let tried = Try { at, took_millis, code: code.to_owned(), status, answer };
        let Delivery { project, id, number, .. } = *delivery;
        let settlement = Settlement { project, id, number, tried, next, now };
        for _ in 0..OFFERS {
            match self.store.settle_delivery(settlement.clone()).await {
                Err(StoreError::Unavailable(_)) => sleep(BETWEEN_OFFERS).await,
                Err(error @ (StoreError::Conflict(_) | StoreError::NotFound(_))) => {
                    return tracing::debug!(delivery = %id, %error, "A try came too late");
                }
                Err(error) => {
                    return tracing::warn!(delivery = %id, %error, "How a try went could not be stored; the message is sent again");
                }
                Ok(settled) => {
                    return tracing::debug!(delivery = %id, code, state = settled.state.as_str(), "A message was tried");
                }
            }
        }
        tracing::warn!(delivery = %id, "How a try went could not be stored; the message is sent again");
    }

    /// Forgets some old ones, and says whether those were all.
    async fn forget(&self) -> bool {
        match self.store.forget_deliveries(self.clock.now(), FORGOTTEN).await {
            Ok(count) => count < FORGOTTEN as u64,
            Err(error) => {
                tracing::warn!(%error, "Old deliveries could not be forgotten");
                true
            }
        }
    }
}

/// What the job made: a profile is for whoever asked for it.
fn results(mut artifacts: Vec<Artifact>) -> Vec<Artifact> {
    artifacts.retain(|artifact| artifact.description.role != ArtifactRole::Profile);
    artifacts
}

/// The receiver's own words stay in the delivery, which fewer may read.
fn tried(mut span: OpenSpan, outcome: &Outcome, now: Timestamp) {
    span.text(keys::OUTCOME, outcome.code);
    if !matches!(outcome.then, Then::Done) {
        span.fail(outcome.code, "");
    }
    span.end(now);
}
