//! `fuelcell password …`: application passwords of a running server, over its own interface.

use crate::cli::PasswordCommand;
use crate::client::Server;
use anyhow::Context;
use serde_json::{Value, json};
use std::io::Write;

const PATH: &str = "/api/admin/application-passwords";

/// Does what the command says and prints what came of it.
pub(crate) fn run(command: PasswordCommand) -> anyhow::Result<()> {
    match command {
        PasswordCommand::Create { server, user, tenant, project, role } => {
            let wanted = json!({"userName": user, "tenantId": tenant, "projectId": project, "role": role});
            let made = Server::of(&server)?.send("POST", PATH, &wanted)?;
            let password = made["password"].as_str().context("the answer has no password")?;
            print(&format!("{password}\n"))
        }
        PasswordCommand::List { server } => {
            let listed = Server::of(&server)?.send("GET", PATH, &Value::Null)?;
            print(&format!("{:#}\n", listed["applicationPasswords"]))
        }
        PasswordCommand::Revoke { server, password_id } => {
            Server::of(&server)?.send("DELETE", &format!("{PATH}/{password_id}"), &Value::Null).map(drop)
        }
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
