//! Packages of npm that travel with a script: what its `package.json` names as `dependencies`, from where `npm install` put it.
//!
//! The engine has one folder of packages, `vendor/`. So each name stands for one package there, whoever asks for it.

use super::files::{Files, check_size, read};
use anyhow::{Context, bail, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

/// Says what a package is, and what it needs.
const DESCRIPTION: &str = "package.json";
/// Where npm puts packages, and where the engine looks for them.
const INSTALLED: &str = "node_modules";
const VENDOR: &str = "vendor";
/// The SDK, which the engine has.
const SDK: &str = "fuelcell";
/// What of a package can be imported.
const SOURCES: [&str; 3] = [".js", ".mjs", ".json"];
/// What has to stay with the sources, in whichever letters.
const TERMS: [&str; 4] = ["LICENSE", "LICENCE", "COPYING", "NOTICE"];

/// A package that somebody asks for.
struct Wanted {
    name: String,
    /// Whose `package.json` names it.
    by: String,
    /// The folder of that one.
    from: PathBuf,
    /// Whether it may be absent.
    optional: bool,
}

/// Adds the packages that the script depends on, and those that these depend on. What lies in `vendor/` already stays as it is.
pub(super) fn add(folder: &Path, files: &mut Files) -> anyhow::Result<()> {
    let Some(description) = files.get(DESCRIPTION) else { return Ok(()) };
    let home = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
    let mut waiting = wanted(description, DESCRIPTION, &home)?;
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    while let Some(package) = waiting.pop() {
        let brought = has(files, &package.name) && !found.contains_key(&package.name);
        if package.name == SDK || brought {
            continue;
        }
        let Some(place) = package.place()? else { continue };
        match found.entry(package.name.clone()) {
            Entry::Occupied(other) if *other.get() == place || are_copies(other.get(), &place) => {}
            Entry::Occupied(other) => bail!(
                "the package {} is needed in two versions, and {VENDOR}/ has one of each: {} and {}",
                package.name,
                other.get().display(),
                place.display()
            ),
            Entry::Vacant(entry) => {
                entry.insert(place.clone());
                waiting.extend(copied(&package.name, &place, files)?);
                check_size(files).with_context(|| format!("{DESCRIPTION} has too many dependencies"))?;
            }
        }
    }
    Ok(())
}

/// Whether these folders have the same version of a package: npm puts several of one where others stand between.
fn are_copies(one: &Path, other: &Path) -> bool {
    let version = |place: &Path| {
        let description = fs::read(place.join(DESCRIPTION)).ok()?;
        serde_json::from_slice::<Value>(&description).ok()?["version"].as_str().map(str::to_owned)
    };
    version(one).is_some_and(|version_of_one| version(other) == Some(version_of_one))
}

/// Whether the package lies in `vendor/`.
fn has(files: &Files, name: &str) -> bool {
    let folder = format!("{VENDOR}/{name}/");
    files.range(folder.clone()..).next().is_some_and(|(path, _)| path.starts_with(&folder))
}

/// Adds a package's sources; says what it depends on.
fn copied(name: &str, place: &Path, files: &mut Files) -> anyhow::Result<Vec<Wanted>> {
    let sources = read(place, &|path| {
        let file = path.rsplit('/').next().unwrap_or(path);
        let shouted = file.to_uppercase();
        SOURCES.iter().any(|ending| file.ends_with(ending))
            || TERMS.iter().any(|word| shouted.starts_with(word))
    })?;
    let by = format!("{INSTALLED}/{name}/{DESCRIPTION}");
    let description = sources.get(DESCRIPTION).with_context(|| format!("there is no {by}"))?;
    let needs = wanted(description, &by, place)?;
    files.extend(sources.into_iter().map(|(path, bytes)| (format!("{VENDOR}/{name}/{path}"), bytes)));
    Ok(needs)
}

/// What a `package.json` asks for.
fn wanted(description: &[u8], by: &str, from: &Path) -> anyhow::Result<Vec<Wanted>> {
    let description: Value =
        serde_json::from_slice(description).with_context(|| format!("{by} is not JSON"))?;
    let named = |member: &str| {
        description[member]
            .as_object()
            .map(|named| named.keys().cloned().collect::<Vec<String>>())
            .unwrap_or_default()
    };
    let spared = named("optionalDependencies");
    let all = named("dependencies").into_iter().map(|name| (spared.contains(&name), name));
    // Who uses a package brings what it wants beside itself.
    let absent = named("peerDependencies").into_iter().chain(spared.clone()).map(|name| (true, name));
    all.chain(absent)
        .map(|(optional, name)| {
            ensure!(is_name(&name), "{by} names the dependency {name:?}, which is no name of a package");
            Ok(Wanted { name, by: by.to_owned(), from: from.to_owned(), optional })
        })
        .collect()
}

/// `name` or `@scope/name`, which cannot lead elsewhere.
fn is_name(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    let scoped = parts.len() == 2 && name.starts_with('@');
    (parts.len() == 1 || scoped)
        && parts.iter().all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains('\\'))
}

