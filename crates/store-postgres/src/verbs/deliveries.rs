//! Who is told of the ends of jobs, and what is to be told.

use crate::database::{Session, most};
use crate::records::deliveries as records;
use crate::records::ledger::project;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{
    Delivery, DeliveryId, MailPolicy, Notices, ProjectRef, Recipient, Timestamp, Webhook, WebhookId,
};
use fuelcell_store::pages::Pager;
use fuelcell_store::verbs::Deliveries;
use fuelcell_store::{DeliveryClaim, DeliveryFilter, OutboxFigures, Page, Seek, Settlement, StoreError};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Deliveries that are looked at in one step.
const SCANNED: i64 = 10_000;
/// Deliveries that are counted.
const COUNTED: i64 = 100_000;

/// When a delivery is due, and whose it is.
type Due = (i64, ProjectRef, DeliveryId);

#[async_trait]
impl Deliveries for PostgresStore {
    async fn notices(&self, project: ProjectRef) -> Result<Notices, StoreError> {
        ask!(self, session => records::notices(&session, project))
    }

    async fn put_webhook(&self, before: Option<Webhook>, after: Webhook) -> Result<(), StoreError> {
        change!(self, work => put_webhook(work, before, after))
    }

    async fn delete_webhook(&self, project: ProjectRef, id: WebhookId) -> Result<(), StoreError> {
        change!(self, work => delete_webhook(work, project, id))
    }

    async fn set_mail_policy(&self, project: ProjectRef, policy: MailPolicy) -> Result<(), StoreError> {
        change!(self, work => set_mail_policy(work, project, policy))
    }

    async fn next_delivery(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = "SELECT due_at FROM deliveries WHERE NOT settled ORDER BY due_at LIMIT 1";
        let next = ask!(self, session => session.one(next, &[]))?;
        Ok(next.map(|row| Timestamp(row.get(0))))
    }

    async fn claim_deliveries(&self, claim: DeliveryClaim) -> Result<Vec<Delivery>, StoreError> {
        change!(self, work => give_out(work, claim))
    }

    async fn settle_delivery(&self, settlement: Settlement) -> Result<Delivery, StoreError> {
        change!(self, work => settle(work, settlement))
    }

    async fn resend_delivery(
        &self,
        project: ProjectRef,
        id: DeliveryId,
        now: Timestamp,
    ) -> Result<Delivery, StoreError> {
        change!(self, work => resend(work, project, id, now))
    }

    async fn delivery(&self, project: ProjectRef, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        ask!(self, session => records::find(&session, project, id))
    }

    async fn deliveries(
        &self,
        project: ProjectRef,
        filter: DeliveryFilter,
        seek: Seek<Reverse<DeliveryId>>,
    ) -> Result<Page<Delivery>, StoreError> {
        ask!(self, session => page(&session, project, filter, seek))
    }

    async fn forget_deliveries(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let forget = "DELETE FROM deliveries WHERE (tenant, project, delivery) IN (SELECT tenant, project, delivery \
            FROM deliveries WHERE settled AND due_at <= $1 ORDER BY due_at, tenant, project, delivery LIMIT $2 \
            FOR UPDATE SKIP LOCKED)";
        change!(self, work => work.execute(forget, &[&now.0, &most(limit)]))
    }

    async fn outbox_figures(&self) -> Result<OutboxFigures, StoreError> {
        ask!(self, session => figures(&session))
    }
}

async fn put_webhook(work: &mut Work, before: Option<Webhook>, after: Webhook) -> Result<(), StoreError> {
    let own = after.project;
    work.hold(&[own]).await?;
    work.refuse_removed(own)?;
    let mut notices = records::notices(work, own).await?;
    notices.put(before.as_ref(), after)?;
    records::put_notices(work, own, &notices).await
}

async fn delete_webhook(work: &mut Work, own: ProjectRef, id: WebhookId) -> Result<(), StoreError> {
    work.hold(&[own]).await?;
    let mut notices = records::notices(work, own).await?;
    notices.remove(id)?;
    records::put_notices(work, own, &notices).await
}

async fn set_mail_policy(work: &mut Work, own: ProjectRef, policy: MailPolicy) -> Result<(), StoreError> {
    work.hold(&[own]).await?;
    work.refuse_removed(own)?;
    let mut notices = records::notices(work, own).await?;
    notices.mail = policy;
    records::put_notices(work, own, &notices).await
}

/// What may be given out. Behind those of a project that has all its places there may be one of another.
async fn due(session: &Session, claim: &mut DeliveryClaim) -> Result<Vec<Due>, StoreError> {
    let page = "SELECT tenant, project, delivery, due_at FROM deliveries WHERE NOT settled AND due_at <= $1 \
        AND (due_at, tenant, project, delivery) > ($2, $3, $4, $5) ORDER BY due_at, tenant, project, delivery LIMIT $6";
    let (now, limit, mut found) = (claim.now.0, claim.limit, Vec::new());
    let nil = uuid::Uuid::nil();
    let mut after = (i64::MIN, nil, nil, nil);
    while found.len() < limit {
        let rows = session.query(page, &[&now, &after.0, &after.1, &after.2, &after.3, &SCANNED]).await?;
        let Some(last) = rows.last() else { break };
        after = (last.get(3), last.get(0), last.get(1), last.get(2));
        for row in &rows {
            let own = project(row);
            if found.len() < limit && claim.admit(own) {
                found.push((row.get(3), own, DeliveryId(row.get(2))));
            }
        }
    }
    Ok(found)
}

