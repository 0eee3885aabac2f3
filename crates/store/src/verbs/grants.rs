//! What a project grants to modules, and its secrets.

use crate::error::StoreError;
use crate::pages::{Page, Seek};
use async_trait::async_trait;
use fuelcell_domain::{Grant, ProjectRef, SealedSecret};

/// What a project grants to modules, and its secrets.
#[async_trait]
pub trait Grants: Send + Sync {
    /// Adds or replaces what a project grants to a module.
    async fn put_grant(&self, grant: Grant) -> Result<(), StoreError>;
    /// What a project grants to a module.
    async fn grant(&self, project: ProjectRef, module: &str) -> Result<Option<Grant>, StoreError>;
    /// Takes a grant back; `NotFound("grant")`.
    async fn delete_grant(&self, project: ProjectRef, module: &str) -> Result<(), StoreError>;
    /// Adds or replaces a secret. `created_at` of the first put stays.
    async fn put_secret(&self, secret: SealedSecret) -> Result<SealedSecret, StoreError>;
    /// A project's secrets by name.
    async fn secrets(&self, project: ProjectRef) -> Result<Vec<SealedSecret>, StoreError>;
    /// A page of the same list.
    async fn secrets_page(
        &self,
        project: ProjectRef,
        seek: Seek<String>,
    ) -> Result<Page<SealedSecret>, StoreError>;
    /// Removes a secret; `NotFound("secret")`.
    async fn delete_secret(&self, project: ProjectRef, name: &str) -> Result<(), StoreError>;
}
