//! Everything a developer does: `cargo xtask` lists it.
//!
//! One file per command or subject. This crate knows the workspace from outside: cargo, the built `fuelcell` binary and
//! its HTTP interface. It must not link any other crate of the workspace, so that it is built in seconds.

mod bench;
mod check;
mod client;
mod clients;
mod dashboard;
mod demo;
mod engines;
mod event_log;
mod guests;
mod lint;
mod openapi;
mod order_to_cash;
mod orders;
mod process;
mod programs;
mod progress;
mod scripts;
mod server;
mod soak;
mod test;
mod tiers;
mod tools;
mod truth;
mod wasi_testsuite;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use bench::BenchArguments;
use demo::DemoArguments;
use event_log::EventLogArguments;
use orders::OrdersArguments;
use soak::SoakArguments;
use truth::TruthArguments;
use wasi_testsuite::WasiTestsuiteArguments;
use workspace::{Build, Workspace};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Everything a developer does")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the job modules and the binary that embeds them
    Guests,
    /// Build the dashboard's pages, which the next build of the binary embeds
    Dashboard,
    /// Check that the crates keep to the architecture
    Check,
    /// Check format, lints, spelling and licences
    Lint,
    /// Set up, check, lint and test everything
    Test,
    /// Run the long forms of what the tests do briefly: generated requests, fuzzing, determinism
    Soak(SoakArguments),
    /// Run the test suite of WASI in cells
    WasiTestsuite(WasiTestsuiteArguments),
    /// Run the demo: build, start a server, analyse an order-to-cash log, show the links
    Demo(DemoArguments),
    /// Measure what the platform costs, optimised
    Bench(BenchArguments),
    /// Run a folder of event logs through a server and compare with its reference figures
    Truth(TruthArguments),
    /// Rewrite openapi.json from the handlers' annotations, and the clients' types from it
    Openapi,
    /// Write a generated order-to-cash event log
    EventLog(EventLogArguments),
    /// Write a generated table of order lines
    Orders(OrdersArguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match Workspace::locate().and_then(|workspace| perform(&workspace, arguments.task)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress::note(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn perform(workspace: &Workspace, task: Task) -> Result<()> {
    match task {
        Task::Guests => guests::build(workspace, Build::Dev).and_then(|()| programs::build(workspace)),
        Task::Dashboard => dashboard::build(workspace),
        Task::Check => check::check(workspace),
        Task::Lint => lint::lint(workspace),
        Task::Test => test::test(workspace),
        Task::Soak(arguments) => soak::soak(workspace, &arguments),
        Task::WasiTestsuite(arguments) => wasi_testsuite::run_suite(workspace, &arguments),
        Task::Demo(arguments) => demo::demo(workspace, arguments),
        Task::Bench(arguments) => bench::bench(workspace, &arguments),
        Task::Truth(arguments) => truth::truth(workspace, &arguments),
        Task::Openapi => openapi::rewrite(workspace).and_then(|()| clients::rewrite(workspace)),
        Task::EventLog(arguments) => event_log::run(arguments),
        Task::Orders(arguments) => orders::run(&arguments),
    }
}
