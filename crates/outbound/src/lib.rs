//! The one room that opens connections for jobs: what a job may send goes through here, whichever process its cell is in.
//!
//! It knows the words of `fuelcell-domain`, HTTP and TLS. What is granted it asks of [`Grants`]; it knows nothing of wasm,
//! stores or who granted it. A request is sent when its scheme, host and port are granted, its secrets are granted and
//! known, and the address that the host's name stands for is public and not this machine's (or the operator allows it): the
//! connection goes to that very address. Redirects are not followed, proxies of the environment are not asked, cookies are
//! not kept.
//!
//! [`Grants`]: fuelcell_domain::outbound::Grants

mod account;
mod addresses;
mod client;
mod connection;
#[cfg(test)]
mod fuzz;
mod metrics;
mod outlet;
mod place;
mod scrub;
#[cfg(test)]
mod tls_tests;

pub use client::Client;
pub use outlet::GrantedOutlets;
pub use place::place_of;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What an operator can set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OutboundConfig {
    /// Networks that jobs may reach although they are not public, such as `10.1.2.0/24`, where their grants name a host in
    /// them. Every job of every project that is granted such a host can reach it: leave out what trusts its network.
    #[schemars(with = "Vec<String>")]
    pub allow_networks: Vec<IpNet>,
    /// Requests that one attempt may send.
    pub max_requests: u64,
    /// Seconds until a connection must stand, looking up the name and TLS included.
    pub connect_seconds: u64,
    /// Seconds until the first byte of an answer, and between two.
    pub read_seconds: u64,
}

impl Default for OutboundConfig {
    fn default() -> Self {
        Self { allow_networks: Vec::new(), max_requests: 10_000, connect_seconds: 10, read_seconds: 60 }
    }
}

impl OutboundConfig {
    /// The guest's wish, if it is shorter than what is allowed.
    fn connect_time(&self, wish: Option<Duration>) -> Duration {
        shorter(self.connect_seconds, wish)
    }

    /// The same for the time until a byte comes.
    fn read_time(&self, wish: Option<Duration>) -> Duration {
        shorter(self.read_seconds, wish)
    }
}

fn shorter(seconds: u64, wish: Option<Duration>) -> Duration {
    let most = Duration::from_secs(seconds);
    wish.map_or(most, |wish| wish.min(most))
}
