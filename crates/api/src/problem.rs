//! Errors as clients see them: `application/problem+json` (RFC 9457) with a top-level string `error` for old clients, a
//! stable `code` and the `requestId`. One mapping for everything that can go wrong.

use crate::diagnosis::Received;
use crate::text::clipped;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fuelcell_domain::SourceFault;
use fuelcell_service::ServiceError;
use fuelcell_service::parameters::ParameterFault;
use serde::Serialize;
use serde_json::{Value, json};
use std::any::Any;
use utoipa::ToSchema;

/// The code of a body that is JSON, but not what is expected.
pub(crate) const INVALID_BODY: &str = "InvalidBody";
/// The code of a body that is no JSON.
pub(crate) const MALFORMED_JSON: &str = "MalformedJson";

/// Bytes of an error answer at most, whatever it tells of: what follows adds up to less.
pub(crate) const MAX_ANSWER: usize = 8 * 1024;
/// Bytes of the sentence for people, which stands there twice.
const MAX_DETAIL: usize = 1024;
/// Faults that are listed, and bytes of all of them, of a pointer, of a message, and of the words around both.
pub(crate) const MAX_FAULTS: usize = 50;
const MAX_FAULT_BYTES: usize = MAX_ANSWER - 2 * MAX_DETAIL - 1024;
const MAX_POINTER: usize = 200;
const MAX_MESSAGE: usize = 600;
const FAULT_MEMBERS: usize = 24;
/// The same of a source, whose line and column stand beside them as numbers.
const SOURCE_MEMBERS: usize = FAULT_MEMBERS + 40;

/// When a client may try again that found no place: connections that do nothing are closed meanwhile.
const CONNECTION_RETRY_SECONDS: u64 = 10;
/// When a client may try again that found the queue full: jobs start meanwhile.
const QUEUE_RETRY_SECONDS: u64 = 5;
/// A store that is temporarily unavailable is asked again after this.
const STORAGE_RETRY_SECONDS: u64 = 1;

/// A refusal on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    /// Seconds after which it may be tried again.
    retry_after: Option<u64>,
    faults: Vec<ParameterFault>,
    /// Faults in all, those included that are not listed.
    fault_count: usize,
    /// Line and column of each fault that is in a source.
    places: Vec<(Option<u32>, Option<u32>)>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl AsRef<str>) -> Self {
        let detail = clipped(detail.as_ref(), MAX_DETAIL).into_owned();
        let (faults, places) = (Vec::new(), Vec::new());
        Self { status, code, detail, retry_after: None, faults, fault_count: 0, places }
    }

    /// The stable word.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Seconds after which it may be tried again.
    #[cfg(test)]
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// The same, which may be tried again after so many seconds.
    pub(crate) fn retried_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// A sentence for people.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// What is wrong, place by place.
    pub(crate) fn faults(&self) -> &[ParameterFault] {
        &self.faults
    }

    /// What is wrong, place by place, as answers show it.
    pub(crate) fn fault_answers(&self) -> Vec<FaultAnswer> {
        let shown = |fault: &ParameterFault| FaultAnswer {
            pointer: fault.pointer.clone(),
            message: fault.message.clone(),
        };
        self.faults.iter().map(shown).collect()
    }

    /// The same with what is wrong, place by place.
    pub(crate) fn with_faults(self, faults: Vec<ParameterFault>) -> Self {
        self.counted(faults.len(), faults)
    }

    /// The same with so many faults, of which the first are listed.
    pub(crate) fn counted(self, fault_count: usize, faults: Vec<ParameterFault>) -> Self {
        self.listed(fault_count, faults, FAULT_MEMBERS)
    }

    /// The same with what is wrong in sources, file by file.
    fn with_sources(self, sources: Vec<SourceFault>) -> Self {
        let places = sources.iter().map(|fault| (fault.line, fault.column)).collect();
        let faults = sources
            .iter()
            .map(|fault| ParameterFault { pointer: format!("/{}", fault.file), message: fault.in_file() });
        Self { places, ..self.listed(sources.len(), faults.collect(), SOURCE_MEMBERS) }
    }

    /// The same with the faults that have room, beside so many bytes of each.
    fn listed(self, fault_count: usize, faults: Vec<ParameterFault>, members: usize) -> Self {
        let mut room = MAX_FAULT_BYTES;
        let listed = faults.into_iter().take(MAX_FAULTS).map_while(|fault| {
            let pointer = clipped(&fault.pointer, MAX_POINTER).into_owned();
            let message = clipped(&fault.message, MAX_MESSAGE).into_owned();
            let taken = serde_json::to_string(&[&pointer, &message]).map_or(0, |text| text.len()) + members;
            room = room.checked_sub(taken)?;
            Some(ParameterFault { pointer, message })
        });
        Self { faults: listed.collect(), fault_count, ..self }
    }

    /// The same, with a sentence that says the faults.
    pub(crate) fn told_by(self, fault_count: usize, faults: Vec<ParameterFault>) -> Self {
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        let detail = clipped(&told.join("; "), MAX_DETAIL).into_owned();
        Self { detail, ..self }.counted(fault_count, faults)
    }

    /// The same with all that is wrong with the body that it refuses. What only a use case knows is told before.
    pub(crate) fn completed(self, received: &Received) -> Self {
        if self.status != StatusCode::BAD_REQUEST || !self.faults.is_empty() {
            return self;
        }
        let (faults, count) = received.faults();
        match (count, self.code) {
            (0, _) => self,
            (_, INVALID_BODY | MALFORMED_JSON) => Self { code: INVALID_BODY, ..self }.told_by(count, faults),
            _ => self.counted(count, faults),
        }
    }

    /// Notes it in the log.
    pub(crate) fn log(&self) {
        let status = self.status.as_u16();
        match self.status {
            StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE => {
                tracing::warn!(status, code = self.code, detail = on_one_line(&self.detail), "refused");
            }
            _ => tracing::info!(status, code = self.code, detail = on_one_line(&self.detail), "refused"),
        }
    }

    /// The peer, or all, have as many connections as they may.
    pub(crate) fn too_many_connections() -> Self {
        let detail = "there are as many connections as this server, or this address, may have; close some, or try again later";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "TooManyConnections", detail);
        problem.retried_after(CONNECTION_RETRY_SECONDS)
    }

    /// There is no room for another answer.
    pub(crate) fn too_much_unread() -> Self {
        let detail =
            "answers that wait to be read hold as much memory as they may; read them, or try again later";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "TooMuchUnread", detail).retried_after(1)
    }

    pub(crate) fn invalid(code: &'static str, detail: impl AsRef<str>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }
}

