//! Settings of the HTTP interface.

use crate::cors;
use crate::tls::TlsConfig;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

const MIB: u64 = 1024 * 1024;
/// What `heartbeat_seconds` is where nobody says it.
pub(crate) const DEFAULT_HEARTBEAT_SECONDS: NonZeroU32 =
    const { NonZeroU32::new(15).expect("15 is not zero") };

/// What an operator may set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApiConfig {
    /// Wrong tokens that one peer address may present per minute before it is told to wait, and steps of sign-ins by an
    /// identity provider, which are counted apart. IPv6 peers are counted by /64.
    pub auth_failures_per_minute: NonZeroU32,
    /// Connections in all, beside a reserve for health checks and operators; absent = half of the descriptors that the
    /// process may have, 16384 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<NonZeroU32>,
    /// Connections of one peer address, or requests under way that trusted proxies make for it; absent = three quarters of
    /// all connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connections_per_peer: Option<NonZeroU32>,
    /// Seconds after which a connection is closed whose peer takes nothing of what it is sent.
    pub stalled_seconds: NonZeroU32,
    /// Seconds of silence after which a stream of events is sent a comment, so that both sides, and proxies between them, see
    /// that it is alive.
    pub heartbeat_seconds: NonZeroU32,
    /// Bytes of answers that all clients together may leave unread.
    pub max_unread_bytes: u64,
    /// What `max_unread_bytes` says, for one tenant's clients.
    pub max_tenant_unread_bytes: u64,
    /// Networks of proxies whose `X-Forwarded-For` or `Forwarded` is believed, such as `10.0.0.0/8`.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// Requests that one token may make a second: as many at once, and as many again within the next second. Operators'
    /// tokens may make more.
    pub token_requests_per_second: NonZeroU32,
    /// What `token_requests_per_second` says, for all tokens of one tenant.
    pub tenant_requests_per_second: NonZeroU32,
    /// Bytes of bodies of one token's requests that have not been answered yet. A body counts with its length, at most 4 MiB,
    /// and with 4 MiB if it does not say it; one alone is always let in.
    pub max_token_arriving_bytes: u64,
    /// What `max_token_arriving_bytes` says, for all tokens of one tenant.
    pub max_tenant_arriving_bytes: u64,
    /// What `max_token_arriving_bytes` says, for all tenants.
    pub max_arriving_bytes: u64,
    /// Changes with JSON bodies that are being carried out at a time, of all tenants; the next one is answered 503 at once.
    pub max_changes: NonZeroU32,
    /// What `max_changes` says, for one tenant; the next one is answered 429.
    pub max_tenant_changes: NonZeroU32,
    /// Origins whose pages may ask this server, such as `https://app.example.com`, or `*` alone for all; none = no page of
    /// another origin. They show a token: cookies of sessions are believed of this server's own pages only.
    pub cors_origins: Vec<String>,
    /// TLS, when a certificate is named.
    pub tls: TlsConfig,
}

impl ApiConfig {
    /// Refuses what cannot be meant, by the name of the setting.
    ///
    /// # Errors
    /// What is wrong, and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        cors::check(&self.cors_origins)?;
        self.tls.check()
    }
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            auth_failures_per_minute: const { NonZeroU32::new(60).expect("60 is not zero") },
            max_connections: None,
            max_connections_per_peer: None,
            stalled_seconds: const { NonZeroU32::new(30).expect("30 is not zero") },
            heartbeat_seconds: DEFAULT_HEARTBEAT_SECONDS,
            max_unread_bytes: 256 * MIB,
            max_tenant_unread_bytes: 64 * MIB,
            trusted_proxies: Vec::new(),
            token_requests_per_second: const { NonZeroU32::new(20_000).expect("it is not zero") },
            tenant_requests_per_second: const { NonZeroU32::new(50_000).expect("it is not zero") },
            max_token_arriving_bytes: 128 * MIB,
            max_tenant_arriving_bytes: 256 * MIB,
            max_arriving_bytes: 1024 * MIB,
            max_changes: const { NonZeroU32::new(2_048).expect("it is not zero") },
            max_tenant_changes: const { NonZeroU32::new(1_024).expect("it is not zero") },
            cors_origins: Vec::new(),
            tls: TlsConfig::default(),
        }
    }
}
