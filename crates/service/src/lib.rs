//! Use cases: what a client, a team or an operator can ask for, one file each. Authorisation is decided here and only here.
//!
//! This crate knows the domain and the store. It knows nothing of HTTP (status codes, headers, JSON bodies), of wasm, or
//! of how the next job is chosen: it queues, and tells [`fuelcell_domain::Events`] that it did.

pub mod admin;
mod appends;
pub mod audit;
pub mod auth;
pub mod backups;
pub mod batch;
pub mod bulk;
pub mod bulk_runs;
pub mod bulk_sets;
mod bulk_work;
pub mod cancel;
mod checks;
pub mod clear;
pub mod config;
mod cursors;
pub mod datasets;
pub mod delete;
pub mod deliveries;
mod engine;
pub mod engines;
pub mod error;
pub mod events;
#[cfg(test)]
mod fuzz;
pub mod grants;
pub mod health;
mod inputs;
pub mod job_types;
mod last_look;
pub mod links;
pub mod log_search;
mod looks;
pub mod modules;
mod notebooks;
pub mod outlook;
pub mod parameters;
pub mod passwords;
pub mod permits;
pub mod pipelines;
mod principal;
pub mod query;
pub mod queue;
pub mod quote;
mod refusals;
pub mod removal;
pub mod results;
pub mod resumable;
pub mod retry;
pub mod saved;
pub mod schedules;
pub mod search;
mod searches;
pub mod secrets;
mod session_table;
pub mod sessions;
mod signing;
pub mod single_sign_on;
pub mod stated;
#[cfg(test)]
mod stubs;
pub mod submit;
pub mod syntax;
mod syntax_turns;
pub mod system;
pub mod tokens;
mod uploads;
pub mod usage;
pub mod vault;
pub mod versions;
pub mod wait;
pub mod webhooks;

pub use checks::unusable as unusable_schema;
pub use config::{ForgetSecret, ServiceConfig};
pub use engine::Engine;
pub use error::ServiceError;
pub use fuelcell_rules::faults;
pub use last_look::Health;
pub use principal::Principal;
pub use session_table::SessionBook;
pub use uploads::{ByteSource, Upload};

/// The store's words that use cases take and answer with.
pub use fuelcell_store::hours::{HourFigures, Spread};
pub use fuelcell_store::pages::{
    LogPlace, NumberedActivation, NumberedVersion, PAGE_BYTES, PlacedLine, QueueSpot, Row,
};
pub use fuelcell_store::usage::{Dimension, UsageGroup, UsageSums, VALUES_A_DAY};
pub use fuelcell_store::{
    DeliveryFilter, EventPlace, JobFilter, JobOrder, KEPT_EVENTS, LogFilter, Page, PageRequest,
    ProcessedItem, QueueEntry, Seek, SortKey, StateCounts, TenantFigures,
};

use fuelcell_domain::backup::Backups;
use fuelcell_domain::identity::IdentityProvider;
use fuelcell_domain::seams::{Events, ModuleInspector, Nodes};
use fuelcell_domain::{Clock, Incarnation, JobType, ModuleVersion};
use fuelcell_store::{BlobStore, ClientStore};
use permits::{Lines, TenantPermits};
use principal::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Mutex, Notify, Semaphore};
use vault::Seal;

/// What the service is made of; the composition root fills it in.
pub struct Parts {
    /// Records.
    pub store: Arc<dyn ClientStore>,
    /// Bytes.
    pub blobs: Arc<dyn BlobStore>,
    /// Looks at uploaded modules.
    pub inspector: Arc<dyn ModuleInspector>,
    /// Hears what was acknowledged.
    pub events: Arc<dyn Events>,
    /// The processes that run jobs.
    pub nodes: Arc<dyn Nodes>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The server's own secret: it keys token hashes and signs download links.
    pub secret: [u8; 32],
    /// Settings.
    pub config: ServiceConfig,
}

/// All use cases.
pub struct Service {
    store: Arc<dyn ClientStore>,
    blobs: Arc<dyn BlobStore>,
    inspector: Arc<dyn ModuleInspector>,
    events: Arc<dyn Events>,
    nodes: Arc<dyn Nodes>,
    clock: Arc<dyn Clock>,
    secret: Secret,
    seal: Seal,
    config: ServiceConfig,
    built_in: BTreeMap<JobType, ModuleVersion>,
    /// Those whose engine this server has not: they run nothing.
    without_engine: BTreeMap<JobType, ModuleVersion>,
    engines: Vec<Engine>,
    uploads: TenantPermits,
    appends: appends::Appends,
    compiles: Lines,
    archives: TenantPermits,
    schedules_changed: Notify,
    removal_begun: Notify,
    bulk_begun: Notify,
    /// Whoever begins a bulk action has it.
    bulk_begins: Mutex<()>,
    /// This process, beside others that work at the same.
    life: Incarnation,
    waiters: Semaphore,
    tenants_waiters: TenantPermits,
    checks: checks::Checks,
    searches: searches::Searches,
    syntax_checks: syntax_turns::SyntaxChecks,
    forget_secret: Option<ForgetSecret>,
    refusals: refusals::Refusals,
    last_look: last_look::LastLook,
    streams: TenantPermits,
    /// Streams that read lines of logs at the same time.
    line_readers: Semaphore,
    looks: looks::Looks,
    sessions: Arc<session_table::Sessions>,
    provider: Option<Arc<dyn IdentityProvider>>,
    backups: Option<Arc<dyn Backups>>,
}

impl Service {
    /// A service without built-in modules; see [`Service::install_built_in`].
    pub fn new(parts: Parts) -> Self {
        let Parts { store, blobs, inspector, events, nodes, clock, secret, config } = parts;
        let secret = Secret::new(secret);
        Self {
            store,
            blobs,
            inspector,
            events,
            nodes,
            clock,
            seal: Seal::new(&secret),
            secret,
            config,
            built_in: BTreeMap::new(),
            without_engine: BTreeMap::new(),
            engines: Vec::new(),
            uploads: TenantPermits::default(),
            appends: appends::Appends::default(),
            compiles: Lines::default(),
            archives: TenantPermits::default(),
            schedules_changed: Notify::new(),
            removal_begun: Notify::new(),
            bulk_begun: Notify::new(),
            bulk_begins: Mutex::new(()),
            life: Incarnation::random(),
            waiters: Semaphore::new(config::MAX_WAITERS),
            tenants_waiters: TenantPermits::default(),
            checks: checks::Checks::default(),
            searches: searches::Searches::default(),
            syntax_checks: syntax_turns::SyntaxChecks::default(),
            forget_secret: None,
            refusals: refusals::Refusals::default(),
            last_look: last_look::LastLook::default(),
            streams: TenantPermits::default(),
            line_readers: Semaphore::new(config::LINE_READERS),
            looks: looks::Looks::default(),
            sessions: Arc::default(),
            provider: None,
            backups: None,
        }
    }
}
