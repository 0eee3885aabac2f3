//! `--dry-run` of commands that delete: what would go is said, and stays.

use crate::connection::Connection;
use crate::failure::Outcome;
use crate::operations::Operation;
use crate::output::{self, Column, note};
use clap::Args;

/// Whether it is only said what would go.
#[derive(Args, Clone, Copy, Debug)]
pub struct DryRun {
    /// Say what would go, and delete nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// Says that nothing was deleted, and what would go.
pub(super) fn nothing_was_deleted(what: &str) {
    note(&format!("nothing was deleted; {what}"));
}

/// Shows the thing that would go for good, and what with it.
pub(super) fn would_go<const N: usize>(
    connection: &Connection,
    (look, fill): (Operation, &[(&str, &str); N]),
    columns: &[Column],
    with: &str,
) -> Outcome {
    let thing = connection.send(look, fill)?;
    nothing_was_deleted(&format!("this would go for good, {with}:"));
    output::one(connection.format, columns, &thing)
}
