//! Why a use case was refused, in words for the client. Internal text never enters; it goes to the log.

use crate::parameters::ParameterFault;
use fuelcell_domain::seams::InspectError;
use fuelcell_domain::state::TransitionError;
use fuelcell_domain::{QuotaExceeded, Role, SourceFault};
use fuelcell_store::StoreError;

/// When a client may try again that found its project's queue full. Nobody knows when a place gets free; this keeps
/// waiting clients from asking all the time.
const QUEUE_RETRY_SECONDS: u64 = 10;

/// A refusal.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Nobody, or somebody whose token is unknown, revoked or expired.
    #[error("a valid bearer token is needed")]
    Unauthenticated,
    /// Somebody who may not do this.
    #[error("this needs the role {} or a higher one", role_name(*.0))]
    Forbidden(Role),
    /// The named thing is not there, or belongs to somebody else.
    #[error("{0} does not exist")]
    NotFound(&'static str),
    /// The request is wrong. The text says what, where and what is allowed.
    #[error("{message}")]
    Invalid {
        /// A stable word.
        code: &'static str,
        /// A sentence.
        message: String,
    },
    /// Parameters that the module's schema does not allow.
    #[error("the parameters do not fit module {module}: {}", .faults.first().map_or_else(String::new, ToString::to_string))]
    InvalidParameters {
        /// The module.
        module: String,
        /// What is wrong, place by place.
        faults: Vec<ParameterFault>,
    },
    /// A script whose own sources its engine cannot read.
    #[error("the engine {engine} cannot read the script: {}", first_of(.faults))]
    ScriptSyntax {
        /// The engine.
        engine: String,
        /// What is wrong, place by place.
        faults: Vec<SourceFault>,
    },
    /// The request is well formed but cannot be carried out.
    #[error("{message}")]
    Unprocessable {
        /// A stable word.
        code: &'static str,
        /// A sentence.
        message: String,
    },
    /// It clashes with how things stand.
    #[error("{message}")]
    Conflict {
        /// A stable word.
        code: &'static str,
        /// A sentence.
        message: String,
    },
    /// What it names was there, and is not any more.
    #[error("{message}")]
    Gone {
        /// A stable word.
        code: &'static str,
        /// A sentence.
        message: String,
    },
    /// The jobs of a batch before this one take all that a batch may.
    #[error(
        "the parameters of a batch's jobs, with what their pipelines lend them, are at most {0} bytes together; send fewer at a time"
    )]
    BatchTooLarge(usize),
    /// It is more than is allowed now, and time helps.
    #[error("{message}")]
    TooMany {
        /// A stable word.
        code: &'static str,
        /// A sentence.
        message: String,
        /// Seconds after which it may be tried again.
        retry_after: u64,
    },
    /// The project may not store that much; deleting something helps.
    #[error("{0}")]
    StorageQuota(String),
    /// The upload is larger than allowed.
    #[error("the upload is larger than the allowed {0} bytes")]
    TooLarge(u64),
    /// A part of an upload that does not go on where the upload stands.
    #[error("{durable} bytes of the upload have come: it goes on there, and not at {given}")]
    WrongOffset {
        /// Where the client went on.
        given: u64,
        /// Where the upload stands.
        durable: u64,
    },
    /// The upload broke off.
    #[error("the upload broke off: {0}")]
    BrokenUpload(String),
    /// A download link that this server did not sign, or that was changed.
    #[error("the link's signature is not valid")]
    BadSignature,
    /// A download link whose time is over.
    #[error("the link has expired; fetch the job's results again for a new one")]
    LinkExpired,
    /// The storage medium is full; nothing was changed.
    #[error("the server's storage is full; nothing was changed")]
    StorageFull,
    /// As many jobs wait as may wait on this server; nothing was queued.
    #[error("{0} jobs wait on this server, as many as may, and nothing was queued; try again later")]
    QueueFull(u64),
    /// An uploaded module could not be compiled, which says nothing about the module; the log says why.
    #[error("this server could not compile the module, and nothing was published; try again later")]
    CompilerUnavailable,
    /// Who signs in cannot be asked for.
    #[error("{0}")]
    ProviderUnavailable(String),
    /// The storage is temporarily unavailable; the log says why. What was asked for may have been done.
    #[error(
        "the server's storage is temporarily unavailable, and it is not known whether the request was carried out; look, or send it again, with its Idempotency-Key if it has one"
    )]
    StorageAway,
    /// The storage failed; the log says how.
    #[error("the server's storage is not available")]
    Storage,
}

