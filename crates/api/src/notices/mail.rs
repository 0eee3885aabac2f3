//! `/api/{tenantId}/{projectId}/mail-policy`

use crate::auth::Caller;
use crate::extract::{Ids, JsonBody};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::MailPolicy;
use fuelcell_service::Service;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Whom jobs of the project may send e-mail to. What is absent is as the server has it; nothing goes beyond that.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MailPolicyBody {
    /// The domains that recipients must be of; none at all with `[]`
    #[serde(default)]
    #[schema(max_items = 100)]
    domains: Option<Vec<String>>,
    /// E-mails that are tried within an hour; those beyond wait for the next one
    #[serde(default)]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u64)]
    emails_per_hour: Option<u32>,
}

/// Whom jobs of the project may send e-mail to.
#[utoipa::path(
    get,
    operation_id = "get_mail_policy",
    path = "/api/{tenant_id}/{project_id}/mail-policy",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Notifications",
    responses((status = 200, description = "The rules", body = MailPolicyBody)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<MailPolicyBody>, Problem> {
    Ok(Json(service.mail_policy(&caller, ids.project()?).await?.into()))
}

/// Replaces the rules. What waits is sent, or not, by those that hold then.
#[utoipa::path(
    put,
    operation_id = "put_mail_policy",
    path = "/api/{tenant_id}/{project_id}/mail-policy",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Notifications",
    request_body = MailPolicyBody,
    responses((status = 200, description = "The rules as they are now", body = MailPolicyBody), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn put(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<MailPolicyBody>,
) -> Result<Json<MailPolicyBody>, Problem> {
    let policy = MailPolicy { domains: body.domains, per_hour: body.emails_per_hour };
    Ok(Json(service.set_mail_policy(&caller, ids.project()?, policy).await?.into()))
}

impl From<MailPolicy> for MailPolicyBody {
    fn from(policy: MailPolicy) -> Self {
        Self { domains: policy.domains, emails_per_hour: policy.per_hour }
    }
}
