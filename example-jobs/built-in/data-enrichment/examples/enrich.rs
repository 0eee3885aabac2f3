//! Runs the job natively, as the server would run the module.
//!
//! `cargo run --release -p data-enrichment --example enrich -- FILE FOLDER ['{"steps": …}']`

#![allow(clippy::print_stdout, reason = "a command-line tool")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use data_enrichment::Job;
use fuelcell_sdk::testing::TestHost;
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder, parameters @ ..] = arguments.as_slice() else {
        return Err("usage: enrich FILE FOLDER [PARAMETERS]".into());
    };
    let parameters = parameters.first().map_or("{}", String::as_str);
    let host = TestHost::new().parameters(serde_json::from_str(parameters)?).input_file("dataset", file)?;
    let cpu = processor_time()?;
    let run = host.run::<Job>();
    println!("cpuSeconds {:.6}", (processor_time()? - cpu).as_secs_f64());
    fs::create_dir_all(folder)?;
    for (name, artifact) in &run.artifacts {
        println!("{name}: {} bytes", artifact.bytes.len());
        fs::write(Path::new(folder).join(name), &artifact.bytes)?;
    }
    println!("{:?}", run.end);
    Ok(())
}

/// Of this thread, which does all the work.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    Ok(Duration::try_from(clock_gettime(ClockId::ThreadCPUTime))?)
}
