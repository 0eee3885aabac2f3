//! Runs the job on a file of this machine, without a host: `explain FILE FOLDER [PARAMETERS]`.
//!
//! `cargo run --release -p analysis --example explain -- orders.csv results '{"timeZone": "Europe/Berlin"}'`

#![allow(clippy::print_stdout, reason = "a command-line tool")]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use analysis::Job;
use fuelcell_sdk::testing::TestHost;
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder, parameters @ ..] = arguments.as_slice() else {
        return Err("usage: explain FILE FOLDER [PARAMETERS]".into());
    };
    let parameters = parameters.first().map_or("{}", String::as_str);
    let host = TestHost::new().parameters(serde_json::from_str(parameters)?).input_file("dataset", file)?;
    let cpu = processor_time()?;
    let run = host.run::<Job>();
    println!("cpuSeconds {:.6}", (processor_time()? - cpu).as_secs_f64());
    for (name, artifact) in &run.artifacts {
        std::fs::write(Path::new(folder).join(name), &artifact.bytes)?;
        println!("{name}: {} bytes", artifact.bytes.len());
    }
    for warning in run.report.iter().flat_map(|report| &report.warnings) {
        println!("{}: {} ({})", warning.kind, warning.message, warning.count);
    }
    println!("{:?}", run.end);
    Ok(())
}

/// Of this thread, which does all the work.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    Ok(Duration::try_from(clock_gettime(ClockId::ThreadCPUTime))?)
}
