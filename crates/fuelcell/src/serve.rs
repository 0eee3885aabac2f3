//! The server: opens what it needs, puts the rooms together, and runs until it is told to stop.

use crate::backend::Backend;
use crate::backups::OwnBackups;
use crate::cli::{COMPILE, RUN_CELL};
use crate::config::{Config, effective};
use crate::control;
use crate::data_dir::{DataDir, secret_at};
use crate::engines;
use crate::identity;
use crate::metrics::{Gauges, Sources};
use crate::nodes::ThisNode;
use crate::private::write_private;
use crate::profile::JobProfile;
use crate::sessions::SessionFile;
use crate::telemetry;
use crate::token::TokenFile;
use anyhow::{Context, anyhow};
use fuelcell_api::{ApiConfig, Gather, Listening, PageFile, Tls};
use fuelcell_domain::clock::SystemClock;
use fuelcell_domain::{Digest, FIXED, FixedLimits, NodeId, ReadAt};
use fuelcell_notify::{Desk, Notifier};
use fuelcell_outbound::{Client, GrantedOutlets};
use fuelcell_sandbox::{CellProgram, CodeKey, Compiler, Sandbox, SandboxConfig};
use fuelcell_scheduler::{RetentionConfig, Scheduler, SchedulerConfig};
use fuelcell_service::vault::Vault;
use fuelcell_service::{Parts, Service, ServiceConfig};
use fuelcell_store::{BlobStore, Health, StoreError};
use fuelcell_store_sled::SledStore;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::CancellationToken;

/// Modules that ship with the server, as (name, bytes).
pub(crate) const BUILT_IN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// Descriptors that those who ask for figures share: a few connections.
const METRICS_DESCRIPTORS: u64 = 256;
/// How often the server asks its own store whether it still takes writes.
const STORE_WATCH: Duration = Duration::from_secs(5);

