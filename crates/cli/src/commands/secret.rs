//! `fuelcell secret …` and `fuelcell grant …`: what jobs of a project may reach, and with which credentials.

use super::gone::{DryRun, would_go};
use crate::complete;
use crate::connection::Connection;
use crate::failure::Outcome;
use crate::files;
use crate::operations::{DELETE_GRANT, DELETE_SECRET, GET_GRANT, LIST_SECRETS, PUT_GRANT, PUT_SECRET};
use crate::output::{self, Column, Form, done};
use crate::pages::{self, HowMany};
use clap::Subcommand;
use serde_json::json;
use std::path::{Path, PathBuf};

const SECRETS: &[Column] = &[
    ("NAME", "name", Form::Text),
    ("HEADERS", "headers", Form::Text),
    ("MODIFIED", "dateModified", Form::Time),
    ("BY", "setBy", Form::Text),
];

const GRANT: &[Column] = &[
    ("module", "module", Form::Text),
    ("hosts", "granted/http/hosts", Form::Text),
    ("secrets", "granted/http/secrets", Form::Text),
    ("hmac", "granted/hmac", Form::Text),
    ("granted by", "grantedBy", Form::Text),
    ("granted", "dateGranted", Form::Time),
    ("versions that wait", "waiting", Form::Text),
];

/// What `fuelcell secret` does.
#[derive(Subcommand)]
pub enum SecretCommand {
    /// Set a secret from a file or from standard input; nobody reads its value again.
    #[command(
        after_help = "Examples:\n  $ echo 's3cret' | fuelcell secret set API_KEY\n  $ fuelcell secret set API_KEY --from-file key.txt --header authorization"
    )]
    Set {
        /// Its name.
        #[arg(add = complete::secrets())]
        name: String,
        /// File that holds the value; absent = standard input. A line break at its end does not belong to it.
        #[arg(long, value_name = "FILE")]
        from_file: Option<PathBuf>,
        /// Header in which jobs may send it.
        #[arg(long = "header", value_name = "NAME")]
        headers: Vec<String>,
    },
    /// List the names of secrets.
    #[command(after_help = "Examples:\n  $ fuelcell secret list")]
    List {
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Delete a secret.
    ///
    /// Jobs that would send it or compute with it are refused that from then on.
    #[command(after_help = "Examples:\n  $ fuelcell secret delete $SECRET")]
    Delete {
        /// Its name.
        #[arg(add = complete::secrets())]
        name: String,
    },
}

/// What `fuelcell grant` does.
#[derive(Subcommand)]
pub enum GrantCommand {
    /// Show what a module is granted, and which versions wait for more.
    #[command(after_help = "Examples:\n  $ fuelcell grant show $MODULE")]
    Show {
        /// The module.
        #[arg(add = complete::modules())]
        module: String,
    },
    /// Grant a module hosts, secrets and keys, instead of what it was granted before.
    #[command(
        after_help = "Examples:\n  $ fuelcell grant set $MODULE --host api.example.com --hmac PROBE_KEY"
    )]
    Set {
        /// The module.
        #[arg(add = complete::modules())]
        module: String,
        /// A host that its jobs may ask, such as api.example.com.
        #[arg(long = "host", value_name = "HOST")]
        hosts: Vec<String>,
        /// A secret that its jobs may send there.
        #[arg(long = "secret", value_name = "NAME", requires = "hosts")]
        secrets: Vec<String>,
        /// A secret with which its jobs may compute HMACs.
        #[arg(long = "hmac", value_name = "NAME")]
        hmac: Vec<String>,
    },
    /// Take back everything that a module was granted.
    #[command(
        after_help = "Examples:\n  $ fuelcell grant revoke $MODULE --dry-run\n  $ fuelcell grant revoke $MODULE"
    )]
    Revoke {
        /// The module.
        #[arg(add = complete::modules())]
        module: String,
        #[command(flatten)]
        only: DryRun,
    },
}

/// `fuelcell secret …`
pub(crate) fn secret(connection: &Connection, command: SecretCommand) -> Outcome {
    let (http, format) = (&connection.http, connection.format);
    match command {
        SecretCommand::Set { name, from_file, headers } => {
            let value = value(from_file.as_deref(), &name)?;
            let headers = (!headers.is_empty()).then_some(headers);
            let call = connection.call(PUT_SECRET, &[("name", &name)])?;
            let told = http.send(&call.json(json!({"value": value, "headers": headers})))?;
            done(format, &format!("set {name}"), &told)
        }
        SecretCommand::List { how_many } => {
            pages::list(http, connection.call(LIST_SECRETS, &[])?, "secrets", how_many, (format, SECRETS))
        }
        SecretCommand::Delete { name } => {
            connection.send(DELETE_SECRET, &[("name", &name)])?;
            done(format, &format!("deleted {name}"), &json!({"name": name}))
        }
    }
}

fn value(file: Option<&Path>, name: &str) -> Outcome<String> {
    if file.is_none()
        && let Some(typed) = files::typed_unseen(&format!("Value of {name}: "))?
    {
        return Ok(typed);
    }
    let text = files::text(file.unwrap_or(Path::new("-")))?;
    Ok(text
        .strip_suffix('\n')
        .map(|text| text.strip_suffix('\r').unwrap_or(text))
        .unwrap_or(&text)
        .to_owned())
}

/// `fuelcell grant …`
pub(crate) fn grant(connection: &Connection, command: GrantCommand) -> Outcome {
    let format = connection.format;
    match command {
        GrantCommand::Show { module } => {
            output::one(format, GRANT, &connection.send(GET_GRANT, &[("name", &module)])?)
        }
        GrantCommand::Set { module, hosts, secrets, hmac } => {
            let http = (!hosts.is_empty()).then(|| json!({"hosts": hosts, "secrets": secrets}));
            let call = connection.call(PUT_GRANT, &[("name", &module)])?;
            let told = connection.http.send(&call.json(json!({"http": http, "hmac": hmac})))?;
            output::one(format, GRANT, &told)
        }
        GrantCommand::Revoke { module, only } if only.dry_run => {
            let what = (GET_GRANT, &[("name", &module[..])]);
            would_go(connection, what, GRANT, "and jobs of the module would reach nothing of it")
        }
        GrantCommand::Revoke { module, .. } => {
            connection.send(DELETE_GRANT, &[("name", &module)])?;
            done(format, &format!("{module} is granted nothing"), &json!({"module": module}))
        }
    }
}
