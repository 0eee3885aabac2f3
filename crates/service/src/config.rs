//! Settings of the use cases.

use fuelcell_domain::Caps;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MIB: u64 = 1024 * 1024;

/// What an operator may set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceConfig {
    /// Where clients reach this server, such as `https://jobs.example.com`; download links begin with it.
    pub public_url: String,
    /// How long a download link stays valid, in seconds.
    pub link_seconds: u64,
    /// Largest dataset in bytes.
    pub max_dataset_bytes: u64,
    /// Largest module in bytes.
    pub max_module_bytes: u64,
    /// Seconds after which an unfinished upload is given up to which nothing was added.
    pub upload_seconds: u64,
    /// Uploads of one tenant that may be under way at the same time.
    pub max_parallel_uploads: usize,
    /// Archives of one tenant that may be under way at the same time.
    pub max_parallel_archives: usize,
    /// Requests of one tenant that may wait for a job at the same time.
    pub max_waiting_requests: usize,
    /// Streams of events that one tenant may have open at the same time.
    pub max_streams: usize,
    /// Jobs of all tenants that may wait, those included whose time has not come; more are answered 503.
    pub max_queued_jobs: u64,
    /// Seconds after which a session of the dashboard ends in which nothing was asked.
    pub session_idle_seconds: u64,
    /// Seconds after which it ends in any case.
    pub session_seconds: u64,
    /// Bytes that must be free on the disk for `/readyz` to say that the server is ready.
    pub ready_free_bytes: u64,
    /// The most that any job may use.
    pub caps: Caps,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            public_url: String::new(),
            link_seconds: 24 * 3600,
            max_dataset_bytes: 10 * 1024 * MIB,
            max_module_bytes: 64 * MIB,
            upload_seconds: 24 * 3600,
            max_parallel_uploads: 8,
            max_parallel_archives: 8,
            max_waiting_requests: 200,
            max_streams: 1000,
            max_queued_jobs: 1_000_000,
            session_idle_seconds: 8 * 3600,
            session_seconds: 7 * 24 * 3600,
            ready_free_bytes: 256 * MIB,
            caps: Caps::default(),
        }
    }
}

/// Streams that read lines at the same time. All listeners of a job hear of a batch at once, and each would hold a copy of it
/// before the connection counts what is unread; so a thousand of them take turns.
pub(crate) const LINE_READERS: usize = 16;

/// Requests that may wait at the same time, of all tenants.
pub const MAX_WAITERS: usize = 1000;

/// Forgets a secret that lies somewhere for its owner, if it is the one that the question is answered yes for.
pub type ForgetSecret = Box<dyn Fn(&dyn Fn(&str) -> bool) + Send + Sync>;
