//! Errors as WordPress's REST API writes them: `{code, message, data: {status}}`, with `data.params` for wrong parameters.

use crate::problem::{Problem, set_body};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use fuelcell_service::parameters::ParameterFault;
use serde_json::{Map, Value, json};

/// The code of wrong parameters.
const INVALID_PARAM: &str = "rest_invalid_param";
const INVALID_TYPE: &str = "invalid_type";
const INVALID_JSON: &str = "rest_invalid_json";
const JOB_NOT_FOUND: &str = "job_not_found";

/// The answer to wrong parameters: each with what is wrong with it.
pub(super) fn invalid_parameters(faults: Vec<ParameterFault>) -> Problem {
    let names: Vec<_> = faults.iter().map(|fault| &fault.pointer[..]).collect();
    let message = format!("Invalid parameter(s): {}", names.join(", "));
    Problem::invalid(INVALID_PARAM, message).with_faults(faults)
}

/// The answer to a `type` that is missing or unknown.
pub(super) fn invalid_type() -> Problem {
    Problem::invalid(INVALID_TYPE, "Invalid type parameter. Must be 'all' or 'failed'.")
}

/// The answer to a body that is no JSON.
pub(super) fn invalid_json() -> Problem {
    Problem::invalid(INVALID_JSON, "Invalid JSON body passed.")
}

/// The answer to a job that is not there.
pub(super) fn job_not_found(id: &str) -> Problem {
    let shown: String = id.chars().take(20).collect();
    Problem::new(StatusCode::NOT_FOUND, JOB_NOT_FOUND, format!("Job {shown} not found."))
}

/// Writes a problem under this protocol's addresses into its response.
pub(crate) fn render(problem: &Problem, response: &mut Response) {
    set_body(response, &body(problem), "application/json; charset=UTF-8");
    if problem.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"Fuelcell\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
}

fn body(problem: &Problem) -> Value {
    let (code, message) = words(problem);
    let mut data = json!({"status": problem.status().as_u16()});
    if !problem.faults().is_empty() {
        let fault = |fault: &ParameterFault| (fault.pointer.clone(), fault.message.clone().into());
        data["params"] = Value::Object(problem.faults().iter().map(fault).collect::<Map<_, _>>());
    }
    json!({"code": code, "message": message, "data": data})
}

/// Code and message: the facade's own as they are, all others by their status.
fn words(problem: &Problem) -> (&'static str, &str) {
    let own = [INVALID_PARAM, INVALID_TYPE, INVALID_JSON, JOB_NOT_FOUND];
    let code = match problem.status() {
        _ if own.contains(&problem.code()) => problem.code(),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return ("rest_forbidden", "You do not have permission to manage jobs.");
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            return ("rest_no_route", "No route was found matching the URL and request method.");
        }
        StatusCode::BAD_REQUEST => INVALID_PARAM,
        StatusCode::PAYLOAD_TOO_LARGE => "rest_too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "rest_unsupported_media_type",
        StatusCode::TOO_MANY_REQUESTS => "rest_too_many_requests",
        StatusCode::SERVICE_UNAVAILABLE => "rest_unavailable",
        _ => "rest_internal_error",
    };
    (code, problem.detail())
}

/// The name of [`schema`] in the OpenAPI document.
pub(crate) const SCHEMA: &str = "DataMachineError";

/// The shape of these errors for the OpenAPI document.
pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "description": "What was wrong",
        "required": ["code", "message", "data"],
        "properties": {
            "code": {"type": "string", "description": "A stable word"},
            "message": {"type": "string", "description": "A sentence for people"},
            "data": {
                "type": "object",
                "required": ["status"],
                "properties": {
                    "status": {"type": "integer"},
                    "params": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Wrong parameters, each with what is wrong"},
                },
            },
        },
    })
}
