//! The words and rules of Fuelcell: ids, jobs, states, attempts, limits, receipts, errors, and the seams at which the
//! other crates meet.
//!
//! This crate does no I/O. It knows nothing of HTTP, of stores, of wasm engines or of async runtimes; whatever it needs
//! from the outside world (time, readable bytes, a running job's host) is a trait here and an implementation elsewhere.

pub mod artifact;
pub mod audit;
pub mod backup;
pub mod bulk;
pub mod capability;
pub mod clock;
pub mod delivery;
pub mod digest;
pub mod error;
pub mod estimate;
pub mod event;
pub mod exact;
#[cfg(test)]
mod fuzz;
pub mod identity;
pub mod ids;
mod isolation;
pub mod job;
pub mod job_type;
pub mod limits;
pub mod manifest;
pub mod named_input;
pub mod notice;
pub mod outbound;
pub mod output_name;
pub mod profile;
mod profiled;
pub mod quota;
pub mod quote;
mod receipt;
pub mod registry;
pub mod report;
pub mod saved;
pub mod schedule;
pub mod script;
pub mod seams;
pub mod standing;
pub mod state;
pub mod stated;
pub mod syntax;
pub mod tenancy;
pub mod text;
pub mod trace;
pub mod upload;
pub mod usage;
pub mod version;

pub use artifact::{Artifact, ArtifactDescription, ArtifactKind, ArtifactRole, Outputs};
pub use audit::{AUDIT_PAGE_BYTES, AuditEntry, AuditFilter, AuditOutcome};
pub use bulk::{AskedWith, BulkAction, BulkJob, BulkPart, BulkRun, BulkState, BulkStop, JobOutcome};
pub use capability::{Capabilities, Grant, HttpAccess, SealedSecret};
pub use clock::{Clock, Timestamp};
pub use delivery::{Delivery, DeliveryError, DeliveryState, Settled, Try};
pub use digest::{Digest, DigestWriter};
pub use error::{ErrorCode, JobError};
pub use event::{Happening, JobEvent};
pub use exact::Parameters;
pub use ids::{
    AttemptId, BulkId, ClaimId, DatasetId, DeliveryId, Holder, Incarnation, JobId, NodeId, Ordinal,
    PipelineId, ProjectId, ProjectRef, TenantId, TokenId, UploadId, WebhookId,
};
pub use isolation::{Fence, Isolation};
pub use job::{CancelRequest, Completion, InputRef, Job, JobState, Lease, ModuleRef, Priority, Progress};
pub use job_type::JobType;
pub use limits::{Caps, FIXED, FixedLimits, LimitRequest, Limits};
pub use manifest::Manifest;
pub use notice::{Channel, JobEnding, MailPolicy, Notice, Notices, Recipient, Webhook, WebhookError};
pub use output_name::OutputNames;
pub use profile::{FuelProfile, StackUse};
pub use profiled::{ProfileFile, ProfileFiles, ProfiledRun};
pub use quota::{ProjectLimits, ProjectUsage, QuotaExceeded, Quotas, StoredBytes};
pub use receipt::{CellPlace, Receipt};
pub use registry::{Activation, Dataset, ModuleVersion, Pipeline, VersionName};
pub use report::{DataValidation, Finding, LogLevel, LogLine, Report};
pub use saved::{SavedContent, SavedError, SavedItem, SavedKind};
pub use schedule::{Overlap, Schedule};
pub use script::{EngineName, EngineRef};
pub use seams::{
    Cancellation, HostError, JobHost, JobRunner, ModuleInspector, ReadAt, Reading, RunEnd, RunSpec,
};
pub use standing::Standing;
pub use state::Transition;
pub use syntax::{SourceFault, Syntax};
pub use tenancy::{Project, Removal, Role, Scope, Tenant, Token, TokenKind};
pub use upload::UnfinishedUpload;
pub use usage::{Deterministic, Fuel, LogUsage, Meter, Usage};
pub use version::Precedence;
