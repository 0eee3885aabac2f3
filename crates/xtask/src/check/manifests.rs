//! What every manifest must say: the workspace's lints, and no version of its own.

use std::fs;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::{graph::Member, violation::Violation};

const DEPENDENCY_TABLES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// Reads the member's manifest and names what is wrong with it.
pub(super) fn check(member: &Member) -> Result<Vec<Violation>> {
    let shown = member.manifest.display();
    let text = fs::read_to_string(&member.manifest).with_context(|| format!("cannot read {shown}"))?;
    let manifest = text.parse::<Table>().with_context(|| format!("cannot read {shown}"))?;
    Ok(check_manifest(&member.name, &manifest))
}

fn check_manifest(name: &str, manifest: &Table) -> Vec<Violation> {
    let mut violations = Vec::new();
    if !manifest.get("lints").is_some_and(is_inherited) {
        violations.push(format!("{name} lacks `[lints] workspace = true`"));
    }
    for (table, dependencies) in dependency_tables(manifest) {
        let own = dependencies.iter().filter(|(_, requirement)| !is_inherited(requirement));
        violations.extend(own.map(|(dependency, _)| {
            format!("{name} [{table}] must say `{dependency}.workspace = true`: versions live in the root manifest")
        }));
    }
    violations
}

/// The dependency tables, those for single targets included.
fn dependency_tables(manifest: &Table) -> Vec<(String, &Table)> {
    let mut tables = tables_in(manifest, "");
    for (target, value) in manifest.get("target").and_then(Value::as_table).into_iter().flatten() {
        if let Some(table) = value.as_table() {
            tables.extend(tables_in(table, &format!("target.{target}.")));
        }
    }
    tables
}

fn tables_in<'a>(parent: &'a Table, prefix: &str) -> Vec<(String, &'a Table)> {
    let present = DEPENDENCY_TABLES.iter().filter_map(|key| Some((key, parent.get(*key)?.as_table()?)));
    present.map(|(key, table)| (format!("{prefix}{key}"), table)).collect()
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::check_manifest;

    fn check(text: &str) -> Vec<String> {
        check_manifest("made-up", &text.parse().unwrap())
    }

    #[test]
    fn a_proper_manifest_passes() {
        let manifest = "
            [lints]
            workspace = true
            [dependencies]
            serde.workspace = true
            serde_json = { workspace = true, features = [\"raw_value\"] }
            [target.'cfg(unix)'.dependencies]
            rustix.workspace = true";
        assert_eq!(check(manifest), Vec::<String>::new());
    }

    #[test]
    fn missing_lints_are_named() {
        assert_eq!(check("[lints]\nworkspace = false"), ["made-up lacks `[lints] workspace = true`"]);
        assert_eq!(check(""), ["made-up lacks `[lints] workspace = true`"]);
    }

    #[test]
    fn versions_and_paths_of_its_own_are_named_wherever_they_stand() {
        let manifest = "
            lints.workspace = true
            [dependencies]
            serde = \"1\"
            [dev-dependencies]
            ours = { path = \"../ours\" }
            [target.'cfg(unix)'.build-dependencies]
            cc = { version = \"1\" }";
        let violations = check(manifest);
        let places = [
            "[dependencies] must say `serde",
            "[dev-dependencies] must say `ours",
            "build-dependencies] must say `cc",
        ];
        assert_eq!(violations.len(), places.len(), "{violations:?}");
        for (violation, place) in violations.iter().zip(places) {
            assert!(violation.contains(place), "{violation}");
        }
    }
}
