//! Profiles: several servers and projects, with a token each, in a file that only its owner can read.

use crate::failure::{Failure, Outcome, nearest};
use crate::output::harmless;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A server, who asks it, and where.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) server: String,
    pub(crate) token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
}

/// All profiles of a user.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profiles {
    /// The one that holds when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
}

impl Profiles {
    /// Those of this user; none when there is no file.
    pub(crate) fn load() -> Outcome<Self> {
        let Some(path) = path() else { return Ok(Self::default()) };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::here(format!("cannot read {}", path.display()), error)),
        };
        refuse_open(&path)?;
        toml::from_str(&text).map_err(|error| {
            Failure::usage(format!("{} holds no profiles: {}", path.display(), error.message()))
                .with_remedy("mend the file, or remove it and sign in again: fuelcell login")
        })
    }

    /// Writes them, whole or not at all.
    pub(crate) fn save(&self) -> Outcome {
        let path = path().ok_or_else(|| Failure::usage("neither XDG_CONFIG_HOME nor HOME is set"))?;
        let unwritable = |error| Failure::unwritten(format!("cannot write {}", path.display()), error);
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unwritable)?;
        let text = toml::to_string(self).map_err(|error| Failure::here("cannot write profiles", error))?;
        // Made for its owner only from the start.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
        file.write_all(text.as_bytes()).map_err(unwritable)?;
        file.persist(&path).map_err(|error| unwritable(error.error))?;
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Outcome<&Profile> {
        self.profiles.get(name).ok_or_else(|| {
            let failure = Failure::usage(format!("there is no profile {name:?}"));
            match nearest(name, self.profiles.keys().map(String::as_str)) {
                Some(near) => failure.with_remedy(format!("did you mean {near}?")),
                None => failure.with_remedy("fuelcell profiles list shows those that there are"),
            }
        })
    }
}

/// What a shell offers where the name of a profile is wanted.
pub(crate) fn offered() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let known = Profiles::load().map(|known| known.profiles).unwrap_or_default();
        let offer = |(name, profile): (String, Profile)| {
            CompletionCandidate::new(name).help(Some(harmless(&profile.server).into()))
        };
        known.into_iter().map(offer).collect()
    })
}

/// Where profiles lie.
pub(crate) fn path() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CONFIG_HOME").filter(|base| !base.is_empty()).map(PathBuf::from);
    let base = base.or_else(|| std::env::home_dir().map(|home| home.join(".config")))?;
    Some(base.join("fuelcell").join("profiles.toml"))
}

/// The mode of a file that others can read or change; none = they cannot, or it is no file.
pub(crate) fn open_mode(path: &Path) -> Option<u32> {
    let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mode = found.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Tokens that others can read are theirs.
fn refuse_open(path: &Path) -> Outcome {
    let Some(mode) = open_mode(path) else { return Ok(()) };
    Err(Failure::usage(format!("others can read {} ({mode:o}), and there are tokens in it", path.display()))
        .with_remedy(format!("close it: chmod 600 {}", path.display())))
}
