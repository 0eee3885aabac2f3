//! Who is told of the ends of jobs, and what is to be told.

use crate::records::deliveries as records;
use crate::records::removed::refuse_removed;
use crate::store::SledStore;
use crate::tables::database::Database;
use crate::tables::keys::{self, Table};
use crate::verbs::jobs::job;
use crate::write::overlay::Overlay;
use crate::write::shared::Shared;
use async_trait::async_trait;
use fuelcell_domain::{
    Delivery, DeliveryError, DeliveryId, MailPolicy, Notices, ProjectRef, Timestamp, Webhook, WebhookError,
    WebhookId,
};
use fuelcell_store::pages::Pager;
use fuelcell_store::verbs::Deliveries;
use fuelcell_store::{DeliveryClaim, DeliveryFilter, OutboxFigures, Page, Seek, Settlement, StoreError};
use std::cmp::Reverse;
use std::ops::ControlFlow;

/// How far the clocks of two nodes may differ, in microseconds.
const CLOCK_SLACK: i64 = 3_600_000_000;

#[async_trait]
impl Deliveries for SledStore {
    async fn notices(&self, project: ProjectRef) -> Result<Notices, StoreError> {
        records::notices(self.database()?, project)
    }

    async fn put_webhook(&self, before: Option<Webhook>, after: Webhook) -> Result<(), StoreError> {
        let put = move |overlay: &mut Overlay<'_>| {
            refuse_removed(overlay, after.project)?;
            let project = after.project;
            change(overlay, project, |notices| notices.put(before.as_ref(), after))
        };
        self.write(put).await
    }

    async fn delete_webhook(&self, project: ProjectRef, id: WebhookId) -> Result<(), StoreError> {
        self.end(move |overlay| change(overlay, project, |notices| notices.remove(id))).await
    }

    async fn set_mail_policy(&self, project: ProjectRef, policy: MailPolicy) -> Result<(), StoreError> {
        let set = move |overlay: &mut Overlay<'_>| {
            refuse_removed(overlay, project)?;
            change(overlay, project, |notices| {
                notices.mail = policy;
                Ok(())
            })
        };
        self.write(set).await
    }

    async fn next_delivery(&self) -> Result<Option<Timestamp>, StoreError> {
        records::first_time(self.database()?)
    }

    async fn claim_deliveries(&self, mut claim: DeliveryClaim) -> Result<Vec<Delivery>, StoreError> {
        let find = move |shared: &Shared| records::due(&shared.database, &mut claim).map(|due| (due, claim));
        let (due, claim) = self.read_many(find).await?;
        match due.is_empty() {
            true => Ok(Vec::new()),
            // After the barrier, so that nobody is told of an end that a crash takes back.
            false => self.end(move |overlay| records::claim(overlay, &due, &claim)).await,
        }
    }

    async fn settle_delivery(&self, settlement: Settlement) -> Result<Delivery, StoreError> {
        let Settlement { project, id, number, tried, next, now } = settlement;
        self.end(move |overlay| {
            step(overlay, project, id, |delivery| delivery.settle(number, tried, next, now))
        })
        .await
    }

    async fn resend_delivery(
        &self,
        project: ProjectRef,
        id: DeliveryId,
        now: Timestamp,
    ) -> Result<Delivery, StoreError> {
        self.write(move |overlay| step(overlay, project, id, |delivery| delivery.send_again(now))).await
    }

    async fn delivery(&self, project: ProjectRef, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        records::find(self.database()?, project, id)
    }

    async fn deliveries(
        &self,
        project: ProjectRef,
        filter: DeliveryFilter,
        seek: Seek<Reverse<DeliveryId>>,
    ) -> Result<Page<Delivery>, StoreError> {
        self.read_many(move |shared| page(&shared.database, project, filter, &seek)).await
    }

    async fn forget_deliveries(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let old = self.read_many(move |shared| records::old(&shared.database, now, limit)).await?;
        match old.is_empty() {
            true => Ok(0),
            false => self.end(move |overlay| records::forget_old(overlay, &old)).await,
        }
    }

    async fn outbox_figures(&self) -> Result<OutboxFigures, StoreError> {
        self.read_many(|shared| records::figures(&shared.database)).await
    }
}

fn change(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    change: impl FnOnce(&mut Notices) -> Result<(), WebhookError>,
) -> Result<(), StoreError> {
    let mut notices = records::notices(overlay, project)?;
    change(&mut notices)?;
    records::put_notices(overlay, project, &notices)
}

fn step(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    id: DeliveryId,
    step: impl FnOnce(&mut Delivery) -> Result<(), DeliveryError>,
) -> Result<Delivery, StoreError> {
    let before = records::find(overlay, project, id)?.ok_or(StoreError::NotFound("delivery"))?;
    let mut after = before.clone();
    step(&mut after)?;
    records::rewrite(overlay, &before, &after)?;
    Ok(after)
}

fn page(
    database: &Database,
    project: ProjectRef,
    filter: DeliveryFilter,
    seek: &Seek<Reverse<DeliveryId>>,
) -> Result<Page<Delivery>, StoreError> {
    let end = match seek.after {
        Some(Reverse(id)) => keys::delivery(project, id),
        None => keys::behind_ids(project),
    };
    let mut pager = Pager::new(seek.limit);
    // Nobody is told of a job before it was made, so that what is older need not be looked at.
    let job = filter.job.map(|id| job(database, project, id)).transpose()?.flatten();
    let made = job.map(|job| Timestamp(job.created_at.0 - CLOCK_SLACK));
    database.visit_back(Table::Deliveries, &keys::project(project), &end, |_, delivery: Delivery| {
        if made.is_some_and(|made| delivery.notice.ended_at < made) {
            return ControlFlow::Break(());
        }
        match filter.matches(&delivery) {
            true => pager.push(delivery),
            false => ControlFlow::Continue(()),
        }
    })?;
    Ok(pager.finish())
}
