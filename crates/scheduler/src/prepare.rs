//! Modules are compiled in the background, each once, before a job that needs them is claimed.

use fuelcell_domain::seams::Readiness;
use fuelcell_domain::{Digest, ErrorCode, JobError, JobRunner, ModuleRef, ReadAt};
use fuelcell_store::BlobStore;
use futures::FutureExt;
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// How long a failed preparation stands before it may be tried again: jobs that are queued fail by it, or wait for it when
/// the failure was transient; a job that comes later has another chance.
const VERDICT: Duration = Duration::from_secs(10);

/// Prepares modules and remembers how that went.
pub(crate) struct Preparer {
    runner: Arc<dyn JobRunner>,
    blobs: Arc<dyn BlobStore>,
    verdicts: Mutex<HashMap<Digest, Verdict>>,
    permits: Semaphore,
}

enum Verdict {
    Preparing,
    Failed { error: JobError, until: Instant },
}

impl Preparer {
    /// Prepares at most `parallel` modules at the same time.
    pub(crate) fn new(runner: Arc<dyn JobRunner>, blobs: Arc<dyn BlobStore>, parallel: usize) -> Self {
        Self { runner, blobs, verdicts: Mutex::default(), permits: Semaphore::new(parallel.max(1)) }
    }

    /// Whether jobs of the module can run; a transient failure to prepare it counts as not yet.
    pub(crate) fn readiness(&self, module: Digest) -> Readiness {
        match self.runner.readiness(module) {
            Readiness::NotReady => match self.standing().get(&module) {
                Some(Verdict::Failed { error, .. }) if !error.transient => Readiness::Failed(error.clone()),
                _ => Readiness::NotReady,
            },
            known => known,
        }
    }

    /// Whether the caller is to prepare the module: nobody is at it, and no failure stands.
    pub(crate) fn begin(&self, module: Digest) -> bool {
        match self.standing().entry(module) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(Verdict::Preparing);
                true
            }
        }
    }

    /// The verdicts that still stand.
    fn standing(&self) -> MutexGuard<'_, HashMap<Digest, Verdict>> {
        let now = Instant::now();
        let mut verdicts = self.verdicts.lock();
        verdicts.retain(|_, verdict| !matches!(verdict, Verdict::Failed { until, .. } if *until <= now));
        verdicts
    }

    /// Prepares the program of the module. Only after [`Preparer::begin`] said so.
    pub(crate) async fn prepare(&self, module: &ModuleRef) {
        let started = Instant::now();
        let prepared = AssertUnwindSafe(self.compile(module)).catch_unwind().await;
        let module = module.program();
        let result = prepared.unwrap_or_else(|_| Err(broke_off()));
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut verdicts = self.verdicts.lock();
        match result {
            Ok(()) => {
                tracing::info!(module.digest = %module, duration_ms, "Module prepared");
                verdicts.remove(&module);
            }
            Err(error) => {
                tracing::warn!(module.digest = %module, duration_ms, %error, "Module could not be prepared");
                verdicts.insert(module, Verdict::Failed { error, until: Instant::now() + VERDICT });
            }
        }
    }

    async fn compile(&self, module: &ModuleRef) -> Result<(), JobError> {
        let program = module.program();
        if module.engine.is_some() {
            // An engine has a turn of its own, and takes so long that no module is to wait for it.
            return self.runner.prepare_engine(program, self.open(program).await?).await;
        }
        // The semaphore is never closed; without a permit more modules than intended would compile, nothing worse.
        let _permit = self.permits.acquire().await.ok();
        self.runner.prepare(program, self.open(program).await?).await
    }

    async fn open(&self, module: Digest) -> Result<Arc<dyn ReadAt>, JobError> {
        let bytes = self.blobs.open(module).await.map_err(|error| {
            let message = format!("the module could not be read: {error}");
            JobError::new(ErrorCode::Storage, message).transient()
        })?;
        bytes.ok_or_else(|| JobError::new(ErrorCode::InputGone, "the job's module no longer exists"))
    }
}

fn broke_off() -> JobError {
    JobError::new(ErrorCode::ModuleInvalid, "the module could not be compiled: the compiler broke off")
}