/// Runs the server until SIGTERM or SIGINT, or until the store fails.
#[expect(
    clippy::too_many_lines,
    reason = "how a server is put together, in the order in which its parts need each other"
)]
pub(crate) async fn serve(config: Config) -> anyhow::Result<()> {
    telemetry::start(&config)?;
    let traces = telemetry::start_traces(&config)?;
    let descriptors = descriptors(&config);
    let data = DataDir::open(&config.data)?;
    let Backend { store, blobs, records, vault, desk, embedded } = Backend::open(&config, &data).await?;
    let slots = effective::slots(&config);
    let sandbox = Arc::new(Sandbox::new(sandbox_config(&data, &config, slots)?)?);
    let clock = Arc::new(SystemClock);
    let node = NodeId(config.node.clone());
    let memory = effective::job_memory_bytes(&config)?;
    let limits = SchedulerConfig {
        cancel_grace: Duration::from_secs(config.cancel_seconds),
        partial_grace: Duration::from_secs(config.cancel_partial_seconds),
        drain: Duration::from_secs(config.drain_seconds),
        ageing: Duration::from_secs(config.ageing_seconds),
        concurrency: config.concurrency.clone().into(),
        pulse: Duration::from_millis(config.pulse_milliseconds),
        isolation: config.isolation,
        fixed: FixedLimits { log_bytes: config.job_log_bytes, ..FIXED },
        ..SchedulerConfig::new(node.clone(), slots, memory)
    };
    let backups = OwnBackups::of(&config.data, &config.backup)?;
    let vault = Arc::new(Vault::new(vault, data.secret()?));
    let outlets = Arc::new(GrantedOutlets::new(vault.clone(), Client::new(config.outbound.clone())));
    let profiles = Arc::new(JobProfile);
    let scheduler =
        Scheduler::new(records, blobs.clone(), sandbox.clone(), outlets, profiles, clock.clone(), limits);
    let stop = CancellationToken::new();
    if let Some(listen) = config.metrics.listen {
        let sources = Sources {
            records: store.clone(),
            embedded: embedded.clone(),
            blobs: blobs.clone(),
            has_disk: config.blobs.is_none(),
            scheduler: scheduler.clone(),
            clock: clock.clone(),
            backups: backups.clone(),
        };
        let gauges = Gauges::new(sources)?;
        tokio::spawn(serve_metrics(listen_on(listen).await?, gauges, config.api.clone(), stop.clone()));
    }
    let tls = Tls::of(&config.api.tls).context("TLS cannot be used")?;
    let listener = listen_on(config.listen).await?;
    let address = listener.local_addr()?;
    let public_url = match config.service.public_url.as_str() {
        "" if tls.is_some() => format!("https://{address}"),
        "" => format!("http://{address}"),
        url => url.to_owned(),
    };
    let mut service = Service::new(Parts {
        store: store.clone(),
        blobs: blobs.clone(),
        inspector: sandbox.clone(),
        events: scheduler.events(),
        nodes: Arc::new(ThisNode::new(node, scheduler.clone(), sandbox.clone(), &config.data)?),
        clock,
        secret: data.secret()?,
        config: ServiceConfig { public_url: public_url.clone(), ..config.service.clone() },
    });
    service.keep_sessions_with(Box::new(SessionFile::of(&data))).context("cannot read the sessions")?;
    if let Some(backups) = &backups {
        service.make_backups_with(backups.clone());
    }
    if let Some(provider) = identity::provider(&config.oidc, &public_url)? {
        service.sign_in_by(provider.clone());
        tokio::spawn(identity::look(provider));
    }
    let token_file = TokenFile::of(&data);
    service.forget_secrets_with(token_file.clone().forgetting());
    let engines = engines::of_server(&data)?;
    let digests: Vec<_> = engines.iter().map(|known| known.engine.digest).collect();
    digests.iter().for_each(|engine| sandbox.know_engine(*engine));
    sandbox.forget_other_engines();
    let bytes = engines.iter().map(|known| (known.engine.digest, known.bytes())).collect();
    service.install_engines(engines);
    let built_in = install_built_in(&mut service).await?;
    let manifests = service.built_in_manifests();
    // A script is never compiled.
    let compiled = manifests.iter().filter(|(_, manifest)| manifest.engine.is_none());
    tokio::spawn(prepare(sandbox, blobs, compiled.map(|(module, _)| *module).collect(), bytes));
    vault.know(manifests);
    let retention = config.retention.config(built_in.into_iter().chain(digests).collect());
    token_file.forget_if_dead(&service).await?;
    if let Some(token) = service.first_operator_token().await? {
        write_private(&data.operator_token(), &token)?;
        tracing::info!(path = %data.operator_token().display(), "this is the first start: the operator token was written");
    }

    tokio::spawn(retain(scheduler.clone(), retention, stop.clone()));
    if let Some(records) = embedded {
        match control::listen(&data) {
            Ok(listener) => {
                tokio::spawn(serve_tools(listener, data, (records, scheduler.clone()), stop.clone()));
            }
            Err(error) if config.backup.folder.is_some() => {
                return Err(
                    error.context("backup.folder cannot be used: backups ask the server over a socket")
                );
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "tools must wait until this server stops");
            }
        }
    }
    if let Some(backups) = backups {
        tokio::spawn(keep_backups(backups, stop.clone()));
    }
    let running = tokio::spawn(scheduler.run(stop.clone().cancelled_owned()));
    tokio::spawn(stop_on_signal(stop.clone()));
    let watching = tokio::spawn(watch_store(store, stop.clone()));
    tracing::info!(%address, slots, data = %config.data.display(), "listening at {public_url}");
    let service = Arc::new(service);
    let notifying = notifier(&config, desk, service.clone(), stop.clone())?;
    tokio::spawn(keep_schedules(service.clone(), stop.clone()));
    tokio::spawn(keep_refusals(service.clone(), stop.clone()));
    tokio::spawn(keep_removing(service.clone(), stop.clone()));
    tokio::spawn(keep_bulks_going(service.clone(), stop.clone()));
    let router = fuelcell_api::router(service.clone(), &config.api, dashboard(), stop.clone());
    let listening = Listening { listener, tls };
    fuelcell_api::serve(listening, router, &config.api, descriptors, stop.clone()).await;
    running.await.context("the scheduler ended badly")?;
    notifying.await.context("telling of ended jobs ended badly")?;
    service.settle_refusals().await;
    if let Some(traces) = traces {
        spawn_blocking(|| traces.stop()).await.context("the last spans could not be sent")?;
    }
    tracing::info!("stopped");
    watching.await.context("the store's watch ended badly")?
}

/// The dashboard as it was built, if it was.
fn dashboard() -> impl Iterator<Item = PageFile> {
    fuelcell_dashboard::FILES.iter().map(|file| PageFile {
        name: file.name,
        media_type: file.media_type(),
        is_hashed: file.is_hashed(),
        plain: file.plain,
        gzip: file.gzip,
        brotli: file.brotli,
    })
}

