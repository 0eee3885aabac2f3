//! `/api/{tenantId}/{projectId}/execution/…`

mod archive;
mod cancel;
mod delete;
mod fields;
mod limits;
mod list;
mod logs;
mod parameters;
mod ping;
mod queue;
mod results;
mod retry;
mod status;
mod submit;
mod system;
mod wait;
