//! Turns of the checks of scripts: that of their tenant, a few at a time, so that jobs keep most of the processors.

use crate::permits::Lines;
use fuelcell_domain::limits::SYNTAX;
use fuelcell_domain::{Syntax, TenantId};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Uploads of a tenant that wait for their check; all that are under way at the same time.
const MAX_WAITING: usize = 8;

/// One in so many processors may be busy with checks.
const SHARE: usize = 4;

/// Turns of the checks.
pub(crate) struct SyntaxChecks {
    lines: Lines,
    permits: Arc<Semaphore>,
}

impl Default for SyntaxChecks {
    fn default() -> Self {
        let at_once = (available_parallelism().map_or(1, usize::from) / SHARE).max(1);
        Self { lines: Lines::default(), permits: Arc::new(Semaphore::new(at_once)) }
    }
}

impl SyntaxChecks {
    /// Does a check in the tenant's turn. Nobody waits for that longer than is stated: what is not checked is taken.
    pub(crate) async fn in_turn(&self, tenant: TenantId, check: impl Future<Output = Syntax>) -> Syntax {
        let busy = || {
            let seconds = SYNTAX.waiting_seconds;
            Syntax::unchecked(format!("other scripts were being checked for {seconds} s"))
        };
        let Some(line) = self.lines.join(tenant, MAX_WAITING) else { return busy() };
        let permits = self.permits.clone();
        let waiting = async { (line.lock_owned().await, permits.acquire_owned().await) };
        match timeout(Duration::from_secs(SYNTAX.waiting_seconds), waiting).await {
            Ok(_turn) => check.await,
            Err(_) => busy(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    #[tokio::test(start_paused = true)]
    async fn a_check_waits_for_its_turn_as_long_as_is_stated() {
        let checks = SyntaxChecks { permits: Arc::new(Semaphore::new(2)), ..SyntaxChecks::default() };
        let (one, other) = (TenantId::random(), TenantId::random());
        let long = checks.in_turn(one, pending());
        let behind = async {
            let done = checks.in_turn(other, ready(Syntax::default())).await;
            assert_eq!(done.unchecked, None, "another tenant has a turn of its own");
            checks.in_turn(one, ready(Syntax::default())).await
        };
        tokio::select! {
            biased;
            _ = long => panic!("it has no end"),
            waited = behind => assert!(waited.unchecked.unwrap().contains("other scripts"), "its own tenant is busy"),
        }
        assert_eq!(checks.in_turn(one, ready(Syntax::default())).await.unchecked, None, "the turn came back");
    }
}