/// Tells people and webhooks of the ends of jobs, until the server is told to stop.
fn notifier(
    config: &Config,
    store: Arc<dyn Desk>,
    service: Arc<Service>,
    stop: CancellationToken,
) -> anyhow::Result<JoinHandle<()>> {
    let client = Client::new(config.outbound.clone());
    let notifier = Notifier::new(store, service, Arc::new(SystemClock), client, config.notifications.clone());
    let notifier = Arc::new(notifier.map_err(anyhow::Error::msg)?);
    Ok(tokio::spawn(async move { Box::pin(notifier.run(stop)).await }))
}

async fn listen_on(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = match error.kind() {
            ErrorKind::AddrInUse => {
                "; another program listens there: `ss -ltnp` names it, and --listen takes another address"
            }
            ErrorKind::PermissionDenied => "; ports below 1024 are for root: --listen takes another one",
            ErrorKind::AddrNotAvailable => "; this machine has no such address",
            _ => "",
        };
        anyhow!("cannot listen on {address}: {error}{remedy}")
    })
}

/// Answers who asks for figures, until the server is told to stop.
async fn serve_metrics(listener: TcpListener, gauges: Gauges, config: ApiConfig, stop: CancellationToken) {
    match listener.local_addr() {
        Ok(address) => tracing::info!(%address, "figures are served at http://{address}/metrics"),
        Err(error) => tracing::warn!(%error, "figures are served, the address is not known"),
    }
    let gauges = Arc::new(gauges);
    let gather: Gather = Arc::new(move || {
        let gauges = Arc::clone(&gauges);
        Box::pin(async move {
            let text = gauges.text().await;
            text.inspect_err(|error| tracing::warn!(error = format!("{error:#}"), "figures cannot be had"))
                .ok()
        })
    });
    let router = fuelcell_api::metrics_router(gather);
    let listening = Listening { listener, tls: None };
    fuelcell_api::serve(listening, router, &config, METRICS_DESCRIPTORS, stop).await;
}

/// What may be open beside the files of what was read lately.
fn descriptors(config: &Config) -> u64 {
    let recent = config.blobs.as_ref().map_or(0, |_| fuelcell_store_objects::FILES);
    raise_file_limit().saturating_sub(recent)
}

/// Every connection and every open artifact takes a descriptor; shells grant few of those that the system allows.
/// Says how many there are.
fn raise_file_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

fn sandbox_config(data: &DataDir, config: &Config, slots: usize) -> anyhow::Result<SandboxConfig> {
    let secret = match &config.compiled_secret {
        Some(path) => secret_at(path)?,
        None => data.secret()?,
    };
    let compiled = config.compiled.clone().unwrap_or_else(|| data.compiled());
    let checks = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(SandboxConfig {
        // The scheduler starts no more than `slots`. Attempts that end while others start overlap for a moment, and a cell
        // whose caller went away ends a moment later, and scripts are checked in cells, too: on fewer processors than there are.
        // What is set aside for them is address space, not memory.
        max_cells: u32::try_from(slots * 2 + 8 + checks).unwrap_or(u32::MAX),
        max_memory_bytes: config.service.caps.memory_bytes,
        compiler: Compiler::this_program(COMPILE),
        cells: Some(CellProgram::this_program(RUN_CELL)),
        check_isolation: config.isolation,
        ..SandboxConfig::new(compiled, CodeKey::derived_from(&secret))
    })
}

async fn install_built_in(service: &mut Service) -> anyhow::Result<Vec<Digest>> {
    if BUILT_IN.is_empty() {
        tracing::warn!("this binary was built without built-in modules (`cargo xtask guests` makes them)");
    }
    let mut digests = Vec::new();
    for (name, bytes) in BUILT_IN {
        let installed = service.install_built_in(name, env!("CARGO_PKG_VERSION"), bytes).await;
        digests.push(installed.with_context(|| format!("the built-in module {name} is not usable"))?);
    }
    Ok(digests)
}

/// Modules of more bytes take many seconds of a processor to compile.
const LARGE: u64 = 4 << 20;
/// What compiling these leaves to whoever has just started the server.
const SETTLING: Duration = Duration::from_secs(30);