impl Wanted {
    /// The folder where it lies, as Node finds it: in the `node_modules` of a folder above who asks for it.
    fn place(&self) -> anyhow::Result<Option<PathBuf>> {
        let places = self.from.ancestors().map(|above| above.join(INSTALLED).join(&self.name));
        match places.into_iter().find(|place| place.is_dir()) {
            Some(place) => {
                Ok(Some(place.canonicalize().with_context(|| format!("cannot find {}", place.display()))?))
            }
            None if self.optional => Ok(None),
            None => bail!(
                "{} names the dependency {}, and there is no {INSTALLED}/{}: `npm install` puts it there",
                self.by,
                self.name,
                self.name
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::limits::SCRIPT;
    use tempfile::TempDir;

    /// A folder with files, and what of it would travel.
    fn packed(files: &[(&str, &str)]) -> (TempDir, anyhow::Result<Vec<String>>) {
        let folder = TempDir::new().unwrap();
        for (path, text) in files {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let packed = read(folder.path(), &|_| true).and_then(|mut files| {
            add(folder.path(), &mut files)?;
            Ok(files.into_keys().collect())
        });
        (folder, packed)
    }

    #[test]
    fn what_a_script_depends_on_travels_with_what_that_depends_on() {
        let (_folder, packed) = packed(&[
            ("main.js", ""),
            (
                "package.json",
                r#"{"dependencies": {"@a/b": "1", "e": "1", "own": "1", "fuelcell": "1"}, "devDependencies": {"d": "1"}}"#,
            ),
            ("vendor/own/index.js", ""),
            ("node_modules/own/package.json", "{}"),
            ("node_modules/d/package.json", "{}"),
            (
                "node_modules/@a/b/package.json",
                r#"{"dependencies": {"c": "1"}, "peerDependencies": {"absent": "1"}}"#,
            ),
            ("node_modules/@a/b/lib/index.mjs", ""),
            ("node_modules/@a/b/lib/index.d.ts", ""),
            ("node_modules/@a/b/LICENSE", ""),
            (
                "node_modules/@a/b/node_modules/c/package.json",
                r#"{"dependencies": {"@a/b": "1"}, "optionalDependencies": {"e": "1", "f": "1"}}"#,
            ),
            ("node_modules/@a/b/node_modules/c/License.txt", ""),
            ("node_modules/e/package.json", r#"{"version": "1.0.0"}"#),
            ("node_modules/@a/b/node_modules/e/package.json", r#"{"version": "1.0.0"}"#),
            ("node_modules/@a/b/node_modules/c/index.js", ""),
        ]);
        assert_eq!(
            packed.unwrap(),
            [
                "main.js",
                "package.json",
                "vendor/@a/b/LICENSE",
                "vendor/@a/b/lib/index.mjs",
                "vendor/@a/b/package.json",
                "vendor/c/License.txt",
                "vendor/c/index.js",
                "vendor/c/package.json",
                "vendor/e/package.json",
                "vendor/own/index.js",
            ]
        );
    }

    #[test]
    fn what_cannot_travel_is_named() {
        let refused = |files: &[(&str, &str)]| packed(files).1.unwrap_err().to_string();
        let told = refused(&[("package.json", r#"{"dependencies": {"zod": "4"}}"#)]);
        assert!(told.contains("there is no node_modules/zod: `npm install`"), "{told}");
        let told = refused(&[("package.json", r#"{"dependencies": {"../out": "4"}}"#)]);
        assert!(told.contains("no name of a package"), "{told}");
        let told = refused(&[
            ("package.json", r#"{"dependencies": {"a": "1", "b": "1"}}"#),
            ("node_modules/a/package.json", r#"{"dependencies": {"b": "2"}}"#),
            ("node_modules/a/node_modules/b/package.json", "{}"),
            ("node_modules/b/package.json", "{}"),
        ]);
        assert!(told.contains("the package b is needed in two versions"), "{told}");
    }

    #[test]
    fn a_script_and_its_packages_have_at_most_so_many_files_together() {
        let half = SCRIPT.files / 2;
        let many = |name: &str| {
            let files = (1..half).map(|number| (format!("node_modules/{name}/{number}.js"), "".into()));
            files.chain([(format!("node_modules/{name}/package.json"), "{}".to_owned())]).collect::<Vec<_>>()
        };
        let description = r#"{"dependencies": {"a": "1", "b": "1"}}"#;
        let files =
            [many("a"), many("b"), vec![("package.json".to_owned(), description.to_owned())]].concat();
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let told = format!("{:#}", packed(&files).1.unwrap_err());
        let expected = format!(
            "package.json has too many dependencies: the files are {}, and a script has at most {}",
            2 * half + 1,
            SCRIPT.files
        );
        assert_eq!(told, expected);
    }
}
