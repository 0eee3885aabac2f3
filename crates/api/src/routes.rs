//! Which role each address needs: the one table that the [gate](crate::gate) goes by, and that `docs/roles.md` shows.
//!
//! An address or method that is not in it does not exist, whatever the router says: a route cannot be forgotten here.

use crate::datamachine;
use crate::openapi::camel;
use crate::problem::Problem;
use axum::http::{Method, StatusCode};
use fuelcell_domain::Role;
#[cfg(test)]
use fuelcell_domain::stated::StatedLimit;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody, without a token.
    Anyone,
    /// Whoever has a link that this server signed.
    SignedLink,
    /// Holders of this role, or a higher one, in the place that the path names.
    Role(Role),
    /// Users with an application password of this role, or a higher one; the place is the password's own project.
    Password(Role),
}

use Access::{Anyone, SignedLink};
const VIEWER: Access = Access::Role(Role::Viewer);
const SUBMITTER: Access = Access::Role(Role::Submitter);
const AUTHOR: Access = Access::Role(Role::ModuleAuthor);
const ADMINISTRATOR: Access = Access::Role(Role::Administrator);
const OPERATOR: Access = Access::Role(Role::Operator);

/// Method, path as the router has it, and who may.
pub(crate) type Route = (&'static str, &'static str, Access);

/// Whether the server is well.
pub(crate) const HEALTH: &str = "/healthz";

/// All routes.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain(datamachine::ROUTES)
}

/// The routes of this server's own protocols.
#[rustfmt::skip]
const ROUTES: &[Route] = &[
    ("GET", "/", Anyone),
    ("GET", HEALTH, Anyone),
    ("GET", "/openapi.json", Anyone),
    ("GET", "/docs", Anyone),
    ("GET", "/downloads/{tenant_id}/{project_id}/{job_id}/{*name}", SignedLink),
    ("POST", "/api/{tenant_id}/{project_id}/execution/job", SUBMITTER),
    ("GET", "/api/{tenant_id}/{project_id}/execution/job/{job_id}", VIEWER),
    ("DELETE", "/api/{tenant_id}/{project_id}/execution/job/{job_id}", SUBMITTER),
    ("GET", "/api/{tenant_id}/{project_id}/execution/job/{job_id}/results", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/execution/job/{job_id}/logs", VIEWER),
    ("POST", "/api/{tenant_id}/{project_id}/execution/job/{job_id}/retry", SUBMITTER),
    ("DELETE", "/api/{tenant_id}/{project_id}/execution/job/{job_id}/data", ADMINISTRATOR),
    ("GET", "/api/{tenant_id}/{project_id}/execution/queue", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/execution/ping", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/execution/jobs", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/usage", VIEWER),
    ("POST", "/api/{tenant_id}/{project_id}/execution/jobs", SUBMITTER),
    ("GET", "/api/{tenant_id}/execution/system/status", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/datasets", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/datasets/{dataset_id}", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/datasets/{dataset_id}/content", VIEWER),
    ("PUT", "/api/{tenant_id}/{project_id}/datasets/{dataset_id}", SUBMITTER),
    ("DELETE", "/api/{tenant_id}/{project_id}/datasets/{dataset_id}", ADMINISTRATOR),
    ("GET", "/api/{tenant_id}/{project_id}/pipelines", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}", VIEWER),
    ("PUT", "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}", ADMINISTRATOR),
    ("DELETE", "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}", ADMINISTRATOR),
    ("GET", "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}/processed", VIEWER),
    ("DELETE", "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}/processed", ADMINISTRATOR),
    ("GET", "/api/{tenant_id}/{project_id}/job-types", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/modules", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/modules/{name}", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}", VIEWER),
    ("GET", "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}/content", VIEWER),
    ("PUT", "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}", AUTHOR),
    ("POST", "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}/activate", ADMINISTRATOR),
    ("DELETE", "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}", ADMINISTRATOR),
    ("GET", "/api/{tenant_id}/{project_id}/modules/{name}/capabilities", VIEWER),
    ("PUT", "/api/{tenant_id}/{project_id}/modules/{name}/capabilities", ADMINISTRATOR),
    ("DELETE", "/api/{tenant_id}/{project_id}/modules/{name}/capabilities", ADMINISTRATOR),
    ("GET", "/api/{tenant_id}/{project_id}/secrets", ADMINISTRATOR),
    ("PUT", "/api/{tenant_id}/{project_id}/secrets/{name}", ADMINISTRATOR),
    ("DELETE", "/api/{tenant_id}/{project_id}/secrets/{name}", ADMINISTRATOR),
    ("GET", "/api/{tenant_id}/{project_id}/activations", VIEWER),
    ("DELETE", "/api/{tenant_id}/{project_id}/activations/{job_type}", ADMINISTRATOR),
    ("GET", "/api/admin/tenants", OPERATOR),
    ("POST", "/api/admin/tenants", OPERATOR),
    ("GET", "/api/admin/tenants/{tenant_id}", ADMINISTRATOR),
    ("PATCH", "/api/admin/tenants/{tenant_id}", OPERATOR),
    ("DELETE", "/api/admin/tenants/{tenant_id}", OPERATOR),
    ("GET", "/api/admin/tenants/{tenant_id}/contents", OPERATOR),
    ("GET", "/api/admin/tenants/{tenant_id}/projects", ADMINISTRATOR),
    ("POST", "/api/admin/tenants/{tenant_id}/projects", ADMINISTRATOR),
    ("GET", "/api/admin/tenants/{tenant_id}/projects/{project_id}", ADMINISTRATOR),
    ("PATCH", "/api/admin/tenants/{tenant_id}/projects/{project_id}", ADMINISTRATOR),
    ("DELETE", "/api/admin/tenants/{tenant_id}/projects/{project_id}", ADMINISTRATOR),
    ("GET", "/api/admin/tenants/{tenant_id}/projects/{project_id}/contents", ADMINISTRATOR),
    ("GET", "/api/admin/tenants/{tenant_id}/projects/{project_id}/limits", ADMINISTRATOR),
    ("PUT", "/api/admin/tenants/{tenant_id}/projects/{project_id}/limits", OPERATOR),
    ("GET", "/api/admin/tokens", ADMINISTRATOR),
    ("POST", "/api/admin/tokens", ADMINISTRATOR),
    ("DELETE", "/api/admin/tokens/{token_id}", ADMINISTRATOR),
    ("GET", "/api/admin/application-passwords", ADMINISTRATOR),
    ("POST", "/api/admin/application-passwords", ADMINISTRATOR),
    ("DELETE", "/api/admin/application-passwords/{password_id}", ADMINISTRATOR),
    ("GET", "/api/admin/audit", ADMINISTRATOR),
    ("GET", "/api/admin/usage", ADMINISTRATOR),
];

/// Whether the protocol of this address takes a query of this name everywhere.
pub(crate) fn passes_everywhere(path: &str, query: &str) -> bool {
    path.starts_with(datamachine::BASE) && datamachine::is_global(query)
}

/// Limits of the protocols that are not this server's own.
#[cfg(test)]
pub(crate) const LIMITS_OF_OTHERS: &[StatedLimit] = datamachine::STATED;

/// Who may call this route. HEAD is as GET.
pub(crate) fn access(method: &Method, path: &str) -> Result<Access, Problem> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let mut of_path = all().filter(|(_, known, _)| *known == path).peekable();
    if of_path.peek().is_none() {
        return Err(not_found());
    }
    of_path.find(|(known, _, _)| *known == method).map(|(_, _, access)| *access).ok_or_else(not_allowed)
}

/// There is no such address.
pub(crate) fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "NotFound", "there is nothing at this address")
}

