//! Where records lie. A table is a tree of sled under a versioned name; keys are fixed fields, big-endian, so that they
//! sort as their numbers do.

use fuelcell_domain::{
    BulkId, Delivery, DeliveryId, Digest, JobId, JobType, Ordinal, PipelineId, ProjectId, ProjectRef,
    SavedKind, Scope, TenantId, Timestamp,
};
use fuelcell_store::KEPT_EVENTS;
use fuelcell_store::hours::place_of;
use fuelcell_store::usage::Dimension;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An ordinal as this store keeps it: sets of bits and keys of four bytes, which are enough for the projects of one machine.
/// Nobody is given a higher one.
pub(crate) type Number = u32;

/// The number of an ordinal; of one that nobody was given, one that nobody was given.
pub(crate) fn number(ordinal: Ordinal) -> Number {
    Number::try_from(ordinal).unwrap_or(Number::MAX)
}

/// A kind of record. The comment says key → record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// A name → something that exists once.
    Meta,
    /// Tenant → `Tenant`.
    Tenants,
    /// Tenant, project → `Project`.
    Projects,
    /// Token → `Token`.
    Tokens,
    /// Hash of a secret → token id.
    TokenHashes,
    /// Project, dataset → `Dataset`.
    Datasets,
    /// Project, pipeline → `Pipeline`.
    Pipelines,
    /// Project, name, version → module version.
    Modules,
    /// Project, job type → the `Activation` that holds.
    ActiveModules,
    /// Project, ordinal → `Job`.
    Jobs,
    /// Project, ordinal → long parameters of a job, written once.
    Parameters,
    /// Job → project, ordinal.
    JobPlaces,
    /// Project, ordinal → what lists and the queue need to know of a job.
    JobIndex,
    /// Project, hash of a client's key → job.
    IdempotencyKeys,
    /// Job → the live figures of its running attempt.
    Pulses,
    /// Job → `BlobRef`.
    Checkpoints,
    /// Job → `Vec<Artifact>`, if it has any.
    Artifacts,
    /// Job, attempt → `Receipt`.
    Receipts,
    /// Job, number → `Vec<LogLine>`.
    Logs,
    /// Project, pipeline, hash of an item's key → `ProcessedItem`.
    ProcessedItems,
    /// What is counted → the number given out last.
    Counters,
    /// Tenant, UTC day → figures.
    DayFigures,
    /// Module digest → durations.
    Durations,
    /// Table, key, number → a part of a record that is too large for one value.
    Chunks,
    /// Project → `ProjectLimits`.
    ProjectLimits,
    /// Project → `StoredBytes`.
    StoredBytes,
    /// Project, name, version → the digest of a module version that was deleted.
    RetiredVersions,
    /// Project, number → `Activation`.
    Activations,
    /// Number → `AuditEntry` of no tenant.
    Audit,
    /// Tenant, number → `AuditEntry`.
    AuditOfTenant,
    /// Project, ordinal → a later ordinal or the same: the jobs from one to the other were deleted.
    DeletedJobs,
    /// Project, pipeline → `Schedule`.
    Schedules,
    /// Project, module's name → `Grant`.
    Grants,
    /// Project, name → `SealedSecret`.
    Secrets,
    /// Project, dimension, UTC day, value → `StoredUsage`.
    Usage,
    /// Project, module's name → the version that was activated last.
    CurrentVersions,
    /// Tenant, or project → `StoredRemoval`.
    Removals,
    /// Project, digest → the number of bytes that were replaced or deleted and are not swept yet.
    ReplacedBytes,
    /// Project, place in the ring → `StoredEvent`.
    Events,
    /// Project → `Notices`.
    Notices,
    /// Project, delivery → `Delivery`.
    Deliveries,
    /// Whether it is settled, when something is to be done about it, project, delivery → nothing.
    DeliveryTimes,
    /// Project, kind, name → `SavedItem`.
    Saved,
    /// Project, place in the ring → `HourFigures`.
    Hours,
    /// Project, upload → `UnfinishedUpload`.
    Uploads,
    /// Project, bulk action → `BulkRun`.
    Bulks,
    /// Project, bulk action, number → `Vec<BulkJob>`, a part of its jobs.
    BulkJobs,
    /// Project, bulk action that runs → nothing.
    RunningBulks,
}

