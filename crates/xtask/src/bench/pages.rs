//! How fast the dashboard is, in a real browser: the script does it all, and names its figures.

use std::{path::Path, process::Command};

use anyhow::Result;

use super::{
    project::{project, start},
    row::{Row, measure},
};
use crate::{dashboard, process::capture, server::Interrupt, tools, workspace::Workspace};

const SCRIPT: &str = "tests/clients/dashboard/figures.mjs";
/// For a million lines.
const SETTINGS: [(&str, &str); 1] = [("FUELCELL_JOB_LOG_BYTES", "256MiB")];

pub(super) fn rows(workspace: &Workspace, folder: &Path, interrupt: &Interrupt) -> Result<Vec<Row>> {
    dashboard::ensure_packages(workspace)?;
    tools::ensure_chromium()?;
    let server = start(workspace, folder, &SETTINGS, interrupt)?;
    let project = project(workspace, &server.operator()?)?;
    let token = project.client.authorization().trim_start_matches("Bearer ");
    let (tenant, id) = project.ids();
    let mut script = Command::new("node");
    script
        .arg(workspace.root.join(SCRIPT))
        .env("FUELCELL_URL", server.base_url())
        .env("FUELCELL_TOKEN", token);
    script.env("FUELCELL_TENANT", tenant).env("FUELCELL_PROJECT", id);
    let printed = measure("The dashboard with a long log and many jobs", || capture(&mut script))?;
    printed.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}
