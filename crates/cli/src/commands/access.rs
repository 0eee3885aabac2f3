//! `fuelcell token …`, `password …`, `audit`: who may ask, and who did what.

use super::module::Online;
use crate::connection::Connection;
use crate::failure::{Failure, Outcome};
use crate::operations::{
    CREATE_PASSWORD, CREATE_TOKEN, LIST_AUDIT, LIST_PASSWORDS, LIST_TOKENS, REVOKE_PASSWORD, REVOKE_TOKEN,
};
use crate::output::{Column, Form, done};
use crate::pages::{self, HowMany};
use crate::values::duration;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::time::Duration;

const TOKENS: &[Column] = &[
    ("TOKEN", "tokenId", Form::Text),
    ("SUBJECT", "subject", Form::Text),
    ("ROLE", "role", Form::Text),
    ("PROJECT", "projectId", Form::Text),
    ("EXPIRES", "expiresAt", Form::Time),
    ("REVOKED", "dateRevoked", Form::Time),
];

const PASSWORDS: &[Column] = &[
    ("PASSWORD", "passwordId", Form::Text),
    ("USER", "userName", Form::Text),
    ("ROLE", "role", Form::Text),
    ("PROJECT", "projectId", Form::Text),
    ("EXPIRES", "expiresAt", Form::Time),
    ("REVOKED", "dateRevoked", Form::Time),
];

const AUDIT: &[Column] = &[
    ("NUMBER", "number", Form::Number),
    ("WHEN", "date", Form::Time),
    ("SUBJECT", "subject", Form::Text),
    ("ACTION", "action", Form::Text),
    ("TARGET", "target", Form::Text),
    ("OUTCOME", "outcome", Form::Text),
    ("CODE", "code", Form::Text),
];

/// What somebody may do. Each role may do what those before it may.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Role {
    /// Sees
    Viewer,
    /// Submits jobs and uploads datasets
    Submitter,
    /// Uploads modules
    ModuleAuthor,
    /// Administers a project or a tenant
    Administrator,
    /// Run the server.
    Operator,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Submitter => "submitter",
            Self::ModuleAuthor => "module-author",
            Self::Administrator => "administrator",
            Self::Operator => "operator",
        }
    }
}

/// What `fuelcell token` does with a server.
#[derive(Subcommand)]
pub enum TokenCommand {
    /// Create a token for one project, and print it for the only time.
    ///
    /// --whole-tenant and --whole-server make it wider.
    #[command(
        after_help = "Examples:\n  $ fuelcell token create --subject ci --role submitter --expires-in 30d\n  $ fuelcell token create --subject ann --role viewer --whole-tenant"
    )]
    Create(Online<NewToken>),
    /// List tokens, without the tokens themselves.
    #[command(after_help = "Examples:\n  $ fuelcell token list")]
    List(Online<HowMany>),
    /// Revoke a token: it and its sessions end at once, its schedules make no more runs.
    #[command(after_help = "Examples:\n  $ fuelcell token revoke $SPARE_TOKEN")]
    Revoke(Online<ById>),
}

/// A token to make.
#[derive(Args)]
pub struct NewToken {
    /// Who has the token.
    #[arg(long)]
    subject: String,
    /// What they may do.
    #[arg(long, value_enum)]
    role: Role,
    /// Time until it expires, such as 30d; absent = it holds until it is revoked.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires_in: Option<Duration>,
    /// Valid in all projects of the tenant.
    #[arg(long)]
    whole_tenant: bool,
    /// Valid on the whole server.
    #[arg(long, conflicts_with = "whole_tenant")]
    whole_server: bool,
}

/// Something by its id.
#[derive(Args)]
pub struct ById {
    /// Its id.
    id: String,
}

