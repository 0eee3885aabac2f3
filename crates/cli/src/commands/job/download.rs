//! `fuelcell job download`: the outputs of a job as files.

use super::shared::outputs;
use crate::complete;
use crate::connection::Connection;
use crate::documents::{Files, document};
use crate::failure::{Exit, Failure, Outcome};
use crate::files::{check_free, download, inside};
use crate::http::Call;
use crate::operations::JOB_RESULTS;
use crate::output::{Format, done};
use clap::Args;
use serde_json::Value;
use std::path::PathBuf;

/// Outputs to fetch.
#[derive(Args)]
pub struct Download {
    /// The job's id.
    #[arg(add = complete::jobs())]
    job: String,
    /// Download only these outputs.
    #[arg(value_name = "OUTPUT")]
    names: Vec<String>,
    /// Folder for the outputs.
    #[arg(long, value_name = "FOLDER", default_value = ".", conflicts_with = "zip")]
    out: PathBuf,
    /// Download all outputs as one zip file.
    #[arg(long, value_name = "FILE", conflicts_with = "names")]
    zip: Option<PathBuf>,
    /// Replace files that are there.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(connection: &Connection, wanted: &Download) -> Outcome {
    let call = connection.call(JOB_RESULTS, &[("jobId", &wanted.job)])?;
    if let Some(zip) = &wanted.zip {
        check_free(zip, wanted.force)?;
        download(&connection.http, &call.query("format", Some("download")), zip, None)?;
        return done(
            connection.format,
            &zip.display().to_string(),
            &document(&Files { files: vec![zip.clone()] }),
        );
    }
    let outputs = outputs(&connection.http.send(&call)?);
    let named =
        |output: &&Value| wanted.names.is_empty() || wanted.names.iter().any(|name| output["name"] == **name);
    let chosen: Vec<&Value> = outputs.iter().filter(named).collect();
    let is_there = |name: &&String| !outputs.iter().any(|output| output["name"] == **name);
    if let Some(missing) = wanted.names.iter().find(is_there) {
        let names: Vec<_> = outputs.iter().filter_map(|output| output["name"].as_str()).collect();
        return Err(Failure::usage(format!("the job has no output {missing:?}"))
            .with_remedy(format!("it has: {}", names.join(", "))));
    }
    let mut files = Vec::new();
    for output in &chosen {
        let name = output["name"].as_str().unwrap_or_default();
        let place = inside(&wanted.out, name)
            .ok_or_else(|| Failure::new(Exit::Failed, format!("no file here can be called {name:?}")))?;
        check_free(&place, wanted.force)?;
        files.push((place, *output));
    }
    for (place, output) in &files {
        let link = output["downloadUrl"].as_str().unwrap_or_default().to_owned();
        let call = Call::to("GET", link);
        download(&connection.http, &call, place, output["digest"].as_str())?;
    }
    let places: Vec<_> = files.iter().map(|(place, _)| place.clone()).collect();
    if places.is_empty() && matches!(connection.format, Format::Table | Format::Csv) {
        return Ok(());
    }
    let listed: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
    done(connection.format, &listed.join("\n"), &document(&Files { files: places }))
}
