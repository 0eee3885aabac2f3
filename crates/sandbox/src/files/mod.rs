//! The files of a cell: a tree of its own that lies in memory, with the bytes in one anonymous file on the disk.
//!
//! No path of a guest ever reaches the host's file system, so there is nothing to escape from, and nothing survives the
//! cell. Quotas are exact, because every byte and every name is counted here, where it is made.
//!
//! Knows paths, nodes and what they take of the disk. The interface by which guests reach them is answered in
//! [`crate::guest`].

mod content;
pub(crate) mod disk;
#[cfg(test)]
mod fuzz;
pub(crate) mod node;
mod path;
pub(crate) mod streams;
pub(crate) mod tree;
mod volume;

pub(crate) use content::Scratch;
pub(crate) use tree::{Found, Preopen, Tree, TreeFile};
pub(crate) use volume::Volume;
pub(crate) use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

/// What a file operation answers a guest.
pub(crate) type Result<T> = std::result::Result<T, ErrorCode>;

/// The host's disk failed; the guest learns no more than that.
fn broken(error: std::io::Error) -> ErrorCode {
    tracing::warn!(error.message = %error, "the scratch file of a job fails");
    match error.kind() {
        std::io::ErrorKind::StorageFull => ErrorCode::InsufficientSpace,
        _ => ErrorCode::Io,
    }
}
