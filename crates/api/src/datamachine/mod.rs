//! The Data Machine jobs API: its words, its DTOs, and their mapping. Nothing outside of this folder, its tests and the
//! documents knows of it, but for the lines that mount and describe it; `cargo xtask check` sees to that.
//!
//! The protocol numbers what others give GUIDs: a job goes by its ordinal in the project, a pipeline by its own, and a flow
//! is its pipeline. Who calls is a user with an application password, and the password names the project. The protocol's
//! capability `manage_options` is the role of an administrator.

pub(crate) mod clear;
pub(crate) mod errors;
pub(crate) mod jobs;
mod parameters;
mod status;

use crate::auth::Caller;
use crate::problem::Problem;
#[cfg(test)]
use fuelcell_domain::stated::StatedLimit;
use fuelcell_domain::{ProjectRef, Scope, Timestamp};
use fuelcell_service::ServiceError;

/// All addresses of the protocol begin with this.
pub(crate) const BASE: &str = "/wp-json/";

/// Those of its limits that nobody can set.
#[cfg(test)]
pub(crate) const STATED: &[StatedLimit] = &[StatedLimit::new(
    "`per_page` of the Data Machine jobs API",
    jobs::MAX_PER_PAGE as u64,
    "entries",
    "400 `rest_invalid_param`",
)];

/// Queries that WordPress takes on every address, and that its clients send unasked. They change nothing here.
pub(crate) fn is_global(name: &str) -> bool {
    name.starts_with('_') || matches!(name, "context" | "rest_route")
}

/// The project of the caller's password.
fn project(Caller(caller): &Caller) -> Result<ProjectRef, Problem> {
    match caller.scope {
        Scope::Project(project) => Ok(project),
        Scope::Tenant(_) | Scope::Server => Err(ServiceError::Unauthenticated.into()),
    }
}

/// A moment as the protocol writes it: UTC, to the second.
fn moment(at: Timestamp) -> String {
    at.to_utc().format("%Y-%m-%d %H:%M:%S").to_string()
}
