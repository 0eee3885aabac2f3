//! Where things lie: the workspace's root and its target directory.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

/// The folders that every command needs.
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    pub(crate) root: PathBuf,
    /// Cargo's target directory: `target/`, or wherever `CARGO_TARGET_DIR` or a configuration puts it.
    pub(crate) target: PathBuf,
}

/// A build of the host's binaries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// The profile that `cargo build`, the tests and the demo share.
    Dev,
    /// The optimised profile: only for measuring.
    Release,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn locate() -> Result<Self> {
        let metadata = MetadataCommand::new().no_deps().exec().context("`cargo metadata` failed")?;
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
        })
    }

    /// The host binary `name` of a build; it need not exist yet.
    pub(crate) fn binary(&self, build: Build, name: &str) -> PathBuf {
        self.target.join(build.folder()).join(name)
    }

    /// The packed module `name`; `cargo xtask guests` makes it.
    pub(crate) fn module(&self, name: &str) -> PathBuf {
        self.target.join("modules").join(format!("{name}.wasm"))
    }

    /// Folder of what is installed for this workspace only.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// `path` as a person at the root would type it.
    pub(crate) fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

impl Build {
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }

    /// What cargo must be told.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &[],
            Self::Release => &["--release"],
        }
    }
}
