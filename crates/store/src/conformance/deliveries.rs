//! Who is told of the ends of jobs, and what is to be told.

use super::fixtures::{
    at, cancel, done, end, failure, job, project, running, start, submit, transient_failure, webhook, whole,
};
use crate::deliveries::{DeliveryClaim, DeliveryFilter, OutboxFigures, Settlement};
use crate::{Store, StoreError};
use fuelcell_domain::delivery::{PATIENCE, REMEMBERED};
use fuelcell_domain::job::Notifications;
use fuelcell_domain::notice::MAX_WEBHOOKS;
use fuelcell_domain::{
    Channel, Delivery, DeliveryState, ErrorCode, Job, JobEnding, JobError, MailPolicy, ProjectRef, Recipient,
    Settled, Timestamp, Transition, Try, Webhook,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Whoever takes all that is due at second `seconds`, and has it for ten.
fn claim(seconds: i64) -> DeliveryClaim {
    DeliveryClaim {
        now: at(seconds),
        until: at(seconds + 10),
        limit: 100,
        per_project: 100,
        busy: BTreeMap::new(),
        mails_per_hour: 100,
    }
}

/// A job whose end is told to these.
fn told(project: ProjectRef, recipients: &[&str]) -> Job {
    let email_recipients = recipients.iter().map(|&address| address.to_owned()).collect();
    let notifications = Notifications { on_completion: true, on_failure: true, email_recipients };
    Job { notifications, ..job(project) }
}

/// Ends a job well at second `seconds`.
async fn completed(store: &dyn Store, job: Job, seconds: i64) -> Job {
    let running = running(store, job).await;
    store.finish(end(&running, done(), seconds)).await.unwrap()
}

fn tried(code: &str, seconds: i64) -> Try {
    Try { at: at(seconds), took_millis: 7, code: code.into(), status: Some(500), answer: "no".into() }
}

fn settlement(delivery: &Delivery, next: Settled, seconds: i64) -> Settlement {
    let Delivery { project, id, number, .. } = *delivery;
    Settlement { project, id, number, tried: tried("Status", seconds), next, now: at(seconds) }
}

async fn all(store: &dyn Store, project: ProjectRef) -> Vec<Delivery> {
    whole(2, async |seek| store.deliveries(project, DeliveryFilter::default(), seek).await.unwrap()).await
}

fn addresses(deliveries: &[Delivery]) -> BTreeSet<String> {
    let address = |delivery: &Delivery| match &delivery.to {
        Recipient::Mail(address) => address.clone(),
        Recipient::Webhook(id) => id.to_string(),
    };
    deliveries.iter().map(address).collect()
}

fn names(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|&name| name.to_owned()).collect()
}

