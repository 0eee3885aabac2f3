//! Which role each address needs. It stands in the annotation of the handler, and nowhere else: the table that the
//! [gate](crate::gate) goes by is read from the annotations, and `docs/roles.md` shows it.
//!
//! An address or method whose annotation says no role does not exist, whatever the router says.

use crate::datamachine;
use crate::problem::Problem;
use crate::text::camel;
use axum::http::{Method, StatusCode};
use fuelcell_domain::Role;
#[cfg(test)]
use fuelcell_domain::stated::StatedLimit;
use fuelcell_service::error::role_name;
use serde_json::Value;
use std::collections::BTreeMap;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody, without a token.
    Anyone,
    /// Whoever has a link that this server signed.
    SignedLink,
    /// Somebody who signs in by an identity provider: nobody is known yet, and each try counts.
    SignIn,
    /// Holders of this role, or a higher one, in the place that the path names.
    Role(Role),
    /// Users with an application password of this role, or a higher one; the place is the password's own project.
    Password(Role),
}

/// Whether the server is well: answered beyond the caps of connections, too.
pub(crate) const HEALTH: [&str; 3] = ["/healthz", "/livez", "/readyz"];
/// Where an annotation says the weakest role that may call.
pub(crate) const REQUIRED_ROLE: &str = "x-required-role";
/// What stands there of those that take no token, and of those that take a signed link.
pub(crate) const NONE: &str = "none";
const SIGNED_LINK: &str = "signed-link";
const SIGN_IN: &str = "sign-in";
/// The security scheme of users with an application password.
pub(crate) const BASIC: &str = "basic";
const JSON: &str = "application/json";
/// Pages for people, which no client calls and the document does not show.
const PAGES: [&str; 4] = ["/", "/assets/{name}", "/docs", "/openapi.json"];

/// All routes with who may call them, as the annotations of their handlers say it.
pub(crate) struct Routes(BTreeMap<String, Vec<Operation>>);

/// What an address does by one method.
pub(crate) struct Operation {
    method: Method,
    /// Who may call it.
    pub(crate) access: Access,
    /// Whether its body is JSON.
    pub(crate) takes_json: bool,
}

impl Routes {
    /// Those of a document as it was generated. An operation whose annotation says no role cannot be called.
    pub(crate) fn of(document: &utoipa::openapi::OpenApi) -> Self {
        // Serialising a value that was built in memory from strings and maps cannot fail.
        let document = serde_json::to_value(document).unwrap_or_default();
        let mut routes: BTreeMap<_, _> = PAGES.map(|page| (page.to_owned(), vec![Operation::page()])).into();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            let operations = item.as_object().into_iter().flatten();
            let known = operations.filter_map(|(method, operation)| {
                let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).ok()?;
                let takes_json = operation["requestBody"]["content"].get(JSON).is_some();
                Some(Operation { method, access: access_of(operation)?, takes_json })
            });
            routes.insert(path.clone(), known.collect());
        }
        Self(routes)
    }

    /// What this route does. HEAD is as GET.
    pub(crate) fn operation(&self, method: &Method, path: &str) -> Result<&Operation, Problem> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let of_path = self.0.get(path).filter(|of_path| !of_path.is_empty()).ok_or_else(not_found)?;
        of_path.iter().find(|known| known.method == *method).ok_or_else(not_allowed)
    }

    /// There is no such address: with the part of the path that is missing, where an address is known but for that.
    pub(crate) fn not_found_at(&self, path: &str) -> Problem {
        match self.0.keys().find_map(|known| missing_part(known, path)) {
            Some(name) => Problem::new(StatusCode::NOT_FOUND, "NotFound", missing(&camel(name))),
            None => not_found(),
        }
    }
}

impl Operation {
    fn page() -> Self {
        Self { method: Method::GET, access: Access::Anyone, takes_json: false }
    }
}

/// What the annotation of an operation says.
fn access_of(operation: &Value) -> Option<Access> {
    let takes_password = operation["security"][0].get(BASIC).is_some();
    match operation[REQUIRED_ROLE].as_str()? {
        NONE => Some(Access::Anyone),
        SIGNED_LINK => Some(Access::SignedLink),
        SIGN_IN => Some(Access::SignIn),
        name => {
            let role = Role::ALL.into_iter().find(|role| role_name(*role) == name)?;
            Some(if takes_password { Access::Password(role) } else { Access::Role(role) })
        }
    }
}

/// Whether the protocol of this address takes a query of this name everywhere.
pub(crate) fn passes_everywhere(path: &str, query: &str) -> bool {
    path.starts_with(datamachine::BASE) && datamachine::is_global(query)
}

/// Limits of the protocols that are not this server's own.
#[cfg(test)]
pub(crate) const LIMITS_OF_OTHERS: &[StatedLimit] = datamachine::STATED;

/// There is no such address.
pub(crate) fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "NotFound", "there is nothing at this address")
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
    use serde_json::json;
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
        let Routes(routes) = crate::known_routes();
        let rows =
            routes.iter().flat_map(|(path, of_path)| of_path.iter().map(move |operation| (path, operation)));
        for (path, Operation { method, access, .. }) in rows {
            let needs = match access {
                Access::Anyone => "nothing".to_owned(),
                Access::SignedLink => "a signed link".to_owned(),
                Access::SignIn => "nothing; calls are counted by address".to_owned(),
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
        let routes = crate::known_routes();
        let detail = |path| routes.not_found_at(path).detail().to_owned();
        assert!(detail("/api//p/execution/jobs").starts_with("tenantId is missing"));
        assert!(detail("/api/t//execution/job/j/results").starts_with("projectId is missing"));
        assert!(detail("/api/t/p/execution/job/").starts_with("jobId is missing"));
        for other in ["/nowhere", "/api/t/p/execution/jobs/x/y", "/api/t/p/nothing", "//"] {
            assert_eq!(detail(other), not_found().detail(), "{other}");
        }
    }

    #[test]
    fn what_says_no_role_cannot_be_called() {
        let operation = |role: Value| json!({"get": {"responses": {}, REQUIRED_ROLE: role}});
        let document = json!({
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/a": operation("viewer".into()), "/b": operation(Value::Null), "/c": operation("king".into())},
        });
        let routes = Routes::of(&serde_json::from_value(document).unwrap());
        let access = |method: Method, path| {
            let operation = routes.operation(&method, path);
            operation.map(|operation| operation.access).map_err(|problem| problem.status())
        };
        assert_eq!(access(Method::GET, "/a"), Ok(Access::Role(Role::Viewer)));
        assert_eq!(access(Method::HEAD, "/a"), Ok(Access::Role(Role::Viewer)));
        assert_eq!(access(Method::PUT, "/a"), Err(StatusCode::METHOD_NOT_ALLOWED));
        for path in ["/b", "/c", "/d"] {
            assert_eq!(access(Method::GET, path), Err(StatusCode::NOT_FOUND), "{path}");
        }
    }

    #[test]
    fn every_operation_can_be_called() {
        let document = serde_json::to_value(crate::described_routes().into_openapi()).unwrap();
        let routes = crate::known_routes();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
                assert!(routes.operation(&method, path).is_ok(), "{method} {path} says no role");
            }
        }
    }
}
