//! In which order queued jobs are considered: a pure function of the queue's heads, the time and the tenants' accounts.
//!
//! - **Ageing.** Each `ageing` that a job has waited since it could start raises it by one priority. After three of them
//!   even a Low job is as urgent as a Critical one, and older than all that come later. So the bound is: *a job goes before
//!   every job of its tenant that comes more than three times `ageing` after it, whatever their priorities*; tenants share
//!   the capacity as below.
//! - **Fair share.** Of the tenants with jobs of the most urgent priority the least-served goes next; see [`crate::shares`].
//! - Within a tenant: `front` first, then the one that could start first.

use fuelcell_domain::job::Priority;
use fuelcell_domain::{TenantId, Timestamp};
use fuelcell_store::QueueEntry;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

/// Brings the heads of the queue into the order in which they are to start. `accounts` are the tenants' accounts with what
/// they run now; `cost` is what a job will probably burn.
pub(crate) fn order(
    entries: Vec<QueueEntry>,
    now: Timestamp,
    ageing: Duration,
    accounts: &mut HashMap<TenantId, u64>,
    cost: impl Fn(&QueueEntry) -> u64,
) -> Vec<QueueEntry> {
    let mut by_urgency: BTreeMap<Reverse<usize>, BTreeMap<TenantId, Vec<QueueEntry>>> = BTreeMap::new();
    for entry in entries {
        let urgency = Reverse(urgency(&entry, now, ageing));
        by_urgency.entry(urgency).or_default().entry(entry.project.tenant).or_default().push(entry);
    }
    by_urgency.into_values().flat_map(|tenants| deal(tenants, accounts, &cost)).collect()
}

/// The accounts of the tenants that had jobs of each urgency waiting when the queue was last looked at.
#[derive(Default)]
pub(crate) struct Turns(HashMap<usize, HashMap<TenantId, u64>>);

impl Turns {
    /// Those of these heads of the queue.
    pub(crate) fn of(
        entries: &[QueueEntry],
        now: Timestamp,
        ageing: Duration,
        accounts: &HashMap<TenantId, u64>,
    ) -> Self {
        let mut turns: HashMap<usize, HashMap<TenantId, u64>> = HashMap::new();
        for entry in entries {
            let tenant = entry.project.tenant;
            let account = accounts.get(&tenant).copied().unwrap_or(0);
            turns.entry(urgency(entry, now, ageing)).or_default().insert(tenant, account);
        }
        Self(turns)
    }

    /// Whether another tenant with jobs of this one's urgency has a smaller account.
    pub(crate) fn others_first(&self, entry: &QueueEntry, now: Timestamp, ageing: Duration) -> bool {
        let Some(accounts) = self.0.get(&urgency(entry, now, ageing)) else { return false };
        let own = accounts.get(&entry.project.tenant);
        own.is_some_and(|own| accounts.values().any(|other| other < own))
    }
}

/// The place of a job's priority among all, raised by its age.
fn urgency(entry: &QueueEntry, now: Timestamp, ageing: Duration) -> usize {
    let steps = now.since(entry.since()).as_micros().checked_div(ageing.as_micros()).unwrap_or(0);
    let raised = (entry.priority as usize).saturating_add(usize::try_from(steps).unwrap_or(usize::MAX));
    raised.min(Priority::ALL.len() - 1)
}

