//! What an error of the database means to those who asked.

use fuelcell_store::StoreError;
use tokio_postgres::error::SqlState;

/// Whether it is worth asking again, or not.
pub(crate) fn meaning(error: tokio_postgres::Error) -> StoreError {
    let text = described(&error);
    match error.code() {
        Some(code) if *code == SqlState::DISK_FULL => StoreError::Full,
        Some(code) if passes(code) => StoreError::Unavailable(text),
        Some(_) => StoreError::Storage(text),
        // No answer of the server: the connection broke, or could not be made.
        None => StoreError::Unavailable(text),
    }
}

/// Errors that say nothing of the data: the server starts, stops, fails over, is too busy, or has chosen this transaction
/// as the one that gives way.
fn passes(code: &SqlState) -> bool {
    const CLASSES: [&str; 5] = ["08", "40", "53", "55", "57"];
    const OTHERS: [SqlState; 4] = [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        // Somebody else has just written the same; asked again, the verb sees it.
        SqlState::UNIQUE_VIOLATION,
        SqlState::INVALID_SQL_STATEMENT_NAME,
    ];
    CLASSES.iter().any(|class| code.code().starts_with(class)) || OTHERS.contains(code)
}

fn described(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(told) => format!("{} ({})", told.message(), told.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}
