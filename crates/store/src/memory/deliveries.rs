//! Who is told of the ends of jobs, and what is to be told.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::deliveries::{DeliveryClaim, DeliveryFilter, OutboxFigures, Settlement};
use crate::pages::{Page, Seek, cut};
use crate::verbs::Deliveries;
use async_trait::async_trait;
use fuelcell_domain::{
    Delivery, DeliveryId, Job, MailPolicy, Notices, ProjectRef, Recipient, Timestamp, Webhook, WebhookId,
};
use std::cmp::Reverse;

#[async_trait]
impl Deliveries for MemoryStore {
    async fn notices(&self, project: ProjectRef) -> Result<Notices, StoreError> {
        Ok(self.records().notices.get(&project).cloned().unwrap_or_default())
    }

    async fn put_webhook(&self, before: Option<Webhook>, after: Webhook) -> Result<(), StoreError> {
        let mut records = self.records();
        records.refuse_removed(after.project)?;
        Ok(records.notices.entry(after.project).or_default().put(before.as_ref(), after)?)
    }

    async fn delete_webhook(&self, project: ProjectRef, id: WebhookId) -> Result<(), StoreError> {
        let mut records = self.records();
        let notices = records.notices.get_mut(&project).ok_or(StoreError::NotFound("webhook"))?;
        Ok(notices.remove(id)?)
    }

    async fn set_mail_policy(&self, project: ProjectRef, policy: MailPolicy) -> Result<(), StoreError> {
        let mut records = self.records();
        records.refuse_removed(project)?;
        records.notices.entry(project).or_default().mail = policy;
        Ok(())
    }

    async fn next_delivery(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.records().unsettled().map(|delivery| delivery.due_at).min())
    }

    async fn claim_deliveries(&self, claim: DeliveryClaim) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.records().claim_deliveries(claim))
    }

    async fn settle_delivery(&self, settlement: Settlement) -> Result<Delivery, StoreError> {
        let Settlement { project, id, number, tried, next, now } = settlement;
        let mut records = self.records();
        let delivery = records.delivery(project, id)?;
        delivery.settle(number, tried, next, now)?;
        Ok(delivery.clone())
    }

    async fn resend_delivery(
        &self,
        project: ProjectRef,
        id: DeliveryId,
        now: Timestamp,
    ) -> Result<Delivery, StoreError> {
        let mut records = self.records();
        let delivery = records.delivery(project, id)?;
        delivery.send_again(now)?;
        Ok(delivery.clone())
    }

    async fn delivery(&self, project: ProjectRef, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        Ok(self.records().deliveries.get(&(project, id)).cloned())
    }

    async fn deliveries(
        &self,
        project: ProjectRef,
        filter: DeliveryFilter,
        seek: Seek<Reverse<DeliveryId>>,
    ) -> Result<Page<Delivery>, StoreError> {
        let records = self.records();
        let own = records.deliveries.values().rev().filter(|delivery| delivery.project == project);
        Ok(cut(own.filter(|delivery| filter.matches(delivery)).cloned().collect(), &seek))
    }

    async fn forget_deliveries(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let mut records = self.records();
        let is_over = |delivery: &&Delivery| delivery.state.is_settled() && delivery.due_at <= now;
        let mut old: Vec<_> = records.deliveries.values().filter(is_over).collect();
        old.sort_by_key(|delivery| (delivery.due_at, delivery.project, delivery.id));
        let old: Vec<_> = old.iter().take(limit).map(|delivery| (delivery.project, delivery.id)).collect();
        old.iter().for_each(|key| drop(records.deliveries.remove(key)));
        Ok(old.len() as u64)
    }

    async fn outbox_figures(&self) -> Result<OutboxFigures, StoreError> {
        let records = self.records();
        let waiting = records.unsettled().count() as u64;
        let oldest = records.unsettled().filter_map(|delivery| delivery.id.made_at()).min();
        Ok(OutboxFigures { waiting, oldest })
    }
}

impl Records {
    fn unsettled(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.values().filter(|delivery| !delivery.state.is_settled())
    }

    fn delivery(&mut self, project: ProjectRef, id: DeliveryId) -> Result<&mut Delivery, StoreError> {
        self.deliveries.get_mut(&(project, id)).ok_or(StoreError::NotFound("delivery"))
    }

    /// Notes what is to be told of a job that has just ended.
    pub(super) fn note_end(&mut self, before: Option<&Job>, after: &Job) {
        if after.state.is_ended() && before.is_none_or(|before| !before.state.is_ended()) {
            let none = Notices::default();
            let told = self.notices.get(&after.project).unwrap_or(&none).of_end(after);
            self.deliveries
                .extend(told.into_iter().map(|delivery| ((delivery.project, delivery.id), delivery)));
        }
    }

    fn claim_deliveries(&mut self, mut claim: DeliveryClaim) -> Vec<Delivery> {
        let (now, limit) = (claim.now, claim.limit);
        let mut due: Vec<_> = self.unsettled().filter(|delivery| delivery.due_at <= now).collect();
        due.sort_by_key(|delivery| (delivery.due_at, delivery.project, delivery.id));
        let due: Vec<_> = due.iter().map(|delivery| (delivery.project, delivery.id)).collect();
        let due = due.into_iter().filter(|(project, _)| claim.admit(*project)).take(limit);
        let (due, mut claimed): (Vec<_>, _) = (due.collect(), Vec::new());
        for key in due {
            let Some(delivery) = self.deliveries.get_mut(&key) else { continue };
            let allowed = match delivery.to {
                Recipient::Mail(_) => {
                    self.notices.entry(key.0).or_default().take_mail(now, claim.mails_per_hour)
                }
                Recipient::Webhook(_) => Ok(()),
            };
            match allowed {
                Ok(()) => {
                    delivery.claim(claim.until);
                    claimed.push(delivery.clone());
                }
                Err(until) => delivery.wait_for_hour(until, now),
            }
        }
        claimed
    }
}
