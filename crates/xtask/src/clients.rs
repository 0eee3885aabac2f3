//! The typed clients: their types are generated from `openapi.json`, and all of their code is checked by its types.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use crate::{
    dashboard,
    process::{capture, run},
    tools::{self, Venv},
    workspace::Workspace,
};

const PYTHON: &str = "clients/python/src/fuelcell_client/types.py";
const TYPESCRIPT: &str = "clients/typescript/src/schema.ts";

/// Generates the types anew.
///
/// # Errors
/// When a generator is missing and cannot be installed, or fails.
pub(crate) fn rewrite(workspace: &Workspace) -> Result<()> {
    generate(workspace, &workspace.root)
}

/// Checks that the types are those of the API as it is now, and all code by its types.
///
/// # Errors
/// When they are not, or the code does not fit them.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let fresh = workspace.target.join("clients");
    generate(workspace, &fresh)?;
    for path in [PYTHON, TYPESCRIPT] {
        let read =
            |root: &Path| fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"));
        if read(&workspace.root)? != read(&fresh)? {
            bail!("{path} is not what openapi.json makes it: run cargo xtask openapi");
        }
    }
    run(node_program(workspace, "tsc")
        .arg("--noEmit")
        .current_dir(workspace.root.join("clients/typescript")))?;
    let mut mypy = Venv::ensure(workspace)?.program("mypy");
    mypy.args(["--no-error-summary", "--cache-dir"]).arg(workspace.tools().join("mypy")).arg("src");
    run(mypy.current_dir(workspace.root.join("clients/python")))
}

/// Writes the generated files below a root.
fn generate(workspace: &Workspace, root: &Path) -> Result<()> {
    tools::ensure_node_of_pages()?;
    dashboard::ensure_packages(workspace)?;
    let venv = Venv::ensure(workspace)?;
    venv.ensure_test_packages()?;
    let place = |path: &str| -> Result<PathBuf> {
        let place = root.join(path);
        fs::create_dir_all(place.parent().context("a file lies in a folder")?)?;
        Ok(place)
    };
    let described = workspace.target.join("clients/described.json");
    fs::create_dir_all(workspace.target.join("clients"))?;
    let api: Value = serde_json::from_str(&fs::read_to_string(workspace.root.join("openapi.json"))?)?;
    fs::write(&described, serde_json::to_string(&lean(api))?)?;

    let mut python = venv.program("datamodel-codegen");
    python.arg("--input").arg(&described).arg("--output").arg(place(PYTHON)?);
    python.args(["--input-file-type", "openapi", "--output-model-type", "typing.TypedDict"]);
    python.args(["--target-python-version", "3.11", "--no-use-closed-typed-dict"]);
    python.args(["--openapi-scopes", "schemas", "paths", "parameters", "--use-operation-id-as-name"]);
    python.args(["--use-schema-description", "--use-field-description"]);
    python.args(["--formatters", "builtin", "--disable-timestamp", "--custom-file-header"]);
    python.arg("\"\"\"Requests and answers. Generated from openapi.json by `cargo xtask openapi`.\"\"\"");
    capture(&mut python)?;

    let mut typescript = node_program(workspace, "openapi-typescript");
    typescript.arg(&described).arg("--output").arg(place(TYPESCRIPT)?);
    typescript.args(["--default-non-nullable=false", "--empty-objects-unknown"]);
    capture(&mut typescript).map(drop)
}

/// A program of the packages that the dashboard is built with.
fn node_program(workspace: &Workspace, name: &str) -> Command {
    Command::new(workspace.root.join("crates/dashboard/web/node_modules/.bin").join(name))
}

/// The description without what clients need no types for: refusals, which are errors of one kind, and rules on which
/// members go together, which generators make a type for each combination of.
fn lean(api: Value) -> Value {
    let mut api = api;
    for schema in members(&mut api, "/components/schemas") {
        let only_rules = |rules: &Vec<Value>| {
            rules.iter().all(|rule| rule.as_object().is_some_and(|rule| rule.keys().eq(["required"])))
        };
        if schema.get("properties").is_some()
            && schema.get("anyOf").and_then(Value::as_array).is_some_and(only_rules)
            && let Some(schema) = schema.as_object_mut()
        {
            schema.remove("anyOf");
        }
    }
    for path in members(&mut api, "/paths") {
        for operation in path.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
                responses.retain(|status, _| status.starts_with(['2', '3']));
            }
        }
    }
    api
}

fn members<'a>(api: &'a mut Value, pointer: &str) -> impl Iterator<Item = &'a mut Value> {
    api.pointer_mut(pointer).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
}

#[cfg(test)]
mod tests {
    use super::lean;
    use serde_json::json;

    #[test]
    fn refusals_and_rules_between_members_are_left_out() {
        let rules = json!([{"required": ["a"]}, {"required": ["b"]}]);
        let api = json!({
            "paths": {"/jobs": {"get": {"responses": {"200": 1, "304": 2, "400": 3, "503": 4}}}},
            "components": {"schemas": {
                "Body": {"properties": {"a": {}}, "anyOf": rules},
                "Either": {"anyOf": [{"$ref": "#/components/schemas/Body"}, {"type": "null"}]},
            }},
        });
        let expected = json!({
            "paths": {"/jobs": {"get": {"responses": {"200": 1, "304": 2}}}},
            "components": {"schemas": {
                "Body": {"properties": {"a": {}}},
                "Either": {"anyOf": [{"$ref": "#/components/schemas/Body"}, {"type": "null"}]},
            }},
        });
        assert_eq!(lean(api), expected);
    }
}
