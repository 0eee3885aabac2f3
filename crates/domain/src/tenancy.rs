//! Who there is, and who may do what.

use crate::output_name::composed;
use crate::{Digest, ProjectId, ProjectRef, TenantId, Timestamp, TokenId};
use serde::{Deserialize, Serialize};

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A tenant's project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its tenant and id.
    pub id: ProjectRef,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whether people would take two names of tenants, or of projects, for the same: spaces around them, case, and the form of
/// Unicode make no difference.
pub fn same_name(one: &str, other: &str) -> bool {
    let key = |name: &str| composed(&composed(name.trim()).to_lowercase()).into_owned();
    key(one) == key(other)
}

/// A tenant or project that was taken away. It is not there from then on, and its id is not used again; what belonged to it
/// goes bit by bit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Which one.
    pub scope: Scope,
    /// Who took it away.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When nothing of it was left.
    pub done_at: Option<Timestamp>,
}

/// What a token's holder may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Read jobs, results, datasets, modules.
    Viewer,
    /// Submit, cancel and retry jobs; upload datasets.
    Submitter,
    /// Upload modules.
    ModuleAuthor,
    /// Everything in a project or tenant: pipelines, activation, deletion.
    Administrator,
    /// Everything on the server.
    Operator,
}

impl Role {
    /// All roles, the weakest first.
    pub const ALL: [Self; 5] =
        [Self::Viewer, Self::Submitter, Self::ModuleAuthor, Self::Administrator, Self::Operator];
}

/// Where a role holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Everywhere (operators).
    Server,
    /// All projects of a tenant.
    Tenant(TenantId),
    /// One project.
    Project(ProjectRef),
}

impl Scope {
    /// Whether the scope holds for this project.
    pub fn covers(&self, project: ProjectRef) -> bool {
        match self {
            Self::Server => true,
            Self::Tenant(tenant) => *tenant == project.tenant,
            Self::Project(own) => *own == project,
        }
    }

    /// Whether all that `other` covers lies in this scope.
    pub fn contains(&self, other: Self) -> bool {
        match self {
            Self::Server => true,
            Self::Tenant(tenant) => other.tenant() == Some(*tenant),
            Self::Project(_) => *self == other,
        }
    }

    /// Whether figures of this tenant may be seen.
    pub fn touches(&self, tenant: TenantId) -> bool {
        match self {
            Self::Server => true,
            Self::Tenant(own) => *own == tenant,
            Self::Project(own) => own.tenant == tenant,
        }
    }

    /// The tenant, unless the scope is the server.
    pub fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::Server => None,
            Self::Tenant(tenant) => Some(*tenant),
            Self::Project(own) => Some(own.tenant),
        }
    }

    /// The project, when the scope is one.
    pub fn project(&self) -> Option<ProjectId> {
        match self {
            Self::Project(own) => Some(own.project),
            _ => None,
        }
    }
}

/// How the holder of a token shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenKind {
    /// As it is.
    Bearer,
    /// As a password, beside its subject as the user name, by programs that know nothing else.
    ApplicationPassword,
}

/// A secret that stands for a subject. The secret itself is shown once and never kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// How it is shown.
    pub kind: TokenKind,
    /// Keyed SHA-256 of the secret.
    pub hash: Digest,
    /// Who holds it: `submittedBy` of the jobs sent with it.
    pub subject: String,
    /// What the holder may do.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// From when on it opens nothing any more; `None` = it does not end.
    pub expires_at: Option<Timestamp>,
}

impl Token {
    /// Whether it opens anything at this moment.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it is the only one of these with which an operator gets in at this moment.
    pub fn is_last_operators<'a>(&self, all: impl IntoIterator<Item = &'a Self>, now: Timestamp) -> bool {
        let opens = |token: &Self| token.role == Role::Operator && token.holds(now);
        opens(self) && !all.into_iter().any(|other| other.id != self.id && opens(other))
    }
}
