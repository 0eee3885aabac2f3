//! `fuelcell tenant …` and `fuelcell project …`.

use crate::connection::Connection;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::operations::{
    CREATE_PROJECT, CREATE_TENANT, DELETE_PROJECT, DELETE_TENANT, GET_LIMITS, GET_PROJECT, GET_TENANT,
    LIST_PROJECTS, LIST_TENANTS, Operation, PROJECT_CONTENTS, PUT_LIMITS, RENAME_PROJECT, RENAME_TENANT,
    TENANT_CONTENTS,
};
use crate::output::{self, Column, Form, done, note};
use crate::pages::{self, HowMany};
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

const TENANTS: &[Column] = &[
    ("TENANT", "tenantId", Form::Text),
    ("NAME", "name", Form::Text),
    ("CREATED", "dateCreated", Form::Time),
];

const PROJECTS: &[Column] = &[
    ("PROJECT", "projectId", Form::Text),
    ("NAME", "name", Form::Text),
    ("CREATED", "dateCreated", Form::Time),
];

const CONTENTS: &[Column] = &[
    ("projects", "projects", Form::Text),
    ("jobs", "jobs", Form::Text),
    ("artifacts", "artifacts", Form::Text),
    ("datasets", "datasets", Form::Text),
    ("module versions", "moduleVersions", Form::Text),
    ("pipelines", "pipelines", Form::Text),
    ("schedules", "schedules", Form::Text),
    ("processed items", "processedItems", Form::Text),
    ("webhooks", "webhooks", Form::Text),
    ("secrets", "secrets", Form::Text),
    ("tokens", "tokens", Form::Text),
    ("bytes", "bytes", Form::Bytes),
];

const LIMITS: &[Column] = &[
    ("fuel", "caps/fuel", Form::Text),
    ("memory", "caps/memoryBytes", Form::Bytes),
    ("disk", "caps/diskBytes", Form::Bytes),
    ("timeout", "caps/timeoutSeconds", Form::Seconds),
    ("queued jobs", "quotas/queuedJobs", Form::Text),
    ("stored", "quotas/storedBytes", Form::Bytes),
    ("queued now", "usage/queuedJobs", Form::Text),
    ("stored now", "usage/storedBytes", Form::Bytes),
];

/// What `fuelcell tenant` does.
#[derive(Subcommand)]
pub enum TenantCommand {
    /// Create a tenant, and print its id.
    #[command(after_help = "Examples:\n  $ fuelcell tenant create 'Acme and Daughters'")]
    Create {
        /// Its name.
        name: String,
    },
    /// List tenants.
    #[command(after_help = "Examples:\n  $ fuelcell tenant list")]
    List {
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Show a tenant and what belongs to it.
    #[command(after_help = "Examples:\n  $ fuelcell tenant show $FUELCELL_TENANT")]
    Show {
        /// Its id.
        #[arg(value_name = "TENANT")]
        which: String,
    },
    /// Rename a tenant.
    #[command(after_help = "Examples:\n  $ fuelcell tenant rename $FUELCELL_TENANT 'Acme and Sons'")]
    Rename {
        /// Its id.
        #[arg(value_name = "TENANT")]
        which: String,
        /// The new name.
        name: String,
    },
    /// Delete a tenant with all its projects; without --confirm only say what would go.
    #[command(after_help = "Examples:\n  $ fuelcell tenant delete $SPARE_TENANT --confirm Acme")]
    Delete {
        /// Its id.
        #[arg(value_name = "TENANT")]
        which: String,
        /// Its name, so that it is deleted for good.
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
    },
}

/// What `fuelcell project` does.
#[derive(Subcommand)]
pub enum ProjectCommand {
    /// Create a project, and print its id.
    #[command(after_help = "Examples:\n  $ fuelcell project create Invoices")]
    Create {
        /// Its name.
        name: String,
    },
    /// List a tenant's projects.
    #[command(after_help = "Examples:\n  $ fuelcell project list --output json")]
    List {
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Show a project and what belongs to it.
    #[command(after_help = "Examples:\n  $ fuelcell project show $FUELCELL_PROJECT")]
    Show {
        /// Its id.
        #[arg(value_name = "PROJECT")]
        which: String,
    },
    /// Rename a project.
    #[command(after_help = "Examples:\n  $ fuelcell project rename $FUELCELL_PROJECT Bills")]
    Rename {
        /// Its id.
        #[arg(value_name = "PROJECT")]
        which: String,
        /// The new name.
        name: String,
    },
    /// Delete a project; without --confirm only say what would go.
    #[command(after_help = "Examples:\n  $ fuelcell project delete $SPARE_PROJECT --confirm 'Old invoices'")]
    Delete {
        /// Its id.
        #[arg(value_name = "PROJECT")]
        which: String,
        /// Its name, so that it is deleted for good.
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
    },
    /// Show a project's caps, its quotas and what is used of them, or set them.
    #[command(
        after_help = "Examples:\n  $ fuelcell project limits $FUELCELL_PROJECT\n  $ fuelcell project limits $FUELCELL_PROJECT --set limits.json"
    )]
    Limits {
        /// Its id.
        #[arg(value_name = "PROJECT")]
        which: String,
        /// Caps and quotas as a body of the API, - for standard input.
        #[arg(long, value_name = "FILE")]
        set: Option<PathBuf>,
    },
}

