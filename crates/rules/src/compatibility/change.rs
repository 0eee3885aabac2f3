//! A change, and what it means.

use serde_json::Value;

/// What a change means for those who use the first of two modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A job that the first takes may be refused by the second, or what is made of its results may break.
    Breaking,
    /// What the first takes, the second takes too.
    Compatible,
    /// Its project has to grant this: the second waits for a host or a secret to send, and fails when it signs with a secret.
    Grant,
}

/// Something that is not the same in two manifests.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where: a path in the manifest, such as `parameters/properties/month/type`.
    pub what: String,
    /// As it is in the first; `null` = it is not there.
    pub first: Value,
    /// As it is in the second.
    pub second: Value,
    /// What it means; none = nothing for those who submit jobs and read results.
    pub effect: Option<Effect>,
}

impl Change {
    pub(super) fn new(
        what: impl Into<String>,
        first: Value,
        second: Value,
        effect: impl Into<Option<Effect>>,
    ) -> Self {
        Self { what: what.into(), first, second, effect: effect.into() }
    }
}
