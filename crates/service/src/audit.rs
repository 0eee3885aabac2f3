//! The audit log: who changed what, when, and what came of it.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::trace::TraceContext;
use fuelcell_domain::{
    AuditEntry, AuditFilter, AuditOutcome, Job, JobId, ProjectRef, Role, Scope, Timestamp,
};
use std::time::Duration;

/// How often what was refused again is looked at.
const LOOK_AT_REFUSALS: Duration = Duration::from_secs(10);

/// A call that asks for a change, before its outcome is known.
#[derive(Clone, Debug)]
pub struct AuditedCall {
    /// Who asks.
    pub principal: Principal,
    /// The kind of call.
    pub action: String,
    /// What it names, or what it made.
    pub target: String,
    /// The place that it names.
    pub place: Scope,
    /// The id under which the caller and the logs know the request.
    pub request_id: String,
    /// What belongs to it, for spans.
    pub trace: Option<TraceContext>,
}

/// How the audit log names a job: by its address.
pub fn resource(job: &Job) -> String {
    address(job.project, job.id)
}

pub(crate) fn address(ProjectRef { tenant, project }: ProjectRef, job: JobId) -> String {
    format!("/api/{tenant}/{project}/execution/job/{job}")
}

impl AuditedCall {
    /// The entry of this call, which queues a job: it goes into the queue with the job.
    pub(crate) fn queueing(&self, job: &Job) -> AuditEntry {
        let call = Self {
            principal: self.principal.clone(),
            action: self.action.clone(),
            target: resource(job),
            place: Scope::Project(job.project),
            request_id: self.request_id.clone(),
            trace: None,
        };
        call.entry(job.created_at, AuditOutcome::Done)
    }

    /// The entry of this call. A call is the matter of the caller's own tenant or project, whatever it names: what it
    /// names may be another's, who must not learn of it.
    pub(crate) fn entry(self, at: Timestamp, outcome: AuditOutcome) -> AuditEntry {
        let Self { principal, action, target, place, request_id, .. } = self;
        let place = if principal.scope.contains(place) { place } else { principal.scope };
        AuditEntry {
            at,
            tenant: place.tenant(),
            project: place.project(),
            subject: principal.subject,
            token: principal.token,
            action,
            target,
            outcome,
            request_id,
        }
    }
}

impl Service {
    /// Writes a call and its outcome to the audit log, durably.
    pub async fn record(&self, call: AuditedCall, outcome: AuditOutcome) {
        self.write_down(call.entry(self.clock.now(), outcome)).await;
    }

    /// The same for a call that was refused and changed nothing: of many of one kind the first, and how many more.
    pub async fn record_refusal(&self, call: AuditedCall, code: String) {
        let entry = call.entry(self.clock.now(), AuditOutcome::Refused(code));
        if let Some(entry) = self.refusals.note(entry) {
            self.write_down(entry).await;
        }
    }

    /// Writes down how many calls were refused again, from time to time.
    pub async fn keep_refusals(&self) {
        loop {
            tokio::time::sleep(LOOK_AT_REFUSALS).await;
            for entry in self.refusals.due(self.clock.now()) {
                self.write_down(entry).await;
            }
        }
    }

    /// Writes down how many calls were refused again so far, at the end of the server.
    pub async fn settle_refusals(&self) {
        for entry in self.refusals.all() {
            self.write_down(entry).await;
        }
    }

    async fn write_down(&self, entry: AuditEntry) {
        // What was done is done and was acknowledged by the store; the caller must hear of it. The entry goes to the log
        // of the process instead.
        if let Err(error) = self.store.append_audit(entry.clone()).await {
            tracing::error!(%error, ?entry, "the audit log could not be written");
        }
    }

    /// Entries that match within the principal's own scope, with their numbers, newest first, from below `before` on.
    pub async fn audit(
        &self,
        principal: &Principal,
        filter: AuditFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, AuditEntry)>, ServiceError> {
        principal.require(Role::Administrator)?;
        let filter = narrow(filter, principal.scope)?;
        Ok(self.store.audit(&filter, before, limit).await?)
    }
}

/// The filter within a scope; what it names outside of it is not there.
fn narrow(filter: AuditFilter, scope: Scope) -> Result<AuditFilter, ServiceError> {
    if filter.tenant.is_some_and(|tenant| scope.tenant().is_some_and(|own| own != tenant)) {
        return Err(ServiceError::NotFound("tenant"));
    }
    if filter.project.is_some_and(|project| scope.project().is_some_and(|own| own != project)) {
        return Err(ServiceError::NotFound("project"));
    }
    Ok(AuditFilter {
        tenant: scope.tenant().or(filter.tenant),
        project: scope.project().or(filter.project),
        subject: filter.subject,
    })
}
