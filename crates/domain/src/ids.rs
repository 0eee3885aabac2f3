//! Identifiers. All are GUIDs but the ordinal, which counts a project's jobs from 1 in the order of their creation.

use crate::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

fn made_at(id: Uuid) -> Option<Timestamp> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let seconds = i64::try_from(seconds).ok()?;
    Some(Timestamp(seconds.checked_mul(1_000_000)?.checked_add(i64::from(nanos / 1000))?))
}

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new random id that shows when it was made (UUID version 7), and sorts behind earlier ones while the clock
            /// goes forward: what comes into being together lies together in a store, which so touches few of its pages.
            pub fn random() -> Self {
                Self(Uuid::now_v7())
            }

            /// When it was made, to the millisecond; `None` for one that does not say.
            pub fn made_at(self) -> Option<Timestamp> {
                made_at(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

guid!(
    /// A customer; nothing crosses from one tenant to another.
    TenantId
);
guid!(
    /// A project of a tenant: it holds jobs, datasets, pipelines and modules.
    ProjectId
);
guid!(
    /// One submission.
    JobId
);

guid!(
    /// An uploaded file.
    DatasetId
);
guid!(
    /// A file of which not everything has come yet.
    UploadId
);
guid!(
    /// The resource that a job names.
    PipelineId
);
guid!(
    /// A bearer token (the record of it, never the secret).
    TokenId
);

impl TokenId {
    /// What stands for a token where somebody signed in without one: the same whenever it is them.
    pub fn of_person(person: Digest) -> Self {
        let bytes = std::array::from_fn(|index| person.0[index]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

guid!(
    /// One thing that is done with many jobs.
    BulkId
);
guid!(
    /// An address that a project has told of the ends of its jobs.
    WebhookId
);
guid!(
    /// One message to one recipient, the same however often it is sent.
    DeliveryId
);

impl DeliveryId {
    /// The id of what `recipient` is told of this end of a job: the same whoever makes it. It sorts by the time of the end.
    pub fn of_end(job: JobId, at: Timestamp, recipient: &str) -> Self {
        let digest = Digest::of(&[job.0.as_bytes(), recipient.as_bytes()].concat());
        let millis = u64::try_from(at.0 / 1000).unwrap_or(0);
        let rest = std::array::from_fn(|index| digest.0[index]);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid())
    }
}

guid!(
    /// One life of a node's process. A node that starts again has another one under the same name.
    Incarnation
);
guid!(
    /// One claim of jobs. The same claim again is answered as the first time.
    ClaimId
);

/// A job's place in the order in which its project's jobs were created, from 1.
pub type Ordinal = u64;

/// A project together with the tenant that owns it: every look-up names both, so that nothing can cross tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProjectRef {
    /// The owning tenant.
    pub tenant: TenantId,
    /// The project.
    pub project: ProjectId,
}

impl fmt::Display for ProjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.project)
    }
}

/// Who holds a job: a life of a node, by one of its claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// The life of the node.
    pub incarnation: Incarnation,
    /// The claim.
    pub claim: ClaimId,
}

impl Default for Holder {
    fn default() -> Self {
        Self::NONE
    }
}

impl Holder {
    /// Nobody: of attempts that do not run.
    pub const NONE: Self = Self { incarnation: Incarnation(Uuid::nil()), claim: ClaimId(Uuid::nil()) };
}

/// One execution of a job. Every write after a claim names it, and loses if it is stale. The number alone would not do: a
/// claim that is lost in a crash, or with a database that fails over, is followed by another one of the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// The job.
    pub job: JobId,
    /// Counts this job's attempts from 1.
    pub number: u32,
    /// Who runs it. Records of ended attempts do not say it.
    #[serde(skip)]
    pub holder: Holder,
}

impl AttemptId {
    /// As records of ended attempts name it: by its job and its number.
    pub fn of_record(self) -> Self {
        Self { holder: Holder::NONE, ..self }
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.job, self.number)
    }
}

/// The name of a process that runs jobs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub String);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
