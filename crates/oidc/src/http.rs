//! Requests to the provider: bounded in time and size, by one connection each, without redirects.

use fuelcell_domain::identity::SignInError;
use fuelcell_domain::outbound::{HttpRequest, HttpResponse};
use fuelcell_outbound::{Client, OutboundConfig, place_of};
use ipnet::IpNet;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// How long an answer may take, from the name to the last byte.
const TIME: Duration = Duration::from_secs(15);
/// Bytes of an answer.
pub(crate) const MAX_ANSWER: u64 = 256 << 10;

/// What asks the provider.
pub(crate) struct Http(Client);

impl Http {
    pub(crate) fn new(allow_networks: Vec<IpNet>) -> Self {
        let seconds = TIME.as_secs();
        let config = OutboundConfig {
            allow_networks,
            connect_seconds: seconds,
            read_seconds: seconds,
            ..OutboundConfig::default()
        };
        Self(Client::new(config))
    }

    pub(crate) async fn get(&self, url: &Url) -> Result<Vec<u8>, SignInError> {
        let answer = self.ask("GET", url, Vec::new(), Vec::new()).await?;
        match answer.status {
            200 => Ok(answer.body),
            status => Err(SignInError::Unavailable(format!("{} answers {status}", shown(url)))),
        }
    }

    /// Posts a form, whatever the answer's status.
    pub(crate) async fn post(
        &self,
        url: &Url,
        authorization: Option<String>,
        form: String,
    ) -> Result<HttpResponse, SignInError> {
        let mut headers = vec![("content-type".to_owned(), b"application/x-www-form-urlencoded".to_vec())];
        headers.extend(authorization.map(|value| ("authorization".to_owned(), value.into_bytes())));
        self.ask("POST", url, headers, form.into_bytes()).await
    }

    async fn ask(
        &self,
        method: &str,
        url: &Url,
        mut headers: Vec<(String, Vec<u8>)>,
        body: Vec<u8>,
    ) -> Result<HttpResponse, SignInError> {
        let unavailable = |reason: &str| SignInError::Unavailable(format!("{}: {reason}", shown(url)));
        let (target, path) = place_of(url.as_str()).ok_or_else(|| unavailable("it is no address"))?;
        headers.push(("accept".into(), b"application/json".to_vec()));
        headers.push(("user-agent".into(), concat!("Fuelcell/", env!("CARGO_PKG_VERSION")).into()));
        let request = HttpRequest {
            method: method.into(),
            target,
            path,
            headers,
            connect_timeout: None,
            read_timeout: None,
            max_response: MAX_ANSWER,
            body,
        };
        let answer = timeout(TIME, self.0.fetch(request)).await;
        let answer = answer.map_err(|_| unavailable(&format!("no answer within {} s", TIME.as_secs())))?;
        answer.map_err(|error| unavailable(&error.to_string()))
    }
}

/// Host and path. A query may hold what is not to be seen.
fn shown(url: &Url) -> String {
    format!("{}{}", url.host_str().unwrap_or_default(), url.path())
}
