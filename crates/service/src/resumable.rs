//! Uploads that go on where they broke off: a file comes in parts, and what has come of it stays, whatever becomes of the
//! connection or of this process.
//!
//! How much has come is a record; the bytes lie staged in the blob store. Bytes are synced before the record tells of them,
//! every [`PIECE`] or [`PIECE_TIME`] and where a part ends or breaks off. Where fewer bytes lie there than the record says, as in a restored
//! backup, the upload goes on behind those that do.

use crate::datasets::file_name;
use crate::uploads::{ByteSource, CHUNK, on_a_thread, other_digest, write_error};
use crate::{Principal, Service, ServiceError, Upload};
use fuelcell_domain::upload::MAX_UPLOADS;
use fuelcell_domain::{
    Clock, Dataset, DatasetId, Digest, DigestWriter, ProjectRef, Role, Timestamp, UnfinishedUpload, UploadId,
};
use fuelcell_store::{BlobStore, StagedWriter, StoreError};
use std::io::{self, ErrorKind, Read, Sink, Write};
use std::sync::Arc;
use std::time::Duration;

/// Bytes after which what has come is made durable, if not earlier.
const PIECE: u64 = 8 << 20;
/// The time after which it is, however little has come: what is being added to does not expire.
const PIECE_TIME: Duration = Duration::from_secs(10);

/// What an uploader says of a file before it comes.
pub struct NewUpload {
    /// The dataset that it is to be; none = a new one.
    pub dataset: Option<DatasetId>,
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// All its bytes.
    pub size: u64,
    /// Their SHA-256, where the client said it: other bytes are refused at the end.
    pub digest: Option<Digest>,
}

/// What became of a part.
pub enum Appended {
    /// There is more to come.
    Part(UnfinishedUpload),
    /// It was the last one.
    Whole(Dataset),
}

