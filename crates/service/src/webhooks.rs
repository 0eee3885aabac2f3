//! Webhooks of a project: addresses that are told of the ends of its jobs.

use crate::{Principal, Service, ServiceError};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fuelcell_domain::notice::MAX_WEBHOOKS;
use fuelcell_domain::{JobEnding, ProjectRef, Role, Timestamp, Webhook, WebhookId};
use fuelcell_store::pages::cut;
use fuelcell_store::{Page, Seek, StoreError};
use std::time::Duration;
use url::Url;

/// Longest URL, in bytes.
pub(crate) const MAX_URL: usize = 2048;
/// Longest time that a secret signs beside the one that took its place, in seconds: a week.
pub const MAX_OVERLAP_SECONDS: u64 = 7 * 24 * 3600;
/// Bytes of a secret.
const KEY: usize = 32;

/// What a client says of a webhook. What is absent stays, or is as it usually is.
#[derive(Clone, Debug, Default)]
pub struct WebhookSpec {
    /// Where messages go.
    pub url: Option<String>,
    /// Of which ends; of all when a new one does not say.
    pub events: Option<Vec<JobEnding>>,
    /// Whether it is told of anything.
    pub enabled: Option<bool>,
}

impl Service {
    /// Adds a webhook, and tells its secret, this once.
    pub async fn create_webhook(
        &self,
        principal: &Principal,
        project: ProjectRef,
        spec: WebhookSpec,
    ) -> Result<(Webhook, String), ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        let (id, now) = (WebhookId::random(), self.clock.now());
        let (secret, sealed) = self.new_key(project, id);
        let url = spec.url.as_deref().ok_or_else(|| invalid("a webhook has a `url`"))?;
        let webhook = Webhook {
            id,
            project,
            url: checked_url(url)?,
            events: checked_events(spec.events.unwrap_or_else(|| JobEnding::ALL.to_vec()))?,
            enabled: spec.enabled.unwrap_or(true),
            stopped: None,
            sealed,
            previous: None,
            by: principal.subject.clone(),
            created_at: now,
            updated_at: now,
        };
        if self.store.notices(project).await?.webhooks.len() >= MAX_WEBHOOKS {
            let message = format!("a project has at most {MAX_WEBHOOKS} webhooks");
            return Err(ServiceError::conflict("TooManyWebhooks", message));
        }
        self.store.put_webhook(None, webhook.clone()).await?;
        tracing::info!(%project, webhook = %id, by = %principal.subject, "a webhook was made");
        Ok((webhook, secret))
    }

    /// A project's webhooks, oldest first.
    pub async fn webhooks(
        &self,
        principal: &Principal,
        project: ProjectRef,
        seek: Seek<(Timestamp, WebhookId)>,
    ) -> Result<Page<Webhook>, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        let mut webhooks = self.store.notices(project).await?.webhooks;
        webhooks.sort_by_key(|webhook| (webhook.created_at, webhook.id));
        Ok(cut(webhooks, &seek))
    }

    /// One of them.
    pub async fn webhook(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: WebhookId,
    ) -> Result<Webhook, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        let notices = self.store.notices(project).await?;
        notices.webhook(id).cloned().ok_or(ServiceError::NotFound("webhook"))
    }

    /// Changes a webhook. One that is switched on again is told of what ends from then on.
    pub async fn change_webhook(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: WebhookId,
        spec: WebhookSpec,
    ) -> Result<Webhook, ServiceError> {
        let before = self.webhook(principal, project, id).await?;
        let WebhookSpec { url, events, enabled } = spec;
        let after = Webhook {
            url: url.map_or_else(|| Ok(before.url.clone()), |url| checked_url(&url))?,
            events: events.map_or_else(|| Ok(before.events.clone()), checked_events)?,
            enabled: enabled.unwrap_or(before.enabled),
            stopped: before.stopped.clone().filter(|_| enabled.is_none()),
            ..self.touched(principal, &before)
        };
        self.put_webhook(before, after).await
    }

    /// Gives a webhook another secret, and tells it, this once. The one before signs too for a while.
    pub async fn rotate_webhook_secret(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: WebhookId,
        overlap_seconds: u64,
    ) -> Result<(Webhook, String), ServiceError> {
        if overlap_seconds > MAX_OVERLAP_SECONDS {
            return Err(invalid(&format!("overlapSeconds is at most {MAX_OVERLAP_SECONDS}, a week")));
        }
        let before = self.webhook(principal, project, id).await?;
        let (secret, sealed) = self.new_key(project, id);
        let until = self.clock.now().plus(Duration::from_secs(overlap_seconds));
        let previous = (overlap_seconds > 0).then(|| (before.sealed.clone(), until));
        let after = Webhook { sealed, previous, ..self.touched(principal, &before) };
        Ok((self.put_webhook(before, after).await?, secret))
    }

    /// Takes a webhook away. What it was not told yet is parked.
    pub async fn delete_webhook(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: WebhookId,
    ) -> Result<(), ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        self.store.delete_webhook(project, id).await?;
        tracing::info!(%project, webhook = %id, by = %principal.subject, "a webhook was deleted");
        Ok(())
    }

    fn touched(&self, principal: &Principal, before: &Webhook) -> Webhook {
        Webhook { by: principal.subject.clone(), updated_at: self.clock.now(), ..before.clone() }
    }

    async fn put_webhook(&self, before: Webhook, after: Webhook) -> Result<Webhook, ServiceError> {
        match self.store.put_webhook(Some(before), after.clone()).await {
            Ok(()) => Ok(after),
            Err(StoreError::Conflict(message)) => Err(ServiceError::conflict("WebhookChanged", message)),
            Err(error) => Err(error.into()),
        }
    }

    /// A secret as its holder writes it, and sealed.
    fn new_key(&self, project: ProjectRef, id: WebhookId) -> (String, Vec<u8>) {
        let key: [u8; KEY] = rand::random();
        (format!("whsec_{}", BASE64_STANDARD.encode(key)), self.seal_key(project, id, &key))
    }
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::invalid("InvalidWebhook", message)
}

fn checked_url(text: &str) -> Result<String, ServiceError> {
    let fits = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && url.as_str().len() <= MAX_URL
    };
    let url = Url::parse(text).ok().filter(fits).ok_or_else(|| {
        invalid(&format!(
            "url is https:// (or http://) with a host, without user, password and fragment, of at most {MAX_URL} bytes, such \
             as https://hooks.example.com/jobs"
        ))
    })?;
    Ok(url.into())
}

fn checked_events(mut events: Vec<JobEnding>) -> Result<Vec<JobEnding>, ServiceError> {
    events.sort_unstable();
    events.dedup();
    match events.is_empty() {
        true => Err(invalid("events names at least one; to be told of none, set enabled to false")),
        false => Ok(events),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_of_the_web() {
        assert_eq!(checked_url("HTTPS://Hooks.Example.com").unwrap(), "https://hooks.example.com/");
        assert!(checked_url("http://10.0.0.1:8080/a?b=c").is_ok());
        let long = format!("https://a.example/{}", "x".repeat(MAX_URL));
        for wrong in [
            "",
            "hooks.example.com",
            "ftp://example.com/",
            "https://",
            "https://user@example.com/",
            "https://:word@example.com/",
            "https://example.com/#part",
            "file:///etc/passwd",
            "javascript:alert(1)",
            &long,
        ] {
            assert!(checked_url(wrong).is_err(), "{wrong}");
        }
    }
}