/// `fuelcell tenant …`
pub(crate) fn tenant(connection: &Connection, command: TenantCommand) -> Outcome {
    let (http, format) = (&connection.http, connection.format);
    match command {
        TenantCommand::Create { name } => create(connection, CREATE_TENANT, &name, "tenantId"),
        TenantCommand::List { how_many } => {
            pages::list(http, connection.call(LIST_TENANTS, &[])?, "tenants", how_many, (format, TENANTS))
        }
        TenantCommand::Show { which } => {
            show(connection, (GET_TENANT, TENANT_CONTENTS), &[("tenantId", &which)], TENANTS)
        }
        TenantCommand::Rename { which, name } => {
            rename(connection, RENAME_TENANT, &[("tenantId", &which)], &name)
        }
        TenantCommand::Delete { which, confirm } => {
            delete(connection, (TENANT_CONTENTS, DELETE_TENANT), &[("tenantId", &which)], confirm)
        }
    }
}

/// `fuelcell project …`
pub(crate) fn project(connection: &Connection, command: ProjectCommand) -> Outcome {
    let (http, format) = (&connection.http, connection.format);
    match command {
        ProjectCommand::Create { name } => create(connection, CREATE_PROJECT, &name, "projectId"),
        ProjectCommand::List { how_many } => {
            pages::list(http, connection.call(LIST_PROJECTS, &[])?, "projects", how_many, (format, PROJECTS))
        }
        ProjectCommand::Show { which } => {
            show(connection, (GET_PROJECT, PROJECT_CONTENTS), &[("projectId", &which)], PROJECTS)
        }
        ProjectCommand::Rename { which, name } => {
            rename(connection, RENAME_PROJECT, &[("projectId", &which)], &name)
        }
        ProjectCommand::Delete { which, confirm } => {
            delete(connection, (PROJECT_CONTENTS, DELETE_PROJECT), &[("projectId", &which)], confirm)
        }
        ProjectCommand::Limits { which, set } => {
            let fill = [("projectId", &which[..])];
            let told = match set {
                None => connection.send(GET_LIMITS, &fill)?,
                Some(file) => http.send(&connection.call(PUT_LIMITS, &fill)?.json(files::json(&file)?))?,
            };
            output::one(format, LIMITS, &told)
        }
    }
}

fn create(connection: &Connection, operation: Operation, name: &str, id: &str) -> Outcome {
    let told = connection.http.send(&connection.call(operation, &[])?.json(json!({"name": name})))?;
    done(connection.format, told[id].as_str().unwrap_or_default(), &told)
}

/// The thing with what belongs to it, where whoever asks may see that.
fn show(
    connection: &Connection,
    (get, contents): (Operation, Operation),
    fill: &[(&str, &str)],
    columns: &[Column],
) -> Outcome {
    let mut thing = connection.send(get, fill)?;
    let contents = connection.send(contents, fill);
    if let (Ok(Value::Object(contents)), Some(members)) = (contents, thing.as_object_mut()) {
        members.extend(contents);
    }
    let columns: Vec<Column> = columns.iter().chain(CONTENTS).copied().collect();
    output::one(connection.format, &columns, &thing)
}

fn rename(connection: &Connection, operation: Operation, fill: &[(&str, &str)], name: &str) -> Outcome {
    let told = connection.http.send(&connection.call(operation, fill)?.json(json!({"name": name})))?;
    done(connection.format, &format!("it is called {name}"), &told)
}

fn delete(
    connection: &Connection,
    (contents, delete): (Operation, Operation),
    fill: &[(&str, &str)],
    confirm: Option<String>,
) -> Outcome {
    let Some(name) = confirm else {
        let contents = connection.send(contents, fill)?;
        output::one(connection.format, CONTENTS, &contents)?;
        return Err(Failure::usage("nothing was deleted; this would go for good")
            .with_remedy("say the name with --confirm NAME to go on"));
    };
    let gone = connection.http.send(&connection.call(delete, fill)?.query("confirm", Some(&name)))?;
    note(&format!("{name} is gone; this goes with it:"));
    output::one(connection.format, CONTENTS, &gone)
}
