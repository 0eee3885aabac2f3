//! `fuelcell check`

use super::{Source, say, spinner};
use crate::data_dir::DataDir;
use crate::serve::BUILT_IN;
use anyhow::Context;
use fuelcell_domain::Digest;
use fuelcell_store_sled::{Options, check_blobs};
use std::path::Path;
use std::process::ExitCode;

/// Looks at every record and every stored byte, and says what is wrong.
pub(crate) async fn check(data: &Path) -> anyhow::Result<ExitCode> {
    let directory = DataDir::existing(data)?;
    let bar = spinner("looking at the records");
    let cannot = || format!("cannot look at {}", data.display());
    let source = Source::of(&directory).with_context(cannot)?;
    let (mut report, named) =
        fuelcell_store_sled::check(&source.store, &Options::default()).with_context(cannot)?;
    bar.set_message("looking at the stored bytes");
    let brought: Vec<Digest> = BUILT_IN.iter().map(|(_, bytes)| Digest::of(bytes)).collect();
    check_blobs(&source.blobs()?, &named, &brought, &mut report, |blob| bar.inc(blob.size)).await?;
    if let Err(error) = directory.secret() {
        report.problem(error.to_string());
    }
    bar.finish_and_clear();
    say(&format!(
        "{} jobs and {} values of records; {} files with {} bytes",
        report.jobs, report.values, report.blobs, report.blob_bytes
    ))?;
    if report.orphans > 0 {
        say(&format!(
            "{} files with {} bytes belong to nothing any more; a running server will sweep them",
            report.orphans, report.orphan_bytes
        ))?;
    }
    for problem in &report.problems {
        say(&format!("problem: {problem}"))?;
    }
    match report.problem_count {
        0 => say("no problems").map(|()| ExitCode::SUCCESS),
        count => say(&format!("{count} problems")).map(|()| ExitCode::FAILURE),
    }
}