pub async fn an_end_is_told_to_whom_the_job_and_the_project_say(store: &dyn Store) {
    let (own, other) = (project(), project());
    let every = webhook(own);
    let failures = Webhook { events: vec![JobEnding::Failed], ..webhook(own) };
    let off = Webhook { enabled: false, ..webhook(own) };
    for hook in [&every, &failures, &off] {
        store.put_webhook(None, hook.clone()).await.unwrap();
    }
    let (every, failures) = (every.id.to_string(), failures.id.to_string());
    // Nothing is told before the end, nor of an attempt after which there is another.
    let queued = submit(store, told(own, &["a@x.org"])).await;
    let first = start(store, queued.id, 1).await;
    store.finish(end(&first, transient_failure(), 2)).await.unwrap();
    assert_eq!(all(store, own).await, []);
    assert_eq!(store.next_delivery().await.unwrap(), None);
    let second = start(store, queued.id, 100).await;
    let ended = store.finish(end(&second, done(), 101)).await.unwrap();
    let made = all(store, own).await;
    assert_eq!(addresses(&made), names(&["a@x.org", &every]));
    assert!(made.iter().all(|one| one.notice.job == queued.id && one.notice.ended_at == at(101)));
    assert_eq!(made, sorted(store.notices(own).await.unwrap().of_end(&ended)));
    assert_eq!(store.next_delivery().await.unwrap(), Some(at(101)));
    // The same end again makes no others.
    store.finish(end(&second, done(), 101)).await.unwrap();
    assert_eq!(all(store, own).await, made);

    let of = async |job: &Job| {
        let filter = DeliveryFilter { job: Some(job.id), ..DeliveryFilter::default() };
        addresses(&whole(1, async |seek| store.deliveries(own, filter, seek).await.unwrap()).await)
    };
    let failed = running(store, told(own, &["b@x.org"])).await;
    store.finish(end(&failed, failure(), 102)).await.unwrap();
    assert_eq!(of(&failed).await, names(&["b@x.org", &every, &failures]));
    let cancelled = submit(store, told(own, &["c@x.org"])).await;
    store.request_cancel(own, cancelled.id, cancel(103)).await.unwrap();
    assert_eq!(of(&cancelled).await, names(&[&every]));
    let stopped = running(store, told(own, &["c@x.org"])).await;
    store.request_cancel(own, stopped.id, cancel(103)).await.unwrap();
    assert_eq!(of(&stopped).await, names(&[]));
    store.finish(end(&stopped, Transition::Stop, 104)).await.unwrap();
    assert_eq!(of(&stopped).await, names(&[&every]));
    let gone = submit(store, told(own, &["d@x.org", "d@x.org"])).await;
    store.fail_queued(gone.id, JobError::new(ErrorCode::InputGone, "gone"), at(105)).await.unwrap();
    assert_eq!(of(&gone).await, names(&["d@x.org", &every, &failures]));
    // Who asks for nothing gets nothing.
    completed(store, job(other), 9).await;
    assert_eq!(all(store, other).await, []);
    // What is to be told outlives the job.
    store.delete_ended(own, gone.id).await.unwrap();
    assert_eq!(of(&gone).await, names(&["d@x.org", &every, &failures]));
}

fn sorted(mut deliveries: Vec<Delivery>) -> Vec<Delivery> {
    deliveries.sort_by_key(|delivery| std::cmp::Reverse(delivery.id));
    deliveries
}

pub async fn webhooks_are_set_by_who_knows_them(store: &dyn Store) {
    let (own, first) = (project(), webhook(project()));
    let first = Webhook { project: own, ..first };
    let absent = store.put_webhook(Some(first.clone()), first.clone()).await;
    assert!(matches!(absent, Err(StoreError::NotFound("webhook"))), "{absent:?}");
    store.put_webhook(None, first.clone()).await.unwrap();
    let again = store.put_webhook(None, first.clone()).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    let second = Webhook { url: "https://elsewhere.example".into(), ..first.clone() };
    store.put_webhook(Some(first.clone()), second.clone()).await.unwrap();
    let late = store.put_webhook(Some(first.clone()), first.clone()).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
    for _ in 1..MAX_WEBHOOKS {
        store.put_webhook(None, webhook(own)).await.unwrap();
    }
    let many = store.put_webhook(None, webhook(own)).await;
    assert!(matches!(many, Err(StoreError::Conflict(_))), "{many:?}");
    let policy = MailPolicy { domains: Some(vec!["x.org".into()]), per_hour: Some(7) };
    store.set_mail_policy(own, policy.clone()).await.unwrap();
    let notices = store.notices(own).await.unwrap();
    assert_eq!((notices.webhooks.len(), &notices.mail), (MAX_WEBHOOKS, &policy));
    assert_eq!(notices.webhook(first.id), Some(&second));
    store.delete_webhook(own, first.id).await.unwrap();
    let gone = store.delete_webhook(own, first.id).await;
    assert!(matches!(gone, Err(StoreError::NotFound("webhook"))), "{gone:?}");
    assert_eq!(store.notices(project()).await.unwrap(), Default::default());
}

