//! What JavaScript throws, on its way between the host and the script.

use fuelcell_sdk::wasm::bindings::fuelcell::job::types::{Failure, HostError};
use rquickjs::{CaughtError, Ctx, Error, Exception};

/// Throws an error that the files of the SDK make one of theirs, by its kind.
pub(crate) fn throw(ctx: &Ctx<'_>, kind: &str, text: &str) -> Error {
    match Exception::from_message(ctx.clone(), text) {
        Ok(exception) => match exception.as_object().set("kind", kind) {
            Ok(()) => exception.throw(),
            Err(error) => error,
        },
        Err(error) => error,
    }
}

/// Throws what the host refused.
pub(crate) fn refused(ctx: &Ctx<'_>, error: &HostError) -> Error {
    match error {
        HostError::Limit(text) => throw(ctx, "limit", text),
        HostError::Invalid(text) => throw(ctx, "invalid", text),
        HostError::Storage(text) => throw(ctx, "storage", text),
    }
}

/// A failure without more ado: of what is not the script's, or when there is no room left to say it in JavaScript.
pub(crate) fn plain(code: &str, message: impl Into<String>) -> Failure {
    Failure { code: code.into(), message: message.into(), transient: false }
}

/// What is left to say of an error that JavaScript itself could not tell.
pub(crate) fn untold(ctx: &Ctx<'_>, error: Error) -> Failure {
    match CaughtError::from_error(ctx, error) {
        CaughtError::Exception(exception) => {
            let message = exception.message().unwrap_or_default();
            let place = exception.stack().unwrap_or_default();
            plain("Error", format!("{message}\n{place}").trim_end())
        }
        other => plain("Error", other.to_string()),
    }
}
