//! How many requests a token, and all of a tenant, may make a second: as many at once, and as many again within the next
//! second. Only who was recognised has a bucket, so that nobody fills the memory with buckets.

use super::shares::Who;
use crate::config::ApiConfig;
use crate::problem::Problem;
use axum::http::StatusCode;
use fuelcell_domain::{TenantId, TokenId};
use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

/// Buckets that are kept before those are forgotten that are full again.
const MAX_BUCKETS: usize = 10_000;

pub(crate) struct Rates<C: Clock> {
    tokens: Buckets<TokenId, C>,
    tenants: Buckets<Option<TenantId>, C>,
}

impl<C: Clock + Clone> Rates<C> {
    pub(crate) fn new(config: &ApiConfig, clock: C) -> Self {
        Self {
            tokens: Buckets::new(config.token_requests_per_second, clock.clone()),
            tenants: Buckets::new(config.tenant_requests_per_second, clock),
        }
    }

    /// Counts a request, or says when there will be room for it.
    pub(crate) fn check(&self, who: Who) -> Result<(), Problem> {
        self.tokens.check(&who.token).map_err(|wait| self.tokens.refusal("this token", wait))?;
        self.tenants.check(&who.tenant).map_err(|wait| self.tenants.refusal("this tenant", wait))
    }
}

struct Buckets<K: Clone + Eq + Hash, C: Clock> {
    limiter: RateLimiter<K, HashMapStateStore<K>, C, NoOpMiddleware<C::Instant>>,
    per_second: NonZeroU32,
    clock: C,
}

impl<K: Clone + Eq + Hash, C: Clock + Clone> Buckets<K, C> {
    fn new(per_second: NonZeroU32, clock: C) -> Self {
        let state = HashMapStateStore::default();
        let limiter = RateLimiter::new(Quota::per_second(per_second), state, clock.clone());
        Self { limiter, per_second, clock }
    }

    /// `Err` says how long it takes until there is room.
    fn check(&self, key: &K) -> Result<(), Duration> {
        if self.limiter.len() > MAX_BUCKETS {
            self.limiter.retain_recent();
        }
        let now = self.clock.now();
        let checked = self.limiter.check_key(key);
        checked.map_err(|full| full.earliest_possible().duration_since(now).into())
    }

    fn refusal(&self, whose: &str, wait: Duration) -> Problem {
        let per_second = self.per_second;
        let detail = format!("{whose} makes more than {per_second} requests a second; make fewer, or wait");
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", detail);
        problem.retried_after(whole_seconds(wait))
    }
}

/// The header has no fractions: too late is true, too early is not.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    #[test]
    fn a_token_and_a_tenant_have_as_many_requests_as_they_may_and_one_more_when_they_are_told() {
        let defaults = ApiConfig::default();
        let (token, tenant) = (defaults.token_requests_per_second, defaults.tenant_requests_per_second);
        assert!(token < tenant, "one token alone does not use up its tenant's");
        let clock = FakeRelativeClock::default();
        let rates = Rates::new(&defaults, clock.clone());
        let who = Who { tenant: Some(TenantId::random()), token: TokenId::random() };
        for _ in 0..token.get() {
            rates.check(who).unwrap();
        }
        let refused = rates.check(who).unwrap_err();
        assert!(refused.detail().contains("this token"), "{}", refused.detail());
        assert_eq!(refused.retry_after(), Some(1));
        // Others of the tenant have what it may more than one token, and others altogether are not touched.
        let mut taken = token.get();
        while taken < tenant.get() {
            let other = Who { token: TokenId::random(), ..who };
            for _ in 0..(tenant.get() - taken).min(token.get()) {
                rates.check(other).unwrap();
                taken += 1;
            }
        }
        let refused = rates.check(Who { token: TokenId::random(), ..who }).unwrap_err();
        assert!(refused.detail().contains("this tenant"), "{}", refused.detail());
        rates.check(Who { tenant: Some(TenantId::random()), token: TokenId::random() }).unwrap();
        clock.advance(Duration::from_secs(refused.retry_after().unwrap()));
        rates.check(who).unwrap();
    }
}
