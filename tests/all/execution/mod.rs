//! `/api/{tenantId}/{projectId}/execution/…`

mod archive;
mod batch;
mod bulk;
mod bulk_actions;
mod cancel;
mod delete;
pub(crate) mod events;
mod exact;
mod fields;
mod limits;
mod list;
mod logs;
mod outputs;
mod parameters;
mod ping;
mod profile;
mod queue;
mod quote;
mod results;
mod retry;
mod schemas;
mod search;
mod status;
mod submit;
mod system;
mod wait;
