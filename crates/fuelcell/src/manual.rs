//! `fuelcell completions` and `fuelcell man`: what shells and readers of manuals get, from the same source as the help.

use crate::cli::Cli;
use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Prints a script of completions.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "fuelcell", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}

/// Writes `fuelcell.1`, `fuelcell-job.1`, `fuelcell-job-submit.1` and so on.
pub(crate) fn pages(folder: &Path) -> anyhow::Result<()> {
    let unwritable = || format!("cannot write into {}", folder.display());
    fs::create_dir_all(folder).with_context(unwritable)?;
    clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), folder).with_context(unwritable)
}
