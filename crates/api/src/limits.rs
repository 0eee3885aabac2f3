//! Limits as answers show them.

use fuelcell_domain::LimitRequest;
use serde::Serialize;
use utoipa::ToSchema;

/// Limits that somebody set; `null` was left to others.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LimitsAnswer {
    fuel: Option<u64>,
    memory_bytes: Option<u64>,
    disk_bytes: Option<u64>,
    timeout_seconds: Option<u64>,
}

impl From<LimitRequest> for LimitsAnswer {
    fn from(limits: LimitRequest) -> Self {
        let LimitRequest { fuel, memory_bytes, disk_bytes, timeout_seconds } = limits;
        Self { fuel, memory_bytes, disk_bytes, timeout_seconds }
    }
}
