//! How a program says that it leaves: `wasi:cli/exit`, answered so that nothing is told which the program did not say.

use crate::cell::Cell;
use wasmtime::{Error, Result};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::cli::exit;

/// A program left with a failure, and did not say its code: the usual call of WASI 0.2 tells only whether it is 0.
#[derive(Debug, thiserror::Error)]
#[error("the program left with a failure")]
pub(crate) struct FailedExit;

/// Whether `error` is a program's own leaving.
pub(crate) fn is_exit(error: &Error) -> bool {
    error.is::<I32Exit>() || error.is::<FailedExit>()
}

impl exit::Host for Cell {
    fn exit(&mut self, status: std::result::Result<(), ()>) -> Result<()> {
        Err(match status {
            Ok(()) => Error::new(I32Exit(0)),
            Err(()) => Error::new(FailedExit),
        })
    }

    fn exit_with_code(&mut self, code: u8) -> Result<()> {
        Err(Error::new(I32Exit(code.into())))
    }
}