/// Compiles the built-in modules before anybody asks for them: a first job need not wait for a compiler. Large ones come last
/// and a while after the start; a job that comes before has its module compiled at once. Uploads and jobs of other modules
/// have a compiler of their own. So do engines, which come last of all.
async fn prepare(
    sandbox: Arc<Sandbox>,
    blobs: Arc<dyn BlobStore>,
    modules: Vec<Digest>,
    engines: Vec<(Digest, Arc<dyn ReadAt>)>,
) {
    let mut large = Vec::new();
    for module in modules {
        match blobs.open(module).await {
            Ok(Some(bytes)) if bytes.size() > LARGE => large.push((module, bytes)),
            Ok(Some(bytes)) => prepare_one(&sandbox, module, bytes).await,
            Ok(None) => tracing::error!(%module, "the bytes of a built-in module are gone"),
            Err(error) => tracing::error!(%module, %error, "a built-in module cannot be read"),
        }
    }
    tokio::time::sleep(SETTLING).await;
    for (module, bytes) in large.into_iter().chain(engines) {
        prepare_one(&sandbox, module, bytes).await;
    }
}

async fn prepare_one(sandbox: &Arc<Sandbox>, module: Digest, bytes: Arc<dyn ReadAt>) {
    if let Err(error) = sandbox.prepare_ahead(module, bytes).await {
        tracing::error!(%module, %error, "a built-in module cannot be compiled");
    }
}

/// Forgets what is not to be kept, until the server is told to stop.
async fn retain(scheduler: Arc<Scheduler>, config: RetentionConfig, stop: CancellationToken) {
    stop.run_until_cancelled(scheduler.retain(&config)).await;
}

/// Makes the runs of schedules, until the server is told to stop.
async fn keep_schedules(service: Arc<Service>, stop: CancellationToken) {
    Box::pin(stop.run_until_cancelled(service.keep_schedules())).await;
}

/// Writes down how many calls were refused, until the server is told to stop.
async fn keep_refusals(service: Arc<Service>, stop: CancellationToken) {
    stop.run_until_cancelled(service.keep_refusals()).await;
}

/// Works at bulk actions, until the server is told to stop.
async fn keep_bulks_going(service: Arc<Service>, stop: CancellationToken) {
    Box::pin(stop.run_until_cancelled(service.keep_bulks_going())).await;
}

/// Lets tools look at the data, until the server is told to stop.
async fn serve_tools(
    listener: UnixListener,
    data: DataDir,
    (records, scheduler): (Arc<SledStore>, Arc<Scheduler>),
    stop: CancellationToken,
) {
    stop.run_until_cancelled(control::serve(listener, data, records, scheduler)).await;
}

/// Makes backups, until the server is told to stop.
async fn keep_backups(backups: Arc<OwnBackups>, stop: CancellationToken) {
    stop.run_until_cancelled(backups.keep()).await;
}

/// Removes what was deleted, until the server is told to stop.
async fn keep_removing(service: Arc<Service>, stop: CancellationToken) {
    Box::pin(stop.run_until_cancelled(service.keep_removing())).await;
}

async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be heard; stop the process by other means");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("told to stop: no new jobs, running ones may end");
    stop.cancel();
}

/// A store that failed acknowledges nothing more: the process ends, so that an operator sees it. One that is temporarily
/// unavailable is waited for, and so is one without space: what runs may end, and what is deleted makes room.
async fn watch_store(store: Arc<dyn Health>, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(STORE_WATCH) => {}
        }
        match store.check().await {
            Ok(()) => {}
            Err(error @ (StoreError::Unavailable(_) | StoreError::Full)) => {
                tracing::warn!(%error, "The store is waited for");
            }
            Err(error) => {
                stop.cancel();
                return Err(error)
                    .context("the store does not take writes any more; nothing unacknowledged was kept");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use parking_lot::Mutex;

    /// Gives these answers, the last one first, and is well when there are none left.
    struct Answers(Mutex<Vec<StoreError>>, CancellationToken);

    #[async_trait]
    impl Health for Answers {
        async fn check(&self) -> Result<(), StoreError> {
            match self.0.lock().pop() {
                Some(error) => Err(error),
                None => {
                    self.1.cancel();
                    Ok(())
                }
            }
        }
    }

    async fn watched(answers: Vec<StoreError>) -> anyhow::Result<()> {
        let stop = CancellationToken::new();
        watch_store(Arc::new(Answers(Mutex::new(answers), stop.clone())), stop).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_full_or_away_for_a_while_does_not_end_the_server() {
        let away = || StoreError::Unavailable("it fails over".into());
        assert!(watched(vec![away(), StoreError::Full, away()]).await.is_ok());
        assert!(watched(vec![StoreError::Storage("it is damaged".into()), away()]).await.is_err());
    }
}
