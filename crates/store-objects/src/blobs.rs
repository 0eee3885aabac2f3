//! The store as its owner holds it.

use crate::clean;
use crate::hands::Hands;
use crate::lately::{FILES, Lately};
use crate::objects::Objects;
use crate::place::Place;
use crate::reader::Blob;
use crate::writer::{Stage, Writer};
use async_trait::async_trait;
use fuelcell_domain::{Digest, DigestWriter, ReadAt, UploadId};
use fuelcell_store::{BlobRef, BlobStore, BlobWriter, Catalogue, Piece, StagedWriter, StoreError};
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// A folder of this machine for what was read lately.
    pub folder: PathBuf,
    /// How long an object stays that nothing holds any more: longer than anybody reads what is removed meanwhile, and longer
    /// than anybody writes one blob.
    pub idle: Duration,
    /// How often such objects are looked for.
    pub clean_every: Duration,
}

impl Options {
    /// With a folder for what was read lately. Objects stay for twice the longest that a job runs by default.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, idle: Duration::from_secs(48 * 3600), clean_every: Duration::from_secs(600) }
    }
}

/// A store of bytes in object storage.
pub struct ObjectBlobs {
    objects: Objects,
    hands: Hands,
    lately: Arc<Lately>,
    /// `None` only while it is being dropped.
    runtime: Option<Runtime>,
}

impl ObjectBlobs {
    /// Opens the storage at a place, for the database with this id, which has the catalogue.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the place is that of another database, or when the bytes of this one lie elsewhere;
    /// otherwise what the storage says.
    pub async fn open(
        place: &Place,
        catalogue: Arc<dyn Catalogue>,
        database: &str,
        options: Options,
    ) -> Result<Self, StoreError> {
        // Whoever set another one before is right, too.
        let _ = rustls::crypto::ring::default_provider().install_default();
        fs::create_dir_all(&options.folder)?;
        let objects = Objects { storage: place.storage()?, catalogue };
        let runtime =
            Builder::new_multi_thread().worker_threads(2).thread_name("objects").enable_all().build()?;
        let hands = Hands::new(runtime.handle().clone());
        let lately = Arc::new(Lately::new(options.folder, FILES));
        let store = Self { objects: objects.clone(), hands, lately, runtime: Some(runtime) };
        let database = database.to_owned();
        let claimed = objects.clone();
        store.hands.run(async move { claimed.claim(&database).await }).await?;
        store.hands.leave(clean::keep(objects, options.clean_every, options.idle));
        Ok(store)
    }

    /// Deletes the objects that nothing has held for `idle`; their number.
    pub async fn clean(&self, idle: Duration) -> Result<u64, StoreError> {
        let objects = self.objects.clone();
        self.hands.run(async move { clean::clean(&objects, idle).await }).await
    }
}

#[async_trait]
impl BlobStore for ObjectBlobs {
    fn begin(&self) -> Result<Box<dyn BlobWriter>, StoreError> {
        Ok(Box::new(Writer::new(self.objects.clone(), self.hands.clone())))
    }

    async fn open(&self, digest: Digest) -> Result<Option<Arc<dyn ReadAt>>, StoreError> {
        let pieces = self.objects.catalogue.pieces(digest).await?;
        Ok(pieces.map(|pieces| {
            let (objects, hands) = (self.objects.clone(), self.hands.clone());
            Arc::new(Blob::new(objects, hands, Arc::clone(&self.lately), pieces)) as Arc<dyn ReadAt>
        }))
    }

    async fn stat(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        self.objects.catalogue.size(digest).await
    }

    async fn touch(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        self.objects.catalogue.touch(digest).await
    }

    async fn unlink(&self, digest: Digest) -> Result<(), StoreError> {
        self.objects.catalogue.remove(digest, None).await.map(drop)
    }

    async fn unlink_idle(&self, digest: Digest, idle: Duration) -> Result<bool, StoreError> {
        self.objects.catalogue.remove(digest, Some(idle)).await
    }

    async fn list(&self, after: Option<Digest>, limit: usize) -> Result<Vec<BlobRef>, StoreError> {
        self.objects.catalogue.list(after, limit).await
    }

    async fn free_bytes(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    async fn check(&self) -> Result<(), StoreError> {
        let objects = self.objects.clone();
        self.hands.run(async move { objects.look().await }).await
    }

    fn stage(&self, upload: UploadId, length: u64) -> Result<Box<dyn StagedWriter>, StoreError> {
        Ok(Box::new(Stage::new(self.objects.clone(), self.hands.clone(), upload, length)?))
    }

    async fn staged_length(&self, upload: UploadId) -> Result<u64, StoreError> {
        let pieces = self.objects.catalogue.staged(upload).await?;
        Ok(pieces.iter().map(|piece| piece.length).sum())
    }

    async fn staged(&self, upload: UploadId) -> Result<BlobRef, StoreError> {
        let objects = self.objects.clone();
        self.hands.run(async move { read(&objects, &objects.catalogue.staged(upload).await?).await }).await
    }

    async fn adopt(&self, upload: UploadId, blob: BlobRef) -> Result<(), StoreError> {
        self.objects.catalogue.adopt(upload, blob).await
    }

    async fn unstage(&self, upload: UploadId) -> Result<(), StoreError> {
        self.objects.catalogue.unstage(upload).await
    }

    async fn all_staged(&self) -> Result<Vec<UploadId>, StoreError> {
        self.objects.catalogue.all_staged().await
    }
}

/// What the bytes of these pieces are.
async fn read(objects: &Objects, pieces: &[Piece]) -> Result<BlobRef, StoreError> {
    let mut hash = DigestWriter::new(io::sink());
    for piece in pieces {
        hash.write_all(&objects.get(*piece).await?)?;
    }
    let (_, digest, size) = hash.finish();
    Ok(BlobRef { digest, size })
}

impl Drop for ObjectBlobs {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
