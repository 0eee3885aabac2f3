//! `fuelcell tenant …` and `fuelcell project …`: those of a running server, over its own interface.

use crate::cli::{ProjectCommand, ServerFlags, TenantCommand};
use crate::client::{Server, escaped};
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::io::Write;

const TENANTS: &str = "/api/admin/tenants";

/// Does what the command says and prints what came of it.
pub(crate) fn tenant(command: TenantCommand) -> anyhow::Result<()> {
    match command {
        TenantCommand::Create { server, name } => create(&server, TENANTS, &name, "tenantId"),
        TenantCommand::List { server } => list(&server, TENANTS, "tenants"),
        TenantCommand::Rename { server, tenant, name } => rename(&server, &path(&tenant), &name),
        TenantCommand::Delete { server, tenant, confirm } => delete(&server, &path(&tenant), confirm),
    }
}

/// Does what the command says and prints what came of it.
pub(crate) fn project(command: ProjectCommand) -> anyhow::Result<()> {
    let projects = |tenant: &str| format!("{}/projects", path(tenant));
    let one = |tenant: &str, project: &str| format!("{}/{}", projects(tenant), escaped(project));
    match command {
        ProjectCommand::Create { server, tenant, name } => {
            create(&server, &projects(&tenant), &name, "projectId")
        }
        ProjectCommand::List { server, tenant } => list(&server, &projects(&tenant), "projects"),
        ProjectCommand::Rename { server, tenant, project, name } => {
            rename(&server, &one(&tenant, &project), &name)
        }
        ProjectCommand::Delete { server, tenant, project, confirm } => {
            delete(&server, &one(&tenant, &project), confirm)
        }
    }
}

fn path(tenant: &str) -> String {
    format!("{TENANTS}/{}", escaped(tenant))
}

fn create(server: &ServerFlags, path: &str, name: &str, id: &str) -> anyhow::Result<()> {
    let made = Server::of(server)?.send("POST", path, &json!({"name": name}))?;
    print(&format!("{}\n", made[id].as_str().context("the answer has no id")?))
}

fn list(server: &ServerFlags, path: &str, member: &str) -> anyhow::Result<()> {
    let listed = Server::of(server)?.send("GET", path, &Value::Null)?;
    print(&format!("{:#}\n", listed[member]))
}

fn rename(server: &ServerFlags, path: &str, name: &str) -> anyhow::Result<()> {
    Server::of(server)?.send("PATCH", path, &json!({"name": name})).map(drop)
}

fn delete(server: &ServerFlags, path: &str, confirm: Option<String>) -> anyhow::Result<()> {
    let server = Server::of(server)?;
    let Some(name) = confirm else {
        let contents = server.send("GET", &format!("{path}/contents"), &Value::Null)?;
        print(&format!("{contents:#}\n"))?;
        bail!("nothing was deleted; this would go for good: say the name with --confirm NAME to go on");
    };
    let gone = server.send("DELETE", &format!("{path}?confirm={}", escaped(&name)), &Value::Null)?;
    print(&format!("{gone:#}\n"))
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
