//! Tells people and other systems of the ends of jobs: by e-mail over SMTP, and by requests over HTTP that are signed as
//! [Standard Webhooks](https://www.standardwebhooks.com) asks.
//!
//! What is to be told lies in the store: the transaction that ends a job puts it there. This crate takes what is due, tries, and
//! says how it went ([`Notifier`]). It knows the domain, the store, and the one room that opens connections to the world; it
//! knows nothing of how jobs run, of who may ask for what, or of the server's secret, whose holder signs for it
//! ([`Signing`](fuelcell_domain::notice::Signing)).
//!
//! Any number of processes may deliver from one store: what one of them tries, the others leave alone for a while, and when
//! that one dies, another tries again. So each message arrives at least once, always under the same id.

mod backoff;
mod config;
mod courier;
mod mail;
mod metrics;
mod outcome;
mod webhook;

pub use config::{NotifyConfig, Security, SmtpConfig};
pub use courier::{Desk, Notifier};
