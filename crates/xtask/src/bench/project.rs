//! A server to measure, and a project on it.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

use anyhow::{Context, Result};
use serde_json::json;

use super::load::Load;
use crate::{
    client::Client,
    server::{Interrupt, Server, free_address},
    workspace::{Build, Workspace},
};

pub(super) const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// The module of its jobs.
pub(crate) const MODULE: &str = "probe";

/// A server on fresh data, with such settings.
pub(super) fn start(
    workspace: &Workspace,
    data: &Path,
    settings: &[(&str, &str)],
    interrupt: &Interrupt,
) -> Result<Server> {
    if data.exists() {
        fs::remove_dir_all(data).with_context(|| format!("cannot remove {}", data.display()))?;
    }
    let binary = workspace.binary(Build::Release, "fuelcell");
    Server::start_set(&binary, data, free_address(Some(ANY_PORT), ANY_PORT)?, settings, interrupt)
}

/// A project with the probe module in it.
pub(crate) struct Project {
    pub(crate) client: Client,
    /// The path of the project.
    pub(crate) base: String,
}

impl Project {
    /// The ids of its tenant and of itself.
    pub(super) fn ids(&self) -> (&str, &str) {
        self.base.trim_start_matches("/api/").split_once('/').unwrap_or_default()
    }

    /// Jobs that do nothing.
    pub(super) fn load(&self, interrupt: &Interrupt) -> Load {
        let submission = json!({
            "jobName": "No-op",
            "jobType": "Analysis",
            "module": {"name": MODULE},
            "parameters": {"steps": []},
        });
        Load::new(self.client.clone(), &self.base, submission, interrupt.clone())
    }
}

/// Makes one.
///
/// # Errors
/// When the server refuses.
pub(crate) fn project(workspace: &Workspace, operator: &Client) -> Result<Project> {
    let (client, [tenant, project]) = operator.new_project("Bench")?;
    let base = format!("/api/{tenant}/{project}");
    client.put_file(&format!("{base}/modules/{MODULE}/versions/0.1.0"), &workspace.module(MODULE))?;
    Ok(Project { client, base })
}
