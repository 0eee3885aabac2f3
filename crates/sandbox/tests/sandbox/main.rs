//! The sandbox with real guests: small components, written as text.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod brief;
mod commands;
mod compile;
mod describe;
mod ends;
mod engines;
mod guests;
mod host;
mod inspect;
mod isolation;
mod limits;
mod modules;
mod profile;
mod programs;
mod support;
