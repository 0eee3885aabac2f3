//! The end of the server.

use tokio_util::sync::CancellationToken;

/// Told when the server stops: what waits for something, answers then.
#[derive(Clone)]
pub(crate) struct Stop(pub(crate) CancellationToken);