impl Table {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 48] = [
        Self::Meta,
        Self::Tenants,
        Self::Projects,
        Self::Tokens,
        Self::TokenHashes,
        Self::Datasets,
        Self::Pipelines,
        Self::Modules,
        Self::ActiveModules,
        Self::Jobs,
        Self::Parameters,
        Self::JobPlaces,
        Self::JobIndex,
        Self::IdempotencyKeys,
        Self::Pulses,
        Self::Checkpoints,
        Self::Artifacts,
        Self::Receipts,
        Self::Logs,
        Self::ProcessedItems,
        Self::Counters,
        Self::DayFigures,
        Self::Durations,
        Self::Chunks,
        Self::ProjectLimits,
        Self::StoredBytes,
        Self::RetiredVersions,
        Self::Activations,
        Self::Audit,
        Self::AuditOfTenant,
        Self::DeletedJobs,
        Self::Schedules,
        Self::Grants,
        Self::Secrets,
        Self::Usage,
        Self::CurrentVersions,
        Self::Removals,
        Self::ReplacedBytes,
        Self::Events,
        Self::Notices,
        Self::Deliveries,
        Self::DeliveryTimes,
        Self::Saved,
        Self::Hours,
        Self::Uploads,
        Self::Bulks,
        Self::BulkJobs,
        Self::RunningBulks,
    ];

    /// Whether its records belong to the project with whose key theirs begin, and to nobody else. Jobs and their sums have
    /// rules of their own, and so has what says that there is a project.
    pub(crate) fn is_of_a_project(self) -> bool {
        match self {
            Self::Datasets
            | Self::Pipelines
            | Self::Modules
            | Self::ActiveModules
            | Self::IdempotencyKeys
            | Self::ProcessedItems
            | Self::StoredBytes
            | Self::RetiredVersions
            | Self::Activations
            | Self::Schedules
            | Self::Grants
            | Self::Secrets
            | Self::CurrentVersions
            | Self::ReplacedBytes
            | Self::Events
            | Self::Notices
            | Self::Deliveries
            | Self::Saved
            | Self::Hours
            | Self::Uploads
            | Self::Bulks
            | Self::BulkJobs
            | Self::RunningBulks => true,
            Self::Meta
            | Self::Tenants
            | Self::Projects
            | Self::Tokens
            | Self::TokenHashes
            | Self::Jobs
            | Self::Parameters
            | Self::JobPlaces
            | Self::JobIndex
            | Self::Pulses
            | Self::Checkpoints
            | Self::Artifacts
            | Self::Receipts
            | Self::Logs
            | Self::Counters
            | Self::DayFigures
            | Self::Durations
            | Self::Chunks
            | Self::ProjectLimits
            | Self::Audit
            | Self::AuditOfTenant
            | Self::DeletedJobs
            | Self::Usage
            | Self::Removals
            | Self::DeliveryTimes => false,
        }
    }

    /// The name of its tree. Its number is part of chunk keys: new tables go to the end.
    pub(crate) fn tree_name(self) -> String {
        format!("v1/{self:?}")
    }
}

/// The key of a job's record: jobs of a project are neighbours in the order of their creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct JobKey {
    pub(crate) project: ProjectRef,
    pub(crate) ordinal: Number,
}

impl JobKey {
    /// That of the job with this ordinal.
    pub(crate) fn of(project: ProjectRef, ordinal: Ordinal) -> Self {
        Self { project, ordinal: number(ordinal) }
    }

    pub(crate) fn key(self) -> Vec<u8> {
        join(&[&project(self.project), &self.ordinal.to_be_bytes()])
    }

