//! Modules: uploads, what is built in, and which one runs a job.

use crate::admin::check_name;
use crate::engines::HOW_TO_GET;
use crate::permits::Turn;
use crate::versions::check_type;
use crate::{Principal, Service, ServiceError, Upload};
use fuelcell_domain::registry::ModuleChoice;
use fuelcell_domain::seams::{InspectError, Inspection, ModuleInspector};
use fuelcell_domain::version::semantic_version;
use fuelcell_domain::{
    Digest, JobType, Manifest, ModuleVersion, Pipeline, Precedence, ProjectRef, Role, Syntax,
};
use fuelcell_store::{BlobRef, StoreError};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Uploads of modules that a tenant has under way, from the first byte until they are compiled.
pub(crate) const MAX_COMPILES: usize = 8;

/// How long an upload waits for its compiled code: far less than bytes that no record names are kept.
const COMPILE_PATIENCE: Duration = Duration::from_secs(5 * 60);

/// When a client may try again that found the compiler busy.
const COMPILE_RETRY_SECONDS: u64 = 10;

/// A module version that was uploaded.
#[derive(Debug)]
pub struct UploadedModule {
    /// The version.
    pub module: ModuleVersion,
    /// What came of reading its sources; none = it is no script.
    pub syntax: Option<Syntax>,
}

impl Service {
    /// Stores a module version once it is compiled, or once its engine has read its sources. Its bytes never change: the same bytes again answer the same record,
    /// others conflict.
    pub async fn put_module(
        &self,
        principal: &Principal,
        project: ProjectRef,
        name: String,
        version: String,
        upload: Upload,
    ) -> Result<UploadedModule, ServiceError> {
        self.require(principal, project, Role::ModuleAuthor).await?;
        check_word("module name", &name)?;
        check_word("module version", &version)?;
        semantic_version(&version).map_err(|allowed| ServiceError::invalid("InvalidVersion", allowed))?;
        let turn = self.compiles.join(project.tenant, MAX_COMPILES).ok_or_else(too_many_compiles)?;
        let blob = self.receive_for(project, upload, self.config.max_module_bytes, 0).await?;
        let module = self.inspect(Some(project), name, version, &principal.subject, blob).await?;
        let syntax = match &module.manifest.engine {
            // A script is never compiled, and its engine is by itself.
            Some(engine) => {
                let engine = self.provide_engine(engine).await?;
                let checked = self.check_syntax(project.tenant, &engine, blob.digest).await;
                Some(self.unless_known(project, &module, checked).await?)
            }
            None => {
                self.compile(turn, blob.digest).await?;
                None
            }
        };
        let module = self.store.add_module_version(module).await.map_err(|error| match error {
            StoreError::Conflict(message) => ServiceError::conflict("ModuleVersionExists", message),
            other => other.into(),
        })?;
        tracing::info!(project = %project, module = %module.name, version = %module.version, digest = %module.digest, "a module was uploaded");
        Ok(UploadedModule { module, syntax })
    }

    /// A version that is there stays as it is, and the same bytes get its record again: what is wrong with them is only told.
    async fn unless_known(
        &self,
        project: ProjectRef,
        module: &ModuleVersion,
        checked: Result<Syntax, ServiceError>,
    ) -> Result<Syntax, ServiceError> {
        let Err(ServiceError::ScriptSyntax { engine, faults }) = checked else { return checked };
        let known = self.store.module_version(project, &module.name, Some(&module.version)).await?;
        match known.is_some_and(|known| known.digest == module.digest) {
            true => Ok(Syntax { unchecked: None, faults }),
            false => Err(ServiceError::ScriptSyntax { engine, faults }),
        }
    }

    /// Compiles one module of a tenant after the other, while other tenants have their turns too.
    async fn compile(&self, turn: Turn, module: Digest) -> Result<(), ServiceError> {
        let compiling = async {
            let _turn = turn.lock_owned().await;
            let bytes = self.blobs.open(module).await?.ok_or(ServiceError::Storage)?;
            Ok(self.inspector.compile(module, bytes).await?)
        };
        timeout(COMPILE_PATIENCE, compiling).await.unwrap_or_else(|_| Err(compiler_busy()))
    }

    /// Bytes of a module's machine code, which all its runs share; none = it is not compiled here.
    pub fn machine_code_bytes(&self, module: Digest) -> Option<u64> {
        self.inspector.compiled_bytes(module)
    }

