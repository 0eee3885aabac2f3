//! Settings of the HTTP interface.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// What an operator may set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApiConfig {
    /// Wrong tokens that one peer address may present per minute before it is told to wait. IPv6 peers are counted by /64.
    pub auth_failures_per_minute: NonZeroU32,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self { auth_failures_per_minute: const { NonZeroU32::new(60).expect("60 is not zero") } }
    }
}
