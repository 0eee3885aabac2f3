//! Where this user's compiled modules are kept between commands.

use crate::data_dir::secret_at;
use crate::private::make_private_directory;
use anyhow::Context;
use fuelcell_sandbox::{CodeKey, SandboxConfig};
use std::path::PathBuf;

/// The directory of compiled modules.
pub(crate) const COMPILED: &str = "compiled";

/// Compiled modules are kept between runs, for this user only, in a directory of this name beside the secret that
/// authenticates them.
pub(crate) fn own_cache(name: &str) -> anyhow::Result<SandboxConfig> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    let base = base.context("neither XDG_CACHE_HOME nor HOME is set")?;
    // Cells in processes of their own work elsewhere.
    let directory = std::path::absolute(base)?.join("fuelcell");
    make_private_directory(&directory)?;
    let key = CodeKey::derived_from(&secret_at(&directory.join("secret"))?);
    Ok(SandboxConfig::new(directory.join(name), key))
}
