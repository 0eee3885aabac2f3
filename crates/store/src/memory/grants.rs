//! What a project grants to modules, and its secrets.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::pages::{Page, Seek, cut};
use crate::verbs::Grants;
use async_trait::async_trait;
use fuelcell_domain::{Grant, ProjectRef, SealedSecret};

#[async_trait]
impl Grants for MemoryStore {
    async fn put_grant(&self, grant: Grant) -> Result<(), StoreError> {
        let mut records = self.records();
        records.refuse_removed(grant.project)?;
        records.grants.insert((grant.project, grant.module.clone()), grant);
        Ok(())
    }

    async fn grant(&self, project: ProjectRef, module: &str) -> Result<Option<Grant>, StoreError> {
        Ok(self.records().grants.get(&(project, module.to_owned())).cloned())
    }

    async fn delete_grant(&self, project: ProjectRef, module: &str) -> Result<(), StoreError> {
        let removed = self.records().grants.remove(&(project, module.to_owned()));
        removed.map(drop).ok_or(StoreError::NotFound("grant"))
    }

    async fn put_secret(&self, secret: SealedSecret) -> Result<SealedSecret, StoreError> {
        self.records().put_secret(secret)
    }

    async fn secrets(&self, project: ProjectRef) -> Result<Vec<SealedSecret>, StoreError> {
        let records = self.records();
        Ok(records.secrets.values().filter(|secret| secret.project == project).cloned().collect())
    }

    async fn secrets_page(
        &self,
        project: ProjectRef,
        seek: Seek<String>,
    ) -> Result<Page<SealedSecret>, StoreError> {
        Ok(cut(self.secrets(project).await?, &seek))
    }

    async fn delete_secret(&self, project: ProjectRef, name: &str) -> Result<(), StoreError> {
        let removed = self.records().secrets.remove(&(project, name.to_owned()));
        removed.map(drop).ok_or(StoreError::NotFound("secret"))
    }
}

impl Records {
    pub(super) fn put_secret(&mut self, mut secret: SealedSecret) -> Result<SealedSecret, StoreError> {
        self.refuse_removed(secret.project)?;
        let key = (secret.project, secret.name.clone());
        if let Some(first) = self.secrets.get(&key) {
            secret.created_at = first.created_at;
        }
        self.secrets.insert(key, secret.clone());
        Ok(secret)
    }
}
