//! Who is asking: `Authorization: Bearer TOKEN`.

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use fuelcell_service::{Principal, Service, ServiceError};
use std::sync::Arc;

/// The recognised caller. Handlers name it first, so that nothing else is looked at before.
pub(crate) struct Caller(pub(crate) Principal);

impl FromRequestParts<Arc<Service>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Problem> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(bearer).ok_or(ServiceError::Unauthenticated)?;
        Ok(Self(service.authenticate(token).await?))
    }
}

/// The token of a bearer header; the scheme's case does not matter (RFC 9110).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
