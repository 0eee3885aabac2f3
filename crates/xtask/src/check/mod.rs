//! Holds the workspace to its drawing: which crate may know which, which file of a crate which other, and what every crate
//! must have.
//!
//! The rules look at plain data ([`Graph`], manifests, texts), so that tests can try them on made-up workspaces.

mod arrows;
mod circles;
mod decisions;
mod drawing;
mod facades;
mod graph;
mod links;
mod manifests;
mod ownership;
mod roles;
mod sizes;
mod sources;
mod subjects;
mod symptoms;
mod tree;
mod violation;

use anyhow::{Result, bail};

use crate::{dashboard, progress::note, workspace::Workspace};
use graph::Graph;

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
        violations.extend(circles::check(member)?);
        violations.extend(subjects::check(member)?);
    }
    violations.extend(sources::check_no_scripts(workspace)?);
    violations.extend(facades::check(workspace)?);
    violations.extend(drawing::check(workspace)?);
    violations.extend(decisions::check(workspace)?);
    violations.extend(symptoms::check(workspace)?);
    violations.extend(roles::check(workspace)?);
    violations.extend(links::check(workspace)?);
    violations.extend(sizes::check(workspace)?);
    dashboard::check_weight(workspace)?;

    for violation in &violations {
        note(&format!("check: {violation}"));
    }
    if !violations.is_empty() {
        bail!("{} rules of the architecture are broken", violations.len());
    }
    note(&format!(
        "check: the arrows of {} crates hold, and no files refer to each other",
        graph.members.len()
    ));
    Ok(())
}
