//! Runs the job natively, as the server would run the module.
//!
//! `cargo run --release -p process-mining --example mine -- LOG OUT_DIR ['{"parameters": …}' [REFERENCE_MODEL]]`

#![allow(clippy::print_stdout, reason = "a command-line tool")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use fuelcell_sdk::testing::TestHost;
use process_mining::Job;
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [log, out, parameters @ ..] = arguments.as_slice() else {
        return Err("usage: mine LOG OUT_DIR [PARAMETERS [REFERENCE_MODEL]]".into());
    };
    let mut host = TestHost::new().input_file("dataset", log)?;
    if let Some(parameters) = parameters.first() {
        host = host.parameters(serde_json::from_str(parameters)?);
    }
    if let Some(model) = parameters.get(1) {
        host = host.input_file("reference-model", model)?;
    }
    let (started, cpu) = (std::time::Instant::now(), processor_time()?);
    let run = host.run::<Job>();
    fs::create_dir_all(out)?;
    for (name, artifact) in &run.artifacts {
        println!("{name}: {} bytes", artifact.bytes.len());
        fs::write(Path::new(out).join(name), &artifact.bytes)?;
    }
    println!("{:?} after {:.3} s", run.end, started.elapsed().as_secs_f64());
    println!("cpuSeconds {:.6}", (processor_time()? - cpu).as_secs_f64());
    if let Some(report) = &run.report {
        println!("{}", serde_json::to_string_pretty(report)?);
    }
    Ok(())
}

/// Of this thread, which does all the work.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    Ok(Duration::try_from(clock_gettime(ClockId::ThreadCPUTime))?)
}