/// What `fuelcell password` does.
#[derive(Subcommand)]
pub enum PasswordCommand {
    /// Create an application password for a user of a project, and print it for the only time.
    #[command(after_help = "Examples:\n  $ fuelcell password create --user ann")]
    Create {
        /// The user's name.
        #[arg(long)]
        user: String,
        /// What the user may do.
        #[arg(long, value_enum, default_value_t = Role::Administrator)]
        role: Role,
        /// Time until it expires, such as 30d; absent = it holds until it is revoked.
        #[arg(long, value_name = "TIME", value_parser = duration)]
        expires_in: Option<Duration>,
    },
    /// List application passwords, without the passwords themselves.
    #[command(after_help = "Examples:\n  $ fuelcell password list")]
    List {
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Revoke an application password: it ends at once.
    #[command(after_help = "Examples:\n  $ fuelcell password revoke $SPARE_PASSWORD")]
    Revoke {
        /// Its id.
        password_id: String,
    },
}

/// Which entries of the audit log are shown.
#[derive(Args)]
pub struct Audit {
    /// Only what this subject did.
    #[arg(long)]
    subject: Option<String>,
    /// Entries of the whole server, or of the whole tenant that is named: by --tenant, FUELCELL_TENANT or the profile.
    #[arg(long)]
    everywhere: bool,
    #[command(flatten)]
    how_many: HowMany,
}

/// `fuelcell token …`
pub(crate) fn token(command: TokenCommand) -> Outcome {
    match command {
        TokenCommand::Create(wanted) => create_token(&wanted.connection.open()?, &wanted.what),
        TokenCommand::List(list) => {
            let connection = list.connection.open()?;
            let call = connection.call(LIST_TOKENS, &[])?;
            pages::list(&connection.http, call, "tokens", list.what, (connection.format, TOKENS))
        }
        TokenCommand::Revoke(revoke) => {
            let (connection, id) = (revoke.connection.open()?, revoke.what.id);
            connection.send(REVOKE_TOKEN, &[("tokenId", &id)])?;
            done(connection.format, &format!("revoked {id}"), &json!({"tokenId": id}))
        }
    }
}

fn create_token(connection: &Connection, wanted: &NewToken) -> Outcome {
    let scope = match wanted.whole_server {
        true => Default::default(),
        false => connection.scope(!wanted.whole_tenant)?,
    };
    let project = scope.project.filter(|_| !wanted.whole_tenant);
    let body = json!({
        "subject": wanted.subject, "role": wanted.role.word(), "tenantId": scope.tenant, "projectId": project,
        "expiresInSeconds": wanted.expires_in.map(|time| time.as_secs()),
    });
    let told = connection.http.send(&connection.call(CREATE_TOKEN, &[])?.json(body))?;
    secret(connection, &told, "token")
}

/// What is told once: alone on its line, so that a script can take it.
fn secret(connection: &Connection, told: &Value, name: &str) -> Outcome {
    let secret = told[name].as_str();
    let secret = secret.ok_or_else(|| Failure::here("the server's answer", format!("it has no {name}")))?;
    done(connection.format, secret, told)
}

/// `fuelcell password …`
pub(crate) fn password(connection: &Connection, command: PasswordCommand) -> Outcome {
    match command {
        PasswordCommand::Create { user, role, expires_in } => {
            let scope = connection.scope(true)?;
            let body = json!({
                "userName": user, "role": role.word(), "tenantId": scope.tenant, "projectId": scope.project,
                "expiresInSeconds": expires_in.map(|time| time.as_secs()),
            });
            let told = connection.http.send(&connection.call(CREATE_PASSWORD, &[])?.json(body))?;
            secret(connection, &told, "password")
        }
        PasswordCommand::List { how_many } => {
            let call = connection.call(LIST_PASSWORDS, &[])?;
            pages::list(
                &connection.http,
                call,
                "applicationPasswords",
                how_many,
                (connection.format, PASSWORDS),
            )
        }
        PasswordCommand::Revoke { password_id } => {
            connection.send(REVOKE_PASSWORD, &[("passwordId", &password_id)])?;
            done(connection.format, &format!("revoked {password_id}"), &json!({"passwordId": password_id}))
        }
    }
}

/// `fuelcell audit`
pub(crate) fn audit(connection: &Connection, wanted: &Audit) -> Outcome {
    let scope = if wanted.everywhere { connection.named().clone() } else { connection.scope(true)? };
    let project = scope.project.filter(|_| !wanted.everywhere);
    let call = connection
        .call(LIST_AUDIT, &[])?
        .query("tenantId", scope.tenant)
        .query("projectId", project)
        .query("subject", wanted.subject.as_ref());
    pages::list(&connection.http, call, "entries", wanted.how_many, (connection.format, AUDIT))
}
