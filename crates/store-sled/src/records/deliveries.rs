//! What is to be told of ended jobs, and when something is to be done about it: tried, or forgotten.

use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table};
use crate::write::overlay::Overlay;
use fuelcell_domain::{Delivery, DeliveryId, Job, Notices, ProjectRef, Recipient, Timestamp};
use fuelcell_store::{DeliveryClaim, OutboxFigures, StoreError};

/// The first byte of the keys of those that are tried, and of those that are forgotten.
const TRIED: u8 = 0;
const FORGOTTEN: u8 = 1;
/// Deliveries that are counted.
const COUNTED: usize = 100_000;
/// Deliveries that are looked at in one step.
const SCANNED: usize = 10_000;

/// Whom a project tells.
pub(crate) fn notices(records: &impl Read, project: ProjectRef) -> Result<Notices, StoreError> {
    Ok(records.get(Table::Notices, &keys::project(project))?.unwrap_or_default())
}

/// Replaces whom a project tells.
pub(crate) fn put_notices(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    notices: &Notices,
) -> Result<(), StoreError> {
    overlay.put(Table::Notices, &keys::project(project), notices)
}

/// Notes what is to be told of a job that has just ended.
pub(crate) fn note_end(overlay: &mut Overlay<'_>, before: &Job, after: &Job) -> Result<(), StoreError> {
    if before.state.is_ended() || !after.state.is_ended() {
        return Ok(());
    }
    for delivery in notices(overlay, after.project)?.of_end(after) {
        overlay.add(Table::Deliveries, &keys::delivery(delivery.project, delivery.id), &delivery)?;
        overlay.add(Table::DeliveryTimes, &keys::delivery_time(&delivery), &())?;
    }
    Ok(())
}

/// A project's delivery.
pub(crate) fn find(
    records: &impl Read,
    project: ProjectRef,
    id: DeliveryId,
) -> Result<Option<Delivery>, StoreError> {
    records.get(Table::Deliveries, &keys::delivery(project, id))
}

/// Writes one that moved.
pub(crate) fn rewrite(
    overlay: &mut Overlay<'_>,
    before: &Delivery,
    after: &Delivery,
) -> Result<(), StoreError> {
    overlay.remove(Table::DeliveryTimes, &keys::delivery_time(before))?;
    overlay.put(Table::Deliveries, &keys::delivery(after.project, after.id), after)?;
    overlay.put(Table::DeliveryTimes, &keys::delivery_time(after), &())
}

/// Removes one, wherever it stands.
pub(crate) fn forget(overlay: &mut Overlay<'_>, key: &[u8]) -> Result<(), StoreError> {
    if let Some(delivery) = overlay.get::<Delivery>(Table::Deliveries, key)? {
        overlay.remove(Table::DeliveryTimes, &keys::delivery_time(&delivery))?;
    }
    overlay.remove(Table::Deliveries, key)
}

/// A range of times: its first key, and the one behind it.
fn times(kind: u8, until: Timestamp) -> ([u8; 1], Vec<u8>) {
    let micros = u64::try_from(until.0).unwrap_or(0).saturating_add(1);
    ([kind], [&[kind][..], &micros.to_be_bytes()].concat())
}

/// When the first one is to be tried.
pub(crate) fn first_time(database: &Database) -> Result<Option<Timestamp>, StoreError> {
    let first = database.first_keys(Table::DeliveryTimes, &[TRIED], &[FORGOTTEN], 1)?;
    Ok(first.first().and_then(|key| keys::delivery_time_of(key)).map(|(at, ..)| at))
}

/// The keys of those that may be given out.
pub(crate) fn due(database: &Database, claim: &mut DeliveryClaim) -> Result<Vec<Vec<u8>>, StoreError> {
    let (start, end) = times(TRIED, claim.now);
    let (limit, mut start, mut found) = (claim.limit, start.to_vec(), Vec::new());
    // Behind those of a project that has all its places there may be one of another.
    while found.len() < limit {
        let due = database.first_keys(Table::DeliveryTimes, &start, &end, SCANNED)?;
        let Some(last) = due.last() else { break };
        start = [&last[..], &[0]].concat();
        let admitted = due
            .into_iter()
            .filter(|key| keys::delivery_time_of(key).is_none_or(|(_, own, _)| claim.admit(own)));
        found.extend(admitted.take(limit - found.len()));
    }
    Ok(found)
}

