//! The suite's crashes: the connection breaks at a commit, before it reaches the database or before its answer comes back.

use crate::proxy::Proxy;
use crate::{database, open};
use async_trait::async_trait;
use fuelcell_store::Store;
use fuelcell_store::conformance::{CrashPoint, Medium};
use fuelcell_test_cluster::Database;
use std::sync::Arc;

/// A database, and the only way to it.
struct Breaking {
    database: Database,
    proxy: Proxy,
}

impl Breaking {
    fn new() -> Self {
        let database = database();
        let proxy = Proxy::to(database.socket());
        Self { database, proxy }
    }
}

#[async_trait]
impl Medium for Breaking {
    async fn open(&self) -> Arc<dyn Store> {
        self.proxy.mend();
        let (port, name) = (self.proxy.address.port(), &self.database.name);
        let address = format!("host=127.0.0.1 port={port} user=fuelcell dbname={name}");
        Arc::new(open(&address).await)
    }

    fn crash_at(&self, commit: u64, point: CrashPoint) {
        self.proxy.crash_at(commit, point);
    }
}

fuelcell_store::interrupted_conformance!(Breaking::new);
