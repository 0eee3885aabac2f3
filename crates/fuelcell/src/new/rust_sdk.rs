//! The SDK for Rust as it lies beside a new job: crates of their own, out of the workspace that they are written in, and the
//! versions of others' crates that they were tested with.

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// Where it lies in the folder of a job.
const FOLDER: &str = ".fuelcell";

/// What a job depends on.
const SDK: &str = "fuelcell-sdk";

const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rust_sdk.rs"));
const WORKSPACE: &str = include_str!("../../../../Cargo.toml");
const LOCK: &str = include_str!("../../../../Cargo.lock");

/// The folder of the SDK, as a job's Cargo.toml has it.
pub(super) fn folder() -> String {
    Value::from(format!("{FOLDER}/rust")).to_string()
}

/// The files that lie beside a job, with their paths in its folder.
pub(super) fn files() -> anyhow::Result<Vec<(String, String)>> {
    let workspace: Table = toml::from_str(WORKSPACE)?;
    let workspace = workspace.get("workspace").and_then(Value::as_table).context("there is no workspace")?;
    let written = SOURCES.iter().map(|(path, text)| {
        let text = match path.ends_with("/Cargo.toml") {
            true => manifest(text, workspace).with_context(|| format!("{path} cannot stand alone"))?,
            false => (*text).to_owned(),
        };
        Ok((format!("{FOLDER}/{path}"), text))
    });
    let mut files = written.collect::<anyhow::Result<Vec<_>>>()?;
    files.push(("Cargo.lock".to_owned(), lock()?));
    Ok(files)
}

