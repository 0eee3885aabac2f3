//! Builds the guests of tests that are plain programs: the jobs of the conformance suite in Go and in C, as their authors would.

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{
    engines,
    process::run,
    tools::Compilers,
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
        let found = engines::fingerprint(workspace, &[sources, sdk])?;
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

impl Compilers {
    /// Has them found by `command`, which finds the header in `sdk`.
    fn around(&self, command: &mut Command, sdk: &Path) -> Result<()> {
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
