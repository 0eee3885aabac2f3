//! Who asks, and whether they may.
//!
//! A token is 32 random bytes behind a readable prefix; the store keeps a keyed SHA-256 of it. It needs no slow hash: there
//! is nothing to guess in 256 random bits.

use crate::principal::{Principal, Secret};
use crate::{Service, ServiceError};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use fuelcell_domain::{Digest, ProjectRef, Role, Scope, TenantId, Token};

/// Every token begins with this, so that secret scanners can find lost ones.
const PREFIX: &str = "fc_";

/// The hash under which a token is kept.
pub(crate) fn hash_of_token(key: &Secret, secret: &str) -> Digest {
    Digest(key.mac("token", &[secret.as_bytes()]))
}

/// A new token's secret.
pub(crate) fn new_token_secret() -> String {
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}

impl Service {
    /// Recognises the holder of a bearer token.
    pub async fn authenticate(&self, secret: &str) -> Result<Principal, ServiceError> {
        self.holder(self.token_hash(secret)).await
    }

    /// Who holds what has this hash. Hashes of tokens and of passwords are made for different purposes, so that neither
    /// passes for the other.
    pub(crate) async fn holder(&self, hash: Digest) -> Result<Principal, ServiceError> {
        match self.store.token_by_hash(hash).await? {
            Some(token) if token.holds(self.clock.now()) => {
                let Token { id, subject, role, scope, expires_at, .. } = token;
                Ok(Principal { token: id, subject, role, scope, expires_at, hash: Some(hash), session: None })
            }
            _ => Err(ServiceError::Unauthenticated),
        }
    }

    /// Refuses a principal whose token was revoked or has expired, or whose session has ended, since it was recognised. For
    /// requests that take long.
    pub(crate) async fn recognise_again(&self, principal: &Principal) -> Result<(), ServiceError> {
        self.session_again(principal)?;
        match principal.hash {
            Some(hash) => self.holder(hash).await.map(drop),
            None => Ok(()),
        }
    }

    /// The hash under which a token is kept.
    pub(crate) fn token_hash(&self, secret: &str) -> Digest {
        hash_of_token(&self.secret, secret)
    }

    /// Refuses unless the principal has at least `role` in this project. A project of others is as absent as one that is
    /// not there.
    pub(crate) async fn require(
        &self,
        principal: &Principal,
        project: ProjectRef,
        role: Role,
    ) -> Result<(), ServiceError> {
        if !principal.scope.covers(project) || self.store.project(project).await?.is_none() {
            return Err(ServiceError::NotFound("project"));
        }
        principal.require(role)
    }

    /// Refuses unless the principal may see figures of this tenant.
    pub(crate) async fn require_tenant(
        &self,
        principal: &Principal,
        tenant: TenantId,
    ) -> Result<(), ServiceError> {
        match principal.scope.touches(tenant) && self.store.tenant(tenant).await?.is_some() {
            true => principal.require(Role::Viewer),
            false => Err(ServiceError::NotFound("tenant")),
        }
    }

    /// Refuses unless the principal has at least `role` in the whole tenant.
    pub(crate) async fn require_whole_tenant(
        &self,
        principal: &Principal,
        tenant: TenantId,
        role: Role,
    ) -> Result<(), ServiceError> {
        match principal.scope.contains(Scope::Tenant(tenant)) && self.store.tenant(tenant).await?.is_some() {
            true => principal.require(role),
            false => Err(ServiceError::NotFound("tenant")),
        }
    }

    /// Refuses unless the principal may do in a place what needs `role`, whatever it is. What a use case needs beyond
    /// that it asks itself. A tenant is administered as a whole, and looked at from each of its projects.
    pub async fn authorise(
        &self,
        principal: &Principal,
        place: Scope,
        role: Role,
    ) -> Result<(), ServiceError> {
        match place {
            Scope::Server => principal.require(role),
            Scope::Tenant(tenant) if role < Role::Administrator => {
                self.require_tenant(principal, tenant).await?;
                principal.require(role)
            }
            Scope::Tenant(tenant) => self.require_whole_tenant(principal, tenant, role).await,
            Scope::Project(project) => self.require(principal, project, role).await,
        }
    }
}
