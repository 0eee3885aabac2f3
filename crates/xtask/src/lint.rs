//! Form, lints, spelling, licences, the clients' types.

use anyhow::Result;

use crate::{
    clients,
    process::{cargo, run},
    tools,
    workspace::Workspace,
};

/// Runs every linter; the first that complains ends it.
pub(crate) fn lint(workspace: &Workspace) -> Result<()> {
    tools::ensure_rust_components(workspace)?;
    run(cargo(workspace).args(["fmt", "--all", "--check"]))?;
    run(tools::typos(workspace)?.current_dir(&workspace.root))?;
    let deny = ["check", "--hide-inclusion-graph", "licenses", "bans", "sources"];
    run(tools::cargo_deny(workspace)?.args(deny).current_dir(&workspace.root))?;
    clients::check(workspace)?;
    run(cargo(workspace).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}