/// Something wrong in a body.
#[derive(Serialize, ToSchema)]
pub(crate) struct FaultAnswer {
    /// Where: a JSON Pointer (RFC 6901)
    pointer: String,
    /// What
    message: String,
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let retry_after = match &error {
            ServiceError::TooMany { retry_after, .. } => Some(*retry_after),
            ServiceError::StorageAway => Some(STORAGE_RETRY_SECONDS),
            ServiceError::QueueFull(_) => Some(QUEUE_RETRY_SECONDS),
            _ => None,
        };
        let status = match &error {
            ServiceError::Unauthenticated => StatusCode::UNAUTHORIZED,
            ServiceError::Forbidden(_) | ServiceError::BadSignature => StatusCode::FORBIDDEN,
            ServiceError::NotFound(_) => StatusCode::NOT_FOUND,
            ServiceError::Invalid { .. }
            | ServiceError::InvalidParameters { .. }
            | ServiceError::BrokenUpload(_) => StatusCode::BAD_REQUEST,
            ServiceError::Unprocessable { .. } | ServiceError::ScriptSyntax { .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            ServiceError::Conflict { .. } | ServiceError::WrongOffset { .. } => StatusCode::CONFLICT,
            ServiceError::Gone { .. } | ServiceError::LinkExpired => StatusCode::GONE,
            ServiceError::BatchTooLarge(_) | ServiceError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            ServiceError::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            ServiceError::StorageQuota(_) => StatusCode::INSUFFICIENT_STORAGE,
            ServiceError::StorageFull
            | ServiceError::QueueFull(_)
            | ServiceError::CompilerUnavailable
            | ServiceError::ProviderUnavailable(_)
            | ServiceError::StorageAway
            | ServiceError::Storage => StatusCode::SERVICE_UNAVAILABLE,
        };
        let problem = Self { retry_after, ..Self::new(status, error.code(), error.to_string()) };
        match error {
            ServiceError::InvalidParameters { faults, .. } => problem.with_faults(faults),
            ServiceError::ScriptSyntax { faults, .. } => problem.with_sources(faults),
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
        let mut errors: Vec<Value> = problem.faults.iter().map(fault).collect();
        for (error, (line, column)) in errors.iter_mut().zip(&problem.places) {
            error["line"] = json!(line);
            error["column"] = json!(column);
        }
        body["errors"] = errors.into();
        body["errorCount"] = problem.fault_count.into();
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
/// What clients and module authors wrote begins no line of the log, and moves no terminal.
fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => line.extend(character.escape_default()),
            false => line.push(character),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use fuelcell_store::StoreError;

    #[test]
    fn a_store_that_is_temporarily_unavailable_says_when_to_try_again() {
        let answer = |error: StoreError| Problem::from(ServiceError::from(error)).into_response();
        let unavailable = answer(StoreError::Unavailable("it fails over".into()));
        assert_eq!(unavailable.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(unavailable.headers()[header::RETRY_AFTER], "1");
        // Of one that failed nobody knows that it comes back.
        let failed = answer(StoreError::Storage("it is damaged".into()));
        assert_eq!(failed.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!failed.headers().contains_key(header::RETRY_AFTER));
    }

    fn fault(pointer: &str, message: &str) -> ParameterFault {
        ParameterFault { pointer: pointer.into(), message: message.into() }
    }

    async fn rendered(problem: &Problem) -> (usize, Value) {
        let mut response = StatusCode::OK.into_response();
        render(problem, Some(&"i".repeat(crate::request_id::MAX_LENGTH)), &mut response);
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (bytes.len(), serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn an_answer_has_as_many_bytes_as_is_stated_and_what_is_beyond_is_cut() {
        let refused = |detail: &str| Problem::invalid("InvalidQuery", detail);
        let whole = "x".repeat(MAX_DETAIL);
        assert_eq!(rendered(&refused(&whole)).await.1["detail"], whole);
        assert_eq!(rendered(&refused(&format!("{whole}x"))).await.1["detail"], format!("{whole}…"));
        // In JSON some characters are longer than they are.
        for character in ["x", "\"", "\u{1}", "\u{7f}", "ü", "€"] {
            let long = character.repeat(MAX_ANSWER);
            let short = character.repeat(9);
            for faults in [vec![fault(&long, &long); MAX_FAULTS], vec![fault(&short, &short); MAX_FAULTS]] {
                let (bytes, answer) = rendered(&refused(&long).with_faults(faults)).await;
                assert!(bytes <= MAX_ANSWER, "{bytes} bytes of {character:?}");
                assert!(answer["detail"].as_str().unwrap().ends_with('…'));
            }
        }
    }

    #[tokio::test]
    async fn what_is_wrong_with_sources_has_line_and_column() {
        let long = "\u{1}".repeat(600);
        let source = |file: &str, place: Option<u32>| SourceFault {
            file: file.into(),
            line: place,
            column: place,
            message: "invalid syntax".into(),
        };
        let mut faults = vec![source("lib/a.py", Some(3)), source("b.py", None)];
        let refused = |faults| Problem::from(ServiceError::ScriptSyntax { engine: "e@1".into(), faults });
        let (_, answer) = rendered(&refused(faults.clone())).await;
        let expected = json!([
            {"pointer": "/lib/a.py", "message": "line 3, column 3: invalid syntax", "line": 3, "column": 3},
            {"pointer": "/b.py", "message": "invalid syntax", "line": null, "column": null},
        ]);
        assert_eq!((&answer["status"], &answer["errors"]), (&json!(422), &expected));
        faults.resize(MAX_FAULTS, source(&long, Some(u32::MAX)));
        let (bytes, answer) = rendered(&refused(faults)).await;
        assert!(bytes <= MAX_ANSWER, "{bytes}");
        assert_eq!(answer["errorCount"], MAX_FAULTS);
        assert!(answer["errors"].as_array().unwrap().len() < MAX_FAULTS);
    }

    #[tokio::test]
    async fn as_many_faults_are_told_as_is_stated_and_the_others_counted() {
        for count in [MAX_FAULTS, MAX_FAULTS + 1] {
            let problem = Problem::invalid(INVALID_BODY, "").with_faults(vec![fault("/a", "wrong"); count]);
            let (_, answer) = rendered(&problem).await;
            assert_eq!(answer["errors"].as_array().unwrap().len(), MAX_FAULTS);
            assert_eq!(answer["errorCount"], count);
        }
    }
}
