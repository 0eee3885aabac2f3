//! Connections: a pool of them, and a runtime of its own that serves them.
//!
//! Guests that run on the server's threads block them while they ask the store for something. If the same threads had to
//! read the database's answers, all of them could wait for each other.

use crate::error::meaning;
use crate::guard::Guard;
use crate::record;
use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts,
};
use fuelcell_store::StoreError;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls, Row};

/// Values of a statement.
pub(crate) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// How long a verb waits for a connection, and a connection for its server.
const PATIENCE: Duration = Duration::from_secs(5);

/// A question takes no longer than this. Changes set limits of their own.
const LIMITS: &str = "SET statement_timeout = '10s'";

/// The database, as verbs reach it.
#[derive(Clone)]
pub(crate) struct Database {
    pool: Pool,
    guard: Guard,
}

impl Database {
    /// No connection is made yet.
    pub(crate) fn new(config: &Config, connections: usize, guard: Guard) -> Result<Self, StoreError> {
        let mut config = config.clone();
        config.connect_timeout(PATIENCE);
        config.tcp_user_timeout(2 * PATIENCE);
        config.keepalives_idle(2 * PATIENCE);
        config.application_name("fuelcell");
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, NoTls, recycling);
        let timeouts = Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE), recycle: Some(PATIENCE) };
        let pool = Pool::builder(manager).max_size(connections).runtime(Runtime::Tokio1).timeouts(timeouts);
        let pool = pool.post_create(Hook::async_fn(|client, _| {
            Box::pin(async { client.batch_execute(LIMITS).await.map_err(HookError::Backend) })
        }));
        let pool = pool.build().map_err(|error| StoreError::Storage(format!("no pool: {error}")))?;
        Ok(Self { pool, guard })
    }

    /// A connection, for reading.
    pub(crate) async fn session(&self) -> Result<Session, StoreError> {
        self.guard.check()?;
        let connection = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => match meaning(error) {
                StoreError::Storage(text) => StoreError::Unavailable(text),
                other => other,
            },
            PoolError::PostCreateHook(HookError::Backend(error)) => meaning(error),
            other => StoreError::Unavailable(format!("no connection to the database: {other}")),
        })?;
        Ok(Session { connection })
    }
}

/// One connection, for the time of one verb. Each statement sees all that was committed before it.
pub(crate) struct Session {
    connection: Object,
}

impl Session {
    pub(crate) async fn query(&self, statement: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        let prepared = self.connection.prepare_cached(statement).await.map_err(meaning)?;
        self.connection.query(&prepared, values).await.map_err(meaning)
    }

    /// Says how many rows were touched.
    pub(crate) async fn execute(&self, statement: &str, values: Values<'_>) -> Result<u64, StoreError> {
        let prepared = self.connection.prepare_cached(statement).await.map_err(meaning)?;
        self.connection.execute(&prepared, values).await.map_err(meaning)
    }

    pub(crate) async fn one(&self, statement: &str, values: Values<'_>) -> Result<Option<Row>, StoreError> {
        Ok(self.query(statement, values).await?.into_iter().next())
    }

    /// The records that a statement brings as its first column.
    pub(crate) async fn records<T: DeserializeOwned>(
        &self,
        table: &str,
        statement: &str,
        values: Values<'_>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.query(statement, values).await?;
        rows.iter().map(|row| record::read(table, row.get(0))).collect()
    }

    /// The first of them.
    pub(crate) async fn record<T: DeserializeOwned>(
        &self,
        table: &str,
        statement: &str,
        values: Values<'_>,
    ) -> Result<Option<T>, StoreError> {
        let row = self.one(statement, values).await?;
        row.map(|row| record::read(table, row.get(0))).transpose()
    }

    /// A command without values, or several.
    pub(crate) async fn command(&self, command: &str) -> Result<(), StoreError> {
        self.connection.batch_execute(command).await.map_err(meaning)
    }

    /// Closes the connection, whatever state it is in.
    pub(crate) fn discard(self) {
        drop(Object::take(self.connection));
    }
}

/// A number of rows as the database takes it.
pub(crate) fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
