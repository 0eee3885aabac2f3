//! Writes an event log to a file, with a bar.

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use chrono::NaiveDate;
use clap::Args;

use crate::{
    order_to_cash::{self, LogOptions, LogSize},
    progress::{Progress, note},
};

/// Which log to write, and where. Without options it is the demo's.
#[derive(Args)]
pub(crate) struct EventLogArguments {
    /// The CSV file to write
    #[arg(long)]
    out: PathBuf,
    /// About how many events
    #[arg(long)]
    events: Option<u64>,
    /// Another seed gives another log
    #[arg(long)]
    seed: Option<u64>,
    /// First day, such as 2023-10-01
    #[arg(long)]
    start: Option<NaiveDate>,
    /// Last day
    #[arg(long)]
    end: Option<NaiveDate>,
}

/// Does what the command line asks for.
pub(crate) fn run(arguments: EventLogArguments) -> Result<()> {
    let demo = LogOptions::demo();
    let options = LogOptions {
        events: arguments.events.unwrap_or(demo.events),
        seed: arguments.seed.unwrap_or(demo.seed),
        start: arguments.start.unwrap_or(demo.start),
        end: arguments.end.unwrap_or(demo.end),
    };
    let size = write_file(&options, &arguments.out)?;
    note(&format!("{}: {} events of {} orders", arguments.out.display(), size.events, size.cases));
    Ok(())
}

/// Writes the log to `path`; its folder is made.
pub(crate) fn write_file(options: &LogOptions, path: &Path) -> Result<LogSize> {
    let shown = path.display();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let file = File::create(path).with_context(|| format!("cannot create {shown}"))?;
    let mut progress = Progress::bar("Generating the event log", 100);
    let on_day = |done: f64| progress.set((done * 100.0) as u64, "");
    order_to_cash::write(options, &mut BufWriter::new(file), on_day)
        .with_context(|| format!("cannot write {shown}"))
}