/// The same, with the part of the path that is missing, where an address is known but for that.
pub(crate) fn not_found_at(path: &str) -> Problem {
    let wanted = all().find_map(|(_, known, _)| missing_part(known, path));
    match wanted {
        Some(name) => Problem::new(StatusCode::NOT_FOUND, "NotFound", missing(&camel(name))),
        None => not_found(),
    }
}

/// What is said of a part of the path that is empty.
pub(crate) fn missing(name: &str) -> String {
    format!("{name} is missing in the address; is a variable not set?")
}

/// The first named part of a known path that is empty in another, which is as it otherwise.
fn missing_part<'a>(known: &'a str, path: &str) -> Option<&'a str> {
    let name = |part: &'a str| part.strip_prefix('{')?.strip_suffix('}');
    let mut missing = None;
    let mut parts = path.split('/');
    for known in known.split('/') {
        let part = parts.next()?;
        match name(known) {
            Some(name) if part.is_empty() => missing = missing.or(Some(name)),
            Some(_) => {}
            None if part == known => {}
            None => return None,
        }
    }
    missing.filter(|_| parts.next().is_none())
}

/// There is, but not for this method.
pub(crate) fn not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "this address does not take that method")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_service::error::role_name;
    use std::fmt::Write;
    use std::fs;
    use std::path::Path;

    const HEAD: &str = "\
# Roles

Each role may do what those before it may: `viewer`, `submitter`, `module-author`, `administrator`, `operator`. A role
holds in the place of its token: one project, all projects of a tenant, or the server. What lies outside of it is 404,
what needs a higher role is 403. Administering a tenant takes a token for the whole tenant. An application password holds
in one project, and only where this table says so.

This table is made from the one that the server goes by. `BLESS=1 cargo test -p fuelcell-api` writes it anew.

| method | address | needs |
| --- | --- | --- |
";

    /// `{tenant_id}` as the documents write it: `{tenantId}`.
    fn shown_path(path: &str) -> String {
        let path = path.replace("{*", "{");
        let mut words = path.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |path, word| path + &word[..1].to_uppercase() + &word[1..])
    }

    fn document() -> String {
        let mut text = HEAD.to_owned();
        for (method, path, access) in all() {
            let needs = match access {
                Anyone => "nothing".to_owned(),
                SignedLink => "a signed link".to_owned(),
                Access::Role(role) => role_name(*role).to_owned(),
                Access::Password(role) => format!("an application password of an {}", role_name(*role)),
            };
            writeln!(text, "| {method} | `{}` | {needs} |", shown_path(path)).unwrap();
        }
        text
    }

    #[test]
    fn the_document_shows_the_table() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/roles.md");
        if std::env::var_os("BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, document()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), document(), "BLESS=1 writes it anew");
    }

    #[test]
    fn the_missing_part_of_an_address_is_named() {
        let detail = |path| not_found_at(path).detail().to_owned();
        assert!(detail("/api//p/execution/jobs").starts_with("tenantId is missing"));
        assert!(detail("/api/t//execution/job/j/results").starts_with("projectId is missing"));
        assert!(detail("/api/t/p/execution/job/").starts_with("jobId is missing"));
        for other in ["/nowhere", "/api/t/p/execution/jobs/x/y", "/api/t/p/nothing", "//"] {
            assert_eq!(detail(other), not_found().detail(), "{other}");
        }
    }

    #[test]
    fn no_route_stands_twice_in_the_table() {
        for (index, (method, path, _)) in all().enumerate() {
            assert!(
                !all().take(index).any(|other| (other.0, other.1) == (*method, *path)),
                "{method} {path}"
            );
        }
    }
}
