//! Engines: modules that run scripts. They come with the server, or from its operator, and are the same for all tenants.

use crate::{Engine, Principal, Service, ServiceError, Upload};
use fuelcell_domain::seams::Readiness;
use fuelcell_domain::version::Precedence;
use fuelcell_domain::{EngineName, EngineRef, ModuleVersion, Role};
use std::cmp::Reverse;
use std::sync::atomic::Ordering;

/// What whoever misses one can have done.
pub(crate) const HOW_TO_GET: &str = "whoever runs the server adds engines with `fuelcell engine add`; those for Python and JavaScript come with a \
     server that `cargo xtask guests` built";

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
    /// Bytes of its machine code, which all its jobs share; none = it is not compiled.
    pub code_bytes: Option<u64>,
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
        let code_bytes = self.inspector.compiled_bytes(known.engine.digest);
        EngineView { engine: known.engine.clone(), size: known.bytes().size(), compiled, error, code_bytes }
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
            format!(
                "the script asks for the engine {wanted}, and the engines of this server are: {there}; {HOW_TO_GET}"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    //! A server that was built without the engine for Python.

    use crate::{Parts, Service, ServiceConfig, ServiceError, Upload, stubs};
    use async_trait::async_trait;
    use fuelcell_domain::clock::ManualClock;
    use fuelcell_domain::registry::ModuleChoice;
    use fuelcell_domain::seams::{InspectError, Inspection, ModuleInspector};
    use fuelcell_domain::{Digest, JobType, Manifest, ProjectRef, ReadAt, Timestamp};
    use fuelcell_store::{MemoryBlobs, MemoryStore};
    use std::io::Cursor;
    use std::sync::Arc;

    const NOTEBOOK: &[u8] = b"notebook";
    const SECRET: &str = "fc_a secret";

    /// Sees a script for notebooks in Python, and analyses in everything else.
    struct Sees;

    #[async_trait]
    impl ModuleInspector for Sees {
        fn inspect(&self, bytes: &[u8]) -> Result<Inspection, InspectError> {
            let (job_type, engine) = match bytes {
                NOTEBOOK => (JobType::Notebook, Some("python@3.14".parse().unwrap())),
                _ => (JobType::Analysis, None),
            };
            let manifest = Manifest { job_type: Some(job_type), engine, ..Manifest::default() };
            Ok(Inspection { manifest, has_manifest: true, imports: Vec::new(), code_bytes: None })
        }

        async fn compile(&self, _: Digest, _: Arc<dyn ReadAt>) -> Result<(), InspectError> {
            Ok(())
        }
    }

    async fn world() -> (Service, ProjectRef) {
        let mut service = Service::new(Parts {
            store: Arc::new(MemoryStore::new()),
            blobs: Arc::new(MemoryBlobs::default()),
            inspector: Arc::new(Sees),
            events: Arc::new(stubs::Nobody),
            nodes: stubs::node(),
            clock: Arc::new(ManualClock::new(Timestamp(0))),
            secret: [7; 32],
            config: ServiceConfig::default(),
        });
        let project = stubs::project(&service, SECRET).await;
        service.install_engines(Vec::new());
        service.install_built_in("notebook", "1", NOTEBOOK).await.unwrap();
        service.install_built_in("analysis", "1", b"analysis").await.unwrap();
        (service, project)
    }

    fn refusal(error: ServiceError) -> (&'static str, String) {
        match error {
            ServiceError::Unprocessable { code, message } => (code, message),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_server_without_the_engine_for_python_says_so_and_serves_everything_else() {
        let (service, project) = world().await;
        let anna = service.authenticate(SECRET).await.unwrap();
        let says_how = |message: &str| {
            ["`fuelcell engine add`", "`cargo xtask guests`"].iter().all(|way| message.contains(way))
        };
        let upload = |name: &str, bytes: &'static [u8]| {
            let upload = Upload::of(Box::new(Cursor::new(bytes)));
            service.put_module(&anna, project, name.into(), "1.0.0".into(), upload)
        };

        let named = ModuleChoice { name: "notebook".into(), version: None };
        for choice in [None, Some(&named)] {
            let refused = service.runnable_module(project, JobType::Notebook, choice, None).await;
            let (code, message) = refusal(refused.unwrap_err());
            assert_eq!(code, "NoModuleBound");
            let missing = "no module runs Notebook jobs here: the server's own module for them asks for the engine \
                           python@3.14, which this server has not";
            assert!(message.starts_with(missing) && says_how(&message), "{message}");
        }
        let (code, message) = refusal(upload("script", NOTEBOOK).await.unwrap_err());
        assert_eq!(code, "EngineUnknown");
        let missing = "the script asks for the engine python@3.14, and the engines of this server are: none";
        assert!(message.starts_with(missing), "{message}");
        assert!(
            message.contains("`fuelcell engine add`") && message.contains("`cargo xtask guests`"),
            "{message}"
        );
        let listed = service.job_types(&anna, project).await.unwrap();
        let notebook = listed.iter().find(|listed| listed.job_type == JobType::Notebook).unwrap();
        assert!(notebook.module.is_none());
        assert!(service.engines(&anna).unwrap().is_empty());

        let analysis = service.runnable_module(project, JobType::Analysis, None, None).await;
        assert_eq!(analysis.unwrap().name, "analysis");
        assert_eq!(upload("own", b"another").await.unwrap().module.name, "own");
    }
}
