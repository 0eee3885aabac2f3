//! `fuelcell view …` and `fuelcell parameters …`: what people of a project keep by name.

use super::job::Filters;
use crate::complete;
use crate::connection::Connection;
use crate::failure::{Exit, Failure, Outcome};
use crate::files;
use crate::operations::{DELETE_SAVED, GET_SAVED, LIST_SAVED, PUT_SAVED};
use crate::output::{self, Column, Form, done};
use crate::pages::{self, HowMany};
use crate::values::members;
use clap::Subcommand;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

const VIEWS: &str = "views";
const SETS: &str = "parameters";

const LISTED_VIEWS: &[Column] = &[
    ("NAME", "name", Form::Text),
    ("JOBS", "query", Form::Text),
    ("MODIFIED", "dateModified", Form::Time),
    ("BY", "setBy", Form::Text),
];

const LISTED_SETS: &[Column] = &[
    ("NAME", "name", Form::Text),
    ("MODULE", "module", Form::Text),
    ("MODIFIED", "dateModified", Form::Time),
    ("BY", "setBy", Form::Text),
];

const ONE_VIEW: &[Column] = &[
    ("name", "name", Form::Text),
    ("jobs", "query", Form::Text),
    ("revision", "revision", Form::Number),
    ("by", "setBy", Form::Text),
    ("created", "dateCreated", Form::Time),
    ("modified", "dateModified", Form::Time),
];

const ONE_SET: &[Column] = &[
    ("name", "name", Form::Text),
    ("module", "module", Form::Text),
    ("parameters", "parameters", Form::Text),
    ("revision", "revision", Form::Number),
    ("by", "setBy", Form::Text),
    ("created", "dateCreated", Form::Time),
    ("modified", "dateModified", Form::Time),
];

/// What `fuelcell view` does.
#[derive(Subcommand)]
pub enum ViewCommand {
    /// Save a view: a name for filters of the list of jobs.
    #[command(
        after_help = "Examples:\n  $ fuelcell view save failures --status failed\n  $ fuelcell view save failures --status failed --type Analysis --replace"
    )]
    Save {
        /// Its name.
        #[arg(add = complete::views())]
        name: String,
        #[command(flatten)]
        filters: Box<Filters>,
        /// Replace the view that has this name.
        #[arg(long)]
        replace: bool,
    },
    /// List views.
    #[command(after_help = "Examples:\n  $ fuelcell view list")]
    List {
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Show a view.
    #[command(after_help = "Examples:\n  $ fuelcell view show $VIEW")]
    Show {
        /// Its name.
        #[arg(add = complete::views())]
        name: String,
    },
    /// Delete a view; the jobs stay.
    #[command(after_help = "Examples:\n  $ fuelcell view delete $VIEW")]
    Delete {
        /// Its name.
        #[arg(add = complete::views())]
        name: String,
    },
}

/// What `fuelcell parameters` does.
#[derive(Subcommand)]
pub enum ParametersCommand {
    /// Save parameters of a module under a name.
    #[command(
        after_help = "Examples:\n  $ fuelcell parameters save empty --module $MODULE --param steps='[]'"
    )]
    Save {
        /// The name.
        #[arg(add = complete::parameter_sets())]
        name: String,
        /// The module that takes them.
        #[arg(long, value_name = "NAME", add = complete::modules())]
        module: String,
        /// A parameter: NAME=VALUE, as in `job submit`.
        #[arg(long = "param", value_name = "NAME=VALUE")]
        parameters: Vec<String>,
        /// All parameters: a JSON object in a file, - for standard input. Single ones override it.
        #[arg(long, value_name = "FILE")]
        parameters_file: Option<PathBuf>,
        /// Replace the parameters that have this name.
        #[arg(long)]
        replace: bool,
    },
    /// List saved parameters.
    #[command(after_help = "Examples:\n  $ fuelcell parameters list")]
    List {
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Show saved parameters.
    #[command(after_help = "Examples:\n  $ fuelcell parameters show $PARAMETERS --output json")]
    Show {
        /// Their name.
        #[arg(add = complete::parameter_sets())]
        name: String,
    },
    /// Delete saved parameters; jobs and pipelines keep theirs.
    #[command(after_help = "Examples:\n  $ fuelcell parameters delete $PARAMETERS")]
    Delete {
        /// Their name.
        #[arg(add = complete::parameter_sets())]
        name: String,
    },
}

/// `fuelcell view …`
pub(crate) fn view(connection: &Connection, command: ViewCommand) -> Outcome {
    match command {
        ViewCommand::Save { name, filters, replace } => {
            let query = filters.query();
            if query.is_empty() {
                return Err(Failure::usage("a view names at least one filter, such as --status failed"));
            }
            save(connection, VIEWS, &name, json!({"query": query}), replace)
        }
        ViewCommand::List { how_many } => list(connection, VIEWS, how_many, LISTED_VIEWS),
        ViewCommand::Show { name } => show(connection, VIEWS, &name, ONE_VIEW),
        ViewCommand::Delete { name } => delete(connection, VIEWS, &name),
    }
}

/// `fuelcell parameters …`
pub(crate) fn parameters(connection: &Connection, command: ParametersCommand) -> Outcome {
    match command {
        ParametersCommand::Save { name, module, parameters, parameters_file, replace } => {
            let mut given = match parameters_file {
                Some(file) => match files::json(&file)? {
                    Value::Object(whole) => whole,
                    _ => return Err(Failure::usage(format!("{} holds no JSON object", file.display()))),
                },
                None => Map::new(),
            };
            members(&parameters, "--param", &mut given)?;
            save(connection, SETS, &name, json!({"module": module, "parameters": given}), replace)
        }
        ParametersCommand::List { how_many } => list(connection, SETS, how_many, LISTED_SETS),
        ParametersCommand::Show { name } => show(connection, SETS, &name, ONE_SET),
        ParametersCommand::Delete { name } => delete(connection, SETS, &name),
    }
}

/// Saves it anew, or in the place of the one that is there now.
fn save(connection: &Connection, kind: &str, name: &str, mut body: Value, replace: bool) -> Outcome {
    let place = [("kind", kind), ("name", name)];
    if replace {
        body["revision"] = connection.send(GET_SAVED, &place)?["revision"].take();
    }
    let call = connection.call(PUT_SAVED, &place)?.json(body);
    let told = connection.http.send(&call).map_err(|failure| match failure.exit {
        Exit::Conflict => failure.with_remedy("--replace takes the place of what has this name now"),
        _ => failure,
    })?;
    done(connection.format, &format!("saved {name}"), &told)
}

fn list(connection: &Connection, kind: &str, how_many: HowMany, columns: &[Column]) -> Outcome {
    let call = connection.call(LIST_SAVED, &[("kind", kind)])?;
    pages::list(&connection.http, call, "saved", how_many, (connection.format, columns))
}

fn show(connection: &Connection, kind: &str, name: &str, columns: &[Column]) -> Outcome {
    output::one(connection.format, columns, &connection.send(GET_SAVED, &[("kind", kind), ("name", name)])?)
}

fn delete(connection: &Connection, kind: &str, name: &str) -> Outcome {
    connection.send(DELETE_SAVED, &[("kind", kind), ("name", name)])?;
    done(connection.format, &format!("deleted {name}"), &json!({"name": name}))
}
