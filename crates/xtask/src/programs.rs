//! Builds the guests of tests that are plain programs: the jobs of the conformance suite in Go and in C, as their authors would.

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{
    engines,
    process::run,
    tools::{Compilers, GO, ZIG},
    workspace::{Build, Workspace},
};

/// What is built: the name of the module, its sources, and the SDK that it is built with.
const PROGRAMS: [(&str, &str, &str); 2] = [
    ("conformance-go", "tests/guests/conformance/go", "guest-sdk/go"),
    ("conformance-c", "tests/guests/conformance/c", "guest-sdk/c"),
];

/// Builds and packs them by `fuelcell build`, unless they were built of the same sources.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let compilers = Compilers::ensure(workspace)?;
    let fuelcell = workspace.binary(Build::Dev, "fuelcell");
    for (name, sources, sdk) in PROGRAMS {
        let packed = workspace.module(name);
        let stamp = packed.with_extension("sources");
        let found = fingerprint(workspace, &[sources, sdk])?;
        if packed.is_file() && fs::read_to_string(&stamp).is_ok_and(|present| present == found) {
            continue;
        }
        let mut command = Command::new(&fuelcell);
        command.current_dir(&workspace.root).args(["build", sources, "--out"]).arg(&packed);
        compilers.around(&mut command, &workspace.root.join(sdk))?;
        run(&mut command).with_context(|| format!("cannot build {name}"))?;
        fs::write(stamp, found)?;
    }
    Ok(())
}

/// What is built of all files of these folders by the compilers. A module that was built there by hand is no source.
fn fingerprint(workspace: &Workspace, folders: &[&str]) -> Result<String> {
    let is_source = |file: &Path| file.extension().is_none_or(|kind| kind != "wasm");
    engines::fingerprint_of(workspace, folders, is_source, &format!("{GO} {ZIG}"))
}

impl Compilers {
    /// Has them found by `command`, which finds the header in `sdk`.
    pub(crate) fn around(&self, command: &mut Command, sdk: &Path) -> Result<()> {
        let path = env::var_os("PATH").unwrap_or_default();
        let places = std::iter::once(self.programs.clone()).chain(env::split_paths(&path));
        command.env("PATH", env::join_paths(places)?);
        command.env("WASI_CC", format!("python-zig cc -target wasm32-wasi -I{}", sdk.display()));
        // Nothing is fetched, and what is compiled stays for the next time.
        command.env("GOCACHE", &self.go_cache).env("GOPROXY", "off").env("GOTOOLCHAIN", "local");
        command.env("GOFLAGS", "-mod=mod");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_source_of_any_kind_is_built_again_and_what_was_built_is_no_source() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: folder.path().into(), target: folder.path().join("target") };
        fs::create_dir_all(folder.path().join("sdk/deeper")).unwrap();
        let mut known = Vec::new();
        for (file, text) in [
            ("fuelcell.h", "int a;"),
            ("fuelcell.h", "int b;"),
            ("deeper/device.go", "package fuelcell"),
            ("deeper/device.go", "package other"),
            ("fuelcell.json", "{}"),
        ] {
            fs::write(folder.path().join("sdk").join(file), text).unwrap();
            let found = fingerprint(&workspace, &["sdk"]).unwrap();
            assert!(!known.contains(&found), "{file}: {text}");
            known.push(found);
        }
        fs::write(folder.path().join("sdk/job.wasm"), "built").unwrap();
        assert_eq!(fingerprint(&workspace, &["sdk"]).ok(), known.pop());
    }
}
