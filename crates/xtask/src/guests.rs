//! Builds the job modules that ship with Fuelcell or serve its tests.
//!
//! A guest is built with plain cargo for [`TARGET`], as its author would. `fuelcell module pack` then writes its manifest
//! into it, and the `fuelcell` binary embeds the built-in ones. That is a circle only at first sight: packing needs a
//! binary, not one that embeds.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Context, Result, bail};

use crate::{
    engines,
    process::{capture, cargo, run},
    progress::note,
    scripts,
    tools::GuestC,
    workspace::{Build, Workspace},
};

/// The one target of all guests: with it plain cargo links components.
const TARGET: &str = "wasm32-wasip2";

/// A job module of this workspace.
struct Guest {
    /// Its cargo package.
    package: &'static str,
    /// Whether the binary embeds it.
    built_in: bool,
}

const GUESTS: &[Guest] = &[
    Guest { package: "process-mining", built_in: true },
    Guest { package: "data-enrichment", built_in: true },
    Guest { package: "analysis", built_in: true },
    Guest { package: "probe", built_in: false },
    Guest { package: "new-rows", built_in: false },
    Guest { package: "fetch", built_in: false },
    Guest { package: "echo-engine", built_in: false },
    Guest { package: "conformance", built_in: false },
    Guest { package: "conformance-pure", built_in: false },
];

/// A part of the engine `python-science`; it is no job by itself.
const SCIENCE_BRIDGE: &str = "science-bridge";

/// The engine for scripts in JavaScript. Its manifest is no concern of anybody: it is not packed.
const JAVASCRIPT: &str = "fuelcell-engine-javascript";

/// Builds and packs every guest, the engine for scripts and the built-in script, and then the `fuelcell` binary that embeds
/// the built-in ones. Does nothing that is already done.
pub(crate) fn build(workspace: &Workspace, build: Build) -> Result<()> {
    ensure_target(workspace)?;
    build_guests(workspace)?;
    let stale: Vec<&Guest> = GUESTS.iter().filter(|guest| guest.is_stale(workspace)).collect();
    if !stale.is_empty() {
        build_fuelcell(workspace, build)?;
        let fuelcell = workspace.binary(build, "fuelcell");
        for guest in stale {
            guest.pack(workspace, &fuelcell)?;
        }
    }
    for guest in GUESTS.iter().filter(|guest| guest.built_in) {
        let name = format!("{}.wasm", guest.package);
        publish(workspace, &guest.packed(workspace), "builtin-modules", &name)?;
    }
    publish(workspace, &engines::build(workspace)?, "builtin-engines", "python.wasm")?;
    let javascript = build_target(workspace, "fuelcell_engine_javascript");
    publish(workspace, &javascript, "builtin-engines", "javascript.wasm")?;
    let science = engines::science(workspace, &build_target(workspace, "science_bridge"))?;
    publish(workspace, &science, "builtin-engines", "python-science.zip")?;
    publish(workspace, &scripts::build(workspace)?, "builtin-modules", "notebook.zip")?;
    build_fuelcell(workspace, build)
}

impl Guest {
    /// What cargo built.
    fn built(&self, workspace: &Workspace) -> PathBuf {
        build_target(workspace, &self.package.replace('-', "_"))
    }

    /// What `fuelcell module pack` made of it.
    fn packed(&self, workspace: &Workspace) -> PathBuf {
        workspace.module(self.package)
    }

    fn is_stale(&self, workspace: &Workspace) -> bool {
        match (modified(&self.packed(workspace)), modified(&self.built(workspace))) {
            (Some(packed), Some(built)) => packed < built,
            _ => true,
        }
    }

    fn pack(&self, workspace: &Workspace, fuelcell: &Path) -> Result<()> {
        let packed = self.packed(workspace);
        create_parent(&packed)?;
        // Cargo keeps the time of an unchanged build, so a file made now is newer than what it was made from.
        run(Command::new(fuelcell)
            .args(["module", "pack"])
            .arg(self.built(workspace))
            .arg("--out")
            .arg(&packed))
        .with_context(|| format!("cannot pack {}", self.package))
    }
}

/// What cargo builds for guests.
fn build_target(workspace: &Workspace, stem: &str) -> PathBuf {
    workspace.target.join(TARGET).join("guest").join(format!("{stem}.wasm"))
}

/// Puts a module where `fuelcell`'s build script looks for what it embeds. Equal bytes are left alone: a new file time would
/// link the binary again.
fn publish(workspace: &Workspace, module: &Path, folder: &str, name: &str) -> Result<()> {
    let published = workspace.target.join(folder).join(name);
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", workspace.shown(module)))?;
    if fs::read(&published).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    create_parent(&published)?;
    fs::write(&published, bytes).with_context(|| format!("cannot write {}", workspace.shown(&published)))
}

/// Makes sure that the toolchain in use can build for [`TARGET`]. Where automatic installs are switched off,
/// `rust-toolchain.toml` alone does not see to that.
pub(crate) fn ensure_target(workspace: &Workspace) -> Result<()> {
    let sysroot = capture(Command::new("rustc").args(["--print", "sysroot"]).current_dir(&workspace.root))?;
    if Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        return Ok(());
    }
    note(&format!("The Rust target {TARGET} is missing in {sysroot}: adding it."));
    let added = run(Command::new("rustup").args(["target", "add", TARGET]).current_dir(&workspace.root));
    if let Err(error) = added {
        bail!("{error:#}\nGuests cannot be built without it. This helps: rustup target add {TARGET}");
    }
    Ok(())
}

fn build_guests(workspace: &Workspace) -> Result<()> {
    let mut command = cargo(workspace);
    command.args(["build", "--profile", "guest", "--target", TARGET]);
    let c = GuestC::ensure(workspace)?;
    command.env("CC_wasm32_wasip2", c.compiler).env("AR_wasm32_wasip2", c.archiver);
    for guest in GUESTS {
        command.args(["-p", guest.package]);
    }
    // QuickJS brings a compiler of its own otherwise, from a place that is no registry.
    command.env("RQUICKJS_SYS_NO_WASI_SDK", "1");
    command.args(["-p", SCIENCE_BRIDGE, "-p", JAVASCRIPT]);
    run(&mut command)
}

/// Of all packages, so that the engine has the features that it has in the tests, too, and is compiled once.
fn build_fuelcell(workspace: &Workspace, build: Build) -> Result<()> {
    run(cargo(workspace).args(["build", "--workspace", "--bin", "fuelcell"]).args(build.arguments()))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

fn create_parent(path: &Path) -> Result<()> {
    let folder = path.parent().context("a file in the target directory has a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))
}