pub async fn a_try_is_one_callers_until_its_time_is_over(store: &dyn Store) {
    let own = project();
    completed(store, told(own, &["a@x.org", "b@x.org"]), 5).await;
    assert_eq!(store.claim_deliveries(claim(4)).await.unwrap(), [], "their time has not come");
    let one = store.claim_deliveries(DeliveryClaim { limit: 1, ..claim(6) }).await.unwrap();
    let two = store.claim_deliveries(claim(6)).await.unwrap();
    assert_eq!((one.len(), two.len(), store.claim_deliveries(claim(15)).await.unwrap().len()), (1, 1, 0));
    assert_ne!(one[0].id, two[0].id);
    assert!(one[0].state == DeliveryState::Sending && one[0].number == 1);
    assert_eq!(store.delivery(own, one[0].id).await.unwrap().as_ref(), Some(&one[0]));
    assert_eq!(store.delivery(project(), one[0].id).await.unwrap(), None);
    let next = store.settle_delivery(settlement(&two[0], Settled::Delivered, 7)).await.unwrap();
    assert_eq!((next.state, next.due_at), (DeliveryState::Delivered, at(7).plus(REMEMBERED)));
    // Whoever had the other one did not come back.
    let again = store.claim_deliveries(claim(16)).await.unwrap();
    assert_eq!((again.len(), again[0].id, again[0].number), (1, one[0].id, 2));
    let late = store.settle_delivery(settlement(&one[0], Settled::Delivered, 17)).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
    let waits = store.settle_delivery(settlement(&again[0], Settled::Again(at(40)), 17)).await.unwrap();
    assert_eq!((waits.state, waits.failures, waits.tries.len()), (DeliveryState::Waiting, 1, 1));
    assert_eq!(store.next_delivery().await.unwrap(), Some(at(40)));
    let figures = OutboxFigures { waiting: 1, oldest: Some(at(5)) };
    assert_eq!(store.outbox_figures().await.unwrap(), figures);
    assert_eq!(store.claim_deliveries(claim(39)).await.unwrap(), []);
    let third = store.claim_deliveries(claim(40)).await.unwrap();
    let too_late = Settled::Again(at(5).plus(PATIENCE));
    let parked = store.settle_delivery(settlement(&third[0], too_late, 41)).await.unwrap();
    assert_eq!(parked.state, DeliveryState::Parked);
    assert_eq!(store.outbox_figures().await.unwrap(), OutboxFigures::default());
    assert_eq!(store.next_delivery().await.unwrap(), None);
}

pub async fn settled_ones_are_sent_again_or_forgotten(store: &dyn Store) {
    let own = project();
    completed(store, told(own, &["a@x.org", "b@x.org", "c@x.org"]), 5).await;
    let claimed = store.claim_deliveries(claim(6)).await.unwrap();
    let unsettled = store.resend_delivery(own, claimed[0].id, at(7)).await;
    assert!(matches!(unsettled, Err(StoreError::Conflict(_))), "{unsettled:?}");
    for (delivery, next) in claimed.iter().zip([Settled::Parked, Settled::Delivered, Settled::Delivered]) {
        store.settle_delivery(settlement(delivery, next, 8)).await.unwrap();
    }
    let again = store.resend_delivery(own, claimed[0].id, at(9)).await.unwrap();
    assert_eq!((again.state, again.id, again.due_at), (DeliveryState::Waiting, claimed[0].id, at(9)));
    let unknown = store.resend_delivery(project(), claimed[0].id, at(9)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound("delivery"))), "{unknown:?}");
    let over = at(8).plus(REMEMBERED);
    assert_eq!(store.forget_deliveries(Timestamp(over.0 - 1), 9).await.unwrap(), 0);
    assert_eq!(store.forget_deliveries(over, 1).await.unwrap(), 1);
    assert_eq!(store.forget_deliveries(over, 9).await.unwrap(), 1);
    assert_eq!(all(store, own).await, [again]);
    let missing = store.settle_delivery(settlement(&claimed[1], Settled::Parked, 9)).await;
    assert!(matches!(missing, Err(StoreError::NotFound("delivery"))), "{missing:?}");
}