    /// One module version.
    pub async fn module(
        &self,
        principal: &Principal,
        project: ProjectRef,
        name: &str,
        version: &str,
    ) -> Result<ModuleVersion, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let module = self.store.module_version(project, name, Some(version)).await?;
        module.ok_or(ServiceError::NotFound("module version"))
    }

    /// Takes in a module that ships with the server: it serves its job type wherever nothing else is chosen. A script whose
    /// engine this server lacks serves none. Engines are installed before.
    pub async fn install_built_in(
        &mut self,
        name: &str,
        version: &str,
        bytes: &'static [u8],
    ) -> Result<Digest, ServiceError> {
        let blob = self.receive(Upload::of(Box::new(Cursor::new(bytes))), u64::MAX).await?;
        let module = self.inspect(None, name.into(), version.into(), "built in", blob).await?;
        let Some(job_type) = module.manifest.job_type else {
            return Err(ServiceError::unprocessable(
                "ManifestInvalid",
                format!("built-in module {name} names no job type"),
            ));
        };
        match &module.manifest.engine {
            Some(wanted) if self.find_engine(wanted).is_none() => {
                tracing::warn!(module = name, engine = %wanted, "nothing runs {job_type} jobs here: the engine of a built-in module is missing");
                self.without_engine.insert(job_type, module);
            }
            _ => drop(self.built_in.insert(job_type, module)),
        }
        Ok(blob.digest)
    }

    /// What the modules say that were installed.
    pub fn built_in_manifests(&self) -> BTreeMap<Digest, Arc<Manifest>> {
        self.built_in.values().map(|module| (module.digest, module.manifest.clone())).collect()
    }

    async fn inspect(
        &self,
        project: Option<ProjectRef>,
        name: String,
        version: String,
        uploaded_by: &str,
        blob: BlobRef,
    ) -> Result<ModuleVersion, ServiceError> {
        // Modules of no project came with the server.
        let inspection = match project {
            Some(_) => self.look_at(blob.digest, |inspector, bytes| inspector.inspect(bytes)).await?,
            None => self.look_at(blob.digest, |inspector, bytes| inspector.read(bytes)).await?,
        };
        if let Some(project) = project {
            self.check_schema(project.tenant, blob.digest, &inspection.manifest.parameters).await?;
        }
        let mut manifest = inspection.manifest;
        if manifest.title.is_empty() {
            manifest.title.clone_from(&name);
        }
        Ok(ModuleVersion {
            project,
            name,
            version,
            digest: blob.digest,
            size: blob.size,
            manifest: Arc::new(manifest),
            has_manifest: inspection.has_manifest,
            imports: inspection.imports,
            code_bytes: inspection.code_bytes,
            uploaded_by: uploaded_by.into(),
            created_at: self.clock.now(),
        })
    }

    /// What an inspector sees in stored bytes.
    pub(crate) async fn look_at(
        &self,
        module: Digest,
        look: fn(&dyn ModuleInspector, &[u8]) -> Result<Inspection, InspectError>,
    ) -> Result<Inspection, ServiceError> {
        let reader = self.blobs.open(module).await?.ok_or(ServiceError::Storage)?;
        let inspector = self.inspector.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let mut bytes = vec![0; usize::try_from(reader.size()).map_err(|_| ServiceError::Storage)?];
            read_whole(&*reader, &mut bytes).map_err(StoreError::from)?;
            Ok(look(&*inspector, &bytes)?)
        });
        looking.await.unwrap_or_else(|panic| {
            tracing::error!(%panic, "module inspection ended badly");
            Err(ServiceError::unprocessable("ModuleInvalid", "this module could not be inspected"))
        })
    }

    /// The module that somebody named: one of the project, else one that comes with the server. Without a version it is the
    /// module's current one: what was activated last under its name, else the highest; of those that wait for approval it is
    /// only one when all do.
    pub(crate) async fn chosen_module(
        &self,
        project: ProjectRef,
        choice: &ModuleChoice,
    ) -> Result<ModuleVersion, ServiceError> {
        let module = self.store.module_version(project, &choice.name, choice.version.as_deref()).await?;
        let module = module.or_else(|| self.named_built_in(choice).cloned());
        let module = module.ok_or_else(|| self.no_module(choice))?;
        if choice.version.is_some() || self.waits_for(project, &module).await?.is_none() {
            return Ok(module);
        }
        let mut versions = self.store.module_versions(project).await?;
        versions.retain(|version| version.name == choice.name);
        // The sort is stable: of equals the one added last is at the end.
        versions.sort_by_cached_key(|version| Precedence::of(&version.version));
        for version in versions.into_iter().rev() {
            if self.waits_for(project, &version).await?.is_none() {
                return Ok(version);
            }
        }
        Ok(module)
    }

    fn named_built_in(&self, choice: &ModuleChoice) -> Option<&ModuleVersion> {
        let version = choice.version.as_deref();
        let mut built_in = self.built_in.values();
        built_in.find(|module| {
            module.name == choice.name && version.is_none_or(|version| module.version == version)
        })
    }

    /// The module of a job, if it may run: one that waits for approval is refused here, and not left in the queue, where nobody
    /// would see it.
    pub(crate) async fn runnable_module(
        &self,
        project: ProjectRef,
        job_type: JobType,
        submission: Option<&ModuleChoice>,
        pipeline: Option<&Pipeline>,
    ) -> Result<ModuleVersion, ServiceError> {
        let module = self.bound_module(project, job_type, submission, pipeline).await?;
        self.check_approved(project, &module).await?;
        Ok(module)
    }

    /// The module of a job: the submission's, else the pipeline's, else the project's active one, else the built-in.
    pub(crate) async fn bound_module(
        &self,
        project: ProjectRef,
        job_type: JobType,
        submission: Option<&ModuleChoice>,
        pipeline: Option<&Pipeline>,
    ) -> Result<ModuleVersion, ServiceError> {
        if let Some(choice) = submission.or(pipeline.and_then(|pipeline| pipeline.module.as_ref())) {
            let module = self.chosen_module(project, choice).await?;
            if let Err(mismatch) = check_type(&module, job_type) {
                self.check_job_type(project, job_type).await?;
                return Err(mismatch);
            }
            return Ok(module);
        }
        if let Some(module) = self.store.active_module(project, job_type).await? {
            return Ok(module);
        }
        self.check_job_type(project, job_type).await?;
        self.built_in.get(&job_type).cloned().ok_or_else(|| self.nothing_runs(job_type))
    }

    fn nothing_runs(&self, job_type: JobType) -> ServiceError {
        match self.without_engine.get(&job_type) {
            Some(module) => without_engine(job_type, module),
            None => ServiceError::unprocessable(
                "NoModuleBound",
                format!(
                    "no module runs {job_type} jobs here: name one in `module`, or activate one for the project"
                ),
            ),
        }
    }

    /// Why there is no module that was named.
    fn no_module(&self, choice: &ModuleChoice) -> ServiceError {
        let named = self.without_engine.iter().find(|(_, module)| module.name == choice.name);
        named.map_or(ServiceError::NotFound("module version"), |(job_type, module)| {
            without_engine(*job_type, module)
        })
    }
}

