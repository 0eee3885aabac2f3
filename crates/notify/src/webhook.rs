//! Requests to webhooks, signed as [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks) asks.

use crate::outcome::{Outcome, Then};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fuelcell_domain::delivery::MAX_ANSWER;
use fuelcell_domain::notice::Notice;
use fuelcell_domain::outbound::{HttpError, HttpRequest, HttpResponse, SecretValue};
use fuelcell_domain::text::clipped;
use fuelcell_domain::{Delivery, ProjectRef, Timestamp, Webhook};
use fuelcell_outbound::{Client, place_of};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;

/// The code of a try whose receiver is gone for good.
pub(crate) const GONE: &str = "Gone";
/// Answers by which a receiver says that it is too busy: what they ask for is heard.
const BUSY: [u16; 4] = [429, 502, 503, 504];

/// Sends a message.
pub(crate) async fn send(
    client: &Client,
    hook: &Webhook,
    delivery: &Delivery,
    keys: &[SecretValue],
    public_url: &str,
    now: Timestamp,
) -> Outcome {
    let Some((target, path)) = place_of(&hook.url) else {
        return Outcome::park("InvalidUrl", "the webhook's URL is none that requests are sent to");
    };
    if keys.is_empty() {
        return Outcome::park("SecretUnreadable", "the webhook's secret cannot be opened; rotate it");
    }
    let body = payload(delivery.project, &delivery.notice, public_url).to_string();
    let id = delivery.message_id();
    let seconds = now.0.div_euclid(1_000_000).to_string();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("user-agent", concat!("Fuelcell/", env!("CARGO_PKG_VERSION")).to_owned()),
        ("webhook-signature", signatures(keys, &id, &seconds, &body)),
        ("webhook-id", id),
        ("webhook-timestamp", seconds),
    ];
    let request = HttpRequest {
        method: "POST".into(),
        target,
        path,
        headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect(),
        connect_timeout: None,
        read_timeout: None,
        max_response: MAX_ANSWER as u64,
        body: body.into_bytes(),
    };
    judged(client.ask(request).await)
}

/// One signature by each key.
fn signatures(keys: &[SecretValue], id: &str, seconds: &str, body: &str) -> String {
    let sign = |SecretValue(key): &SecretValue| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
        mac.update(format!("{id}.{seconds}.{body}").as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    };
    keys.iter().map(sign).collect::<Vec<_>>().join(" ")
}

/// What a webhook is told: little, and always the same of one end of a job.
fn payload(project: ProjectRef, notice: &Notice, public_url: &str) -> Value {
    let ProjectRef { tenant, project } = project;
    let job = notice.job;
    let error = notice.error.as_ref().map(|(code, message)| json!({"code": code, "message": message}));
    json!({
        "type": notice.ending.event(),
        "timestamp": notice.ended_at.to_rfc3339(),
        "data": {
            "tenantId": tenant,
            "projectId": project,
            "jobId": job,
            "jobName": notice.name,
            "jobType": notice.job_type.as_str(),
            "status": notice.ending.state().as_str(),
            "error": error,
            "remark": notice.remark,
            "attempts": notice.attempts,
            "submittedBy": notice.submitted_by,
            "dateSubmitted": notice.created_at.to_rfc3339(),
            "startTime": notice.started_at.map(Timestamp::to_rfc3339),
            "completionTime": notice.ended_at.to_rfc3339(),
            "resultsUrl": format!("{public_url}/api/{tenant}/{project}/execution/job/{job}/results"),
        },
    })
}

fn judged(answer: Result<HttpResponse, HttpError>) -> Outcome {
    let response = match answer {
        Ok(response) => response,
        Err(error) => return failed(&error),
    };
    let status = response.status;
    let answer = clipped(&String::from_utf8_lossy(&response.body), MAX_ANSWER);
    match status {
        200..300 => Outcome::delivered(Some(status), answer),
        410 => Outcome { status: Some(status), ..Outcome::park(GONE, answer) },
        _ => {
            let wish = BUSY.contains(&status).then(|| retry_after(&response)).flatten();
            Outcome { code: "Status", status: Some(status), answer, then: Then::Again(wish) }
        }
    }
}

/// How long the receiver wants to be left alone, where it says so in seconds.
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let header = |(name, _): &&(String, Vec<u8>)| name.eq_ignore_ascii_case("retry-after");
    let (_, value) = response.headers.iter().find(header)?;
    std::str::from_utf8(value).ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn failed(error: &HttpError) -> Outcome {
    let text = error.to_string();
    match error {
        HttpError::Denied(_) => Outcome::park("Denied", text),
        HttpError::Invalid(_) | HttpError::TooMany(_) | HttpError::RequestTooLong => {
            Outcome::park("InvalidUrl", text)
        }
        HttpError::ConnectTimeout | HttpError::ReadTimeout => Outcome::again("Timeout", text),
        HttpError::Dns | HttpError::Connect => Outcome::again("Unreachable", text),
        HttpError::Certificate(_) | HttpError::Tls => Outcome::again("Tls", text),
        HttpError::ResponseTooLong(_) | HttpError::Protocol => Outcome::again("Protocol", text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn signatures_are_those_of_the_specification() {
        let key = SecretValue(BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let (id, seconds) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330");
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signatures(std::slice::from_ref(&key), id, seconds, "{\"test\": 2432232314}"), expected);
        let two = signatures(&[key.clone(), key], id, seconds, "{\"test\": 2432232314}");
        assert_eq!(two, format!("{expected} {expected}"));
    }
}
