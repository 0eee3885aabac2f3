//! `/api/{tenantId}/{projectId}/execution/…`

mod cancel;
mod limits;
mod list;
mod logs;
mod results;
mod retry;
mod status;
mod submit;
mod system;