pub async fn projects_take_turns_and_send_so_much_mail_an_hour(store: &dyn Store) {
    let (own, other) = (project(), project());
    completed(store, told(own, &["a@x.org", "b@x.org", "c@x.org", "d@x.org"]), 5).await;
    completed(store, told(other, &["e@x.org"]), 6).await;
    let busy = BTreeMap::from([(own, 1)]);
    let taken = store.claim_deliveries(DeliveryClaim { per_project: 2, busy, ..claim(7) }).await.unwrap();
    let of = |taken: &[Delivery]| taken.iter().map(|one| one.project).collect::<Vec<_>>();
    assert_eq!(of(&taken), [own, other]);
    let policy = MailPolicy { domains: None, per_hour: Some(2) };
    store.set_mail_policy(own, policy).await.unwrap();
    assert_eq!(of(&store.claim_deliveries(claim(7)).await.unwrap()), [own]);
    let later = all(store, own).await.into_iter().filter(|one| one.state == DeliveryState::Waiting);
    let later: Vec<_> = later.collect();
    assert_eq!(later.len(), 2);
    assert!(later.iter().all(|one| one.due_at == at(3600) && one.tries.is_empty() && one.number == 0));
    let next_hour =
        store.claim_deliveries(DeliveryClaim { busy: BTreeMap::new(), ..claim(3600) }).await.unwrap();
    assert_eq!(of(&next_hour).iter().filter(|project| **project == own).count(), 2);
    // Too late for a day is too late.
    let policy = MailPolicy { domains: None, per_hour: Some(0) };
    store.set_mail_policy(own, policy).await.unwrap();
    let day = at(24 * 3600);
    let seconds = (day.0 - at(0).0) / 1_000_000;
    assert_eq!(of(&store.claim_deliveries(claim(seconds)).await.unwrap()), [other]);
    let parked = all(store, own).await.into_iter().filter(|one| one.state == DeliveryState::Parked);
    assert_eq!(parked.map(|one| one.tries[0].code.clone()).collect::<Vec<_>>(), ["HourlyLimit"; 4]);
}

pub async fn lists_show_the_latest_first(store: &dyn Store) {
    let own = project();
    store.put_webhook(None, webhook(own)).await.unwrap();
    for seconds in [30, 10, 20] {
        completed(store, told(own, &["a@x.org"]), seconds).await;
    }
    let ends: Vec<_> = all(store, own).await.iter().map(|one| one.notice.ended_at).collect();
    assert_eq!(ends, [30, 30, 20, 20, 10, 10].map(at));
    let claimed = store.claim_deliveries(claim(10)).await.unwrap();
    assert_eq!(claimed.len(), 2);
    let count = async |filter: DeliveryFilter| {
        whole(1, async |seek| store.deliveries(own, filter, seek).await.unwrap()).await.len()
    };
    let any = DeliveryFilter::default();
    assert_eq!(count(DeliveryFilter { state: Some(DeliveryState::Sending), ..any }).await, 2);
    assert_eq!(count(DeliveryFilter { state: Some(DeliveryState::Waiting), ..any }).await, 4);
    assert_eq!(count(DeliveryFilter { channel: Some(Channel::Email), ..any }).await, 3);
}

/// Whoever asks at the same time as others gets what they do not.
pub async fn parallel_claims_give_each_to_one(store: Arc<dyn Store>) {
    const ENDS: usize = 30;
    let own = project();
    for _ in 0..ENDS {
        completed(&*store, told(own, &["a@x.org"]), 5).await;
    }
    let mut claims = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        claims.spawn(async move {
            let mut taken = Vec::new();
            for _ in 0..ENDS {
                taken.extend(store.claim_deliveries(DeliveryClaim { limit: 3, ..claim(6) }).await.unwrap());
            }
            taken
        });
    }
    let taken: Vec<_> = claims.join_all().await.concat();
    let ids: BTreeSet<_> = taken.iter().map(|delivery| delivery.id).collect();
    assert_eq!((taken.len(), ids.len()), (ENDS, ENDS));
}
