//! The server dies; what it acknowledged does not.

mod barrier;
mod kill;
