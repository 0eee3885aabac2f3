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
use fuelcell_domain::{
    Capabilities, Digest, ErrorCode, Grant, Job, JobError, Manifest, ProjectRef, SealedSecret,
};
use fuelcell_store::{StoreError, verbs};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

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
    store: Arc<dyn VaultStore>,
    seal: Seal,
    built_in: OnceLock<BTreeMap<Digest, Arc<Manifest>>>,
}

/// What a vault reads.
pub trait VaultStore: verbs::Grants + verbs::Modules {}

impl<S: verbs::Grants + verbs::Modules + ?Sized> VaultStore for S {}

impl Vault {
    /// The vault of a server with this secret.
    pub fn new(store: Arc<dyn VaultStore>, secret: [u8; 32]) -> Self {
        Self { store, seal: Seal::new(&Secret::new(secret)), built_in: OnceLock::new() }
    }

    /// What the modules say that come with the server: they stand in no store.
    pub fn know(&self, built_in: BTreeMap<Digest, Arc<Manifest>>) {
        // It is said once, when the server starts.
        let _ = self.built_in.set(built_in);
    }

    async fn look_up(&self, job: &Job) -> Result<Granted, StoreError> {
        let Some(Grant { capabilities, .. }) = self.store.grant(job.project, &job.module.name).await? else {
            return Ok(Granted::default());
        };
        let Capabilities { mut http, mut hmac } = capabilities;
        // What a module imports shows whether it sends requests; what an engine imports says nothing of the script.
        let is_script = job.module.engine.is_some();
        if !hmac.is_empty() || is_script {
            let asked = self.asked_for(job).await?;
            // "*" is for what the project chooses.
            hmac.retain(|name| asked.hmac.iter().any(|asked| asked == name || asked == "*"));
            http = http.filter(|_| !is_script || asked.http.is_some());
        }
        let in_headers = http.as_ref().map(|http| http.secrets.clone()).unwrap_or_default();
        let mut granted = Granted { http, ..Granted::default() };
        if in_headers.is_empty() && hmac.is_empty() {
            return Ok(granted);
        }
        for secret in self.store.secrets(job.project).await? {
            let (for_headers, for_keys) = (in_headers.contains(&secret.name), hmac.contains(&secret.name));
            let Some(value) = (for_headers || for_keys).then(|| self.opened(&secret)).flatten() else {
                continue;
            };
            if for_keys {
                granted.keys.insert(secret.name.clone(), value.clone());
            }
            if for_headers {
                let SealedSecret { name, headers, .. } = secret;
                granted.secrets.push(GrantedSecret { name, headers, value });
            }
        }
        Ok(granted)
    }

    /// What the job's module says of itself; nothing when it is not here any more.
    async fn asked_for(&self, job: &Job) -> Result<Arc<Manifest>, StoreError> {
        let pinned = &job.module;
        if let Some(module) = self.built_in.get().and_then(|known| known.get(&pinned.digest)) {
            return Ok(module.clone());
        }
        let version = self.store.module_version(job.project, &pinned.name, Some(&pinned.version)).await?;
        let version = version.filter(|version| version.digest == pinned.digest);
        Ok(version.map(|version| version.manifest).unwrap_or_default())
    }

    fn opened(&self, secret: &SealedSecret) -> Option<SecretValue> {
        let value = self.seal.open(secret);
        if value.is_none() {
            let SealedSecret { project, name, .. } = secret;
            tracing::error!(%project, secret = name, "a secret cannot be opened: it was sealed under another secret of the server");
        }
        value
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
