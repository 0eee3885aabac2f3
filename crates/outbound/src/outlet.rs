//! One attempt's way out: what it is granted, what it has left, and an account of it.

use crate::Client;
use async_trait::async_trait;
use fuelcell_domain::outbound::{
    Contact, Granted, Grants, HttpAnswer, HttpError, HttpRequest, HttpResponse, MAX_AT_ONCE, MAX_BODY,
    Outlet, Outlets, SecretValue, with_secrets,
};
use fuelcell_domain::{Job, JobError};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Hosts that an account names; further ones are taken together.
const MAX_CONTACTS: usize = 100;

/// The name of those.
const OTHERS: &str = "(others)";

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
    client: Arc<Client>,
    places: Arc<Semaphore>,
    sent: AtomicU64,
    contacts: Mutex<BTreeMap<String, Contact>>,
}

impl Outlet for GrantedOutlet {
    fn send(&self, request: HttpRequest) -> HttpAnswer {
        let way = self.0.clone();
        Box::pin(async move { way.send(request).await })
    }

    fn contacts(&self) -> Vec<Contact> {
        self.0.contacts().values().cloned().collect()
    }
}

impl Way {
    fn new(granted: Granted, client: Arc<Client>) -> Self {
        Self {
            granted,
            client,
            places: Arc::new(Semaphore::new(MAX_AT_ONCE)),
            sent: AtomicU64::new(0),
            contacts: Mutex::default(),
        }
    }

    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut entry = Entry::of(self, &request);
        let _place = self.admit(&mut request)?;
        entry.sent = Some(request.body.len() as u64);
        let answer = self.client.send(request, &entry.received).await;
        if let Err(HttpError::Denied(_) | HttpError::Invalid(_)) = answer {
            entry.sent = None;
        }
        answer
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
        for (_, value) in &mut request.headers {
            *value = with_secrets(value, |name| self.secret(name)).map_err(|name| no_secret(&name))?;
        }
        let place = self.places.clone().try_acquire_owned();
        let place =
            place.map_err(|_| HttpError::TooMany(format!("a job sends at most {MAX_AT_ONCE} at once")))?;
        let most = self.client.config().max_requests;
        if self.sent.fetch_add(1, Ordering::Relaxed) >= most {
            return Err(HttpError::TooMany(format!("a job sends at most {most}")));
        }
        Ok(place)
    }

    fn secret(&self, name: &str) -> Option<&SecretValue> {
        self.granted.secrets.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Between two statements the account is whole.
    fn contacts(&self) -> MutexGuard<'_, BTreeMap<String, Contact>> {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_secret(name: &str) -> HttpError {
    let name: String = name.chars().take(64).collect();
    HttpError::Denied(format!(
        "a header names the secret {name:?}, which this module is not granted or the project does not have"
    ))
}

/// A request's entry in the account. It is made when it is dropped: a request that is given up counts too.
struct Entry<'a> {
    way: &'a Way,
    host: String,
    /// Bytes of its body; none = it was refused.
    sent: Option<u64>,
    received: AtomicU64,
}

impl<'a> Entry<'a> {
    fn of(way: &'a Way, request: &HttpRequest) -> Self {
        // A host that nobody granted is a text of the guest's, of any length.
        let host = request.target.to_string().chars().take(256).collect();
        Self { way, host, sent: None, received: AtomicU64::new(0) }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut contacts = self.way.contacts();
        let known = contacts.len() < MAX_CONTACTS || contacts.contains_key(&self.host);
        let host = if known { self.host.clone() } else { OTHERS.to_owned() };
        let contact = contacts.entry(host.clone()).or_insert_with(|| Contact { host, ..Contact::default() });
        match self.sent {
            Some(sent) => {
                contact.requests += 1;
                contact.bytes_sent += sent;
                contact.bytes_received += self.received.load(Ordering::Relaxed);
            }
            None => contact.refused += 1,
        }
    }
}