/// Deals the tenants' jobs of one urgency, always from the least-served tenant.
fn deal(
    tenants: BTreeMap<TenantId, Vec<QueueEntry>>,
    accounts: &mut HashMap<TenantId, u64>,
    cost: impl Fn(&QueueEntry) -> u64,
) -> Vec<QueueEntry> {
    let mut lines: HashMap<TenantId, VecDeque<QueueEntry>> = HashMap::new();
    let mut next = BinaryHeap::new();
    for (tenant, mut line) in tenants {
        line.sort_by_key(|entry| {
            (!entry.front, entry.since(), entry.created_at, entry.project, entry.ordinal)
        });
        let account = accounts.get(&tenant).copied().unwrap_or(0);
        next.extend(line.first().map(|first| Reverse((account, first.since(), tenant))));
        lines.insert(tenant, line.into());
    }
    let mut dealt = Vec::new();
    while let Some(Reverse((account, _, tenant))) = next.pop() {
        let Some(line) = lines.get_mut(&tenant) else { continue };
        let Some(entry) = line.pop_front() else { continue };
        // Also what has never been measured counts, so that turns are taken.
        let account = account.saturating_add(cost(&entry).max(1));
        accounts.insert(tenant, account);
        next.extend(line.front().map(|first| Reverse((account, first.since(), tenant))));
        dealt.push(entry);
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choose::tests::entry;

    const AGEING: Duration = Duration::from_secs(600);

    fn after(minutes: u64) -> Timestamp {
        Timestamp(0).plus(Duration::from_secs(60 * minutes))
    }

    fn names(entries: &[QueueEntry]) -> String {
        entries.iter().map(|entry| entry.module.name.as_str()).collect()
    }

    #[test]
    fn each_step_of_waiting_raises_a_job_by_one_priority() {
        let of = |priority, minute| QueueEntry { priority, created_at: after(minute), ..entry("a", 1) };
        assert_eq!(urgency(&of(Priority::Low, 0), after(9), AGEING), 0);
        assert_eq!(urgency(&of(Priority::Low, 0), after(10), AGEING), 1);
        assert_eq!(urgency(&of(Priority::Normal, 5), after(26), AGEING), 3);
        assert_eq!(urgency(&of(Priority::Critical, 0), after(1_000_000), AGEING), 3);
        let scheduled = QueueEntry { not_before: Some(after(50)), ..of(Priority::Low, 0) };
        assert_eq!(urgency(&scheduled, after(55), AGEING), 0, "it could not start before");
        assert_eq!(urgency(&of(Priority::Low, 0), after(1_000), Duration::ZERO), 0, "no ageing");
    }

    #[test]
    fn an_old_job_goes_before_the_urgent_ones_of_its_tenant_that_came_later() {
        let old = QueueEntry { priority: Priority::Low, created_at: after(0), ..entry("o", 1) };
        let flood = |minute| QueueEntry {
            priority: Priority::Critical,
            created_at: after(minute),
            project: old.project,
            ..entry("c", 1)
        };
        let queue = || vec![flood(20), flood(25), old.clone(), flood(1)];
        let at = |minute| names(&order(queue(), after(minute), AGEING, &mut HashMap::new(), |_| 1));
        assert_eq!(at(29), "ccco");
        assert_eq!(at(30), "occc");
    }

    #[test]
    fn it_is_the_turn_of_those_of_the_same_urgency_that_have_burnt_less() {
        let [one, other, urgent] = [entry("a", 1), entry("b", 1), entry("c", 1)];
        let urgent = QueueEntry { priority: Priority::High, ..urgent };
        let accounts =
            [(one.project.tenant, 10), (other.project.tenant, 9), (urgent.project.tenant, 1)].into();
        let turns = Turns::of(&[one.clone(), other.clone(), urgent.clone()], after(0), AGEING, &accounts);
        let others_first = |entry: &QueueEntry| turns.others_first(entry, after(0), AGEING);
        assert!(others_first(&one) && !others_first(&other) && !others_first(&urgent));
        let alone = QueueEntry { priority: Priority::Low, ..one };
        assert!(!others_first(&alone), "nobody else waits with this urgency");
    }

    #[test]
    fn tenants_take_turns_by_what_they_burn() {
        let (one, other) = (entry("a", 1).project, entry("b", 1).project);
        let queue: Vec<_> = (0..8)
            .map(|n| match n < 6 {
                true => QueueEntry { project: one, ordinal: n, ..entry("a", 1) },
                false => QueueEntry { project: other, ordinal: n, ..entry("b", 1) },
            })
            .collect();
        let cost = |entry: &QueueEntry| if entry.project == one { 10 } else { 30 };
        let mut accounts = HashMap::from([(one.tenant, 0), (other.tenant, 5)]);
        assert_eq!(names(&order(queue.clone(), after(0), AGEING, &mut accounts, cost)), "abaaabaa");
        // Who has burnt much waits until the others have burnt as much.
        let mut accounts = HashMap::from([(one.tenant, 1_000), (other.tenant, 0)]);
        assert_eq!(names(&order(queue, after(0), AGEING, &mut accounts, cost)), "bbaaaaaa");
    }
}