/// A crate's manifest without its workspace: what it takes from there is written out. Its own tests stay where it is written.
fn manifest(text: &str, workspace: &Table) -> anyhow::Result<String> {
    let mut manifest: Table = toml::from_str(text)?;
    manifest.remove("lints");
    manifest.remove("dev-dependencies");
    let of_workspace = |table: &str, name: &str| {
        let found = workspace.get(table).and_then(|table| table.get(name)).cloned();
        found.with_context(|| format!("the workspace has no {table} {name}"))
    };
    let tables =
        |manifest: &mut Table, path: &[&str], write: &dyn Fn(&str, &mut Value) -> anyhow::Result<()>| {
            let table = path.iter().try_fold(manifest, |table, name| table.get_mut(*name)?.as_table_mut());
            table.into_iter().flatten().try_for_each(|(name, value)| write(name, value))
        };
    tables(&mut manifest, &["package"], &|name, value| {
        if is_inherited(value) {
            *value = of_workspace("package", name)?;
        }
        Ok(())
    })?;
    let depend = |name: &str, value: &mut Value| {
        ensure!(is_inherited(value), "the version of {name} is not the workspace's");
        *value = dependency(of_workspace("dependencies", name)?, value)?;
        Ok(())
    };
    tables(&mut manifest, &["dependencies"], &depend)?;
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets: Vec<String> = targets.into_iter().flat_map(Table::keys).cloned().collect();
    for target in targets {
        tables(&mut manifest, &["target", &target, "dependencies"], &depend)?;
    }
    Ok(toml::to_string(&manifest)?)
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// A dependency of the workspace with the features that a crate adds. Crates of the SDK lie side by side.
fn dependency(of_workspace: Value, of_crate: &Value) -> anyhow::Result<Value> {
    let mut table = match of_workspace {
        Value::Table(table) => table,
        version => Table::from_iter([("version".to_owned(), version)]),
    };
    if let Some(path) = table.get("path").and_then(Value::as_str) {
        let folder = path.rsplit('/').next().unwrap_or(path);
        ensure!(
            SOURCES.iter().any(|(file, _)| *file == format!("{folder}/Cargo.toml")),
            "{path} is no part of the SDK"
        );
        table.insert("path".to_owned(), format!("../{folder}").into());
    }
    if let Some(Value::Array(more)) = of_crate.get("features") {
        let features = table.entry("features").or_insert_with(|| Value::Array(Vec::new()));
        features.as_array_mut().context("features are no list")?.extend(more.iter().cloned());
    }
    Ok(Value::Table(table))
}

/// A lock file, as far as it matters here.
#[derive(Deserialize, Serialize)]
struct Lock {
    version: u32,
    package: Vec<Package>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<String>,
}

/// What the SDK needs of this program's own lock file. Cargo adds the job itself with its first build.
fn lock() -> anyhow::Result<String> {
    let lock: Lock = toml::from_str(LOCK)?;
    let mut known: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in &lock.package {
        known.entry(&package.name).or_default().push(package);
    }
    // What a dependency is called: its name, with its version where there are several.
    let of = |dependency: &str| {
        let mut words = dependency.split(' ');
        let (name, version) = (words.next()?, words.next());
        let found =
            known.get(name)?.iter().find(|package| version.is_none_or(|version| version == package.version));
        found.copied()
    };
    let (mut needed, mut left) = (BTreeSet::new(), vec![SDK.to_owned()]);
    while let Some(package) = left.pop().as_deref().and_then(of) {
        if needed.insert((&*package.name, &*package.version)) {
            left.extend(package.dependencies.iter().filter(|other| of(other).is_some_and(is_there)).cloned());
        }
    }
    let mut package: Vec<Package> = Vec::new();
    for one in lock.package.iter().filter(|one| needed.contains(&(&*one.name, &*one.version))) {
        let mut one = one.clone();
        one.dependencies.retain(|other| of(other).is_some_and(is_there));
        package.push(one);
    }
    let text = toml::to_string(&Lock { version: lock.version, package })?;
    Ok(format!(
        "# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\n{text}"
    ))
}

/// Crates come from the registry, or are of the SDK. The workspace has others, for tests.
fn is_there(package: &Package) -> bool {
    package.source.is_some()
        || SOURCES.iter().any(|(path, text)| {
            path.ends_with("/Cargo.toml") && text.contains(&format!("name = \"{}\"", package.name))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_stands_alone() {
        let files: BTreeMap<String, String> = files().unwrap().into_iter().collect();
        for file in [
            "rust/src/lib.rs",
            "rust/README.md",
            "rust/wit/job.wit",
            "rust-macros/src/lib.rs",
            "domain/src/lib.rs",
        ] {
            assert!(files.contains_key(&format!(".fuelcell/{file}")), "{file}: {:?}", files.keys());
        }
        let manifests: Vec<_> = files.iter().filter(|(path, _)| path.ends_with("Cargo.toml")).collect();
        assert_eq!(manifests.len(), 4);
        let lock: Lock = toml::from_str(&files["Cargo.lock"]).unwrap();
        let locked: BTreeSet<_> = lock.package.iter().map(|package| package.name.as_str()).collect();
        for (path, text) in manifests {
            assert!(!text.contains("workspace"), "{path}: {text}");
            let manifest: Table = toml::from_str(text).unwrap();
            for (name, value) in manifest["dependencies"].as_table().unwrap() {
                assert!(locked.contains(name.as_str()), "{name} is not locked");
                let beside = value.get("path").and_then(Value::as_str);
                assert!(
                    value.get("version").is_some() || beside.is_some_and(|path| path.starts_with("../")),
                    "{text}"
                );
            }
        }
        for package in &lock.package {
            for dependency in &package.dependencies {
                let name = dependency.split(' ').next().unwrap();
                assert!(locked.contains(name), "{} needs {dependency}", package.name);
            }
        }
        assert!(locked.contains("wit-bindgen") && !locked.contains("wasmtime"), "{locked:?}");
    }

    #[test]
    fn what_a_crate_takes_of_its_workspace_is_written_out() {
        let workspace: Table = toml::from_str(
            "[package]\nedition = \"2024\"\n[dependencies]\na = \"1.2\"\nb = {version = \"3\", features = [\"x\"]}\nfuelcell-domain = {path = \"crates/domain\"}",
        )
        .unwrap();
        let text = "[package]\nname = \"one\"\nedition.workspace = true\n[lints]\nworkspace = true\n[dependencies]\na.workspace = true\n[target.'cfg(unix)'.dependencies]\nb = {workspace = true, features = [\"y\"]}\nfuelcell-domain.workspace = true";
        let written: Table = toml::from_str(&manifest(text, &workspace).unwrap()).unwrap();
        let expected: Table = toml::from_str(
            "[package]\nname = \"one\"\nedition = \"2024\"\n[dependencies]\na = {version = \"1.2\"}\n[target.'cfg(unix)'.dependencies]\nb = {version = \"3\", features = [\"x\", \"y\"]}\nfuelcell-domain = {path = \"../domain\"}",
        )
        .unwrap();
        assert_eq!(written, expected);
        let own = manifest("[dependencies]\na = \"1\"", &workspace).unwrap_err().to_string();
        assert!(own.contains("the version of a is not the workspace's"), "{own}");
    }
}
