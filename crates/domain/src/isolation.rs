//! What stands between a guest and the process that serves everybody.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a cell is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// In the server's process: the engine alone keeps the guest in.
    #[default]
    InProcess,
    /// In a process of its own, which has given up what it does not need.
    Process,
}

/// What a process of a cell has given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fence {
    /// Memory, CPU time, file size and open files beyond what its job may have.
    Rlimits,
    /// Paths and network addresses.
    Landlock,
    /// System calls that open, connect, start or map code.
    Seccomp,
}

impl Fence {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rlimits, Self::Landlock, Self::Seccomp];
}