impl Service {
    /// Begins an upload, whose size counts in what the project stores from now on.
    pub async fn begin_upload(
        &self,
        principal: &Principal,
        project: ProjectRef,
        new: NewUpload,
    ) -> Result<UnfinishedUpload, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        let NewUpload { dataset, name, media_type, size, digest } = new;
        let name = file_name(&name)?;
        if size > self.config.max_dataset_bytes {
            return Err(ServiceError::TooLarge(self.config.max_dataset_bytes));
        }
        if self.store.uploads(project).await?.len() >= MAX_UPLOADS {
            let message = format!(
                "a project has at most {MAX_UPLOADS} unfinished uploads; finish or delete one of them"
            );
            return Err(ServiceError::conflict("TooManyUnfinishedUploads", message));
        }
        let upload = UnfinishedUpload {
            id: UploadId::random(),
            project,
            dataset: dataset.unwrap_or_else(DatasetId::random),
            name,
            media_type,
            size,
            offset: 0,
            digest,
            begun_by: principal.subject.clone(),
            created_at: self.clock.now(),
            expires_at: self.end_of_uploads(),
        };
        self.store.begin_upload(upload.clone()).await?;
        Ok(upload)
    }

    /// A project's unfinished uploads, oldest first.
    pub async fn unfinished_uploads(
        &self,
        principal: &Principal,
        project: ProjectRef,
    ) -> Result<Vec<UnfinishedUpload>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let mut uploads = self.store.uploads(project).await?;
        for upload in &mut uploads {
            upload.offset = self.durable(upload).await?;
        }
        Ok(uploads)
    }

    /// One of them: how far it has come.
    pub async fn unfinished_upload(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: UploadId,
    ) -> Result<UnfinishedUpload, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let mut upload = self.living_upload(project, id).await?;
        upload.offset = self.durable(&upload).await?;
        Ok(upload)
    }

    /// Adds a part behind the first `offset` bytes, which must be all that have come. With the last one the dataset is there.
    pub async fn append_upload(
        &self,
        principal: &Principal,
        project: ProjectRef,
        (id, offset): (UploadId, u64),
        part: Upload,
    ) -> Result<Appended, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        self.living_upload(project, id).await?;
        let _permit = self.upload_permit(project)?;
        let _turn = self.appends.enter(id).ok_or_else(busy)?;
        let upload = self.settled(self.living_upload(project, id).await?).await?;
        if offset != upload.offset {
            return Err(ServiceError::WrongOffset { given: offset, durable: upload.offset });
        }
        let upload = self.append(upload, part).await?;
        match upload.offset == upload.size {
            true => Ok(Appended::Whole(self.finish_upload(principal, upload).await?)),
            false => Ok(Appended::Part(upload)),
        }
    }

    /// Gives up an upload: what has come of it goes.
    pub async fn abandon_upload(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: UploadId,
    ) -> Result<(), ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        self.store.upload(project, id).await?.ok_or(ServiceError::NotFound("upload"))?;
        let _turn = self.appends.enter(id).ok_or_else(busy)?;
        self.give_up(project, id).await
    }

    /// When an upload is given up to which something is added now.
    fn end_of_uploads(&self) -> Timestamp {
        self.clock.now().plus(Duration::from_secs(self.config.upload_seconds))
    }

    async fn living_upload(
        &self,
        project: ProjectRef,
        id: UploadId,
    ) -> Result<UnfinishedUpload, ServiceError> {
        let upload = self.store.upload(project, id).await?.ok_or(ServiceError::NotFound("upload"))?;
        match upload.has_expired(self.clock.now()) {
            true => Err(ServiceError::Gone {
                code: "UploadExpired",
                message: format!(
                    "nothing was added to the upload for {} s, and it was given up; begin it anew",
                    self.config.upload_seconds
                ),
            }),
            false => Ok(upload),
        }
    }

    /// How many bytes have come and are there.
    async fn durable(&self, upload: &UnfinishedUpload) -> Result<u64, ServiceError> {
        Ok(upload.offset.min(self.blobs.staged_length(upload.id).await?))
    }

    /// The upload, whose record says what is there from now on.
    async fn settled(&self, upload: UnfinishedUpload) -> Result<UnfinishedUpload, ServiceError> {
        match self.durable(&upload).await? {
            offset if offset == upload.offset => Ok(upload),
            offset => self.advance(upload, offset).await,
        }
    }

    async fn advance(&self, upload: UnfinishedUpload, offset: u64) -> Result<UnfinishedUpload, ServiceError> {
        let UnfinishedUpload { id, project, offset: before, .. } = upload;
        let moved = self.store.advance_upload(project, id, (before, offset), self.end_of_uploads()).await;
        moved.map_err(|error| match error {
            StoreError::Conflict(_) => busy(),
            other => other.into(),
        })
    }

    async fn append(
        &self,
        mut upload: UnfinishedUpload,
        part: Upload,
    ) -> Result<UnfinishedUpload, ServiceError> {
        let (beginning, size) = (upload.offset, upload.size);
        if part.length.is_some_and(|length| length > size - beginning) {
            return Err(ServiceError::TooLarge(size));
        }
        let mut arriving = Arriving {
            upload: upload.id,
            bytes: part.bytes,
            clock: Arc::clone(&self.clock),
            blobs: Arc::clone(&self.blobs),
            stage: None,
            hash: part.digest.map(|_| DigestWriter::new(io::sink())),
        };
        loop {
            let offset = upload.offset;
            let work = move || arriving.piece(offset, size).map(|piece| (arriving, piece));
            let (rest, Piece { length, end }) = on_a_thread(work).await?;
            arriving = rest;
            if length > 0 {
                upload = self.advance(upload, offset + length).await?;
            }
            match end {
                None => {}
                Some(Ok(())) => break,
                Some(Err(error)) => return Err(error),
            }
        }
        let found = arriving.hash.map(|hash| hash.digest());
        match found.filter(|found| part.digest.is_some_and(|announced| announced != *found)) {
            None => Ok(upload),
            Some(found) => {
                self.advance(upload, beginning).await?;
                Err(other_digest(found))
            }
        }
    }

    /// Makes the dataset of an upload that is there, as a plain upload would.
    async fn finish_upload(
        &self,
        principal: &Principal,
        upload: UnfinishedUpload,
    ) -> Result<Dataset, ServiceError> {
        let size = upload.size;
        // Reading a large file takes a while, in which it must not expire.
        let upload = self.advance(upload, size).await?;
        let UnfinishedUpload { id, project, dataset, name, media_type, digest, .. } = upload;
        let blob = self.blobs.staged(id).await?;
        if blob.size != size {
            return Err(ServiceError::WrongOffset { given: size, durable: blob.size });
        }
        if digest.is_some_and(|announced| announced != blob.digest) {
            self.give_up(project, id).await?;
            return Err(other_digest(blob.digest));
        }
        self.blobs.adopt(id, blob).await?;
        let now = self.clock.now();
        let dataset = Dataset {
            id: dataset,
            project,
            name,
            media_type,
            digest: blob.digest,
            size: blob.size,
            row_count: None,
            uploaded_by: principal.subject.clone(),
            created_at: now,
            updated_at: now,
        };
        let dataset = self.store.finish_upload(id, dataset).await?;
        // What is left of it is swept.
        let _ = self.blobs.unstage(id).await;
        Ok(dataset)
    }

    async fn give_up(&self, project: ProjectRef, id: UploadId) -> Result<(), ServiceError> {
        self.store.abandon_upload(project, id).await?;
        // What is left of it is swept.
        let _ = self.blobs.unstage(id).await;
        Ok(())
    }
}

