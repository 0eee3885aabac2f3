//! Reading the sources of uploaded scripts, which their engines do: in the turn of their tenant, a few at a time, so that
//! jobs keep most of the processors.

use crate::places::Lines;
use crate::{Service, ServiceError};
use fuelcell_domain::limits::SYNTAX;
use fuelcell_domain::seams::ScriptSources;
use fuelcell_domain::{Digest, EngineRef, SourceFault, Syntax, TenantId};
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
    async fn in_turn(&self, tenant: TenantId, check: impl Future<Output = Syntax>) -> Syntax {
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

impl Service {
    /// Has the sources of an uploaded script read, and refuses what its engine cannot read. Packages and data that travel
    /// with it may have files that nobody imports: those are told only.
    pub(crate) async fn check_syntax(
        &self,
        tenant: TenantId,
        engine: &EngineRef,
        script: Digest,
    ) -> Result<Syntax, ServiceError> {
        let sources = ScriptSources {
            archive: self.blobs.open(script).await?.ok_or(ServiceError::Storage)?,
            engine: self.blobs.open(engine.digest).await?.ok_or(ServiceError::Storage)?,
        };
        let check = self.inspector.check_script(engine.digest, sources);
        let syntax = self.syntax_checks.in_turn(tenant, check).await;
        if let Some(reason) = &syntax.unchecked {
            tracing::info!(%engine, %script, reason, "the sources of a script were not all read");
        }
        without_faults(engine, syntax)
    }
}

/// What came of a check, if the script's own sources can be read: what is left are faults of its packages and data.
///
/// # Errors
/// When one of them cannot.
pub fn without_faults(engine: &EngineRef, syntax: Syntax) -> Result<Syntax, ServiceError> {
    let unchecked = syntax.unchecked.clone();
    let (own, of_packages): (Vec<SourceFault>, _) = syntax.by_owner();
    match own.is_empty() {
        true => Ok(Syntax { unchecked, faults: of_packages }),
        false => Err(ServiceError::ScriptSyntax { engine: engine.to_string(), faults: own }),
    }
}

/// What is said of a file for which no script is refused.
pub fn source_warning(fault: &SourceFault) -> String {
    format!("{fault}; the engine cannot read this file, and whoever imports it fails")
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

    #[test]
    fn only_own_sources_are_refused() {
        let engine = EngineRef { name: "echo".into(), version: "1.0".into(), digest: Digest::of(b"echo") };
        let fault = |file: &str| SourceFault {
            file: file.into(),
            line: Some(3),
            column: None,
            message: "invalid syntax".into(),
        };
        let syntax = |files: &[&str]| Syntax {
            unchecked: Some("it was large".into()),
            faults: files.iter().map(|file| fault(file)).collect(),
        };
        let taken = without_faults(&engine, syntax(&["vendor/a.py"])).unwrap();
        assert_eq!(taken, syntax(&["vendor/a.py"]));
        let refused = without_faults(&engine, syntax(&["vendor/a.py", "b.py", "c.py"])).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the engine echo@1.0 cannot read the script: b.py, line 3: invalid syntax; and 1 more"
        );
    }
}
