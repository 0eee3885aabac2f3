//! One attempt's way out: what it is granted, what it has left, and an account of it.

use crate::Client;
use crate::account::Account;
use crate::client::MAX_HEADERS;
use crate::metrics;
use crate::scrub::Scrubber;
use async_trait::async_trait;
use fuelcell_domain::outbound::{
    Contact, Granted, Grants, HttpAnswer, HttpError, HttpRequest, HttpResponse, MAX_AT_ONCE, MAX_BODY,
    Outlet, Outlets, SecretValue, length_with_secrets, names_secret, with_secrets,
};
use fuelcell_domain::{Job, JobError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Opens ways out with what [`Grants`] says.
pub struct GrantedOutlets {
    grants: Arc<dyn Grants>,
    client: Arc<Client>,
}

impl GrantedOutlets {
    /// Sends what is granted with `client`.
    pub fn new(grants: Arc<dyn Grants>, client: Client) -> Self {
        Self { grants, client: Arc::new(client) }
    }
}

#[async_trait]
impl Outlets for GrantedOutlets {
    async fn open(&self, job: &Job) -> Result<Arc<dyn Outlet>, JobError> {
        let granted = self.grants.granted(job).await?;
        Ok(Arc::new(GrantedOutlet(Arc::new(Way::new(granted, self.client.clone())))))
    }
}

struct GrantedOutlet(Arc<Way>);

struct Way {
    granted: Granted,
    scrubber: Scrubber,
    client: Arc<Client>,
    places: Arc<Semaphore>,
    sent: AtomicU64,
    lookups: Arc<Semaphore>,
    account: Account,
}

impl Outlet for GrantedOutlet {
    fn send(&self, request: HttpRequest) -> HttpAnswer {
        let way = self.0.clone();
        Box::pin(async move { way.send(request).await })
    }

    fn contacts(&self) -> Vec<Contact> {
        self.0.account.all()
    }

    fn key(&self, name: &str) -> Option<SecretValue> {
        self.0.granted.keys.get(name).cloned()
    }
}

impl Way {
    fn new(granted: Granted, client: Arc<Client>) -> Self {
        Self {
            scrubber: Scrubber::new(&granted.secrets),
            granted,
            client,
            places: Arc::new(Semaphore::new(MAX_AT_ONCE)),
            sent: AtomicU64::new(0),
            // Of names, as many as requests: a request that is given up frees its place before its lookup ends.
            lookups: Arc::new(Semaphore::new(MAX_AT_ONCE)),
            account: Account::default(),
        }
    }

    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        // A host that nobody granted is a text of the guest's, of any length.
        let host: String = request.target.to_string().chars().take(256).collect();
        let _place = self.admit(&mut request).inspect_err(|error| {
            metrics::refused(error);
            self.account.refused(&host);
        })?;
        let tally = self.account.requested(&host);
        let answer = self.client.send(request, &tally, &self.lookups).await;
        metrics::asked(&answer);
        if let Err(HttpError::Denied(_) | HttpError::Invalid(_)) = answer {
            tally.withdrawn();
        }
        Ok(self.scrubber.scrub(answer?))
    }

    /// Whether the request may be sent; puts the values of secrets in. It has its place until the permit is dropped.
    fn admit(&self, request: &mut HttpRequest) -> Result<OwnedSemaphorePermit, HttpError> {
        let target = &request.target;
        let Some(access) = &self.granted.http else {
            return Err(HttpError::Denied(format!("{target} (this module is not granted http)")));
        };
        if !access.admits(target) {
            return Err(HttpError::Denied(format!(
                "{target} is not among the hosts that this module is granted"
            )));
        }
        if request.body.len() > MAX_BODY {
            return Err(HttpError::RequestTooLong);
        }
        self.check_headers(request)?;
        let place = self.places.clone().try_acquire_owned();
        let place =
            place.map_err(|_| HttpError::TooMany(format!("a job sends at most {MAX_AT_ONCE} at once")))?;
        let most = self.client.config().max_requests;
        if self.sent.fetch_add(1, Ordering::Relaxed) >= most {
            return Err(HttpError::TooMany(format!("a job sends at most {most}")));
        }
        self.put_secrets_in(request)?;
        Ok(place)
    }

    /// Refuses what is too long before anything is put in, and what would be afterwards.
    fn check_headers(&self, request: &HttpRequest) -> Result<(), HttpError> {
        check_length(request.headers.iter().map(|(name, value)| name.len() + value.len()).sum())?;
        let mut filled = 0_usize;
        for (header, value) in &request.headers {
            let value = length_with_secrets(value, |name| self.secret(header, name))?;
            filled = filled.saturating_add(header.len()).saturating_add(value);
        }
        check_length(filled)
    }

    fn put_secrets_in(&self, request: &mut HttpRequest) -> Result<(), HttpError> {
        let mut carries = false;
        for (header, value) in request.headers.iter_mut().filter(|(_, value)| names_secret(value)) {
            *value = with_secrets(value, |name| self.secret(header, name))?;
            carries = true;
        }
        if carries {
            // In a compressed answer nobody would find them.
            request.headers.retain(|(header, _)| !header.eq_ignore_ascii_case("accept-encoding"));
            request.headers.push(("accept-encoding".to_owned(), b"identity".to_vec()));
        }
        Ok(())
    }

    /// The secret of this name, for this header.
    fn secret(&self, header: &str, name: &str) -> Result<&SecretValue, HttpError> {
        let secret = self.granted.secrets.iter().find(|secret| secret.name == name);
        let secret = secret.ok_or_else(|| no_secret(name))?;
        match secret.belongs_in(header) {
            true => Ok(&secret.value),
            false => Err(HttpError::Denied(format!(
                "the secret {name} is for {} and not for the header {:?}",
                secret.headers.join(", "),
                header.chars().take(64).collect::<String>()
            ))),
        }
    }
}

fn check_length(length: usize) -> Result<(), HttpError> {
    match length > MAX_HEADERS {
        true => Err(HttpError::Invalid(format!("its headers have more than {MAX_HEADERS} bytes"))),
        false => Ok(()),
    }
}

fn no_secret(name: &str) -> HttpError {
    let name: String = name.chars().take(64).collect();
    HttpError::Denied(format!(
        "a header names the secret {name:?}, which this module is not granted or the project does not have"
    ))
}

#[cfg(test)]
mod tests;
