//! Amounts that are taken and given back, of which each token, each tenant, and all together may have so much.

use fuelcell_domain::{TenantId, TokenId};
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::sync::Arc;

/// For whom something is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) tenant: Option<TenantId>,
    pub(crate) token: TokenId,
}

/// The most that there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    pub(crate) all: u64,
    pub(crate) tenant: u64,
    pub(crate) token: u64,
}

/// Who has all that they may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    All,
    Tenant,
    Token,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Share {
    All,
    Tenant(Option<TenantId>),
    Token(TokenId),
}

/// What is taken, of whom.
pub(crate) struct Shares {
    most: Most,
    taken: Mutex<HashMap<Share, u64>>,
}

impl Shares {
    pub(crate) fn new(most: Most) -> Self {
        Self { most, taken: Mutex::default() }
    }

    /// The most that there may be.
    pub(crate) fn most(&self) -> Most {
        self.most
    }

    /// Takes `amount` of all three shares, or of none.
    pub(crate) fn take(self: &Arc<Self>, who: Who, amount: u64) -> Result<Part, Full> {
        self.take_within(self.most, who, amount)
    }

    /// The same where less may be taken now.
    pub(crate) fn take_within(self: &Arc<Self>, most: Most, who: Who, amount: u64) -> Result<Part, Full> {
        let mut taken = self.lock();
        room(&taken, most, who, amount)?;
        let shares = shares_of(who);
        for share in shares {
            *taken.entry(share).or_default() += amount;
        }
        Ok(Part { of: Arc::clone(self), shares, amount })
    }

    /// Whether `amount` could be taken now.
    pub(crate) fn look(&self, most: Most, who: Who, amount: u64) -> Result<(), Full> {
        room(&self.lock(), most, who, amount)
    }

    fn give_back(&self, shares: [Share; 3], amount: u64) {
        let mut taken = self.lock();
        for share in shares {
            let Some(own) = taken.get_mut(&share) else { continue };
            *own -= amount;
            if *own == 0 {
                taken.remove(&share);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Share, u64>> {
        self.taken.lock()
    }
}

fn shares_of(who: Who) -> [Share; 3] {
    [Share::Token(who.token), Share::Tenant(who.tenant), Share::All]
}

/// Whether there is room for so much more in each share.
fn room(taken: &HashMap<Share, u64>, most: Most, who: Who, amount: u64) -> Result<(), Full> {
    let limits = [(most.token, Full::Token), (most.tenant, Full::Tenant), (most.all, Full::All)];
    for (share, (most, full)) in shares_of(who).iter().zip(limits) {
        let own = taken.get(share).copied().unwrap_or_default();
        // One alone is let in, however large it is: it would have to wait forever.
        if own > 0 && own.saturating_add(amount) > most {
            return Err(full);
        }
    }
    Ok(())
}

/// What somebody took; given back when it is dropped.
pub(crate) struct Part {
    of: Arc<Shares>,
    shares: [Share; 3],
    amount: u64,
}

impl Drop for Part {
    fn drop(&mut self) {
        self.of.give_back(self.shares, self.amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_more_than_their_share_and_nothing_stays_behind() {
        let shares = Arc::new(Shares::new(Most { all: 10, tenant: 7, token: 4 }));
        let (a, b) = (Some(TenantId::random()), Some(TenantId::random()));
        let of = |tenant| Who { tenant, token: TokenId::random() };
        let (first, second, other) = (of(a), of(a), of(b));
        let parts = [shares.take(first, 3).unwrap(), shares.take(first, 1).unwrap()];
        assert_eq!(shares.take(first, 1).err(), Some(Full::Token));
        let more = shares.take(second, 3).unwrap();
        assert_eq!(shares.take(second, 1).err(), Some(Full::Tenant));
        let rest = shares.take(other, 3).unwrap();
        assert_eq!(shares.take(of(b), 1).err(), Some(Full::All));
        assert_eq!(shares.take(first, u64::MAX).err(), Some(Full::Token));
        drop(parts);
        let again = shares.take(first, 4).unwrap();
        drop((again, more, rest));
        assert!(shares.taken.lock().is_empty());
    }
}
