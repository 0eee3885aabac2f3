//! Errors as clients see them: `application/problem+json` (RFC 9457) with a top-level string `error` for old clients, a
//! stable `code` and the `requestId`. One mapping for everything that can go wrong.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fuelcell_service::ServiceError;
use fuelcell_service::parameters::ParameterFault;
use serde_json::{Value, json};
use std::any::Any;

/// When a client may try again that found no place: connections that do nothing are closed meanwhile.
const CONNECTION_RETRY_SECONDS: u64 = 10;

/// A refusal on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    /// Seconds after which it may be tried again.
    retry_after: Option<u64>,
    faults: Vec<ParameterFault>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after: None, faults: Vec::new() }
    }

    /// The stable word.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// A sentence for people.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// What is wrong, place by place.
    pub(crate) fn faults(&self) -> &[ParameterFault] {
        &self.faults
    }

    /// The same with what is wrong, place by place.
    pub(crate) fn with_faults(self, faults: Vec<ParameterFault>) -> Self {
        Self { faults, ..self }
    }

    /// Notes it in the log.
    pub(crate) fn log(&self) {
        tracing::info!(status = self.status.as_u16(), code = self.code, detail = %self.detail, "refused");
    }

    /// The peer, or all, have as many connections as they may.
    pub(crate) fn too_many_connections() -> Self {
        let detail = "there are as many connections as this server, or this address, may have; close some, or try again later";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "TooManyConnections", detail);
        Self { retry_after: Some(CONNECTION_RETRY_SECONDS), ..problem }
    }

    /// There is no room for another answer.
    pub(crate) fn too_much_unread() -> Self {
        let detail =
            "answers that wait to be read hold as much memory as they may; read them, or try again later";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "TooMuchUnread", detail);
        Self { retry_after: Some(1), ..problem }
    }

    pub(crate) fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let retry_after = match &error {
            ServiceError::TooMany { retry_after, .. } => Some(*retry_after),
            _ => None,
        };
        let (status, code) = match &error {
            ServiceError::Unauthenticated => (StatusCode::UNAUTHORIZED, "Unauthenticated"),
            ServiceError::Forbidden(_) => (StatusCode::FORBIDDEN, "Forbidden"),
            ServiceError::NotFound(_) => (StatusCode::NOT_FOUND, "NotFound"),
            ServiceError::Invalid { code, .. } => (StatusCode::BAD_REQUEST, *code),
            ServiceError::InvalidParameters { .. } => (StatusCode::BAD_REQUEST, "InvalidParameters"),
            ServiceError::Unprocessable { code, .. } => (StatusCode::UNPROCESSABLE_ENTITY, *code),
            ServiceError::Conflict { code, .. } => (StatusCode::CONFLICT, *code),
            ServiceError::TooMany { code, .. } => (StatusCode::TOO_MANY_REQUESTS, *code),
            ServiceError::StorageQuota(_) => (StatusCode::INSUFFICIENT_STORAGE, "StorageQuotaExceeded"),
            ServiceError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "TooLarge"),
            ServiceError::BrokenUpload(_) => (StatusCode::BAD_REQUEST, "BrokenUpload"),
            ServiceError::BadSignature => (StatusCode::FORBIDDEN, "BadSignature"),
            ServiceError::LinkExpired => (StatusCode::GONE, "LinkExpired"),
            ServiceError::StorageFull => (StatusCode::SERVICE_UNAVAILABLE, "StorageFull"),
            ServiceError::CompilerUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "CompilerUnavailable"),
            ServiceError::Storage => (StatusCode::SERVICE_UNAVAILABLE, "StorageUnavailable"),
        };
        let problem = Self { retry_after, ..Self::new(status, code, error.to_string()) };
        match error {
            ServiceError::InvalidParameters { faults, .. } => Self { faults, ..problem },
            _ => problem,
        }
    }
}

impl IntoResponse for Problem {
    /// The body is written by [`render`], which knows the request's id.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes a problem into its response.
pub(crate) fn render(problem: &Problem, id: Option<&str>, response: &mut Response) {
    let mut body = json!({
        "type": "about:blank",
        "title": problem.status.canonical_reason().unwrap_or("Error"),
        "status": problem.status.as_u16(),
        "detail": problem.detail,
        "error": problem.detail,
        "code": problem.code,
        "requestId": id,
    });
    if !problem.faults.is_empty() {
        let fault = |fault: &ParameterFault| json!({"pointer": fault.pointer, "message": fault.message});
        body["errors"] = problem.faults.iter().map(fault).collect();
    }
    set_body(response, &body, "application/problem+json");
}

/// Replaces a response's body.
pub(crate) fn set_body(response: &mut Response, body: &Value, media_type: &'static str) {
    *response.body_mut() = Body::from(body.to_string());
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
}

/// What a client sees when a handler panicked. The message stays in the log.
pub(crate) fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message =
        panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    tracing::error!(message = message.unwrap_or("unknown"), "a request handler panicked");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Internal",
        "the server made a mistake; its log says more",
    )
    .into_response()
}
