//! The stored bytes of many nodes: object storage, such as S3.
//!
//! This crate knows how the promises of [`BlobStore`](fuelcell_store::BlobStore) are kept in object storage, by any number of
//! servers at the same time. It knows nothing of HTTP's server side, of wasm or of scheduling, and no database: which objects
//! a blob lies in is what a [`Catalogue`](fuelcell_store::Catalogue) remembers, and only that decides what is there.
//!
//! The way of one blob: its bytes become objects of up to 8 MiB as they come, each under a new name that was announced to the
//! catalogue before. The commit is a row of the catalogue. Uploads in parts are objects in the same way, so that their commit
//! copies nothing. Bytes are read an object at a time, and the latest of them lie on this machine.
//!
//! The rooms: `place` (addresses), `hands` (threads of its own), `objects` (what is asked of the storage), `writer`, `reader`
//! with its `lately` (what was read), `clean` (objects that nothing needs), `blobs` (the store).

mod blobs;
mod clean;
mod hands;
mod lately;
mod objects;
mod place;
mod reader;
mod writer;

pub use blobs::{ObjectBlobs, Options};
pub use lately::FILES;
pub use place::Place;