    /// The reverse of [`JobKey::key`].
    pub(crate) fn from_key(key: &[u8]) -> Option<Self> {
        let (tenant, rest) = key.split_first_chunk::<16>()?;
        let (project, rest) = rest.split_first_chunk::<16>()?;
        let ordinal = Number::from_be_bytes(rest.try_into().ok()?);
        let tenant = TenantId(Uuid::from_bytes(*tenant));
        let project = ProjectId(Uuid::from_bytes(*project));
        Some(Self { project: ProjectRef { tenant, project }, ordinal })
    }
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A text in the middle of a key: its length comes first, so that no text is the beginning of another.
fn text(text: &str) -> Vec<u8> {
    join(&[&(text.len() as u64).to_be_bytes(), text.as_bytes()])
}

pub(crate) fn project(project: ProjectRef) -> Vec<u8> {
    join(&[project.tenant.0.as_bytes(), project.project.0.as_bytes()])
}

/// Something with a GUID in a project.
pub(crate) fn in_project(owner: ProjectRef, id: [u8; 16]) -> Vec<u8> {
    join(&[&project(owner), &id])
}

pub(crate) fn module_name(owner: ProjectRef, name: &str) -> Vec<u8> {
    join(&[&project(owner), &text(name)])
}

pub(crate) fn module_version(owner: ProjectRef, name: &str, version: &str) -> Vec<u8> {
    module_version_of(&project(owner), name, version)
}

/// The same, for the key of a project.
pub(crate) fn module_version_of(owner: &[u8], name: &str, version: &str) -> Vec<u8> {
    join(&[owner, &text(name), version.as_bytes()])
}

/// Bytes that a project replaced.
pub(crate) fn replaced(owner: ProjectRef, digest: Digest) -> Vec<u8> {
    join(&[&project(owner), &digest.0])
}

/// The reverse of [`replaced`].
pub(crate) fn replaced_of(key: &[u8]) -> Option<(ProjectRef, Digest)> {
    let (tenant, rest) = key.split_first_chunk::<16>()?;
    let (project, rest) = rest.split_first_chunk::<16>()?;
    let owner = ProjectRef {
        tenant: TenantId(Uuid::from_bytes(*tenant)),
        project: ProjectId(Uuid::from_bytes(*project)),
    };
    Some((owner, Digest(rest.try_into().ok()?)))
}

/// Something with a name in a project.
pub(crate) fn named(owner: ProjectRef, name: &str) -> Vec<u8> {
    join(&[&project(owner), name.as_bytes()])
}

/// Something that people keep by name in a project.
pub(crate) fn saved(owner: ProjectRef, kind: SavedKind, name: &str) -> Vec<u8> {
    join(&[&project(owner), &[kind as u8], name.as_bytes()])
}

/// The place of an hour in the ring of its project.
pub(crate) fn hour(owner: ProjectRef, hour: i64) -> Vec<u8> {
    join(&[&project(owner), &place_of(hour).to_be_bytes()])
}

/// The nth activation of a project.
pub(crate) fn activation(owner: ProjectRef, number: u32) -> Vec<u8> {
    join(&[&project(owner), &number.to_be_bytes()])
}

/// Behind everything with a number in a project.
pub(crate) fn behind_numbers(owner: ProjectRef) -> Vec<u8> {
    join(&[&project(owner), &[u8::MAX; 5]])
}

/// Behind everything with a GUID in a project.
pub(crate) fn behind_ids(owner: ProjectRef) -> Vec<u8> {
    join(&[&project(owner), &[u8::MAX; 17]])
}

/// Bytes of a tenant at the beginning of a key.
pub(crate) const TENANT: usize = 16;
/// Bytes of a project at the beginning of a key.
pub(crate) const PROJECT: usize = 32;

pub(crate) fn audit(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

pub(crate) fn audit_of_tenant(tenant: TenantId, number: u64) -> Vec<u8> {
    join(&[tenant.0.as_bytes(), &number.to_be_bytes()])
}

/// The number at the end of a key.
pub(crate) fn number_of(key: &[u8]) -> Option<u32> {
    key.last_chunk().map(|number| u32::from_be_bytes(*number))
}

/// The same of a number that takes eight bytes.
pub(crate) fn long_number_of(key: &[u8]) -> Option<u64> {
    key.last_chunk().map(|number| u64::from_be_bytes(*number))
}

pub(crate) fn active_module(owner: ProjectRef, job_type: JobType) -> Vec<u8> {
    // Stores of earlier versions have the four by their numbers.
    let number = |reserved: u8| join(&[&project(owner), &[reserved]]);
    match job_type {
        JobType::ProcessMining => number(0),
        JobType::DataEnrichment => number(1),
        JobType::Notebook => number(2),
        JobType::Analysis => number(3),
        JobType::Own(_) => join(&[&project(owner), &[4], job_type.as_str().as_bytes()]),
    }
}

pub(crate) fn idempotency(owner: ProjectRef, key: &str) -> Vec<u8> {
    join(&[&project(owner), &Digest::of(key.as_bytes()).0])
}

pub(crate) fn processed(owner: ProjectRef, pipeline: PipelineId, key: &str) -> Vec<u8> {
    join(&[&project(owner), pipeline.0.as_bytes(), &Digest::of(key.as_bytes()).0])
}

/// The place of an event in the ring of its project.
pub(crate) fn event(owner: ProjectRef, number: u64) -> Vec<u8> {
    join(&[&project(owner), &ring_place(number)])
}

/// The place alone.
pub(crate) fn ring_place(number: u64) -> [u8; 8] {
    (number % KEPT_EVENTS).to_be_bytes()
}

/// Where something lies that is done with many jobs.
pub(crate) fn bulk(owner: ProjectRef, id: BulkId) -> Vec<u8> {
    in_project(owner, *id.0.as_bytes())
}

/// The nth part of its jobs.
pub(crate) fn bulk_part(owner: ProjectRef, id: BulkId, part: u32) -> Vec<u8> {
    join(&[&bulk(owner, id), &part.to_be_bytes()])
}

/// Where a delivery lies.
pub(crate) fn delivery(owner: ProjectRef, id: DeliveryId) -> Vec<u8> {
    in_project(owner, *id.0.as_bytes())
}

/// Where it stands among those that are tried, or forgotten, when their time comes.
pub(crate) fn delivery_time(delivery: &Delivery) -> Vec<u8> {
    let Delivery { id, project, state, due_at, .. } = delivery;
    let micros = u64::try_from(due_at.0).unwrap_or(0);
    join(&[&[u8::from(state.is_settled())], &micros.to_be_bytes(), &self::delivery(*project, *id)])
}

/// The reverse of [`delivery_time`]: when, and which one.
pub(crate) fn delivery_time_of(key: &[u8]) -> Option<(Timestamp, ProjectRef, DeliveryId)> {
    let (_, rest) = key.split_first()?;
    let (micros, rest) = rest.split_first_chunk()?;
    let (tenant, rest) = rest.split_first_chunk::<16>()?;
    let (project, id) = rest.split_first_chunk::<16>()?;
    let owner = ProjectRef {
        tenant: TenantId(Uuid::from_bytes(*tenant)),
        project: ProjectId(Uuid::from_bytes(*project)),
    };
    let at = i64::try_from(u64::from_be_bytes(*micros)).ok()?;
    Some((Timestamp(at), owner, DeliveryId(Uuid::from_bytes(id.try_into().ok()?))))
}

/// The nth record of its kind that belongs to a job.
pub(crate) fn of_job(job: JobId, number: u32) -> Vec<u8> {
    join(&[job.0.as_bytes(), &number.to_be_bytes()])
}

pub(crate) fn tenant_day(tenant: TenantId, day: i64) -> Vec<u8> {
    join(&[tenant.0.as_bytes(), &day.to_be_bytes()])
}

/// All records of a dimension begin with it.
pub(crate) fn usage_dimension(owner: ProjectRef, dimension: Dimension) -> Vec<u8> {
    join(&[&project(owner), &[dimension as u8]])
}

/// A tenant or project; `None` for the server.
pub(crate) fn scope(scope: Scope) -> Option<Vec<u8>> {
    match scope {
        Scope::Server => None,
        Scope::Tenant(tenant) => Some(tenant.0.as_bytes().to_vec()),
        Scope::Project(own) => Some(project(own)),
    }
}

/// All records of a day and dimension begin with it.
pub(crate) fn usage_day(owner: ProjectRef, dimension: Dimension, day: i64) -> Vec<u8> {
    join(&[&project(owner), &[dimension as u8], &day.to_be_bytes()])
}

/// Sums of one value, or of all that have no record of their own.
pub(crate) fn usage(owner: ProjectRef, dimension: Dimension, day: i64, value: Option<&str>) -> Vec<u8> {
    let mut key = usage_day(owner, dimension, day);
    if let Some(value) = value {
        key.push(b'=');
        key.extend_from_slice(value.as_bytes());
    }
    key
}

/// The reverse of [`usage`].
pub(crate) fn usage_of(key: &[u8]) -> Option<(ProjectRef, Dimension, i64, Option<String>)> {
    let (tenant, rest) = key.split_first_chunk::<16>()?;
    let (project, rest) = rest.split_first_chunk::<16>()?;
    let (dimension, rest) = rest.split_first()?;
    let (day, value) = rest.split_first_chunk()?;
    let owner = ProjectRef {
        tenant: TenantId(Uuid::from_bytes(*tenant)),
        project: ProjectId(Uuid::from_bytes(*project)),
    };
    let value = match value.split_first() {
        None => None,
        Some((_, text)) => Some(std::str::from_utf8(text).ok()?.to_owned()),
    };
    Some((owner, *Dimension::ALL.get(usize::from(*dimension))?, i64::from_be_bytes(*day), value))
}

/// Behind all sums of a project.
pub(crate) fn behind_usage(owner: ProjectRef) -> Vec<u8> {
    join(&[&project(owner), &[u8::MAX]])
}

pub(crate) fn chunk(table: Table, key: &[u8], number: u32) -> Vec<u8> {
    join(&[&[table as u8], &(key.len() as u64).to_be_bytes(), key, &number.to_be_bytes()])
}

/// The reverse of [`chunk`].
pub(crate) fn chunk_of(key: &[u8]) -> Option<(Table, &[u8], u32)> {
    let (table, rest) = key.split_first()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (owner, number) = rest.split_last_chunk()?;
    let whole = u64::from_be_bytes(*length) == owner.len() as u64;
    let table = *Table::ALL.get(usize::from(*table))?;
    whole.then_some((table, owner, u32::from_be_bytes(*number)))
}

/// A key for people.
pub(crate) fn hexadecimal(key: &[u8]) -> String {
    key.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Keys of [`Table::Counters`].
pub(crate) mod counters {
    use super::{JobId, PipelineId, ProjectRef, in_project, join, project};

    pub(crate) const JOBS: u8 = b'j';

    pub(crate) fn jobs(owner: ProjectRef) -> Vec<u8> {
        join(&[&[JOBS], &project(owner)])
    }

    pub(crate) fn pipelines(owner: ProjectRef) -> Vec<u8> {
        join(&[b"p", &project(owner)])
    }

    pub(crate) const AUDIT: &[u8] = b"a";
    /// The number of the entry of the audit log that was forgotten last.
    pub(crate) const FORGOTTEN_AUDIT: &[u8] = b"f";

    pub(crate) fn activations(owner: ProjectRef) -> Vec<u8> {
        join(&[b"v", &project(owner)])
    }

    pub(crate) fn modules() -> Vec<u8> {
        b"m".to_vec()
    }

    /// What the counters of a project begin with, but for that of its jobs.
    pub(crate) fn of_project(owner: ProjectRef) -> [Vec<u8>; 4] {
        [pipelines(owner), activations(owner), events(owner), join(&[b"d", &project(owner)])]
    }

    /// Processed items of a pipeline.
    pub(crate) fn processed(owner: ProjectRef, pipeline: PipelineId) -> Vec<u8> {
        processed_of(&in_project(owner, *pipeline.0.as_bytes()))
    }

    /// The same, from the key of one of them, which begins with project and pipeline.
    pub(crate) fn processed_of(item: &[u8]) -> Vec<u8> {
        join(&[b"d", &item[..item.len().min(48)]])
    }

    pub(crate) fn logs(job: JobId) -> Vec<u8> {
        join(&[b"l", job.0.as_bytes()])
    }

    pub(crate) fn events(owner: ProjectRef) -> Vec<u8> {
        events_under(&project(owner))
    }

    /// The same, for the key of a project.
    pub(crate) fn events_under(owner: &[u8]) -> Vec<u8> {
        join(&[b"e", owner])
    }

    /// The number of a job's latest event in its project.
    pub(crate) fn events_of_job(job: JobId) -> Vec<u8> {
        join(&[b"h", job.0.as_bytes()])
    }
}
