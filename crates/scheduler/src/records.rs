//! What the scheduler takes of a store: the subjects that it needs, and no other.

use fuelcell_store::verbs::{
    Accounts, Audit, Backlog, Jobs, Logs, Nodes, Processed, Queue, References, Submissions, Uploads,
};
use std::sync::Arc;

/// A store of records by subject. [`Records::of`] takes them all from one store.
#[derive(Clone)]
pub struct Records {
    /// Where jobs are claimed and ended.
    pub queue: Arc<dyn Queue>,
    /// Who lives.
    pub nodes: Arc<dyn Nodes>,
    /// Whose turn it is.
    pub backlog: Arc<dyn Backlog>,
    /// Where jobs are looked at, and forgotten when they are past their retention.
    pub jobs: Arc<dyn Jobs>,
    /// Where lines of running jobs go.
    pub logs: Arc<dyn Logs>,
    /// What earlier jobs of a pipeline marked.
    pub processed: Arc<dyn Processed>,
    /// Whose rules of retention hold.
    pub accounts: Arc<dyn Accounts>,
    /// Whose old keys are forgotten.
    pub submissions: Arc<dyn Submissions>,
    /// Whose old entries are forgotten.
    pub audit: Arc<dyn Audit>,
    /// Which uploads are given up.
    pub uploads: Arc<dyn Uploads>,
    /// Which bytes are needed.
    pub references: Arc<dyn References>,
}

impl Records {
    /// All of them from one store.
    pub fn of<S>(store: &Arc<S>) -> Self
    where
        S: Queue
            + Nodes
            + Backlog
            + Jobs
            + Logs
            + Processed
            + Accounts
            + Submissions
            + Audit
            + Uploads
            + References
            + 'static,
    {
        Self {
            queue: store.clone(),
            nodes: store.clone(),
            backlog: store.clone(),
            jobs: store.clone(),
            logs: store.clone(),
            processed: store.clone(),
            accounts: store.clone(),
            submissions: store.clone(),
            audit: store.clone(),
            uploads: store.clone(),
            references: store.clone(),
        }
    }
}
