//! What users may write.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fuelcell_table_kit::{Stop, excerpt};
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Batch, Connection, Error};

/// Functions that reach out of the database.
const REFUSED: [&str; 3] = ["load_extension", "readfile", "writefile"];

/// Tables of SQLite's own.
const INNER: [&str; 2] = ["pragma_", "sqlite_"];

/// What a statement reads.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// Columns, in the order in which SQLite meets them.
    pub(crate) columns: Vec<String>,
    /// `SELECT`s in it.
    pub(crate) selects: u32,
}

/// Checks that a text is one statement that only reads, and says what it reads.
pub(crate) fn check(connection: &mut Connection, sql: &str, what: &str) -> Result<Reads, Stop> {
    let columns = Arc::new(Mutex::new(Vec::new()));
    let selects = Arc::new(AtomicU32::new(0));
    let hook = {
        let (columns, selects) = (Arc::clone(&columns), Arc::clone(&selects));
        move |context: AuthContext<'_>| match context.action {
            AuthAction::Select => {
                selects.fetch_add(1, Ordering::Relaxed);
                Authorization::Allow
            }
            AuthAction::Read { table_name, .. }
                if INNER.iter().any(|inner| table_name.starts_with(inner)) =>
            {
                Authorization::Deny
            }
            AuthAction::Read { column_name, .. } => {
                let mut columns = columns.lock().unwrap_or_else(PoisonError::into_inner);
                if !column_name.is_empty() && !columns.iter().any(|known| known == column_name) {
                    columns.push(column_name.to_string());
                }
                Authorization::Allow
            }
            AuthAction::Function { function_name } if REFUSED.contains(&function_name) => Authorization::Deny,
            AuthAction::Function { .. } | AuthAction::Recursive => Authorization::Allow,
            _ => Authorization::Deny,
        }
    };
    connection.authorizer(Some(hook)).map_err(|error| refused(what, sql, &error))?;
    let checked = one(connection, sql, what);
    connection
        .authorizer(None::<fn(AuthContext<'_>) -> Authorization>)
        .map_err(|error| refused(what, sql, &error))?;
    checked?;
    let columns = std::mem::take(&mut *columns.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Reads { columns, selects: selects.load(Ordering::Relaxed) })
}

fn one(connection: &Connection, sql: &str, what: &str) -> Result<(), Stop> {
    let mut batch = Batch::new(connection, sql);
    let statement = batch.next().map_err(|error| refused(what, sql, &error))?;
    let Some(statement) = statement else {
        return Err(Stop::parameter(format!("{what} is empty.")));
    };
    if !statement.readonly() || statement.column_count() == 0 {
        return Err(Stop::parameter(format!("{what} must read: SELECT, VALUES or WITH … SELECT.")));
    }
    drop(statement);
    match batch.next() {
        Ok(None) => Ok(()),
        _ => Err(Stop::parameter(format!("{what} holds more than one statement. Write one text for each."))),
    }
}

/// An error of SQLite as one of the user's text.
pub(crate) fn refused(what: &str, sql: &str, error: &Error) -> Stop {
    let message = match error {
        Error::SqlInputError { msg, offset, .. } => {
            match usize::try_from(*offset).ok().and_then(|at| sql.get(at..)) {
                Some(rest) if !rest.is_empty() => format!("{msg}, at \"{}\"", excerpt(rest)),
                _ => msg.clone(),
            }
        }
        Error::SqliteFailure(code, Some(text))
            if code.code == rusqlite::ErrorCode::AuthorizationForStatementDenied =>
        {
            format!("it may only read ({text})")
        }
        Error::SqliteFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    };
    Stop::parameter(format!("{what} cannot be run: {message}."))
}
