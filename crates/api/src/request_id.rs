//! Ids of requests: a client's own where it can do no harm in a log, else one that is minted.

use axum::extract::Request;
use axum::http::HeaderName;

/// The header of the id.
pub(crate) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Characters of an id.
pub(crate) const MAX_LENGTH: usize = 64;

/// Takes away an id that is not safe: another one is minted then.
pub(crate) fn keep_if_safe(mut request: Request) -> Request {
    let mut ids = request.headers().get_all(&REQUEST_ID).iter();
    if ids.next().is_some_and(|id| !is_safe(id.as_bytes())) || ids.next().is_some() {
        request.headers_mut().remove(&REQUEST_ID);
    }
    request
}

fn is_safe(id: &[u8]) -> bool {
    let is_safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(byte);
    (1..=MAX_LENGTH).contains(&id.len()) && id.iter().all(is_safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kept_where_they_are_short_and_plain() {
        for kept in
            ["7", "6f9619ff-8b86-d011-b42d-00c04fc964ff", &"x".repeat(MAX_LENGTH), "Root=1-67:a/b_c.d+e@f"]
        {
            assert!(is_safe(kept.as_bytes()), "{kept}");
        }
        for minted in ["", "a b", "a\tb", "\"", "{}", "ü", &"x".repeat(MAX_LENGTH + 1)] {
            assert!(!is_safe(minted.as_bytes()), "{minted}");
        }
    }
}
