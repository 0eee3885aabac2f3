//! The reference of both traits: plain collections under one mutex, every question answered by looking at everything.
//! It is what the others are compared with, and what tests of other crates run on. Nothing survives the process.

mod accounts;
mod audit;
mod blobs;
mod bulks;
mod datasets;
mod deliveries;
mod events;
mod figures;
mod grants;
mod health;
mod jobs;
mod logs;
mod modules;
mod nodes;
mod pipelines;
mod processed;
mod queue;
mod references;
mod removals;
mod saved;
mod submissions;
mod uploads;
mod usage;

pub use blobs::MemoryBlobs;

use crate::hours::HourFigures;
use crate::nodes::OwnNodes;
use crate::pages::{NumberedVersion, PlacedLine};
use crate::processed::ProcessedItem;
use crate::usage::{Dimension, UsageSums};
use crate::{BlobRef, EventPlace};
use fuelcell_domain::{
    Activation, Artifact, AuditEntry, BulkId, BulkPart, BulkRun, Dataset, DatasetId, Delivery, DeliveryId,
    Digest, Grant, Job, JobEvent, JobId, Notices, Ordinal, Pipeline, PipelineId, Project, ProjectId,
    ProjectLimits, ProjectRef, Receipt, Removal, SavedItem, SavedKind, SealedSecret, Tenant, TenantId,
    Timestamp, Token, TokenId, UnfinishedUpload, UploadId,
};
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;

/// A store of records in memory.
#[derive(Default)]
pub struct MemoryStore {
    records: Mutex<Records>,
    nodes: OwnNodes,
}

/// Events of a project, and the place of the last one.
#[derive(Default)]
struct EventsOfProject {
    last: u128,
    kept: Vec<(EventPlace, JobEvent)>,
}

#[derive(Default)]
struct Records {
    tenants: BTreeMap<TenantId, Tenant>,
    projects: BTreeMap<ProjectRef, Project>,
    limits: BTreeMap<ProjectRef, ProjectLimits>,
    /// Of tenants, and of projects.
    removals: BTreeMap<(TenantId, Option<ProjectId>), Removal>,
    tokens: BTreeMap<TokenId, Token>,
    datasets: BTreeMap<(ProjectRef, DatasetId), Dataset>,
    uploads: BTreeMap<(ProjectRef, UploadId), UnfinishedUpload>,
    pipelines: BTreeMap<(ProjectRef, PipelineId), Pipeline>,
    /// The pipeline ordinal given out last.
    last_pipelines: BTreeMap<ProjectRef, Ordinal>,
    /// In the order in which they were added, by the number of those that were.
    modules: Vec<(ProjectRef, NumberedVersion)>,
    /// The number of a module version given out last.
    last_version: u32,
    /// The bytes that a deleted version had.
    retired: BTreeMap<(ProjectRef, String, String), Digest>,
    /// In the order in which they were made.
    activations: Vec<(ProjectRef, Activation)>,
    grants: BTreeMap<(ProjectRef, String), Grant>,
    secrets: BTreeMap<(ProjectRef, String), SealedSecret>,
    saved: BTreeMap<(ProjectRef, SavedKind, String), SavedItem>,
    jobs: BTreeMap<JobId, Job>,
    keys: BTreeMap<(ProjectRef, String), (Digest, JobId)>,
    checkpoints: BTreeMap<JobId, BlobRef>,
    /// Bytes that were replaced or deleted and not settled yet.
    replaced: BTreeMap<(ProjectRef, Digest), u64>,
    artifacts: BTreeMap<JobId, Vec<Artifact>>,
    receipts: BTreeMap<JobId, Vec<Receipt>>,
    logs: BTreeMap<JobId, Vec<PlacedLine>>,
    events: BTreeMap<ProjectRef, EventsOfProject>,
    /// Whom projects tell.
    notices: BTreeMap<ProjectRef, Notices>,
    deliveries: BTreeMap<(ProjectRef, DeliveryId), Delivery>,
    bulks: BTreeMap<(ProjectRef, BulkId), (BulkRun, Vec<BulkPart>)>,
    processed: BTreeMap<(ProjectRef, PipelineId, String), ProcessedItem>,
    /// When each job's first attempt started, and how many microseconds it had waited.
    first_starts: BTreeMap<JobId, (Timestamp, u64)>,
    audit: Vec<AuditEntry>,
    /// So many of its first entries are forgotten.
    forgotten_audit: usize,
    /// Modules with the microseconds of their completed runs, in the order in which these ended.
    durations: Vec<(Digest, u64)>,
    /// What was counted, in the order in which it happened.
    counted: Vec<Counted>,
    /// The same of the latest hours, by their place in a ring.
    hours: BTreeMap<(ProjectRef, i64), HourFigures>,
    /// Deleted jobs, for their ordinals and figures.
    deleted: Vec<Job>,
}

/// Something that happened to a job.
struct Counted {
    project: ProjectRef,
    day: i64,
    values: Vec<(Dimension, String)>,
    sums: UsageSums,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock()
    }
}
