//! `/api/{tenantId}/{projectId}/deliveries…`

use super::{CHANNELS, STATES};
use crate::auth::Caller;
use crate::extract::{Ids, Query};
use crate::openapi::words::{ChannelWord, DeliveryStateWord, EndingWord};
use crate::paging::{Reader, SeekParams};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::{Delivery, Recipient, Try};
use fuelcell_service::{DeliveryFilter, Service};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A message to one recipient about the end of one job.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryAnswer {
    delivery_id: String,
    /// The header `webhook-id`, or what `Message-ID` begins with: the same however often it is sent.
    message_id: String,
    job_id: String,
    job_name: String,
    #[schema(value_type = EndingWord)]
    event: &'static str,
    #[schema(value_type = ChannelWord)]
    channel: &'static str,
    /// `null` of e-mail
    webhook_id: Option<String>,
    /// The address of e-mail; `null` of webhooks
    recipient: Option<String>,
    #[schema(value_type = DeliveryStateWord)]
    status: &'static str,
    /// When it is tried next; `null` = not by itself
    #[schema(format = DateTime)]
    next_try: Option<String>,
    /// Tries that were begun
    tries: u32,
    /// When nobody tries any more
    #[schema(format = DateTime)]
    gives_up: String,
    date_created: String,
    /// The latest ones, oldest first
    latest_tries: Vec<TryAnswer>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TryAnswer {
    #[schema(format = DateTime)]
    time: String,
    took_milliseconds: u64,
    /// `Delivered`, or why not
    code: String,
    /// Of the HTTP answer, or of the mail server's
    status: Option<u16>,
    /// The beginning of the answer, or why there is none
    answer: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryList {
    deliveries: Vec<DeliveryAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

/// Messages about ended jobs, those of the latest ends first.
#[utoipa::path(
    get,
    operation_id = "list_deliveries",
    path = "/api/{tenant_id}/{project_id}/deliveries",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Notifications",
    params(("jobId" = Option<uuid::Uuid>, Query, description = "Only those of this job"), ("status" = Option<DeliveryStateWord>, Query, description = "Only those that stand there"), ("channel" = Option<ChannelWord>, Query, description = "Only those that go this way"), SeekParams),
    responses((status = 200, description = "A page of deliveries", body = DeliveryList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<DeliveryList>, Problem> {
    let job = query.given("jobId").map(str::parse).transpose();
    let filter = DeliveryFilter {
        job: job.map_err(|_| Problem::invalid("InvalidQuery", "jobId is no GUID"))?,
        state: query.word("status", &STATES)?,
        channel: query.word("channel", &CHANNELS)?,
    };
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let page = service.deliveries(&caller, ids.project()?, filter, reader.seek()?).await?;
    let next_cursor = reader.next(&page);
    Ok(Json(DeliveryList { deliveries: page.rows.into_iter().map(Into::into).collect(), next_cursor }))
}

/// One message.
#[utoipa::path(
    get,
    operation_id = "get_delivery",
    path = "/api/{tenant_id}/{project_id}/deliveries/{delivery_id}",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Notifications",
    responses((status = 200, description = "The delivery", body = DeliveryAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<DeliveryAnswer>, Problem> {
    Ok(Json(service.delivery(&caller, ids.project()?, ids.id("delivery_id")?).await?.into()))
}

/// Sends a message again that was delivered or is parked, under its id, for another day.
#[utoipa::path(
    post,
    operation_id = "resend_delivery",
    path = "/api/{tenant_id}/{project_id}/deliveries/{delivery_id}/resend",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Notifications",
    responses((status = 200, description = "It is tried at once", body = DeliveryAnswer), (status = 409, description = "It is tried by itself already")),
)]
pub(crate) async fn resend(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<DeliveryAnswer>, Problem> {
    Ok(Json(service.resend(&caller, ids.project()?, ids.id("delivery_id")?).await?.into()))
}

impl From<Delivery> for DeliveryAnswer {
    fn from(delivery: Delivery) -> Self {
        let channel = delivery.to.channel().as_str();
        let message_id = delivery.message_id();
        let next_try = (!delivery.state.is_settled()).then(|| delivery.due_at.to_rfc3339());
        let (webhook_id, recipient) = match delivery.to {
            Recipient::Webhook(id) => (Some(id.to_string()), None),
            Recipient::Mail(address) => (None, Some(address)),
        };
        let notice = delivery.notice;
        Self {
            delivery_id: delivery.id.to_string(),
            message_id,
            job_id: notice.job.to_string(),
            job_name: notice.name,
            event: notice.ending.event(),
            channel,
            webhook_id,
            recipient,
            status: delivery.state.as_str(),
            next_try,
            tries: delivery.number,
            gives_up: delivery.give_up_at.to_rfc3339(),
            date_created: notice.ended_at.to_rfc3339(),
            latest_tries: delivery.tries.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Try> for TryAnswer {
    fn from(tried: Try) -> Self {
        Self {
            time: tried.at.to_rfc3339(),
            took_milliseconds: tried.took_millis,
            code: tried.code,
            status: tried.status,
            answer: tried.answer,
        }
    }
}
