//! Holds the workspace to its drawing: which crate may know which, and what every crate must have.
//!
//! The rules look at plain data ([`Graph`], manifests, texts), so that tests can try them on made-up workspaces.

mod arrows;
mod facades;
mod graph;
mod manifests;
mod ownership;
mod sources;

use anyhow::{Result, bail};

use crate::{progress::note, workspace::Workspace};
use graph::Graph;

/// A broken rule, in one sentence that names the place.
type Violation = String;

/// Checks everything and names every violation.
///
/// # Errors
/// When there is a violation, or the workspace cannot be read.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let graph = Graph::of_workspace()?;
    let mut violations = arrows::check(&graph);
    violations.extend(ownership::check(&graph));
    for member in &graph.members {
        violations.extend(manifests::check(member)?);
        violations.extend(sources::check_docs(member)?);
    }
    violations.extend(sources::check_no_scripts(workspace)?);
    violations.extend(facades::check(workspace)?);

    for violation in &violations {
        note(&format!("check: {violation}"));
    }
    if !violations.is_empty() {
        bail!("{} rules of the architecture are broken", violations.len());
    }
    note(&format!("check: the arrows of {} crates hold", graph.members.len()));
    Ok(())
}
