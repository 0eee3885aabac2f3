//! What an operator may watch of requests that jobs send.

use fuelcell_domain::outbound::{HttpError, HttpResponse};
use prometheus::{IntCounterVec, register_int_counter_vec};
use std::sync::LazyLock;

static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "fuelcell_outbound_requests_total",
        "Requests of jobs to other hosts, by the class of their answer or why there was none.",
        &["result"]
    )
    .expect("the name is used once")
});

const RESULTS: [&str; 10] =
    ["1xx", "2xx", "3xx", "4xx", "5xx", "refused", "timeout", "unreachable", "tls", "protocol"];

/// Shows all series from the start: what appears with its first event has no rise.
pub(crate) fn announce() {
    for result in RESULTS {
        REQUESTS.with_label_values(&[result]);
    }
}

/// A request was sent, or tried.
pub(crate) fn asked(answer: &Result<HttpResponse, HttpError>) {
    match answer {
        Ok(response) => count(class(response.status)),
        Err(error) => refused(error),
    }
}

/// A request was not answered.
pub(crate) fn refused(error: &HttpError) {
    count(match error {
        HttpError::Denied(_) | HttpError::TooMany(_) | HttpError::Invalid(_) | HttpError::RequestTooLong => {
            "refused"
        }
        HttpError::ConnectTimeout | HttpError::ReadTimeout => "timeout",
        HttpError::Dns | HttpError::Connect => "unreachable",
        HttpError::Certificate(_) | HttpError::Tls => "tls",
        HttpError::ResponseTooLong(_) | HttpError::Protocol => "protocol",
    });
}

fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

fn count(result: &str) {
    REQUESTS.with_label_values(&[result]).inc();
}
