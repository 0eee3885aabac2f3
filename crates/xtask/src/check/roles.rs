//! Every route says in its handler's annotation which role it needs. The server's table is read from there, so that a route
//! without one cannot be called.

use std::fs;

use anyhow::{Context, Result};

use super::{tree::collect, violation::Violation};
use crate::workspace::Workspace;

const API: &str = "crates/api/src";
const ANNOTATION: &str = "#[utoipa::path(";
const END: &str = ")]";
const ROLE: &str = "x-required-role";

/// Names every annotation that says no role, or more than one.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    let mut files = Vec::new();
    collect(&workspace.root.join(API), &mut files)?;
    for file in files {
        let shown = workspace.shown(&file).to_string();
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {shown}"))?;
        violations.extend(check_text(&shown, &text));
    }
    Ok(violations)
}

fn check_text(file: &str, text: &str) -> Vec<Violation> {
    let annotations = text.split(ANNOTATION).skip(1);
    let without = annotations.filter_map(|rest| {
        let annotation = rest.split_once(&format!("\n{END}")).map_or(rest, |(annotation, _)| annotation);
        let path = annotation.split_once("path = \"").and_then(|(_, rest)| rest.split_once('"'));
        let path = path.map_or("a route", |(path, _)| path);
        match annotation.matches(ROLE).count() {
            1 => None,
            0 => Some(format!("{file}: {path} says no role ({ROLE}), so that nobody can call it")),
            _ => Some(format!("{file}: {path} says more than one role")),
        }
    });
    without.collect()
}

#[cfg(test)]
mod tests {
    use super::check_text;

    fn route(rest: &str) -> String {
        format!(
            "#[utoipa::path(\n    get,\n    path = \"/a\",\n{rest}    tag = \"Jobs\",\n)]\nasync fn a() {{}}\n"
        )
    }

    const SAYS: &str = "    extensions((\"x-required-role\" = json!(\"viewer\"))),\n";

    #[test]
    fn a_route_without_a_role_is_named() {
        let text = [route(SAYS), route(""), route(SAYS)].concat();
        let found = check_text("jobs.rs", &text);
        assert_eq!(found, ["jobs.rs: /a says no role (x-required-role), so that nobody can call it"]);
        assert_eq!(check_text("jobs.rs", &route(SAYS)), Vec::<String>::new());
    }

    #[test]
    fn a_route_with_two_roles_is_named() {
        assert_eq!(check_text("jobs.rs", &route(&SAYS.repeat(2))), ["jobs.rs: /a says more than one role"]);
    }
}
