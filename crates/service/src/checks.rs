//! Turns, threads and compiled schemas of the checks of parameters.

use crate::error::ServiceError;
use crate::permits::Lines;
use fuelcell_domain::limits::SCHEMA;
use fuelcell_domain::{Digest, TenantId};
use fuelcell_rules::Schema;
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Checks of a tenant that wait for their turn.
pub(crate) const MAX_WAITING: usize = 256;

/// When a client may try again whose check was not done in time.
const RETRY_SECONDS: u64 = 10;

/// The checks of a server.
pub(crate) struct Checks {
    kept: Mutex<Kept>,
    lines: Lines,
    threads: Arc<Semaphore>,
}

impl Default for Checks {
    fn default() -> Self {
        let threads = available_parallelism().map_or(1, usize::from).max(2);
        Self { kept: Mutex::default(), lines: Lines::default(), threads: Arc::new(Semaphore::new(threads)) }
    }
}

/// Compiled schemas by the digest of their module, as many as fit.
#[derive(Default)]
pub(crate) struct Kept {
    schemas: HashMap<Digest, (u64, Arc<Schema>)>,
    bytes: u64,
    /// Counts the uses, so that what was used longest ago goes first.
    uses: u64,
}

impl Kept {
    pub(crate) fn get(&mut self, module: Digest) -> Option<Arc<Schema>> {
        self.uses += 1;
        let (used, schema) = self.schemas.get_mut(&module)?;
        *used = self.uses;
        Some(schema.clone())
    }

    pub(crate) fn insert(&mut self, module: Digest, schema: Arc<Schema>) {
        self.uses += 1;
        self.bytes += schema.bytes();
        if let Some((_, before)) = self.schemas.insert(module, (self.uses, schema)) {
            self.bytes -= before.bytes();
        }
        while self.bytes > SCHEMA.kept_bytes {
            let oldest = self.schemas.iter().min_by_key(|(_, (used, _))| *used).map(|(module, _)| *module);
            let Some((_, schema)) = oldest.and_then(|oldest| self.schemas.remove(&oldest)) else { return };
            self.bytes -= schema.bytes();
        }
    }
}

impl Checks {
    /// Every use is one call that leaves the map whole.
    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock()
    }

    /// Does `work` in the tenant's turn. It cannot be stopped, but nobody waits for it longer than is stated: its turn and
    /// its thread stay taken until it has ended.
    pub(crate) async fn in_turn<T: Send + 'static>(
        &self,
        tenant: TenantId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let line = self.lines.join(tenant, MAX_WAITING).ok_or_else(too_many)?;
        let threads = self.threads.clone();
        let working = async {
            let turn = line.lock_owned().await;
            let thread = threads.acquire_owned().await;
            spawn_blocking(move || {
                let _places = (turn, thread);
                work()
            })
            .await
        };
        match timeout(Duration::from_secs(SCHEMA.seconds), working).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(panic)) => {
                tracing::error!(%panic, "checking parameters or their schema ended badly");
                Err(unusable("it cannot be compiled, or parameters cannot be checked with it"))
            }
            Err(_) => Err(too_slow()),
        }
    }
}

pub(crate) fn too_many() -> ServiceError {
    ServiceError::TooMany {
        code: "TooManyChecks",
        message: format!(
            "{MAX_WAITING} requests of this tenant wait for their parameters to be checked; try again later"
        ),
        retry_after: RETRY_SECONDS,
    }
}

/// How an upload is refused whose schema of parameters cannot be used.
pub fn unusable(reason: &str) -> ServiceError {
    ServiceError::unprocessable(
        "ManifestInvalid",
        format!("the manifest's parameter schema is not usable: {reason}"),
    )
}

pub(crate) fn too_slow() -> ServiceError {
    ServiceError::TooMany {
        code: "CheckTimedOut",
        message: format!(
            "the parameters were not checked within {} s, and nothing was done: checks of one tenant are done one after \
             the other; try again, or send smaller parameters",
            SCHEMA.seconds
        ),
        retry_after: RETRY_SECONDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::mpsc;

    #[test]
    fn schemas_are_kept_up_to_their_bytes_and_the_oldest_goes_first() {
        let mut kept = Kept::default();
        let pattern = json!({"pattern": r"^([\p{L}\p{N}]{1,10})$"});
        let one = Arc::new(Schema::compile(&pattern).unwrap());
        let fit = SCHEMA.kept_bytes / one.bytes();
        let module = |n: u64| Digest::of(&n.to_le_bytes());
        for n in 0..fit {
            kept.insert(module(n), one.clone());
        }
        assert!(kept.get(module(0)).is_some(), "all fit, and this one is used again");
        kept.insert(module(fit), one.clone());
        assert!(kept.get(module(1)).is_none(), "used longest ago");
        assert!(kept.get(module(0)).is_some() && kept.get(module(fit)).is_some());
        assert!(kept.bytes <= SCHEMA.kept_bytes);
        kept.insert(module(fit), one.clone());
        assert_eq!(kept.bytes, kept.schemas.len() as u64 * one.bytes());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_tenant_waits_behind_itself_and_nobody_for_it() {
        let checks = Arc::new(Checks::default());
        let (one, other) = (TenantId::random(), TenantId::random());
        let (release, held) = mpsc::channel::<()>();
        let long = tokio::spawn({
            let checks = checks.clone();
            async move { checks.in_turn(one, move || held.recv().is_ok()).await }
        });
        while checks.threads.available_permits() == Checks::default().threads.available_permits() {
            tokio::task::yield_now().await;
        }
        let second = tokio::spawn({
            let checks = checks.clone();
            async move { checks.in_turn(one, || ()).await }
        });
        checks.in_turn(other, || ()).await.unwrap();
        assert!(!second.is_finished());
        release.send(()).unwrap();
        assert!(long.await.unwrap().unwrap());
        second.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn as_many_checks_of_a_tenant_wait_as_is_stated() {
        let checks = Checks::default();
        let tenant = TenantId::random();
        let others: Vec<_> =
            (1..MAX_WAITING).map(|_| checks.lines.join(tenant, MAX_WAITING).unwrap()).collect();
        checks.in_turn(tenant, || ()).await.unwrap();
        let last = checks.lines.join(tenant, MAX_WAITING).unwrap();
        let refused = checks.in_turn(tenant, || ()).await.unwrap_err();
        assert!(matches!(refused, ServiceError::TooMany { code: "TooManyChecks", .. }));
        checks.in_turn(TenantId::random(), || ()).await.unwrap();
        drop((others, last));
    }

    #[tokio::test]
    async fn whoever_waits_too_long_is_told_so() {
        let checks = Checks::default();
        let tenant = TenantId::random();
        // Behind one that takes so long.
        let checked = async |behind: Duration| {
            let turn = checks.lines.join(tenant, 9).unwrap().lock_owned().await;
            let other = async move {
                tokio::time::sleep(behind).await;
                drop(turn);
            };
            tokio::join!(checks.in_turn(tenant, || ()), other).0
        };
        tokio::time::pause();
        let (most, moment) = (Duration::from_secs(SCHEMA.seconds), Duration::from_millis(1));
        checked(most - moment).await.unwrap();
        let refused = checked(most + moment).await.unwrap_err();
        assert!(matches!(refused, ServiceError::TooMany { code: "CheckTimedOut", .. }));
        let panicked = checks.in_turn(tenant, || panic!("by a mistake of the checker")).await.unwrap_err();
        assert!(matches!(panicked, ServiceError::Unprocessable { code: "ManifestInvalid", .. }));
    }
}
