//! Who asks, and the server's own secret, under which what they show is known.

use crate::error::ServiceError;
use fuelcell_domain::{Digest, Role, Scope, Timestamp, TokenId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The server's own secret.
pub(crate) struct Secret([u8; 32]);

impl Secret {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA-256 of `parts` under this secret, for one `purpose`. Lengths are part of the message, so that no two lists
    /// of parts are confused.
    pub(crate) fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Somebody who was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The token, or what stands for it.
    pub token: TokenId,
    /// Who holds it.
    pub subject: String,
    /// What they may do.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// Until when.
    pub(crate) expires_at: Option<Timestamp>,
    /// The hash under which the token is kept; `None` for the server itself, and for people without a token.
    pub(crate) hash: Option<Digest>,
    /// The session in which they ask, if they do so in one.
    pub(crate) session: Option<Digest>,
}

impl Principal {
    /// Whether an identity provider vouched for them, so that they have no token.
    pub(crate) fn is_person(&self) -> bool {
        self.hash.is_none() && self.session.is_some()
    }

    /// Refuses unless the principal has at least `role`, wherever.
    pub(crate) fn require(&self, role: Role) -> Result<(), ServiceError> {
        match self.role >= role {
            true => Ok(()),
            false => Err(ServiceError::Forbidden(role)),
        }
    }
}
