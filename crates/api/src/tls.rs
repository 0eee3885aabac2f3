//! TLS: a certificate and its key from files, which may be renewed while the server runs.
//!
//! The files are looked at every few seconds. What is new there is for connections from then on; those that are open go on.
//! A certificate that cannot be used, or does not go with its key, changes nothing, and the log says why.

use axum::http::HeaderValue;
use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Bytes of a file with certificates or a key.
pub(crate) const MAX_FILE: u64 = 1024 * 1024;
/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Only this is spoken within TLS.
const HTTP: &[u8] = b"http/1.1";

/// What an operator may set of TLS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// File of the certificate and those between it and its root (PEM); absent = plain HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// File of its private key (PEM: PKCS #8, PKCS #1 or SEC 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// Seconds for which browsers are told to come by TLS only (`Strict-Transport-Security`); 0 = they are not told.
    pub hsts_seconds: u64,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self { certificate: None, key: None, hsts_seconds: 365 * 24 * 3600 }
    }
}

impl TlsConfig {
    /// A certificate and a key, or neither.
    pub(crate) fn check(&self) -> Result<(), String> {
        match (&self.certificate, &self.key) {
            (Some(_), None) => {
                Err("api.tls.certificate is set and api.tls.key is not; set both, or neither".into())
            }
            (None, Some(_)) => {
                Err("api.tls.key is set and api.tls.certificate is not; set both, or neither".into())
            }
            _ => Ok(()),
        }
    }

    /// The header for answers, where they go by TLS.
    pub(crate) fn strict_transport(&self) -> Option<HeaderValue> {
        let told = self.certificate.is_some() && self.hsts_seconds > 0;
        told.then(|| HeaderValue::from_str(&format!("max-age={}", self.hsts_seconds)).ok()).flatten()
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{setting} = {path:?} cannot be read")]
    Unreadable {
        /// Which.
        setting: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file holds something else.
    #[error("{setting} = {path:?} {wrong}")]
    Unusable {
        /// Which.
        setting: &'static str,
        /// Where.
        path: PathBuf,
        /// What is wrong, and what is allowed.
        wrong: String,
    },
}

/// The certificate that is shown to those who connect.
pub struct Tls {
    files: Files,
    /// What lay there at the start.
    first: Pems,
    shown: Arc<Shown>,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// What is configured; none = plain HTTP.
    ///
    /// # Errors
    /// The certificate or the key cannot be used.
    pub fn of(config: &TlsConfig) -> Result<Option<Self>, TlsError> {
        let (Some(certificate), Some(key)) = (&config.certificate, &config.key) else { return Ok(None) };
        let files = Files { certificate: certificate.clone(), key: key.clone() };
        let first = files.read()?;
        let shown = Arc::new(Shown(RwLock::new(first.certified(&files)?)));
        let mut server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(shown.clone());
        server.alpn_protocols = vec![HTTP.to_vec()];
        Ok(Some(Self { files, first, shown, acceptor: TlsAcceptor::from(Arc::new(server)) }))
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Looks for new files until `stop`.
    pub(crate) async fn renew(self: Arc<Self>, stop: CancellationToken) {
        let mut renewal = Renewal::of(&self);
        while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            let tls = Arc::clone(&self);
            let looking = spawn_blocking(move || {
                renewal.look(&tls);
                renewal
            });
            match looking.await {
                Ok(looked) => renewal = looked,
                Err(error) => {
                    tracing::error!(%error, "the certificate is not looked at any more");
                    return;
                }
            }
        }
    }
}

/// What lay in the files when they were looked at last, and when they were tried last.
struct Renewal {
    seen: Option<Pems>,
    tried: Pems,
}

impl Renewal {
    fn of(tls: &Tls) -> Self {
        Self { seen: Some(tls.first.clone()), tried: tls.first.clone() }
    }

    /// Takes what is new and stays the same from one look to the next: both files are hardly ever replaced at one moment.
    fn look(&mut self, tls: &Tls) {
        let found = match tls.files.read() {
            Ok(found) => found,
            Err(error) => return self.unreadable(&error),
        };
        if self.seen.as_ref() == Some(&found) && self.tried != found {
            match found.certified(&tls.files) {
                Ok(certified) => {
                    *tls.shown.0.write() = certified;
                    tracing::info!(certificate = %tls.files.certificate.display(), "the certificate was renewed");
                }
                Err(error) => kept(&error),
            }
            self.tried.clone_from(&found);
        }
        self.seen = Some(found);
    }

    /// Said once, until they can be read again.
    fn unreadable(&mut self, error: &TlsError) {
        if self.seen.take().is_some() {
            kept(error);
        }
    }
}

fn kept(error: &TlsError) {
    let source = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, source, "the new certificate cannot be used; the one before it stays");
}

struct Shown(RwLock<Arc<CertifiedKey>>);

impl std::fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Shown")
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read()))
    }
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn read(&self) -> Result<Pems, TlsError> {
        let certificate = read("api.tls.certificate", &self.certificate)?;
        Ok(Pems { certificate, key: read("api.tls.key", &self.key)? })
    }
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { setting, path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    match bytes.len() as u64 > MAX_FILE {
        true => Err(unusable(setting, path, format!("is larger than {MAX_FILE} bytes"))),
        false => Ok(bytes),
    }
}

/// What lies in the two files.
#[derive(Clone, PartialEq, Eq)]
struct Pems {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Pems {
    fn certified(&self, files: &Files) -> Result<Arc<CertifiedKey>, TlsError> {
        let no_certificate = |wrong: String| unusable("api.tls.certificate", &files.certificate, wrong);
        let no_key = |wrong: String| unusable("api.tls.key", &files.key, wrong);
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.map_err(|error| no_certificate(format!("is no PEM: {error}")))?;
        if chain.is_empty() {
            return Err(no_certificate("holds no certificate; one in PEM is expected".into()));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|error| no_key(format!("holds no private key in PEM: {error}")))?;
        CertifiedKey::from_der(chain, key, &default_provider()).map(Arc::new).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => no_key("does not go with the certificate".into()),
            rustls::Error::InvalidCertificate(error) => no_certificate(format!("is not usable: {error}")),
            error => no_key(format!("is not usable: {error}")),
        })
    }
}

fn unusable(setting: &'static str, path: &Path, wrong: String) -> TlsError {
    TlsError::Unusable { setting, path: path.to_owned(), wrong }
}

#[cfg(test)]
mod tests;
