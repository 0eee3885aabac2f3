//! `/api/admin/audit`: calls that asked for a change, newest first.

use crate::auth::Caller;
use crate::extract::Query;
use crate::paging::{Reader, SeekParams};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::{AUDIT_PAGE_BYTES, AuditEntry, AuditFilter, AuditOutcome};
use fuelcell_service::{Seek, Service};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Numbers beyond this are not the same in every reader of JSON.
const MAX_NUMBER: u64 = (1 << 53) - 1;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditPage {
    entries: Vec<AuditAnswer>,
    /// `before` of the next page; `null` = there is none.
    next_before: Option<u64>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AuditAnswer {
    number: u64,
    date: String,
    subject: String,
    token_id: String,
    tenant_id: Option<String>,
    project_id: Option<String>,
    action: String,
    target: String,
    outcome: &'static str,
    code: Option<String>,
    /// How many calls of the same kind were refused in the same way since the entry before, where the entry stands for
    /// several; target and requestId are the latest one's.
    repeated: Option<u32>,
    request_id: String,
}

/// Entries within the caller's own scope. Filters `tenantId`, `projectId`, `subject`; pages by `cursor` and `limit`.
#[utoipa::path(
    get,
    operation_id = "list_audit",
    path = "/api/admin/audit",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    params(
        ("tenantId" = Option<Uuid>, Query, description = "Only entries of this tenant"),
        ("projectId" = Option<Uuid>, Query, description = "Only entries of this project"),
        ("subject" = Option<String>, Query, description = "Only entries of this subject"),
        ("before" = Option<u64>, Query, minimum = 1, maximum = 9007199254740991i64, description = "Only entries with a lower number"),
        SeekParams,
    ),
    responses((status = 200, description = "A page of entries", body = AuditPage)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    query: Query,
) -> Result<Json<AuditPage>, Problem> {
    let filter = AuditFilter {
        tenant: query.id("tenantId")?,
        project: query.id("projectId")?,
        subject: query.text("subject").map(str::to_owned),
    };
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let before = query.number("before", MAX_NUMBER, 1..=MAX_NUMBER)?;
    let Seek { after, limit } = reader.seek::<u64>()?;
    let before = after.map_or(before, |after| after.min(before));
    let entries = service.audit(&caller, filter, Some(before), limit).await?;
    let bytes: usize = entries.iter().map(|(_, entry)| entry.size()).sum();
    let is_full = entries.len() == limit || bytes >= AUDIT_PAGE_BYTES;
    let next_before = entries.last().map(|(number, _)| *number).filter(|number| is_full && *number > 1);
    let next_cursor = next_before.map(|before| reader.cursor(&before));
    Ok(Json(AuditPage { entries: entries.into_iter().map(answer).collect(), next_before, next_cursor }))
}

fn answer((number, entry): (u64, AuditEntry)) -> AuditAnswer {
    let (outcome, code, repeated) = match entry.outcome {
        AuditOutcome::Done => ("done", None, None),
        AuditOutcome::Refused(code) => ("refused", Some(code), None),
        AuditOutcome::RefusedAgain { code, times } => ("refused", Some(code), Some(times)),
    };
    AuditAnswer {
        number,
        date: entry.at.to_rfc3339(),
        subject: entry.subject,
        token_id: entry.token.to_string(),
        tenant_id: entry.tenant.map(|id| id.to_string()),
        project_id: entry.project.map(|id| id.to_string()),
        action: entry.action,
        target: entry.target,
        outcome,
        code,
        repeated,
        request_id: entry.request_id,
    }
}
