//! Which objects stored bytes lie in. What is asked of one blob or one upload is asked under a lock of its own; times are
//! the database's, which all servers share.

use crate::database::most;
use crate::record;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{Digest, UploadId};
use fuelcell_store::{BlobRef, Catalogue, Piece, StoreError};
use std::time::Duration;
use tokio_postgres::Row;
use uuid::Uuid;

#[async_trait]
impl Catalogue for PostgresStore {
    async fn announce(&self, object: Uuid) -> Result<(), StoreError> {
        let announce = "INSERT INTO objects (object) VALUES ($1) ON CONFLICT DO NOTHING";
        change!(self, work => work.execute(announce, &[&object])).map(drop)
    }

    async fn give_up(&self, objects: &[Uuid]) -> Result<(), StoreError> {
        let objects = objects.to_vec();
        let give_up = "UPDATE objects SET free_since = '-infinity' WHERE object = ANY($1) AND held = 0";
        change!(self, work => work.execute(give_up, &[&objects])).map(drop)
    }

    async fn doomed(&self, idle: Duration, limit: usize) -> Result<Vec<Uuid>, StoreError> {
        // Nothing holds again what has been free for ever.
        let doom = "UPDATE objects SET free_since = '-infinity' WHERE object IN (SELECT object FROM objects WHERE held = 0 \
            AND free_since <= clock_timestamp() - make_interval(secs => $1) ORDER BY free_since LIMIT $2 \
            FOR UPDATE SKIP LOCKED) RETURNING object";
        let rows = change!(self, work => work.query(doom, &[&idle.as_secs_f64(), &most(limit)]))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn forget(&self, objects: &[Uuid]) -> Result<(), StoreError> {
        let objects = objects.to_vec();
        let forget = "DELETE FROM objects WHERE object = ANY($1) AND held = 0 AND free_since = '-infinity'";
        change!(self, work => work.execute(forget, &[&objects])).map(drop)
    }

    async fn commit(&self, blob: BlobRef, pieces: &[Piece]) -> Result<(), StoreError> {
        let pieces = pieces.to_vec();
        change!(self, work => commit(work, blob, &pieces))
    }

    async fn pieces(&self, digest: Digest) -> Result<Option<Vec<Piece>>, StoreError> {
        let pieces = "SELECT pieces FROM blobs WHERE digest = $1";
        ask!(self, session => session.record("blobs", pieces, &[&&digest.0[..]]))
    }

    async fn size(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        let size = "SELECT size FROM blobs WHERE digest = $1";
        let row = ask!(self, session => session.one(size, &[&&digest.0[..]]))?;
        row.map(|row| whole(&row, 0)).transpose()
    }

    async fn touch(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        let touch = "UPDATE blobs SET committed_at = clock_timestamp() WHERE digest = $1 RETURNING size";
        let row = change!(self, work => work.one(touch, &[&&digest.0[..]]))?;
        row.map(|row| whole(&row, 0)).transpose()
    }

    async fn remove(&self, digest: Digest, idle: Option<Duration>) -> Result<bool, StoreError> {
        change!(self, work => remove(work, digest, idle))
    }

    async fn list(&self, after: Option<Digest>, limit: usize) -> Result<Vec<BlobRef>, StoreError> {
        let list =
            "SELECT size, digest FROM blobs WHERE $1::bytea IS NULL OR digest > $1 ORDER BY digest LIMIT $2";
        let after = after.map(|after| after.0.to_vec());
        let rows = ask!(self, session => session.query(list, &[&after, &most(limit)]))?;
        rows.iter().map(blob).collect()
    }

    async fn cut(&self, upload: UploadId, length: u64) -> Result<(), StoreError> {
        change!(self, work => cut(work, upload, length))
    }

    async fn append(&self, upload: UploadId, length: u64, piece: Piece) -> Result<(), StoreError> {
        change!(self, work => append(work, upload, length, piece))
    }

    async fn staged(&self, upload: UploadId) -> Result<Vec<Piece>, StoreError> {
        let rows = ask!(self, session => session.query(STAGED, &[&upload.0]))?;
        rows.iter().map(piece).collect()
    }

    async fn adopt(&self, upload: UploadId, blob: BlobRef) -> Result<(), StoreError> {
        change!(self, work => adopt(work, upload, blob))
    }

    async fn unstage(&self, upload: UploadId) -> Result<(), StoreError> {
        change!(self, work => cut(work, upload, 0))
    }

    async fn all_staged(&self) -> Result<Vec<UploadId>, StoreError> {
        let rows = ask!(self, session => session.query("SELECT DISTINCT upload FROM staged", &[]))?;
        Ok(rows.iter().map(|row| UploadId(row.get(0))).collect())
    }
}

const STAGED: &str = "SELECT length, object FROM staged WHERE upload = $1 ORDER BY start";

async fn commit(work: &mut Work, blob: BlobRef, pieces: &[Piece]) -> Result<(), StoreError> {
    lock(work, &blob.digest.0).await?;
    let known = "SELECT pieces FROM blobs WHERE digest = $1";
    let known: Option<Vec<Piece>> = work.record("blobs", known, &[&&blob.digest.0[..]]).await?;
    hold(work, &objects(pieces)).await?;
    // Those who read them go on.
    release(work, &objects(&known.unwrap_or_default())).await?;
    let write = "INSERT INTO blobs (digest, size, committed_at, pieces) VALUES ($1, $2, clock_timestamp(), $3) \
        ON CONFLICT (digest) DO UPDATE SET size = $2, committed_at = clock_timestamp(), pieces = $3";
    let pieces = record::write(&pieces)?;
    work.execute(write, &[&&blob.digest.0[..], &number(blob.size)?, &pieces]).await.map(drop)
}

async fn remove(work: &mut Work, digest: Digest, idle: Option<Duration>) -> Result<bool, StoreError> {
    lock(work, &digest.0).await?;
    let remove = "DELETE FROM blobs WHERE digest = $1 AND ($2::float8 IS NULL \
        OR committed_at <= clock_timestamp() - make_interval(secs => $2)) RETURNING pieces";
    let idle = idle.map(|idle| idle.as_secs_f64());
    let removed: Option<Vec<Piece>> = work.record("blobs", remove, &[&&digest.0[..], &idle]).await?;
    match removed {
        Some(pieces) => release(work, &objects(&pieces)).await.map(|()| true),
        None => {
            let there = work.one("SELECT 1 FROM blobs WHERE digest = $1", &[&&digest.0[..]]).await?;
            Ok(there.is_none())
        }
    }
}

async fn cut(work: &mut Work, upload: UploadId, length: u64) -> Result<(), StoreError> {
    lock(work, upload.0.as_bytes()).await?;
    let length = number(length)?;
    let there = end(work, upload).await?;
    if there < length {
        return Err(StoreError::upload_moved(there.unsigned_abs()));
    }
    let behind = "DELETE FROM staged WHERE upload = $1 AND start >= $2 RETURNING object";
    let behind = work.query(behind, &[&upload.0, &length]).await?;
    release(work, &behind.iter().map(|row| row.get(0)).collect::<Vec<_>>()).await?;
    let last = "UPDATE staged SET length = $2 - start WHERE upload = $1 AND start + length > $2";
    work.execute(last, &[&upload.0, &length]).await.map(drop)
}

async fn append(work: &mut Work, upload: UploadId, length: u64, piece: Piece) -> Result<(), StoreError> {
    lock(work, upload.0.as_bytes()).await?;
    let start = number(length)?;
    let there = end(work, upload).await?;
    if there != start {
        return Err(StoreError::upload_moved(there.unsigned_abs()));
    }
    hold(work, &[piece.object]).await?;
    let append = "INSERT INTO staged (upload, start, length, object) VALUES ($1, $2, $3, $4)";
    work.execute(append, &[&upload.0, &start, &number(piece.length)?, &piece.object]).await.map(drop)
}

/// How many bytes of an upload are there.
async fn end(work: &Work, upload: UploadId) -> Result<i64, StoreError> {
    let end = "SELECT start + length FROM staged WHERE upload = $1 ORDER BY start DESC LIMIT 1";
    Ok(work.one(end, &[&upload.0]).await?.map_or(0, |row| row.get(0)))
}

async fn adopt(work: &mut Work, upload: UploadId, blob: BlobRef) -> Result<(), StoreError> {
    lock(work, upload.0.as_bytes()).await?;
    let rows = work.query(STAGED, &[&upload.0]).await?;
    let pieces: Vec<_> = rows.iter().map(piece).collect::<Result<_, _>>()?;
    if pieces.iter().map(|piece| piece.length).sum::<u64>() != blob.size {
        return Err(StoreError::NotFound("upload"));
    }
    commit(work, blob, &pieces).await
}

/// Nobody else changes what has this name until the end.
async fn lock(work: &Work, name: &[u8]) -> Result<(), StoreError> {
    let key = name.first_chunk().map_or(0, |first| i64::from_be_bytes(*first));
    work.query("SELECT pg_advisory_xact_lock($1)", &[&key]).await.map(drop)
}

async fn hold(work: &Work, objects: &[Uuid]) -> Result<(), StoreError> {
    let hold = "UPDATE objects SET held = held + 1 WHERE object = ANY($1) AND free_since > '-infinity'";
    match work.execute(hold, &[&objects]).await? == objects.len() as u64 {
        true => Ok(()),
        false => Err(StoreError::Unavailable("the bytes took too long to come, and were cleaned up".into())),
    }
}

async fn release(work: &Work, objects: &[Uuid]) -> Result<(), StoreError> {
    let release = "UPDATE objects SET held = held - 1, free_since = clock_timestamp() WHERE object = ANY($1)";
    work.execute(release, &[&objects]).await.map(drop)
}

fn objects(pieces: &[Piece]) -> Vec<Uuid> {
    pieces.iter().map(|piece| piece.object).collect()
}

fn piece(row: &Row) -> Result<Piece, StoreError> {
    Ok(Piece { length: whole(row, 0)?, object: row.get(1) })
}

fn blob(row: &Row) -> Result<BlobRef, StoreError> {
    let digest: &[u8] = row.get(1);
    let digest = digest.try_into().map(Digest);
    let digest = digest.map_err(|_| StoreError::Storage("a digest is damaged".into()))?;
    Ok(BlobRef { digest, size: whole(row, 0)? })
}

fn whole(row: &Row, column: usize) -> Result<u64, StoreError> {
    let number: i64 = row.get(column);
    u64::try_from(number).map_err(|_| StoreError::Storage("a number of bytes is damaged".into()))
}

fn number(bytes: u64) -> Result<i64, StoreError> {
    i64::try_from(bytes).map_err(|_| StoreError::Full)
}
