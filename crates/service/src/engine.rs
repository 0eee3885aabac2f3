//! An engine as a server has it: its name, and where its bytes come from.

use fuelcell_domain::{EngineRef, ReadAt, Reading};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// An engine of this server.
pub struct Engine {
    /// Its name, its version and its digest.
    pub engine: EngineRef,
    bytes: Arc<dyn ReadAt>,
    /// Whether its bytes lie among the stored ones. They are large, and most servers run no scripts.
    pub(crate) stored: AtomicBool,
}

impl Engine {
    /// An engine of these bytes, which are those of its digest.
    pub fn new(engine: EngineRef, bytes: Arc<dyn ReadAt>) -> Self {
        Self { engine, bytes, stored: AtomicBool::new(false) }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Arc<dyn ReadAt> {
        self.bytes.clone()
    }

    /// The same as a stream.
    pub(crate) fn source(&self) -> Box<dyn Read + Send> {
        Box::new(Reading::from(self.bytes(), 0))
    }
}
