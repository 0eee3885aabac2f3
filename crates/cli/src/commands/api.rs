//! `fuelcell api`: any request, with the token and the server of the profile.

use crate::connection::Connection;
use crate::failure::{Exit, Failure, Outcome};
use crate::files;
use crate::http::{Call, refusal};
use crate::output::{Format, note, say};
use crate::pages::gather;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use std::io;
use std::path::PathBuf;

/// A request.
#[derive(Args)]
pub struct Api {
    /// The method.
    #[arg(value_enum, ignore_case = true)]
    method: Method,
    /// The path, such as /api/{tenantId}/{projectId}/execution/jobs: {tenantId} and {projectId} stand for those of the
    /// profile. A path without / at its beginning lies in the project.
    path: String,
    /// The body: a file, - for standard input.
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A member of the body: NAME=VALUE. The value is JSON where it parses as JSON; otherwise it is text.
    #[arg(long = "field", short = 'F', value_name = "NAME=VALUE", conflicts_with = "file")]
    fields: Vec<String>,
    /// A header: NAME=VALUE.
    #[arg(long = "header", short = 'H', value_name = "NAME=VALUE")]
    headers: Vec<String>,
    /// All pages of a list: the entries of the member with this name.
    #[arg(long, value_name = "MEMBER")]
    all: Option<String>,
    /// Print the request for curl instead of sending it. The token is not in it.
    #[arg(long)]
    curl: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Method {
    /// Reads
    Get,
    /// Makes
    Post,
    /// Puts
    Put,
    /// Changes
    Patch,
    /// Deletes
    Delete,
}

impl Method {
    fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// `fuelcell api METHOD PATH`
pub(crate) fn run(connection: &Connection, api: &Api) -> Outcome {
    let mut call = Call::to(api.method.word(), path(connection, &api.path)?);
    for header in &api.headers {
        let (name, value) = crate::values::split(header, "--header")?;
        // Headers live as long as this one call of the program.
        call = call.header(name.to_owned().leak(), value);
    }
    let body = body(api)?;
    if api.curl {
        return say(&curl(&connection.http.server, &call, body.as_deref()));
    }
    if let Some(member) = &api.all {
        let (entries, _) = gather(&connection.http, call, member, usize::MAX)?;
        return match connection.format {
            Format::Jsonl => entries.iter().try_for_each(|entry| say(&format!("{entry}\n"))),
            _ => say(&format!("{:#}\n", Value::from(entries))),
        };
    }
    let kind = body.as_ref().map(|_| "application/json");
    let kind =
        kind.filter(|_| !call.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")));
    let answer = connection.http.any(&call, kind, body.unwrap_or_default())?;
    let status = answer.status();
    if !status.is_success() {
        return Err(refusal(&connection.http.server, answer));
    }
    note(&format!("{status}"));
    let is_json = answer
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    match is_json {
        true => {
            let document = crate::http::read(answer)?;
            match connection.format {
                Format::Jsonl => say(&format!("{document}\n")),
                _ => say(&format!("{document:#}\n")),
            }
        }
        // Bytes as they are.
        false => match io::copy(&mut answer.into_body().into_reader(), &mut io::stdout()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Unreachable, format!("the answer broke off: {error}")))
            }
            _ => Ok(()),
        },
    }
}

fn path(connection: &Connection, path: &str) -> Outcome<String> {
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/api/{{tenantId}}/{{projectId}}/{path}")
    };
    let (tenant, project) = (path.contains("{tenantId}"), path.contains("{projectId}"));
    if !tenant && !project {
        return Ok(path);
    }
    let scope = connection.scope(project)?;
    Ok(path
        .replace("{tenantId}", &scope.tenant.unwrap_or_default())
        .replace("{projectId}", &scope.project.unwrap_or_default()))
}

fn body(api: &Api) -> Outcome<Option<String>> {
    if let Some(file) = &api.file {
        return files::text(file).map(Some);
    }
    if api.fields.is_empty() {
        return Ok(None);
    }
    let mut members = Map::new();
    crate::values::members(&api.fields, "--field", &mut members)?;
    Ok(Some(Value::Object(members).to_string()))
}

fn curl(server: &str, call: &Call, body: Option<&str>) -> String {
    let mut text = format!("curl -X {} -H \"Authorization: Bearer $FUELCELL_TOKEN\"", call.method);
    let kind = body.map(|_| ("content-type", "application/json".to_owned()));
    for (name, value) in call.headers.iter().cloned().chain(kind) {
        text += &format!(" -H {}", quoted(&format!("{name}: {value}")));
    }
    if let Some(body) = body {
        text += &format!(" --data-binary {}", quoted(body));
    }
    format!("{text} {}\n", quoted(&format!("{server}{}", call.path)))
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
