//! Pages of other origins: which of them may ask this server from within a browser. None, unless they are configured. They
//! show a token in a header; nothing that a browser keeps and sends by itself is believed of them.

use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Every origin.
const ANY: &str = "*";
/// How long a browser need not ask again.
const MAX_AGE: Duration = Duration::from_secs(600);
/// Origins that may be configured.
pub(crate) const MAX_ORIGINS: usize = 100;

const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
/// What requests may carry.
const TAKEN: [HeaderName; 10] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::RANGE,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("upload-offset"),
    HeaderName::from_static("x-request-id"),
];
/// What pages may read of answers, beside what browsers show anyway.
const SHOWN: [HeaderName; 12] = [
    header::CONTENT_DISPOSITION,
    header::CONTENT_RANGE,
    header::ETAG,
    header::LOCATION,
    header::RETRY_AFTER,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("idempotent-replayed"),
    HeaderName::from_static("upload-length"),
    HeaderName::from_static("upload-offset"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-has-more"),
    HeaderName::from_static("x-next-cursor"),
];

/// Answers to what browsers ask; none where no origin is configured.
pub(crate) fn layer(configured: &[String]) -> Option<CorsLayer> {
    let origins = match configured.iter().any(|origin| origin == ANY) {
        true => AllowOrigin::any(),
        false => {
            let origins = configured.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
            AllowOrigin::list(origins)
        }
    };
    let layer = CorsLayer::new().allow_origin(origins).allow_methods(METHODS).allow_headers(TAKEN);
    let layer = layer.expose_headers(SHOWN).max_age(MAX_AGE);
    (!configured.is_empty()).then_some(layer)
}

/// Refuses what a browser would never match.
pub(crate) fn check(origins: &[String]) -> Result<(), String> {
    if origins.len() > MAX_ORIGINS {
        return Err(format!(
            "api.cors_origins has {} origins; at most {MAX_ORIGINS} are taken",
            origins.len()
        ));
    }
    let any = origins.iter().any(|origin| origin == ANY);
    if any && origins.len() > 1 {
        return Err("api.cors_origins holds \"*\" beside others; \"*\" stands alone".into());
    }
    match origins.iter().find(|origin| *origin != ANY && !is_origin(origin)) {
        None => Ok(()),
        Some(wrong) => Err(format!(
            "api.cors_origins holds {:?}, which is no origin; it is \"*\", or http:// or https:// with a host in lower \
             case, and a port where it is not the usual one, such as https://app.example.com",
            wrong.chars().take(200).collect::<String>()
        )),
    }
}

/// Whether a browser sends this text as an origin (RFC 6454, 6.2).
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
    let usual = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    let host = authority.host();
    let port = authority.port_u16().filter(|port| *port != usual).map(|port| format!(":{port}"));
    let sent = format!("{scheme}://{}{}", host.to_ascii_lowercase(), port.unwrap_or_default());
    // A browser writes names in ASCII, and a pattern is no name.
    let is_name = host.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._[:]".contains(letter));
    !host.is_empty() && is_name && text == sent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(origins: &[&str]) -> Result<(), String> {
        let origins: Vec<_> = origins.iter().map(ToString::to_string).collect();
        check(&origins)
    }

    #[test]
    fn only_what_browsers_send_is_an_origin() {
        for origin in ["https://app.example.com", "http://127.0.0.1:8080", "http://[::1]:3000", "http://a:81"]
        {
            assert_eq!(checked(&[origin]), Ok(()), "{origin}");
        }
        for wrong in [
            "",
            "null",
            "app.example.com",
            "https://",
            "https://app.example.com/",
            "https://app.example.com:443",
            "http://a:80",
            "https://App.example.com",
            "https://app.example.com/path",
            "https://*.example.com",
            "https://ann@app.example.com",
            "ftp://app.example.com",
            "https://a b",
            "https://a\n",
        ] {
            let refusal = checked(&[wrong]).expect_err(wrong);
            assert!(refusal.contains("such as https://app.example.com"), "{wrong}: {refusal}");
        }
    }

    #[test]
    fn all_origins_stand_alone_and_there_are_not_too_many() {
        assert_eq!((checked(&["*"]), checked(&[])), (Ok(()), Ok(())));
        assert!(checked(&["*", "https://a.example"]).unwrap_err().contains("stands alone"));
        let many: Vec<_> = (0..=MAX_ORIGINS).map(|n| format!("https://a{n}.example")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(checked(&many[1..]), Ok(()));
        assert!(checked(&many).unwrap_err().contains(&format!("at most {MAX_ORIGINS}")));
    }
}
