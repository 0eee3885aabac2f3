//! Who changed what, when, and what came of it.

use crate::{ProjectId, TenantId, Timestamp, TokenId};
use serde::{Deserialize, Serialize};

/// One call that asked for a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When it was carried out or refused.
    pub at: Timestamp,
    /// The holder of the token.
    pub subject: String,
    /// The token.
    pub token: TokenId,
    /// The tenant whose matter it is: the one that the call names, if it lies in the caller's scope, else the
    /// caller's own.
    pub tenant: Option<TenantId>,
    /// The project, when one was named.
    pub project: Option<ProjectId>,
    /// The kind of call, the same for all calls of its kind.
    pub action: String,
    /// What the call named or made.
    pub target: String,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// The id under which the caller and the logs know the request.
    pub request_id: String,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditOutcome {
    /// It was carried out.
    Done,
    /// It was refused, or failed: the stable code of the answer.
    Refused(String),
    /// Calls of the same kind by the same caller were refused in the same way since the entry before; target and id are
    /// those of the latest.
    RefusedAgain {
        /// The stable code of the answers.
        code: String,
        /// How many.
        times: u32,
    },
}

/// A page of the log ends with the entry with which it has so many bytes.
pub const AUDIT_PAGE_BYTES: usize = 1 << 20;

/// Bytes of an entry beside its texts, in an answer.
const ENTRY_BYTES: usize = 300;

impl AuditEntry {
    /// About as many bytes as the entry takes in an answer.
    pub fn size(&self) -> usize {
        let texts = [&self.subject, &self.action, &self.target, &self.request_id];
        texts.into_iter().map(String::len).sum::<usize>() + ENTRY_BYTES
    }
}

/// Which entries of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Matters of this tenant.
    pub tenant: Option<TenantId>,
    /// Matters of this project.
    pub project: Option<ProjectId>,
    /// Calls of this subject.
    pub subject: Option<String>,
}

impl AuditFilter {
    /// Whether an entry matches.
    pub fn matches(&self, entry: &AuditEntry) -> bool {
        self.tenant.is_none_or(|tenant| entry.tenant == Some(tenant))
            && self.project.is_none_or(|project| entry.project == Some(project))
            && self.subject.as_ref().is_none_or(|subject| entry.subject == *subject)
    }
}
