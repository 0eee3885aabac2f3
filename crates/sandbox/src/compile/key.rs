//! What compiled code, and what is kept while it is made, is authenticated with.

use fuelcell_domain::Digest;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// Bytes of a tag.
pub(super) const TAG_BYTES: usize = 32;

/// HMAC-SHA-256.
pub(super) type Authenticator = Hmac<Sha256>;

/// What compiled code is authenticated with. Who has it can make code that a sandbox runs.
#[derive(Clone)]
pub struct CodeKey([u8; 32]);

impl CodeKey {
    /// The key that follows from a secret, which may be used for other things too.
    pub fn derived_from(secret: &[u8; 32]) -> Self {
        let mut key = authenticator(secret);
        key.update(b"fuelcell: authenticate compiled code");
        Self(key.finalize().into_bytes().into())
    }

    /// For the compiled code of `module` by the engine of this fingerprint, which is to follow. Digests have one length, and
    /// the fingerprint's stands before it, so that no two files have the same message.
    pub(super) fn of_code(&self, module: Digest, fingerprint: &str) -> Authenticator {
        let mut tag = authenticator(&self.0);
        tag.update(&module.0);
        tag.update(&(fingerprint.len() as u64).to_be_bytes());
        tag.update(fingerprint.as_bytes());
        tag
    }

    /// The key for the single functions of `module`, which its compiler is given. Nothing else is authentic by it.
    pub(super) fn of_functions(&self, module: Digest, fingerprint: &str) -> FunctionsKey {
        let mut own = authenticator(&self.0);
        own.update(b"fuelcell: authenticate functions");
        let functions = Self(own.finalize().into_bytes().into());
        FunctionsKey(functions.of_code(module, fingerprint).finalize().into_bytes().into())
    }
}

/// A key is not to be seen.
impl fmt::Debug for CodeKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(key)")
    }
}

/// What the functions of one module are authenticated with. Its compiler has it, and could make code of this module anyway.
#[derive(Clone)]
pub(super) struct FunctionsKey(pub(super) [u8; 32]);

impl FunctionsKey {
    /// For a function, which is to follow.
    pub(super) fn authenticator(&self) -> Authenticator {
        authenticator(&self.0)
    }
}

fn authenticator(key: &[u8; 32]) -> Authenticator {
    Authenticator::new_from_slice(key).expect("HMAC takes keys of every length")
}
