//! Reading the sources of uploaded scripts, which their engines do.

use crate::{Service, ServiceError};
use fuelcell_domain::seams::ScriptSources;
use fuelcell_domain::{Digest, EngineRef, SourceFault, Syntax, TenantId};

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
