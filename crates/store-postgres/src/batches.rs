//! Submissions and ends of several callers share transactions: while one is under way, those that come wait together for the
//! next one. So they share its statements, its flush, and the locks of their projects.

use crate::database::Database;
use crate::work::Work;
use fuelcell_store::StoreError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// The most verbs of one transaction.
const MOST: usize = 256;

type Answer<T> = Result<T, StoreError>;
type Done<'a, A> = Pin<Box<dyn Future<Output = Result<Vec<Answer<A>>, StoreError>> + Send + 'a>>;
/// What does many verbs in one transaction. An error of the whole leaves nothing of it.
type All<V, A> = for<'a> fn(&'a mut Work, &'a [V]) -> Done<'a, A>;

/// A line of callers.
pub(crate) struct Batch<V, A> {
    line: mpsc::Sender<(V, oneshot::Sender<Answer<A>>)>,
}

impl<V, A> Clone for Batch<V, A> {
    fn clone(&self) -> Self {
        Self { line: self.line.clone() }
    }
}

impl<V: Send + Sync + 'static, A: Send + 'static> Batch<V, A> {
    /// The line ends when nobody can join it any more.
    pub(crate) fn new(handle: &Handle, database: &Database, all: All<V, A>) -> Self {
        let (line, mut waiting) = mpsc::channel::<(V, oneshot::Sender<Answer<A>>)>(MOST);
        let database = database.clone();
        handle.spawn(async move {
            let mut taken = Vec::new();
            while waiting.recv_many(&mut taken, MOST).await > 0 {
                let (verbs, callers): (Vec<V>, Vec<_>) = taken.drain(..).unzip();
                let answers = together(&database, &verbs, all).await;
                for (caller, answer) in callers.into_iter().zip(answers) {
                    // Whoever has gone away hears nothing.
                    let _ = caller.send(answer);
                }
            }
        });
        Self { line }
    }

    pub(crate) async fn join(self, verb: V) -> Answer<A> {
        let gone = || StoreError::Unavailable("the store is being closed".into());
        let (caller, answer) = oneshot::channel();
        self.line.send((verb, caller)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// Does verbs in one transaction, or, when that fails for a reason of one of them, each in one of its own.
async fn together<V: Send + Sync, A: Send>(
    database: &Database,
    verbs: &[V],
    all: All<V, A>,
) -> Vec<Answer<A>> {
    match once(database, verbs, all).await {
        Ok(answers) => answers,
        Err(StoreError::Storage(_)) if verbs.len() > 1 => {
            let mut answers = Vec::with_capacity(verbs.len());
            for verb in verbs.chunks(1) {
                let alone = once(database, verb, all).await;
                answers.push(alone.and_then(|mut own| own.pop().unwrap_or_else(|| Err(unanswered()))));
            }
            answers
        }
        Err(error) => {
            let error = Arc::new(error);
            verbs.iter().map(|_| Err(same(&error))).collect()
        }
    }
}

fn unanswered() -> StoreError {
    StoreError::Storage("a verb has no answer".into())
}

async fn once<V, A>(database: &Database, verbs: &[V], all: All<V, A>) -> Result<Vec<Answer<A>>, StoreError> {
    let mut work = Work::begin(database).await?;
    work.verbs = verbs.len();
    let done = all(&mut work, verbs).await;
    work.end(done).await
}

/// The same error for one more caller. What fails a whole transaction is of the medium.
fn same(error: &StoreError) -> StoreError {
    match error {
        StoreError::Full => StoreError::Full,
        StoreError::Unavailable(text) => StoreError::Unavailable(text.clone()),
        other => StoreError::Storage(other.to_string()),
    }
}
