//! `fuelcell completions` and `fuelcell man`: what shells and readers of manuals get, from the same source as the help.

use crate::cli::Cli;
use anyhow::Context;
use clap::CommandFactory;
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};
use std::fs;
use std::io::Write;
use std::path::Path;

/// The variable by which a shell's script asks this program what comes next.
const ASKED: &str = "FUELCELL_COMPLETE";

/// Answers a shell that asks what comes next; this process ends then.
pub(crate) fn answer_a_shell() {
    CompleteEnv::with_factory(Cli::command).var(ASKED).complete();
}

/// Prints a script of completions, which asks the program `fuelcell` on the path.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<()> {
    let shells = Shells::builtins();
    let shell = shells.completer(&shell.to_string()).context("there are no completions for this shell")?;
    let mut script = Vec::new();
    shell.write_registration(ASKED, "fuelcell", "fuelcell", "fuelcell", &mut script)?;
    Ok(std::io::stdout().write_all(&script)?)
}

/// Writes `fuelcell.1`, `fuelcell-job.1`, `fuelcell-job-submit.1` and so on.
pub(crate) fn pages(folder: &Path) -> anyhow::Result<()> {
    let unwritable = || format!("cannot write into {}", folder.display());
    fs::create_dir_all(folder).with_context(unwritable)?;
    clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), folder).with_context(unwritable)
}
