//! What teams keep on the server: datasets, pipelines, modules. DTOs and mapping only.

pub(crate) mod datasets;
pub(crate) mod modules;
pub(crate) mod pipelines;

use axum::body::Body;
use fuelcell_service::ByteSource;
use futures::TryStreamExt;
use tokio_util::io::{StreamReader, SyncIoBridge};

/// A request's body as bytes that a blocking thread reads, as they arrive.
fn byte_source(body: Body) -> ByteSource {
    let stream = body.into_data_stream().map_err(std::io::Error::other);
    Box::new(SyncIoBridge::new(StreamReader::new(stream)))
}