/// Gives those out that are still there as they were seen, and postpones e-mail of projects that have sent too much.
pub(crate) fn claim(
    overlay: &mut Overlay<'_>,
    due: &[Vec<u8>],
    claim: &DeliveryClaim,
) -> Result<Vec<Delivery>, StoreError> {
    let mut claimed = Vec::new();
    for key in due {
        let Some(before) = at_time(overlay, key)? else { continue };
        let mut after = before.clone();
        match allowed(overlay, &before, claim)? {
            Ok(()) => {
                after.claim(claim.until);
                claimed.push(after.clone());
            }
            Err(until) => after.wait_for_hour(until, claim.now),
        }
        rewrite(overlay, &before, &after)?;
    }
    Ok(claimed)
}

/// The delivery whose time this is. The time of one that is gone is removed.
fn at_time(overlay: &mut Overlay<'_>, key: &[u8]) -> Result<Option<Delivery>, StoreError> {
    if overlay.value(Table::DeliveryTimes, key)?.is_none() {
        return Ok(None);
    }
    let found = match keys::delivery_time_of(key) {
        Some((_, project, id)) => find(overlay, project, id)?,
        None => None,
    };
    let found = found.filter(|delivery| keys::delivery_time(delivery) == key);
    if found.is_none() {
        overlay.remove(Table::DeliveryTimes, key)?;
    }
    Ok(found)
}

/// Whether it may be sent now, or when. An e-mail that may is counted.
fn allowed(
    overlay: &mut Overlay<'_>,
    delivery: &Delivery,
    claim: &DeliveryClaim,
) -> Result<Result<(), Timestamp>, StoreError> {
    if let Recipient::Webhook(_) = delivery.to {
        return Ok(Ok(()));
    }
    let mut notices = notices(overlay, delivery.project)?;
    let allowed = notices.take_mail(claim.now, claim.mails_per_hour);
    put_notices(overlay, delivery.project, &notices)?;
    Ok(allowed)
}

/// The keys of settled ones whose time is over.
pub(crate) fn old(database: &Database, now: Timestamp, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let (start, end) = times(FORGOTTEN, now);
    database.first_keys(Table::DeliveryTimes, &start, &end, limit)
}

/// Forgets those that are still there as they were seen.
pub(crate) fn forget_old(overlay: &mut Overlay<'_>, old: &[Vec<u8>]) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    for key in old {
        if let Some(delivery) = at_time(overlay, key)? {
            forget(overlay, &keys::delivery(delivery.project, delivery.id))?;
            forgotten += 1;
        }
    }
    Ok(forgotten)
}

/// How much waits.
pub(crate) fn figures(database: &Database) -> Result<OutboxFigures, StoreError> {
    let waiting = database.first_keys(Table::DeliveryTimes, &[TRIED], &[FORGOTTEN], COUNTED)?;
    let ends = waiting.iter().filter_map(|key| keys::delivery_time_of(key)?.2.made_at());
    Ok(OutboxFigures { waiting: waiting.len() as u64, oldest: ends.min() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::JobState;
    use fuelcell_domain::job::Notifications;
    use fuelcell_store::conformance::fixtures::{at, job, project};
    use parking_lot::RwLock;
    use std::collections::BTreeMap;
    use tempfile::TempDir;

    fn delivery(own: ProjectRef) -> Delivery {
        let email_recipients = vec!["a@x.org".to_owned()];
        let notifications = Notifications { on_completion: true, on_failure: true, email_recipients };
        let ended = Job { state: JobState::Completed, ended_at: Some(at(1)), notifications, ..job(own) };
        Notices::default().of_end(&ended).into_iter().next().unwrap()
    }

    #[test]
    fn a_project_with_very_many_that_are_due_holds_up_no_other() {
        let directory = TempDir::new().unwrap();
        let database = Database::open(directory.path(), 1 << 20).unwrap();
        let image = RwLock::default();
        let mut overlay = Overlay::new(&database, &image);
        let (own, other) = (project(), project());
        let mut one = delivery(own);
        for _ in 0..=SCANNED {
            one.due_at.0 += 1;
            overlay.put(Table::DeliveryTimes, &keys::delivery_time(&one), &()).unwrap();
        }
        let last = Delivery { due_at: Timestamp(one.due_at.0 + 1), ..delivery(other) };
        overlay.put(Table::DeliveryTimes, &keys::delivery_time(&last), &()).unwrap();
        database.apply(&overlay.into_parts().0).unwrap();
        let mut claim = DeliveryClaim {
            now: at(60),
            until: at(90),
            limit: 10,
            per_project: 1,
            busy: BTreeMap::new(),
            mails_per_hour: 10,
        };
        let due = due(&database, &mut claim).unwrap();
        let of: Vec<_> = due.iter().map(|key| keys::delivery_time_of(key).unwrap().1).collect();
        assert_eq!(of, [own, other]);
    }
}
