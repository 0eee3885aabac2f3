//! Requests, and what single headers of them say, as no client writes them.

use crate::auth::{credentials, user_and_password};
use crate::downloads::serve_attachment;
use crate::in_process::{Answer, Server};
use crate::moments::parse_moment;
use crate::registry::upload::content_digest;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fuelcell_domain::Digest;
use fuelcell_fuzz::{Verdict, fuzz};
use std::cell::RefCell;
use std::sync::Arc;

/// Requests that one server answers before a fresh one takes its place, so that what they did to it does not add up.
const REQUESTS: u32 = 200;

#[test]
fn every_request_has_an_answer_and_none_breaks_the_server() {
    let state = RefCell::new((Server::start(), REQUESTS));
    fuzz("requests", |bytes| {
        let mut state = state.borrow_mut();
        if state.1 == 0 {
            *state = (Server::start(), REQUESTS);
        }
        state.1 -= 1;
        check(&state.0.answer(bytes).ok_or("no HTTP")?)
    });
}

/// A refusal is the client's, and says why in a way that programs can read.
fn check(answer: &Answer) -> Verdict {
    let Answer { status, content_type, body } = answer;
    let text = || String::from_utf8_lossy(body).into_owned();
    let is_full = *status == StatusCode::INSUFFICIENT_STORAGE;
    assert!(is_full || !status.is_server_error(), "{status}: {}", text());
    if status.is_success() || status.is_redirection() {
        return Ok(());
    }
    if body.is_empty() || *status == StatusCode::RANGE_NOT_SATISFIABLE {
        return Err(status.to_string());
    }
    assert!(content_type.contains("json"), "{status} as {content_type}: {}", text());
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap();
    let code = problem["code"].as_str().unwrap_or_else(|| panic!("no code: {problem}"));
    assert!(body.len() < 100 << 10, "{} bytes of words", body.len());
    Err(code.to_owned())
}

fn value(bytes: &[u8]) -> Result<HeaderValue, String> {
    HeaderValue::from_bytes(bytes).map_err(|error| error.to_string())
}

#[test]
fn credentials_are_what_was_encoded() {
    fuzz("credentials", |bytes| {
        let header = value(bytes)?;
        let header = header.to_str().map_err(|error| error.to_string())?;
        let bearer = credentials(header, "bearer");
        assert!(
            bearer.is_none_or(|token| header.ends_with(token.trim()) || header.trim_end().ends_with(token))
        );
        match user_and_password(header) {
            Some((user, password)) => {
                assert!(!user.contains(':'));
                let again = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
                assert_eq!(user_and_password(&again), Some((user, password)));
                Ok(())
            }
            None => bearer.map(drop).ok_or_else(|| "neither".into()),
        }
    });
}

#[test]
fn a_content_digest_is_refused_or_one_of_32_bytes() {
    fuzz("digest-header", |bytes| {
        let headers = HeaderMap::from_iter([(HeaderName::from_static("content-digest"), value(bytes)?)]);
        let Some(digest) = content_digest(&headers).map_err(|_| "refused")? else {
            return Err("others".into());
        };
        let text = String::from_utf8_lossy(bytes);
        // Of 43 digits the last stands for four bits; what is in the others is not looked at (RFC 9651).
        let encoded = &BASE64_STANDARD.encode(digest.0)[..42];
        assert!(text.contains(encoded), "{encoded}");
        Ok(())
    });
}

#[test]
fn a_moment_is_written_as_it_is_read() {
    fuzz("moments", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let moment = parse_moment(&text, false).ok_or("no moment")?;
        let second = moment.0.div_euclid(1_000_000);
        let written = moment.to_rfc3339();
        // RFC 3339 has years of four digits.
        if (0..10_000).contains(&moment.to_utc().date_naive().format("%Y").to_string().parse().unwrap_or(-1))
        {
            let again = parse_moment(&written, false).unwrap_or_else(|| panic!("{written}"));
            assert_eq!(again.0.div_euclid(1_000_000), second, "{written}");
        }
        let end = parse_moment(&text, true);
        assert!(end.is_none_or(|end| end >= moment), "{end:?}");
        Ok(())
    });
}

#[test]
fn a_part_lies_within_the_whole() {
    const CONTENT: &[u8] = b"0123456789";
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    fuzz("ranges", |bytes| {
        let mut headers = HeaderMap::new();
        for (line, name) in
            bytes.split(|byte| *byte == b'\n').zip([header::RANGE, header::IF_NONE_MATCH, header::IF_RANGE])
        {
            if !line.is_empty() {
                headers.insert(name, value(line)?);
            }
        }
        let content: Arc<dyn fuelcell_domain::ReadAt> = Arc::new(CONTENT.to_vec());
        let response = serve_attachment("a.txt", Digest::of(b"a"), content, &headers);
        let status = response.status();
        let said = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (length, range) = (said(header::CONTENT_LENGTH), said(header::CONTENT_RANGE));
        let body = runtime.block_on(axum::body::to_bytes(response.into_body(), 100)).unwrap();
        match status {
            StatusCode::OK => assert_eq!((&body[..], length.as_deref(), range), (CONTENT, Some("10"), None)),
            StatusCode::PARTIAL_CONTENT => {
                let range = range.unwrap();
                let (first, last) = range.strip_prefix("bytes ").unwrap().split_once('-').unwrap();
                let first: usize = first.parse().unwrap();
                let last: usize = last.strip_suffix("/10").unwrap().parse().unwrap();
                assert_eq!(body, CONTENT[first..=last]);
                assert_eq!(length, Some(body.len().to_string()));
            }
            StatusCode::RANGE_NOT_SATISFIABLE => assert_eq!(range.as_deref(), Some("bytes */10")),
            other => assert_eq!(other, StatusCode::NOT_MODIFIED),
        }
        Err(status.to_string()).or_else(|reason| if status.is_success() { Ok(()) } else { Err(reason) })
    });
}
