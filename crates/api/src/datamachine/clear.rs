//! `DELETE /wp-json/datamachine/v1/jobs`

use super::{errors, is_global, project};
use crate::auth::Caller;
use crate::extract::{Query, body_problem, check_coding};
use crate::gate::Made;
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, header};
use axum::{Extension, Json};
use fuelcell_domain::Scope;
use fuelcell_service::Service;
use fuelcell_service::clear::Ended;
use fuelcell_service::faults::unknown;
use fuelcell_service::parameters::ParameterFault;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;

/// Which jobs to clear, and whether what their pipelines remember goes too.
#[derive(ToSchema)]
#[schema(as = DataMachineClearBody)]
#[expect(
    dead_code,
    reason = "described here and read leniently below, as the protocol's own server reads it"
)]
pub(crate) struct ClearBody {
    #[schema(pattern = "^(all|failed)$")]
    r#type: String,
    /// `true` or `false`, also as forms write them: 1 or 0, as a number or text.
    cleanup_processed: Option<Value>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DataMachineCleared)]
pub(crate) struct ClearAnswer {
    success: bool,
    message: &'static str,
    jobs_deleted: u64,
    processed_items_cleaned: u64,
}

/// Clears ended jobs, with their outputs, logs and receipts. Queued and running jobs stay. The parameters may come as JSON,
/// as a form, or in the query.
#[utoipa::path(
    delete,
    operation_id = "data_machine_clear_jobs",
    path = "/wp-json/datamachine/v1/jobs",
    security(("basic" = [])),
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Data Machine",
    params(
        ("type" = Option<String>, Query, description = "The same as in the body, which goes before it"),
        ("cleanup_processed" = Option<String>, Query, description = "The same as in the body, which goes before it"),
    ),
    request_body = ClearBody,
    responses((status = 200, description = "They are gone, durably", body = ClearAnswer), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn clear(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Query,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(Extension<Made>, Json<ClearAnswer>), Problem> {
    check_coding(&headers)?;
    let body = Body::of(&headers, &body.map_err(body_problem)?)?;
    let which = match body.get("type", &query).as_ref().and_then(Value::as_str) {
        Some("all") => Ended::All,
        Some("failed") => Ended::Failed,
        _ => return Err(errors::invalid_type()),
    };
    let with_processed = match body.get("cleanup_processed", &query) {
        None | Some(Value::Null) => false,
        Some(value) => boolean(&value).ok_or_else(not_boolean)?,
    };
    let project = project(&caller)?;
    let cleared = service.clear_jobs(&caller.0, project, which, with_processed).await?;
    let kind = match which {
        Ended::All => "all",
        Ended::Failed => "failed",
    };
    let made = Made {
        target: format!("/wp-json/datamachine/v1/jobs?type={kind}&cleanup_processed={with_processed}"),
        place: Scope::Project(project),
        recorded: false,
    };
    let answer = ClearAnswer {
        success: true,
        message: "Jobs cleared successfully.",
        jobs_deleted: cleared.jobs,
        processed_items_cleaned: cleared.processed_items,
    };
    Ok((Extension(made), Json(answer)))
}

/// Their names.
const NAMES: [&str; 2] = ["type", "cleanup_processed"];

/// Parameters in the body, which go before those of the query.
struct Body(Map<String, Value>);

impl Body {
    fn of(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        let media_type =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        if media_type.starts_with("application/x-www-form-urlencoded") {
            let pairs = form_urlencoded::parse(bytes).into_owned();
            return Self(pairs.map(|(name, value)| (name, value.into())).collect()).closed();
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) => Self(members).closed(),
            Ok(_) => Ok(Self(Map::new())),
            Err(_) => Err(errors::invalid_json()),
        }
    }

    /// Refuses what nobody knows.
    fn closed(self) -> Result<Self, Problem> {
        let strangers = self.0.keys().filter(|name| !NAMES.contains(&name.as_str()) && !is_global(name));
        let fault = |name: &String| ParameterFault { pointer: name.clone(), message: unknown(name, &NAMES) };
        let faults: Vec<_> = strangers.map(fault).collect();
        match faults.is_empty() {
            true => Ok(self),
            false => Err(errors::invalid_parameters(faults)),
        }
    }

    fn get(&self, name: &str, query: &Query) -> Option<Value> {
        self.0.get(name).cloned().or_else(|| query.text(name).map(Into::into))
    }
}

/// A truth value, also as forms write it.
fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => match number.as_u64() {
            Some(1) => Some(true),
            Some(0) => Some(false),
            _ => None,
        },
        Value::String(text) => match &text.to_ascii_lowercase()[..] {
            "true" | "1" => Some(true),
            "false" | "0" | "" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn not_boolean() -> Problem {
    let fault = ParameterFault {
        pointer: "cleanup_processed".into(),
        message: "cleanup_processed is not of type boolean.".into(),
    };
    errors::invalid_parameters(vec![fault])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn truth_values_are_read_as_forms_and_json_write_them() {
        for truth in [json!(true), json!(1), json!("true"), json!("TRUE"), json!("1")] {
            assert_eq!(boolean(&truth), Some(true), "{truth}");
        }
        for lie in [json!(false), json!(0), json!("false"), json!("0"), json!("")] {
            assert_eq!(boolean(&lie), Some(false), "{lie}");
        }
        for neither in [json!(2), json!(-1), json!("yes"), json!([]), json!({}), json!(null)] {
            assert_eq!(boolean(&neither), None, "{neither}");
        }
    }
}
