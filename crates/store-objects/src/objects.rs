//! What is asked of the storage: whole objects, of which each is made once and never changed.

use bytes::Bytes;
use fuelcell_store::{Catalogue, Piece, StoreError};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};
use std::sync::Arc;
use uuid::Uuid;

/// Bytes of an object, at most.
pub(crate) const PIECE: usize = 8 << 20;

/// Says of which database the objects beside it are.
const OWNER: &str = "database";
/// Is written by whoever looks whether anything can be.
const LOOK: &str = "look";

/// The storage, and the catalogue of what lies in it.
#[derive(Clone)]
pub(crate) struct Objects {
    pub(crate) storage: Arc<dyn ObjectStore>,
    pub(crate) catalogue: Arc<dyn Catalogue>,
}

impl Objects {
    /// Makes an object of these bytes, durably. Nothing holds it yet.
    pub(crate) async fn put(&self, object: Uuid, bytes: Bytes) -> Result<Piece, StoreError> {
        let length = bytes.len() as u64;
        self.catalogue.announce(object).await?;
        self.storage.put(&path(object), bytes.into()).await.map_err(meaning)?;
        Ok(Piece { object, length })
    }

    /// The bytes of a piece.
    pub(crate) async fn get(&self, piece: Piece) -> Result<Bytes, StoreError> {
        let got = self.storage.get(&path(piece.object)).await.map_err(|error| match error {
            Error::NotFound { .. } => StoreError::Storage(format!(
                "stored bytes are gone: the object {} is not there",
                piece.object
            )),
            other => meaning(other),
        })?;
        let bytes = got.bytes().await.map_err(meaning)?;
        let length = usize::try_from(piece.length).unwrap_or(usize::MAX);
        match bytes.len() >= length {
            true => Ok(bytes.slice(..length)),
            false => Err(StoreError::Storage(format!("the object {} is cut short", piece.object))),
        }
    }

    /// Deletes an object. An absent one is no error.
    pub(crate) async fn delete(&self, object: Uuid) -> Result<(), StoreError> {
        match self.storage.delete(&path(object)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(meaning(error)),
        }
    }

    /// Finds out whether objects can be made.
    pub(crate) async fn look(&self) -> Result<(), StoreError> {
        let look = Path::from(LOOK);
        self.storage.put(&look, Bytes::from_static(b"well?").into()).await.map(drop).map_err(meaning)
    }

    /// Takes the place for a database, or refuses when it is that of another one, or not the one where its bytes lie.
    pub(crate) async fn claim(&self, database: &str) -> Result<(), StoreError> {
        let owner = Path::from(OWNER);
        let known = match self.storage.get(&owner).await {
            Ok(known) => known.bytes().await.map_err(meaning)?,
            Err(Error::NotFound { .. }) => return self.take(&owner, database).await,
            Err(error) => return Err(meaning(error)),
        };
        match known == database.as_bytes() {
            true => Ok(()),
            false => Err(StoreError::Conflict(format!(
                "it holds the stored bytes of the database with the id {}, and that of store has the id {database}",
                String::from_utf8_lossy(&known)
            ))),
        }
    }

    async fn take(&self, owner: &Path, database: &str) -> Result<(), StoreError> {
        let named = !self.catalogue.list(None, 1).await?.is_empty();
        if named || !self.catalogue.all_staged().await?.is_empty() {
            return Err(StoreError::Conflict(
                "it holds no stored bytes of the database that store names, whose bytes lie elsewhere".into(),
            ));
        }
        let database = Bytes::copy_from_slice(database.as_bytes());
        self.storage.put(owner, database.into()).await.map(drop).map_err(meaning)
    }
}

/// Where an object lies. The names of folders spread requests over the storage's own parts.
fn path(object: Uuid) -> Path {
    let name = object.simple().to_string();
    Path::from_iter([&name[..2], &name[2..]])
}

/// Whatever it is, it may pass: the storage is away, too busy, or does not take these credentials just then.
fn meaning(error: Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