fn busy() -> ServiceError {
    let message = "somebody else is adding to this upload; ask how far it has come when they have ended";
    ServiceError::conflict("UploadBusy", message)
}

/// What was written of a part, durably.
struct Piece {
    length: u64,
    /// How the part ended; none = there may be more.
    end: Option<Result<(), ServiceError>>,
}

/// A part as it arrives.
struct Arriving {
    upload: UploadId,
    bytes: ByteSource,
    clock: Arc<dyn Clock>,
    blobs: Arc<dyn BlobStore>,
    /// Opened with the first byte.
    stage: Option<Box<dyn StagedWriter>>,
    /// Where the client said a digest of the part.
    hash: Option<DigestWriter<Sink>>,
}

impl Arriving {
    /// Writes what comes next behind the first `offset` of `size` bytes.
    fn piece(&mut self, offset: u64, size: u64) -> Result<Piece, ServiceError> {
        let mut buffer = vec![0; CHUNK];
        let begun = self.clock.now();
        let mut length = 0;
        let end = loop {
            let count = match self.bytes.read(&mut buffer) {
                Ok(0) => break Some(Ok(())),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => break Some(Err(ServiceError::BrokenUpload(error.to_string()))),
            };
            if count as u64 > size - offset - length {
                break Some(Err(ServiceError::TooLarge(size)));
            }
            if let Err(error) = self.write(&buffer[..count], offset) {
                break Some(Err(error));
            }
            length += count as u64;
            if length >= PIECE || self.clock.now().since(begun) >= PIECE_TIME {
                break None;
            }
        };
        if let Some(stage) = self.stage.as_mut().filter(|_| length > 0) {
            stage.sync()?;
        }
        Ok(Piece { length, end })
    }

    fn write(&mut self, bytes: &[u8], offset: u64) -> Result<(), ServiceError> {
        if let Some(hash) = &mut self.hash {
            hash.write_all(bytes).map_err(write_error)?;
        }
        let stage = match self.stage.take() {
            Some(stage) => stage,
            None => self.blobs.stage(self.upload, offset)?,
        };
        self.stage.insert(stage).write_all(bytes).map_err(write_error)
    }
}

#[cfg(test)]
mod tests;
