//! Every test drives the real binary from outside: HTTP in, HTTP out, real store, real wasm. Folders mirror the addresses.

// In a test an unwrap is an assertion.
#![allow(clippy::unwrap_used)]

mod access;
mod accounts;
mod admin;
mod bug_reports;
mod cli;
mod cli_author;
mod cli_client;
mod cli_doctor;
mod cli_errors;
mod cli_from_job;
mod cli_help;
mod cli_modules;
mod cli_names;
mod cli_profile;
mod cli_top;
mod clients;
mod conformance;
mod crash;
mod cursors;
mod dashboard;
mod datamachine;
mod deploy;
mod deterministic;
mod downloads;
mod execution;
mod guide;
mod guides;
mod health;
mod hostile_api;
mod hostile_connections;
mod hostile_texts;
mod isolation;
mod javascript;
mod limits;
mod matrix;
mod metrics;
mod mounted;
mod notifications;
mod openapi;
mod operate;
mod outbound;
mod overload;
mod postgres;
mod process_mining;
mod protection;
mod python;
mod readme;
mod registry;
mod removal;
mod tables;
mod traces;
mod typed_clients;
