//! What needs a file system of its own. Mounting needs root, so these are ignored by a plain run, which so says that they
//! were not run; `cargo xtask test` and `cargo xtask soak` run them where they can, and say so where they cannot.

mod download;
mod full;
mod power;
mod restricted;
