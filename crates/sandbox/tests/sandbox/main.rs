//! The sandbox with real guests: small components, written as text.

mod describe;
mod ends;
mod guests;
mod host;
mod inspect;
mod modules;
mod support;
