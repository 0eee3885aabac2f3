//! Everything a developer does: `cargo xtask` lists it.
//!
//! One file per command or subject. This crate knows the workspace from outside: cargo, the built `fuelcell` binary and
//! its HTTP interface. It must not link any other crate of the workspace, so that it is built in seconds.

mod check;
mod event_log;
mod guests;
mod lint;
mod order_to_cash;
mod process;
mod progress;
mod test;
mod tools;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};

use event_log::EventLogArguments;
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
    /// Check that the crates keep to the architecture
    Check,
    /// Check format, lints, spelling and licences
    Lint,
    /// Set up, check, lint and test everything
    Test,
    /// Write a generated order-to-cash event log
    EventLog(EventLogArguments),
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let workspace = Workspace::locate()?;
    match arguments.task {
        Task::Guests => guests::build(&workspace, Build::Dev),
        Task::Check => check::check(&workspace),
        Task::Lint => lint::lint(&workspace),
        Task::Test => test::test(&workspace),
        Task::EventLog(arguments) => event_log::run(arguments),
    }
}
