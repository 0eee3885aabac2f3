//! The committed OpenAPI document.

use anyhow::Result;

use crate::{
    process::{cargo, run},
    workspace::Workspace,
};

/// Rewrites `openapi.json`; the test that compares it does the writing.
pub(crate) fn rewrite(workspace: &Workspace) -> Result<()> {
    let arguments =
        ["test", "--package", "fuelcell-api", "--test", "openapi", "the_committed_document_is_up_to_date"];
    run(cargo(workspace).args(arguments).env("FUELCELL_REWRITE_OPENAPI", "1"))
}
