//! The commands, by what they are about.

pub(crate) mod access;
pub(crate) mod api;
pub(crate) mod dataset;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod gone;
pub(crate) mod job;
pub(crate) mod login;
pub(crate) mod module;
pub(crate) mod notify;
pub(crate) mod pipeline;
pub(crate) mod saved;
pub(crate) mod secret;
pub(crate) mod system;
pub(crate) mod tenancy;
pub(crate) mod top;
