//! Runs the job natively, as the server would run the module.
//!
//! `cargo run --release -p process-mining --example mine -- LOG OUT_DIR ['{"parameters": …}']`

#![allow(clippy::print_stdout, reason = "a command-line tool")]

use std::error::Error;
use std::fs;
use std::path::Path;

use fuelcell_sdk::testing::TestHost;
use process_mining::Job;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [log, out, parameters @ ..] = arguments.as_slice() else {
        return Err("usage: mine LOG OUT_DIR [PARAMETERS]".into());
    };
    let mut host = TestHost::new().input_file("dataset", log)?;
    if let Some(parameters) = parameters.first() {
        host = host.parameters(serde_json::from_str(parameters)?);
    }
    let started = std::time::Instant::now();
    let run = host.run::<Job>();
    println!("{:?} after {:.3} s", run.end, started.elapsed().as_secs_f64());
    if let Some(report) = &run.report {
        println!("{}", serde_json::to_string_pretty(report)?);
    }
    fs::create_dir_all(out)?;
    for (name, artifact) in &run.artifacts {
        println!("{name}: {} bytes", artifact.bytes.len());
        fs::write(Path::new(out).join(name), &artifact.bytes)?;
    }
    Ok(())
}
