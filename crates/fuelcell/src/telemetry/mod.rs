//! What the process says of itself: log lines, and spans for a collector of OpenTelemetry. Nothing else of the server knows
//! how either is sent.

mod otlp;
mod sender;

pub(crate) use sender::Sender;

use crate::config::{Config, LogFormat, TraceSettings};
use anyhow::{Context, anyhow, bail, ensure};
use fuelcell_domain::trace;
use otlp::Resource;
use rustls::crypto::ring::default_provider;
use sender::{Post, Refused};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long a collector may take for one request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends log lines to standard error, as the configuration says.
pub(crate) fn start(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log).context("log is not a filter")?;
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    match config.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    }
    .map_err(|error| anyhow!("the log cannot be set up: {error}"))
}

/// Sends spans to the collector, if there is one.
pub(crate) fn start_traces(config: &Config) -> anyhow::Result<Option<Sender>> {
    let settings = &config.traces;
    let Some(endpoint) = &settings.endpoint else { return Ok(None) };
    let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let resource = Resource {
        service: settings.service_name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        instance: config.node.clone(),
    };
    let (spans, sender) = sender::start(resource, settings.sample, post(url, settings)?)?;
    ensure!(trace::send_to(Box::new(spans)), "spans are sent already");
    tracing::info!(endpoint, sample = settings.sample, "spans are sent to a collector");
    Ok(Some(sender))
}

fn post(url: String, settings: &TraceSettings) -> anyhow::Result<Post> {
    let headers = match &settings.headers_file {
        Some(file) => headers_of(file).with_context(|| format!("traces.headers_file: {}", file.display()))?,
        None => Vec::new(),
    };
    let mut config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
    if url.starts_with("https://") {
        config = config.tls_config(trusting_whom_the_machine_trusts()?);
    }
    let agent = config.build().new_agent();
    Ok(Box::new(move |body| {
        let request = agent.post(&url).header("content-type", "application/x-protobuf");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = request.send(body).map_err(|error| Refused::ForNow(error.to_string()))?;
        match answer.status().as_u16() {
            200..300 => Ok(()),
            // Those that OTLP calls retryable.
            status @ (429 | 502 | 503 | 504) => Err(Refused::ForNow(format!("it answers {status}"))),
            status => Err(Refused::ForGood(format!("it answers {status}"))),
        }
    }))
}

/// Collectors with a certificate that leads to one of the machine's roots; `SSL_CERT_FILE` names others.
fn trusting_whom_the_machine_trusts() -> anyhow::Result<TlsConfig> {
    let found = rustls_native_certs::load_native_certs();
    ensure!(!found.certs.is_empty(), "this machine has no root certificates: {:?}", found.errors);
    let roots = found.certs.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    let tls = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots)));
    Ok(tls.unversioned_rustls_crypto_provider(Arc::new(default_provider())).build())
}

/// A header a line, as `name: value`. An error does not show what stands there: it is secret.
fn headers_of(file: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(file).context("it cannot be read")?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let headers = lines.map(|(at, line)| {
        let Some((name, value)) = line.split_once(':') else {
            bail!("line {} is no header, which is name: value", at + 1);
        };
        let (name, value) = (name.trim(), value.trim());
        let is_usable = ureq::http::HeaderName::try_from(name).is_ok()
            && ureq::http::HeaderValue::try_from(value).is_ok();
        ensure!(is_usable, "line {} is no header, which is name: value", at + 1);
        Ok((name.to_owned(), value.to_owned()))
    });
    headers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_stand_one_a_line_and_are_not_shown_in_errors() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("headers");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            headers_of(&file)
        };
        assert_eq!(read("x-key: a b:c\n\n").unwrap(), [("x-key".to_owned(), "a b:c".to_owned())]);
        for wrong in ["x-key a secret", "x key: a secret", "x-key: a\u{7}secret", "ok: 1\n: a secret"] {
            let error = format!("{:#}", read(wrong).unwrap_err());
            assert!(error.contains("is no header") && !error.contains("secret"), "{error}");
        }
    }
}