/// What the server says of its own module for jobs of a type that it has no engine for.
fn without_engine(job_type: JobType, module: &ModuleVersion) -> ServiceError {
    let engine = module.manifest.engine.as_ref().map(ToString::to_string).unwrap_or_default();
    ServiceError::unprocessable(
        "NoModuleBound",
        format!(
            "no module runs {job_type} jobs here: the server's own module for them asks for the engine {engine}, which this \
             server has not; {HOW_TO_GET}"
        ),
    )
}

fn too_many_compiles() -> ServiceError {
    ServiceError::TooMany {
        code: "TooManyUploads",
        message: format!(
            "{MAX_COMPILES} modules of this tenant are being uploaded or compiled already; try again when one is done"
        ),
        retry_after: COMPILE_RETRY_SECONDS,
    }
}

fn compiler_busy() -> ServiceError {
    let seconds = COMPILE_PATIENCE.as_secs();
    ServiceError::TooMany {
        code: "CompilerBusy",
        message: format!(
            "the module was not compiled within {seconds} s, and nothing was published; try again"
        ),
        retry_after: COMPILE_RETRY_SECONDS,
    }
}

/// Fills the bytes from the reader's start.
pub(crate) fn read_whole(reader: &dyn fuelcell_domain::ReadAt, bytes: &mut [u8]) -> std::io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        match reader.read_at(filled as u64, &mut bytes[filled..])? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(())
}

/// Names and versions stand in URLs: letters, digits, dot, dash, underscore, plus.
fn check_word(what: &'static str, word: &str) -> Result<(), ServiceError> {
    check_name(what, word)?;
    let fine = word.len() <= 64
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+'));
    match fine {
        true => Ok(()),
        false => Err(ServiceError::invalid(
            "InvalidName",
            format!(
                "a {what} is 1 to 64 characters of A-Z a-z 0-9 . - _ + and begins with a letter or digit"
            ),
        )),
    }
}
