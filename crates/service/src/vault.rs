//! Secrets of projects, sealed with a key that follows from the server's own secret: XChaCha20-Poly1305, a fresh nonce for
//! each value, and the place where it belongs as associated data, so that no sealed value passes for another.
//!
//! Who has the data directory has the server's secret too, and can open them; sealing keeps them out of everything that
//! is copied without it.

use crate::principal::Secret;
use async_trait::async_trait;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use fuelcell_domain::outbound::{Granted, GrantedSecret, Grants, SecretValue};
use fuelcell_domain::{ErrorCode, Job, JobError, ProjectRef, SealedSecret};
use fuelcell_store::{StoreError, verbs};
use std::sync::Arc;

/// The layout of a sealed value: this byte, the nonce, the ciphertext with its tag.
const LAYOUT: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Seals and opens.
#[derive(Clone)]
pub(crate) struct Seal(XChaCha20Poly1305);

impl Seal {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self(XChaCha20Poly1305::new(&secret.mac("seal secrets", &[]).into()))
    }

    pub(crate) fn seal(&self, project: ProjectRef, name: &str, value: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let place = place(project, name);
        let sealed = self.0.encrypt(&XNonce::from(nonce), Payload { msg: value, aad: &place });
        let sealed = sealed.expect("values are far shorter than the cipher's limit of 256 GiB");
        [&[LAYOUT][..], &nonce, &sealed].concat()
    }

    /// The value; none when it was not sealed by this server for this place.
    fn open(&self, secret: &SealedSecret) -> Option<SecretValue> {
        self.opened(secret.project, &secret.name, &secret.sealed)
    }

    pub(crate) fn opened(&self, project: ProjectRef, name: &str, sealed: &[u8]) -> Option<SecretValue> {
        let (nonce, sealed) = sealed.strip_prefix(&[LAYOUT])?.split_first_chunk::<NONCE_BYTES>()?;
        let place = place(project, name);
        let opened = self.0.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &place });
        opened.ok().map(SecretValue)
    }
}

/// The name comes last, so that no two places are the same text.
fn place(project: ProjectRef, name: &str) -> Vec<u8> {
    format!("{project}/{name}").into_bytes()
}

/// What modules are granted, with the values of their secrets.
pub struct Vault {
    store: Arc<dyn verbs::Grants>,
    seal: Seal,
}

impl Vault {
    /// The vault of a server with this secret.
    pub fn new(store: Arc<dyn verbs::Grants>, secret: [u8; 32]) -> Self {
        Self { store, seal: Seal::new(&Secret::new(secret)) }
    }

    async fn look_up(&self, job: &Job) -> Result<Granted, StoreError> {
        let grant = self.store.grant(job.project, &job.module.name).await?;
        let Some(http) = grant.and_then(|grant| grant.capabilities.http) else {
            return Ok(Granted::default());
        };
        if http.secrets.is_empty() {
            return Ok(Granted { http: Some(http), secrets: Vec::new() });
        }
        let sealed = self.store.secrets(job.project).await?;
        let named = sealed.iter().filter(|secret| http.secrets.contains(&secret.name));
        let secrets = named.filter_map(|secret| match self.seal.open(secret) {
            Some(value) => {
                let (name, headers) = (secret.name.clone(), secret.headers.clone());
                Some(GrantedSecret { name, headers, value })
            }
            None => {
                tracing::error!(project = %job.project, secret = secret.name, "a secret cannot be opened: it was sealed under another secret of the server");
                None
            }
        });
        Ok(Granted { secrets: secrets.collect(), http: Some(http) })
    }
}

#[async_trait]
impl Grants for Vault {
    async fn granted(&self, job: &Job) -> Result<Granted, JobError> {
        self.look_up(job).await.map_err(|error| {
            let message = format!("what the module is granted could not be read: {error}");
            JobError::new(ErrorCode::Storage, message).transient()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::{ProjectId, TenantId, Timestamp};

    fn project() -> ProjectRef {
        ProjectRef { tenant: TenantId::random(), project: ProjectId::random() }
    }

    fn sealed(seal: &Seal, project: ProjectRef, name: &str, value: &str) -> SealedSecret {
        let (created_at, updated_at) = (Timestamp(0), Timestamp(0));
        let sealed = seal.seal(project, name, value.as_bytes());
        let (name, headers, by) = (name.into(), Vec::new(), "anna".into());
        SealedSecret { project, name, headers, sealed, by, created_at, updated_at }
    }

    #[test]
    fn a_sealed_value_opens_in_its_place_only() {
        let (seal, own) = (Seal::new(&Secret::new([1; 32])), project());
        let kept = sealed(&seal, own, "TOKEN", "value");
        assert_eq!(seal.open(&kept), Some(SecretValue(b"value".to_vec())));
        assert!(!kept.sealed.windows(5).any(|part| part == b"value"));
        assert_ne!(kept.sealed, sealed(&seal, own, "TOKEN", "value").sealed, "each has a nonce of its own");
        for moved in [
            SealedSecret { name: "OTHER".into(), ..kept.clone() },
            SealedSecret { project: project(), ..kept.clone() },
            SealedSecret { sealed: kept.sealed[..kept.sealed.len() - 1].to_vec(), ..kept.clone() },
            SealedSecret { sealed: Vec::new(), ..kept.clone() },
        ] {
            assert_eq!(seal.open(&moved), None, "{moved:?}");
        }
        assert_eq!(Seal::new(&Secret::new([2; 32])).open(&kept), None, "another server");
    }
}
