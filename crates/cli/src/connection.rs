//! Which server is asked, by whom, in which project: flags, then variables of the environment, then the profile.

use crate::failure::{Exit, Failure, Outcome};
use crate::http::{Call, Http};
use crate::operations::{GET_SESSION, Operation};
use crate::output::Format;
use crate::profile::{self, Profile, Profiles};
use clap::Args;
use serde_json::Value;
use std::cell::OnceCell;
use std::fs;
use std::path::PathBuf;

/// Where a server answers on this machine when nothing else is said.
pub(crate) const LOCAL: &str = "http://127.0.0.1:7300";

/// The variables of the environment that say the same as flags.
pub const VARIABLES: &[&str] = &["server", "token", "token_file", "profile", "tenant", "project"];

/// Flags that every command has which asks a server.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Server and output")]
pub struct ConnectionFlags {
    /// Where the server answers; absent = that of the profile, else http://127.0.0.1:7300.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "FUELCELL_SERVER",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(crate) server: Option<String>,
    /// File with a token, such as DATA/operator-token. The variable FUELCELL_TOKEN holds a token itself, FUELCELL_TOKEN_FILE
    /// the name of such a file.
    // No variable stands for it here: a token in a variable goes before the name of a file in one, and after this flag.
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub(crate) token_file: Option<PathBuf>,
    /// A profile that `fuelcell login` made.
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "FUELCELL_PROFILE",
        add = profile::offered(),
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(crate) profile: Option<String>,
    /// The tenant's id.
    #[arg(
        long,
        global = true,
        value_name = "ID",
        env = "FUELCELL_TENANT",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(crate) tenant: Option<String>,
    /// The project's id.
    #[arg(
        long,
        global = true,
        value_name = "ID",
        env = "FUELCELL_PROJECT",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(crate) project: Option<String>,
    /// Format of standard output.
    #[arg(long, short, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,
}

/// A server, and who asks it where.
pub(crate) struct Connection {
    pub(crate) http: Http,
    pub(crate) profile: Option<String>,
    pub(crate) format: Format,
    named: Scope,
    found: OnceCell<Scope>,
}

/// Where calls go that are about a tenant or a project.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) tenant: Option<String>,
    pub(crate) project: Option<String>,
}

impl Connection {
    pub(crate) fn new(http: Http, profile: Option<String>, format: Format, named: Scope) -> Self {
        Self { http, profile, format, named, found: OnceCell::new() }
    }

    /// A call of an operation. The tenant and the project are those of this connection where `fill` names none.
    pub(crate) fn call(&self, operation: Operation, fill: &[(&str, &str)]) -> Outcome<Call> {
        let wants = |name: &str| {
            let named = fill.iter().any(|(filled, _)| *filled == name);
            operation.path.contains(&format!("{{{name}}}")) && !named
        };
        let (tenant, project) = (wants("tenantId"), wants("projectId"));
        let scope = if tenant || project { self.scope(project)? } else { Scope::default() };
        let mut all = fill.to_vec();
        all.extend(scope.tenant.as_deref().filter(|_| tenant).map(|tenant| ("tenantId", tenant)));
        all.extend(scope.project.as_deref().filter(|_| project).map(|project| ("projectId", project)));
        Ok(Call::new(operation, &all))
    }

    /// The document that answers a call without a body.
    pub(crate) fn send(&self, operation: Operation, fill: &[(&str, &str)]) -> Outcome<Value> {
        self.http.send(&self.call(operation, fill)?)
    }

    /// What was named: by flags, variables or the profile.
    pub(crate) fn named(&self) -> &Scope {
        &self.named
    }

    /// Where calls go: what was named, else the only place where the token holds.
    pub(crate) fn scope(&self, with_project: bool) -> Outcome<Scope> {
        let complete = |scope: &Scope| scope.tenant.is_some() && (scope.project.is_some() || !with_project);
        if complete(&self.named) {
            return Ok(self.named.clone());
        }
        if self.found.get().is_none() {
            let session = self.http.send(&Call::new(GET_SESSION, &[]))?;
            let _ = self.found.set(only_place(&session, &self.named));
        }
        let found = self.found.get().cloned().unwrap_or_default();
        match complete(&found) {
            true => Ok(found),
            false => Err(Failure::usage("no project is named, and the token holds in several or in none")
                .with_remedy("name one with --tenant ID --project ID, or sign in to one: fuelcell login")),
        }
    }
}

