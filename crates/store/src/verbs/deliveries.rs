//! Who is told of the ends of jobs, and what is to be told.

use crate::deliveries::{DeliveryClaim, DeliveryFilter, OutboxFigures, Settlement};
use crate::error::StoreError;
use crate::pages::{Page, Seek};
use async_trait::async_trait;
use fuelcell_domain::{Delivery, DeliveryId, MailPolicy, Notices, ProjectRef, Timestamp, Webhook, WebhookId};
use std::cmp::Reverse;

/// Who is told of the ends of jobs, and what is to be told. Whatever ends a job makes its deliveries
/// ([`Notices::of_end`]) in the same transaction. They outlive their job.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Whom a project tells.
    async fn notices(&self, project: ProjectRef) -> Result<Notices, StoreError>;
    /// Adds a webhook, or puts it in the place of what it was `before`; `Conflict` when it is another one by now, or when
    /// there are too many.
    async fn put_webhook(&self, before: Option<Webhook>, after: Webhook) -> Result<(), StoreError>;
    /// Takes a webhook away; `NotFound("webhook")`.
    async fn delete_webhook(&self, project: ProjectRef, id: WebhookId) -> Result<(), StoreError>;
    /// Replaces a project's rules for e-mail.
    async fn set_mail_policy(&self, project: ProjectRef, policy: MailPolicy) -> Result<(), StoreError>;
    /// When the first delivery is due; past while some wait for whoever delivers. It may tell of one that is gone.
    async fn next_delivery(&self) -> Result<Option<Timestamp>, StoreError>;
    /// Begins tries of what is due, the longest due first, and postpones e-mail of projects that have sent too much. What is
    /// returned is told of jobs whose end would survive a power cut.
    async fn claim_deliveries(&self, claim: DeliveryClaim) -> Result<Vec<Delivery>, StoreError>;
    /// Ends a try; `Conflict` when it is not the latest one, `NotFound("delivery")`.
    async fn settle_delivery(&self, settlement: Settlement) -> Result<Delivery, StoreError>;
    /// Has a settled delivery sent again, under its id; `Conflict` when it is not settled, `NotFound("delivery")`.
    async fn resend_delivery(
        &self,
        project: ProjectRef,
        id: DeliveryId,
        now: Timestamp,
    ) -> Result<Delivery, StoreError>;
    /// A project's delivery.
    async fn delivery(&self, project: ProjectRef, id: DeliveryId) -> Result<Option<Delivery>, StoreError>;
    /// A page of a project's deliveries, those of the latest ends first.
    async fn deliveries(
        &self,
        project: ProjectRef,
        filter: DeliveryFilter,
        seek: Seek<Reverse<DeliveryId>>,
    ) -> Result<Page<Delivery>, StoreError>;
    /// Forgets settled deliveries whose time is over, at most `limit`, and says how many.
    async fn forget_deliveries(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError>;
    /// How much waits.
    async fn outbox_figures(&self) -> Result<OutboxFigures, StoreError>;
}