impl ServiceError {
    /// An [`ServiceError::Invalid`].
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { code, message: message.into() }
    }

    /// An [`ServiceError::Unprocessable`].
    pub fn unprocessable(code: &'static str, message: impl Into<String>) -> Self {
        Self::Unprocessable { code, message: message.into() }
    }

    /// A [`ServiceError::Conflict`].
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    /// A stable word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "Unauthenticated",
            Self::Forbidden(_) => "Forbidden",
            Self::NotFound(_) => "NotFound",
            Self::InvalidParameters { .. } => "InvalidParameters",
            Self::ScriptSyntax { .. } => "ScriptSyntax",
            Self::BatchTooLarge(_) => "BatchTooLarge",
            Self::StorageQuota(_) => "StorageQuotaExceeded",
            Self::TooLarge(_) => "TooLarge",
            Self::WrongOffset { .. } => "WrongOffset",
            Self::BrokenUpload(_) => "BrokenUpload",
            Self::BadSignature => "BadSignature",
            Self::LinkExpired => "LinkExpired",
            Self::StorageFull => "StorageFull",
            Self::QueueFull(_) => "QueueFull",
            Self::CompilerUnavailable => "CompilerUnavailable",
            Self::ProviderUnavailable(_) => "ProviderUnavailable",
            Self::StorageAway | Self::Storage => "StorageUnavailable",
            Self::Invalid { code, .. }
            | Self::Unprocessable { code, .. }
            | Self::Conflict { code, .. }
            | Self::Gone { code, .. }
            | Self::TooMany { code, .. } => code,
        }
    }

    /// Whether it says something of the storage, and not only of what was asked for.
    pub fn is_of_the_storage(&self) -> bool {
        matches!(self, Self::Storage | Self::StorageAway | Self::StorageFull)
    }
}

/// The first fault, and how many there are beside it.
fn first_of(faults: &[SourceFault]) -> String {
    match faults {
        [] => String::new(),
        [only] => only.to_string(),
        [first, others @ ..] => format!("{first}; and {} more", others.len()),
    }
}

/// A role as the API writes it.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Submitter => "submitter",
        Role::ModuleAuthor => "module-author",
        Role::Administrator => "administrator",
        Role::Operator => "operator",
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::NotFound(what),
            StoreError::Conflict(message) => Self::conflict("Conflict", message),
            StoreError::LastOperator => Self::conflict("LastOperatorToken", error.to_string()),
            StoreError::InUse(_) => Self::conflict("InUse", error.to_string()),
            StoreError::Quota(QuotaExceeded::QueuedJobs(_)) => Self::TooMany {
                code: "QueueQuotaExceeded",
                message: error.to_string(),
                retry_after: QUEUE_RETRY_SECONDS,
            },
            StoreError::Quota(QuotaExceeded::StoredBytes { .. } | QuotaExceeded::Unswept { .. }) => {
                Self::StorageQuota(error.to_string())
            }
            StoreError::Transition(TransitionError::Ended(state)) => {
                Self::conflict("JobEnded", format!("the job is already {}", state.as_str()))
            }
            StoreError::Transition(TransitionError::NotEnded(state)) => Self::conflict(
                "JobNotEnded",
                format!("the job is {}; cancel it first, or wait for its end", state.as_str()),
            ),
            StoreError::Full => Self::StorageFull,
            StoreError::Unavailable(reason) => {
                tracing::warn!(reason, "the store is temporarily unavailable");
                Self::StorageAway
            }
            other => {
                tracing::error!(error = %other, "the store refused a use case");
                Self::Storage
            }
        }
    }
}

impl From<InspectError> for ServiceError {
    fn from(error: InspectError) -> Self {
        let code = match error {
            InspectError::Host(reason) => {
                tracing::error!(reason, "an uploaded module could not be compiled");
                return Self::CompilerUnavailable;
            }
            InspectError::Invalid(_) => "ModuleInvalid",
            InspectError::Unsupported(_) => "ModuleUnsupported",
            InspectError::CompileLimit(_) => "CompileLimit",
            InspectError::ImportDenied(_) => "ImportDenied",
            InspectError::Script(_) => "ScriptInvalid",
            InspectError::ScriptLimit(_) => "ScriptLimit",
            InspectError::NativeCode(_) => "NativeCode",
            InspectError::Manifest(_) => "ManifestInvalid",
        };
        Self::unprocessable(code, error.to_string())
    }
}
