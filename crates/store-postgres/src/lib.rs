//! The store of many nodes: records in PostgreSQL.
//!
//! This crate knows how the promises of [`fuelcell_store`] are kept in PostgreSQL, by any number of nodes at the same time. It
//! knows nothing of HTTP, of wasm or of scheduling, and decides no transition: those are the domain's.
//!
//! One write's way: a verb goes to the store's own runtime, takes a connection, begins a transaction, and holds the *ledger*
//! of its project, a row of counters and sums. Under it the verb reads what it needs, asks the domain for the transition, and
//! writes rows of several jobs at once; counters, events and sums follow with the commit. Readers hold nothing: each question
//! is one statement, which sees one moment.
//!
//! What was submitted of a job is a row that is never updated. Where it stands is a row in exactly one of three tables:
//! `queue` and `running`, which stay small, and `ended`. So nothing large is updated, and nothing large bloats.
//!
//! One server has a database open at a time (`guard`): what several nodes need beside this store is not there yet.
//!
//! The rooms: `database` (connections), `work` (transactions), `record` (records as values), `records` (what moves with a
//! record), `verbs` (the subjects of the store), `migrations` (the layout).

mod batches;
mod database;
mod error;
mod guard;
mod migrations;
mod record;
mod records;
mod store;
mod verbs;
mod work;

pub use store::{Options, PostgresStore, has_password};
