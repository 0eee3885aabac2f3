//! The server dies; what it acknowledged does not.

mod barrier;
pub(crate) mod kill;
mod stop;
