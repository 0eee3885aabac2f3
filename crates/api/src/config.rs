//! Settings of the HTTP interface.

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

const MIB: u64 = 1024 * 1024;

/// What an operator may set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApiConfig {
    /// Wrong tokens that one peer address may present per minute before it is told to wait. IPv6 peers are counted by /64.
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
    /// Bytes of answers that all clients together may leave unread.
    pub max_unread_bytes: u64,
    /// The same for one tenant's clients.
    pub max_tenant_unread_bytes: u64,
    /// Networks of proxies whose `X-Forwarded-For` or `Forwarded` is believed, such as `10.0.0.0/8`.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            auth_failures_per_minute: const { NonZeroU32::new(60).expect("60 is not zero") },
            max_connections: None,
            max_connections_per_peer: None,
            stalled_seconds: const { NonZeroU32::new(30).expect("30 is not zero") },
            max_unread_bytes: 256 * MIB,
            max_tenant_unread_bytes: 64 * MIB,
            trusted_proxies: Vec::new(),
        }
    }
}