/// The only tenant and the only project that a session's token may see, beneath what was named.
fn only_place(session: &Value, named: &Scope) -> Scope {
    let projects: Vec<&Value> = session["projects"].as_array().into_iter().flatten().collect();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let of_tenant = |project: &&Value| named.tenant.is_none() || text(&project["tenantId"]) == named.tenant;
    let wanted = |project: &&Value| named.project.is_none() || text(&project["projectId"]) == named.project;
    let candidates: Vec<_> = projects.into_iter().filter(of_tenant).filter(wanted).collect();
    let tenant = named.tenant.clone().or_else(|| text(&session["tenantId"]));
    match candidates[..] {
        [one] if session["hasMoreProjects"] == false => {
            Scope { tenant: text(&one["tenantId"]), project: text(&one["projectId"]) }
        }
        _ => Scope { tenant, project: named.project.clone() },
    }
}

impl ConnectionFlags {
    /// The server that these flags name, with a token.
    pub(crate) fn open(&self) -> Outcome<Connection> {
        let (name, profile) = self.profile()?;
        let server = self.server.clone().or_else(|| Some(profile.as_ref()?.server.clone()));
        let server = server_url(server.as_deref().unwrap_or(LOCAL))?;
        // A profile's token is shown to that profile's server, and to no other.
        let profile = profile.filter(|profile| profile.server == server);
        let token = self.token()?.or_else(|| Some(profile.as_ref()?.token.clone()));
        let token = token.ok_or_else(|| {
            Failure::new(Exit::NotSignedIn, format!("there is no token for {server}"))
                .with_remedy(format!("sign in: fuelcell login --server {server}"))
        })?;
        let tenant = self.tenant.clone().or_else(|| profile.as_ref()?.tenant.clone());
        // A project of another tenant than the one that was named is not meant.
        let of_profile = profile.as_ref().filter(|profile| profile.tenant == tenant);
        let project = self.project.clone().or_else(|| of_profile?.project.clone());
        let profile = name.filter(|_| profile.is_some());
        Ok(Connection::new(Http::new(server, Some(token)), profile, self.output, Scope { tenant, project }))
    }

    /// The server alone, for what needs no token.
    pub(crate) fn open_unknown(&self) -> Outcome<Http> {
        let (_, profile) = self.profile()?;
        let server = self.server.clone().or_else(|| Some(profile?.server));
        Ok(Http::new(server_url(server.as_deref().unwrap_or(LOCAL))?, None))
    }

    /// The file that a flag or a variable names.
    pub(crate) fn file_of_token(&self) -> Option<PathBuf> {
        self.token_file.clone().or_else(|| std::env::var_os("FUELCELL_TOKEN_FILE").map(PathBuf::from))
    }

    fn profile(&self) -> Outcome<(Option<String>, Option<Profile>)> {
        let profiles = Profiles::load()?;
        let name = self.profile.clone().or_else(|| profiles.default.clone());
        let profile = name.as_deref().map(|name| profiles.get(name).cloned()).transpose()?;
        Ok((name, profile))
    }

    /// The token that a flag or a variable says.
    pub(crate) fn token(&self) -> Outcome<Option<String>> {
        if let (None, Ok(token)) = (&self.token_file, std::env::var("FUELCELL_TOKEN")) {
            return checked(&token, "FUELCELL_TOKEN").map(Some);
        }
        let Some(file) = self.file_of_token() else { return Ok(None) };
        let token = fs::read_to_string(&file)
            .map_err(|error| Failure::here(format!("cannot read the token in {}", file.display()), error))?;
        checked(&token, &file.display().to_string()).map(Some)
    }
}

/// A token as it can stand in a header.
pub(crate) fn checked(token: &str, place: &str) -> Outcome<String> {
    let token = token.trim();
    match !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(token.to_owned()),
        false => Err(Failure::new(Exit::NotSignedIn, format!("there is no token in {place}"))
            .with_remedy("sign in: fuelcell login; or put a token there")),
    }
}

/// An address that requests can begin with.
pub(crate) fn server_url(text: &str) -> Outcome<String> {
    let told = || {
        Failure::usage(format!("{text:?} is no address of a server"))
            .with_remedy("an address begins with http:// or https://, as in https://jobs.example.com")
    };
    let url = url::Url::parse(text).map_err(|_| told())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    match ["http", "https"].contains(&url.scheme()) && url.has_host() && plain && url.fragment().is_none() {
        true => Ok(url.as_str().trim_end_matches('/').to_owned()),
        false => Err(told()),
    }
}

/// Whether what is sent stays on this machine or is sealed.
pub(crate) fn is_private(server: &str) -> bool {
    let Ok(url) = url::Url::parse(server) else { return false };
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || local
}
