//! Refused calls in the audit log. Each kind of one caller's is written when it happens first; what follows within a minute
//! is counted, and written as one entry with the number. So who is refused all the time fills no disk, and nothing that
//! changed anything is ever left to this. A killed server loses the numbers of its last minute, not the first entries.

use fuelcell_domain::{AuditEntry, AuditOutcome, ProjectId, TenantId, Timestamp, TokenId};
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

/// How long refusals of one kind are counted before they are written.
pub(crate) const INTERVAL: Duration = Duration::from_secs(60);
/// The most kinds that are counted at the same time; further ones are written one by one.
const MAX_KINDS: usize = 10_000;

/// Caller, place and action, and the code of the refusal. All but the caller come from short lists of the server's own.
type Kind = (TokenId, Option<TenantId>, Option<ProjectId>, String, String);

struct Counted {
    since: Timestamp,
    times: u32,
    latest: AuditEntry,
}

impl Counted {
    /// The entry for those that were counted, if there are any.
    fn entry(self, code: String) -> Option<AuditEntry> {
        let outcome = AuditOutcome::RefusedAgain { code, times: self.times };
        (self.times > 0).then_some(AuditEntry { outcome, ..self.latest })
    }
}

/// What is being counted.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<Kind, Counted>>);

impl Refusals {
    /// Takes a refused call, and says what is to be written now.
    pub(crate) fn note(&self, entry: AuditEntry) -> Option<AuditEntry> {
        let AuditOutcome::Refused(code) = &entry.outcome else { return Some(entry) };
        let kind = (entry.token, entry.tenant, entry.project, entry.action.clone(), code.clone());
        let mut kinds = self.kinds();
        let room = kinds.len() < MAX_KINDS;
        match kinds.entry(kind) {
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.times = known.times.saturating_add(1);
                known.latest = entry;
                None
            }
            Entry::Vacant(place) => {
                if room {
                    place.insert(Counted { since: entry.at, times: 0, latest: entry.clone() });
                }
                Some(entry)
            }
        }
    }

    /// What was counted for long enough by now.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<AuditEntry> {
        // A clock that was put back must not keep anything for ever.
        let is_over = |counted: &Counted| now < counted.since || now.since(counted.since) >= INTERVAL;
        let over = self.kinds().extract_if(|_, counted| is_over(counted)).collect::<Vec<_>>();
        over.into_iter().filter_map(|((.., code), counted)| counted.entry(code)).collect()
    }

    /// Everything that was counted.
    pub(crate) fn all(&self) -> Vec<AuditEntry> {
        let all = std::mem::take(&mut *self.kinds());
        all.into_iter().filter_map(|((.., code), counted)| counted.entry(code)).collect()
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<Kind, Counted>> {
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(token: TokenId, code: &str, seconds: i64) -> AuditEntry {
        AuditEntry {
            at: Timestamp(seconds * 1_000_000),
            subject: "eve".into(),
            token,
            tenant: None,
            project: None,
            action: "POST /somewhere".into(),
            target: format!("/somewhere/{seconds}"),
            outcome: AuditOutcome::Refused(code.into()),
            request_id: seconds.to_string(),
        }
    }

    #[test]
    fn the_first_of_each_kind_is_written_at_once_and_the_rest_as_a_number() {
        let (refusals, eve, bob) = (Refusals::default(), TokenId::random(), TokenId::random());
        assert_eq!(refusals.note(refused(eve, "Forbidden", 1)), Some(refused(eve, "Forbidden", 1)));
        for second in 2..=50 {
            assert_eq!(refusals.note(refused(eve, "Forbidden", second)), None);
        }
        for other in [refused(bob, "Forbidden", 3), refused(eve, "NotFound", 3)] {
            assert_eq!(refusals.note(other.clone()), Some(other));
        }
        assert_eq!(refusals.due(Timestamp(60_000_000)), []);
        let counted = AuditEntry {
            outcome: AuditOutcome::RefusedAgain { code: "Forbidden".into(), times: 49 },
            ..refused(eve, "Forbidden", 50)
        };
        assert_eq!(refusals.due(Timestamp(61_000_000)), std::slice::from_ref(&counted));
        assert_eq!(refusals.all(), [], "those that came once are written already");
        // It begins anew.
        assert!(refusals.note(refused(eve, "Forbidden", 70)).is_some());
        assert_eq!(refusals.note(refused(eve, "Forbidden", 71)), None);
        assert_eq!(refusals.all().len(), 1);
    }

    #[test]
    fn what_changed_something_is_not_counted_and_memory_is_bounded() {
        let refusals = Refusals::default();
        let done = AuditEntry { outcome: AuditOutcome::Done, ..refused(TokenId::random(), "", 1) };
        for _ in 0..3 {
            assert_eq!(refusals.note(done.clone()), Some(done.clone()));
        }
        for second in 0..MAX_KINDS as i64 + 10 {
            assert!(refusals.note(refused(TokenId::random(), "Forbidden", second)).is_some());
        }
        assert_eq!(refusals.kinds().len(), MAX_KINDS);
    }
}