/// Gives those out that are still as they were seen, and postpones e-mail of projects that have sent too much.
async fn give_out(work: &mut Work, mut claim: DeliveryClaim) -> Result<Vec<Delivery>, StoreError> {
    let due = due(work, &mut claim).await?;
    let projects: Vec<_> = due.iter().map(|(_, own, _)| *own).collect();
    if projects.is_empty() {
        return Ok(Vec::new());
    }
    work.hold(&projects).await?;
    let mut notices: BTreeMap<ProjectRef, Notices> = BTreeMap::new();
    let (mut claimed, mut moved) = (Vec::new(), Vec::new());
    for (at, own, id) in due {
        let Some(mut delivery) = records::find(work, own, id).await? else { continue };
        if delivery.state.is_settled() || delivery.due_at.0 != at {
            continue;
        }
        let allowed = match delivery.to {
            Recipient::Webhook(_) => Ok(()),
            Recipient::Mail(_) => {
                let known = match notices.entry(own) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(unknown) => unknown.insert(records::notices(work, own).await?),
                };
                known.take_mail(claim.now, claim.mails_per_hour)
            }
        };
        match allowed {
            Ok(()) => {
                delivery.claim(claim.until);
                claimed.push(delivery.clone());
            }
            Err(until) => delivery.wait_for_hour(until, claim.now),
        }
        moved.push(delivery);
    }
    for (own, notices) in &notices {
        records::put_notices(work, *own, notices).await?;
    }
    records::put(work, &moved).await?;
    Ok(claimed)
}

async fn settle(work: &mut Work, settlement: Settlement) -> Result<Delivery, StoreError> {
    let Settlement { project, id, number, tried, next, now } = settlement;
    work.hold(&[project]).await?;
    let mut delivery = records::find(work, project, id).await?.ok_or(StoreError::NotFound("delivery"))?;
    delivery.settle(number, tried, next, now)?;
    records::put(work, std::slice::from_ref(&delivery)).await?;
    Ok(delivery)
}

async fn resend(
    work: &mut Work,
    project: ProjectRef,
    id: DeliveryId,
    now: Timestamp,
) -> Result<Delivery, StoreError> {
    work.hold(&[project]).await?;
    let mut delivery = records::find(work, project, id).await?.ok_or(StoreError::NotFound("delivery"))?;
    delivery.send_again(now)?;
    records::put(work, std::slice::from_ref(&delivery)).await?;
    Ok(delivery)
}

async fn page(
    session: &Session,
    own: ProjectRef,
    filter: DeliveryFilter,
    seek: Seek<Reverse<DeliveryId>>,
) -> Result<Page<Delivery>, StoreError> {
    let page = "SELECT record FROM deliveries WHERE tenant = $1 AND project = $2 AND ($3::uuid IS NULL OR delivery < $3) \
        AND ($4::uuid IS NULL OR job = $4) AND ($5::text IS NULL OR state = $5) AND ($6::text IS NULL OR channel = $6) \
        ORDER BY delivery DESC LIMIT $7";
    let after = seek.after.map(|Reverse(id)| id.0);
    let (job, state) = (filter.job.map(|job| job.0), filter.state.map(|state| state.as_str()));
    let channel = filter.channel.map(|channel| channel.as_str());
    let mut pager = Pager::new(seek.limit);
    let wanted = most(pager.wanted());
    let values: crate::database::Values<'_> =
        &[&own.tenant.0, &own.project.0, &after, &job, &state, &channel, &wanted];
    for row in session.records("deliveries", page, values).await? {
        if pager.push(row).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

async fn figures(session: &Session) -> Result<OutboxFigures, StoreError> {
    // Ids of deliveries sort by the time of the end.
    let waiting = "SELECT count(*), min(delivery::text) FROM \
        (SELECT delivery FROM deliveries WHERE NOT settled ORDER BY due_at LIMIT $1) waiting";
    let Some(row) = session.one(waiting, &[&COUNTED]).await? else { return Ok(OutboxFigures::default()) };
    let oldest: Option<&str> = row.get(1);
    let oldest = oldest.map(|id| id.parse::<DeliveryId>());
    let oldest = oldest
        .transpose()
        .map_err(|error| StoreError::Storage(format!("a delivery's id cannot be read: {error}")))?;
    Ok(OutboxFigures {
        waiting: row.get::<_, i64>(0).cast_unsigned(),
        oldest: oldest.and_then(DeliveryId::made_at),
    })
}
