//! Engines: modules that run scripts. They come with the server, or from its operator, and are the same for all tenants.

use crate::{Engine, Principal, Service, ServiceError, Upload};
use fuelcell_domain::seams::Readiness;
use fuelcell_domain::version::Precedence;
use fuelcell_domain::{EngineName, EngineRef, ModuleVersion, Role};
use std::cmp::Reverse;
use std::sync::atomic::Ordering;

/// An engine as it stands on this server.
#[derive(Clone, Debug)]
pub struct EngineView {
    /// Its name, its version and its digest.
    pub engine: EngineRef,
    /// Its bytes.
    pub size: u64,
    /// Whether its jobs run at once.
    pub compiled: bool,
    /// Why it cannot be compiled.
    pub error: Option<String>,
}

impl Service {
    /// All engines of this server, by name, the newest version first. They are nobody's secret: whoever writes scripts needs
    /// to know them.
    pub fn engines(&self, principal: &Principal) -> Result<Vec<EngineView>, ServiceError> {
        principal.require(Role::ModuleAuthor)?;
        Ok(self.engines.iter().map(|known| self.engine_view(known)).collect())
    }

    fn engine_view(&self, known: &Engine) -> EngineView {
        let (compiled, error) = match self.inspector.compiled(known.engine.digest) {
            Readiness::Ready => (true, None),
            Readiness::NotReady => (false, None),
            Readiness::Failed(error) => (false, Some(error.message)),
        };
        EngineView { engine: known.engine.clone(), size: known.bytes().size(), compiled, error }
    }

    /// Takes in the engines of this server, which were looked at when they were built or added.
    pub fn install_engines(&mut self, mut engines: Vec<Engine>) {
        for Engine { engine, .. } in &engines {
            tracing::info!(%engine, engine.digest = %engine.digest, "an engine is there");
        }
        engines.sort_by_cached_key(|known| {
            (known.engine.name.clone(), Reverse(Precedence::of(&known.engine.version)))
        });
        self.engines = engines;
    }

    /// The engine that a script asks for, of this version or the newest, with its bytes where jobs find them.
    pub(crate) async fn provide_engine(&self, wanted: &EngineName) -> Result<EngineRef, ServiceError> {
        let known = self.find_engine(wanted).ok_or_else(|| self.unknown_engine(wanted))?;
        if !known.stored.load(Ordering::Relaxed) {
            self.store_engine(known).await?;
            known.stored.store(true, Ordering::Relaxed);
        }
        Ok(known.engine.clone())
    }

    async fn store_engine(&self, known: &Engine) -> Result<(), ServiceError> {
        let engine = &known.engine;
        if self.blobs.open(engine.digest).await?.is_some() {
            return Ok(());
        }
        let upload = Upload { digest: Some(engine.digest), ..Upload::of(known.source()) };
        self.receive(upload, u64::MAX).await.map(drop).map_err(|error| match error {
            // Its operator has replaced the file.
            ServiceError::Invalid { message, .. } => {
                tracing::error!(%engine, message, "the bytes of an engine are not those that it had at the start");
                ServiceError::Storage
            }
            other => other,
        })
    }

    /// The engine that runs a module as things stand; none for one that runs by itself, or whose engine is gone.
    pub fn engine_now(&self, module: &ModuleVersion) -> Option<EngineRef> {
        self.find_engine(module.manifest.engine.as_ref()?).map(|known| known.engine.clone())
    }

    /// The engine that is to run a module; none for one that runs by itself.
    pub(crate) async fn engine_of(&self, module: &ModuleVersion) -> Result<Option<EngineRef>, ServiceError> {
        match &module.manifest.engine {
            Some(wanted) => self.provide_engine(wanted).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn find_engine(&self, wanted: &EngineName) -> Option<&Engine> {
        self.engines.iter().find(|known| {
            known.engine.name == wanted.name
                && wanted.version.as_ref().is_none_or(|version| *version == known.engine.version)
        })
    }

    fn unknown_engine(&self, wanted: &EngineName) -> ServiceError {
        let there: Vec<String> = self.engines.iter().map(|known| known.engine.to_string()).collect();
        let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
        ServiceError::unprocessable(
            "EngineUnknown",
            format!("the script asks for the engine {wanted}, and the engines of this server are: {there}"),
        )
    }
}
