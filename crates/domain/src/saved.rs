//! What people keep by name in a project: views of its jobs, and parameters of a module.

use crate::{ProjectRef, Timestamp};
use serde::{Deserialize, Serialize};

/// Items of one kind that a project keeps.
pub const MAX_SAVED: usize = 100;
/// Bytes of what one of them holds: lists show it all.
pub const MAX_SAVED_BYTES: usize = 16 * 1024;

/// What kind of thing is kept. A name is one thing of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SavedKind {
    /// Which jobs of the project are looked at.
    View,
    /// Parameters of a module.
    Parameters,
}

impl SavedKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::View, Self::Parameters];

    /// As addresses name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "views",
            Self::Parameters => "parameters",
        }
    }

    /// As sentences name one.
    pub fn one(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Parameters => "set of parameters",
        }
    }
}

/// What is kept under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SavedContent {
    /// The query of a list of jobs.
    View {
        /// Names and values, as an address has them behind its `?`.
        query: String,
    },
    /// Parameters of a module.
    Parameters {
        /// The module's name.
        module: String,
        /// A JSON object, as it was written.
        parameters: String,
    },
}

impl SavedContent {
    /// Of which kind it is.
    pub fn kind(&self) -> SavedKind {
        match self {
            Self::View { .. } => SavedKind::View,
            Self::Parameters { .. } => SavedKind::Parameters,
        }
    }

    /// Its bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::View { query } => query.len(),
            Self::Parameters { module, parameters } => module.len() + parameters.len(),
        }
    }
}

/// Something that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedItem {
    /// Its project.
    pub project: ProjectRef,
    /// Its name.
    pub name: String,
    /// What is kept.
    pub content: SavedContent,
    /// 1, and one more with each change.
    pub revision: u64,
    /// Who made or changed it last.
    pub by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Why something is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// What was to be replaced is not there.
    #[error("there is no {} of this name", .0.one())]
    Absent(SavedKind),
    /// There is another one than was seen.
    #[error(
        "there is a {} of this name, revision {revision}; whoever replaces it sends the revision that they saw",
        .kind.one()
    )]
    Changed {
        /// What kind of thing.
        kind: SavedKind,
        /// The present one's.
        revision: u64,
    },
}

impl SavedItem {
    /// What is kept once this was put where `present` is, by somebody who saw the revision `seen` there, or nothing. Who
    /// puts what is there already has done it before, and hears the same.
    pub fn put(self, present: Option<&Self>, seen: Option<u64>) -> Result<Self, SavedError> {
        let kind = self.content.kind();
        match (present, seen) {
            (Some(present), _) if present.content == self.content => Ok(present.clone()),
            (Some(present), Some(seen)) if present.revision == seen => {
                Ok(Self { revision: seen.saturating_add(1), created_at: present.created_at, ..self })
            }
            (Some(present), _) => Err(SavedError::Changed { kind, revision: present.revision }),
            (None, Some(_)) => Err(SavedError::Absent(kind)),
            (None, None) => Ok(Self { revision: 1, ..self }),
        }
    }
}
