//! `fuelcell login`, `logout`, `profiles`, `whoami`: who asks which server.

use crate::connection::{Connection, ConnectionFlags, LOCAL, Scope, checked, is_private, server_url};
use crate::documents::{KnownProfile, Who, document};
use crate::failure::{Exit, Failure, Outcome};
use crate::files::typed_unseen;
use crate::http::Http;
use crate::operations::{GET_SESSION, PING};
use crate::output::{self, Column, Form, Format, note, say};
use crate::profile::{self, Profile, Profiles, path};
use clap::{Args, Subcommand};
use serde_json::Value;
use std::io;

const WHO: &[Column] = &[
    ("subject", "subject", Form::Text),
    ("role", "role", Form::Text),
    ("tenant", "tenantId", Form::Text),
    ("project", "projectId", Form::Text),
    ("server", "server", Form::Text),
    ("profile", "profile", Form::Text),
];

const PROFILES: &[Column] = &[
    ("NAME", "name", Form::Text),
    ("DEFAULT", "default", Form::Text),
    ("SERVER", "server", Form::Text),
    ("TENANT", "tenantId", Form::Text),
    ("PROJECT", "projectId", Form::Text),
];

/// What `login` takes.
#[derive(Args)]
pub struct Login {
    /// Name of the profile; --profile says the same.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    connection: ConnectionFlags,
}

/// Asks the server who the token belongs to, and keeps it as a profile.
pub(crate) fn login(arguments: &Login) -> Outcome {
    let flags = &arguments.connection;
    let name =
        arguments.name.clone().or_else(|| flags.profile.clone()).unwrap_or_else(|| "default".to_owned());
    check_name(&name)?;
    let mut profiles = Profiles::load()?;
    let known = profiles.profiles.get(&name);
    let server = flags.server.clone().or_else(|| known.map(|known| known.server.clone()));
    let server = server_url(server.as_deref().unwrap_or(LOCAL))?;
    let token = token(flags, &server)?;
    if !is_private(&server) {
        note(&format!(
            "warning: {server} is not reached over https, so that others may read the token on its way"
        ));
    }
    let named = Scope { tenant: flags.tenant.clone(), project: flags.project.clone() };
    let connection =
        Connection::new(Http::new(server.clone(), Some(token.clone())), None, flags.output, named);
    let session = connection.send(GET_SESSION, &[])?;
    let scope = place(&connection, &session)?;
    profiles
        .profiles
        .insert(name.clone(), Profile { server, token, tenant: scope.tenant, project: scope.project });
    profiles.default = Some(name.clone());
    profiles.save()?;
    show(&connection.http.server, Some(&name), &session, profiles.get(&name)?, flags.output)
}

/// Whoever gives an address for a name would show the token to another server.
fn check_name(name: &str) -> Outcome {
    match name.contains("://") {
        true => Err(Failure::usage(format!("{name} is an address, and no name of a profile"))
            .with_remedy(format!("say `fuelcell login --server {name}`"))),
        false => Ok(()),
    }
}

/// The project that the profile is for, if there is one that can be told.
fn place(connection: &Connection, session: &Value) -> Outcome<Scope> {
    match connection.scope(true) {
        Ok(scope) => {
            // What was named must be there.
            connection.call(PING, &[]).and_then(|call| connection.http.send(&call))?;
            Ok(scope)
        }
        Err(failure) if failure.exit != Exit::Usage => Err(failure),
        Err(_) => {
            let projects = session["projects"].as_array().map_or(0, Vec::len);
            note(&format!("the token sees {projects} projects: name one with --tenant and --project"));
            connection.scope(false).or_else(|_| Ok(connection.named().clone()))
        }
    }
}

/// The token: of the variable, of a file, or asked for.
fn token(flags: &ConnectionFlags, server: &str) -> Outcome<String> {
    if let Some(token) = flags.token()? {
        return Ok(token);
    }
    if let Some(typed) = typed_unseen(&format!("Token for {server}: "))? {
        return checked(&typed, "what was typed");
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|error| Failure::here("cannot read the token", error))?;
    checked(&line, "standard input")
}

fn show(server: &str, profile: Option<&str>, session: &Value, kept: &Profile, format: Format) -> Outcome {
    let text = |name: &str| session[name].as_str().unwrap_or_default().to_owned();
    let who = Who {
        subject: text("subject"),
        role: text("role"),
        server: server.to_owned(),
        profile: profile.map(str::to_owned),
        tenant_id: kept.tenant.clone(),
        project_id: kept.project.clone(),
    };
    output::one(format, WHO, &document(&who))
}

/// What `whoami` takes.
#[derive(Args)]
pub struct WhoAmI {
    #[command(flatten)]
    connection: ConnectionFlags,
}

/// Shows whom the server takes the token for.
pub(crate) fn whoami(arguments: &WhoAmI) -> Outcome {
    let connection = arguments.connection.open()?;
    let session = connection.send(GET_SESSION, &[])?;
    let scope = connection.scope(true).or_else(|_| connection.scope(false)).unwrap_or_default();
    let kept = Profile {
        server: connection.http.server.clone(),
        token: String::new(),
        tenant: scope.tenant,
        project: scope.project,
    };
    show(&connection.http.server, connection.profile.as_deref(), &session, &kept, connection.format)
}

/// What `logout` takes.
#[derive(Args)]
pub struct Logout {
    /// The profile; absent = the one that holds when none is named.
    #[arg(value_name = "NAME", add = profile::offered())]
    name: Option<String>,
}

/// Forgets a profile with its token. The token itself holds on: `fuelcell token revoke` ends it.
pub(crate) fn logout(arguments: &Logout) -> Outcome {
    let mut profiles = Profiles::load()?;
    let name = arguments.name.clone().or_else(|| profiles.default.clone());
    let name = name.ok_or_else(|| Failure::usage("there is no profile"))?;
    profiles.get(&name)?;
    profiles.profiles.remove(&name);
    profiles.default = profiles.default.filter(|default| *default != name);
    profiles.save()?;
    say(&format!("forgot {name}\n"))
}

/// What `profiles` does.
#[derive(Subcommand)]
pub enum ProfilesCommand {
    /// List profiles, without their tokens.
    #[command(after_help = "Examples:\n  $ fuelcell profiles list")]
    List {
        /// Format of standard output.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Choose the profile that holds when none is named.
    #[command(after_help = "Examples:\n  $ fuelcell profiles use $PROFILE")]
    Use {
        /// Its name.
        #[arg(add = profile::offered())]
        name: String,
    },
    /// Print where profiles lie.
    #[command(after_help = "Examples:\n  $ fuelcell profiles path")]
    Path,
}

/// `fuelcell profiles …`
pub(crate) fn profiles(command: &ProfilesCommand) -> Outcome {
    let mut profiles = Profiles::load()?;
    match command {
        ProfilesCommand::List { output } => {
            let entry = |(name, profile): (&String, &Profile)| {
                document(&KnownProfile {
                    name,
                    default: profiles.default.as_ref() == Some(name),
                    server: &profile.server,
                    tenant_id: profile.tenant.as_deref(),
                    project_id: profile.project.as_deref(),
                })
            };
            let entries: Vec<_> = profiles.profiles.iter().map(entry).collect();
            output::list(*output, PROFILES, &entries)
        }
        ProfilesCommand::Use { name } => {
            profiles.get(name)?;
            profiles.default = Some(name.clone());
            profiles.save()
        }
        ProfilesCommand::Path => say(&format!("{}\n", path().unwrap_or_default().display())),
    }
}
