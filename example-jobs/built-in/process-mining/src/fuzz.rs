//! Event logs and parameters, as nobody means them.

use crate::Job;
use crate::log::Micros;
use crate::parameters::Parameters;
use crate::read::{Timestamps, format_time, parse_iso};
use fuelcell_fuzz::{Verdict, fuzz};
use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::TestHost;
use serde_json::{Value, json};
use std::ops::Range;

/// The years 0 to 9999, in microseconds since 1970.
const YEARS: Range<Micros> = -62_167_219_200_000_000..253_402_300_800_000_000;

/// Runs the job. Whatever it is given, it fails with a word for programs or leaves documents that can be read.
fn mined(log: &[u8], parameters: Value) -> Verdict {
    let run = TestHost::new().input("dataset", "log", log).parameters(parameters).run::<Job>();
    match run.end {
        Err(failure) => {
            assert!(
                !failure.code.is_empty() && !failure.transient && failure.message.len() < 2_000,
                "{failure:?}"
            );
            Err(failure.code)
        }
        Ok(Completion::Done) => {
            for (name, artifact) in &run.artifacts {
                if name.ends_with(".json") {
                    serde_json::from_slice::<Value>(&artifact.bytes)
                        .unwrap_or_else(|error| panic!("{name}: {error}"));
                }
            }
            Ok(())
        }
        Ok(other) => Err(format!("{other:?}")),
    }
}

#[test]
fn every_log_is_mined_or_refused() {
    fuzz("event-log", |bytes| mined(bytes, json!({})));
}

#[test]
fn every_wish_is_fulfilled_or_refused() {
    const LOG: &[u8] = b"case_id,activity,timestamp,resource,cost
1,register,2024-01-01T08:00:00Z,ann,1
1,check,2024-01-01T09:00:00Z,bob,2
1,pay,2024-01-02T08:00:00Z,ann,3
2,register,2024-01-03T08:00:00Z,ann,4
2,pay,2024-01-04T08:00:00Z,ann,5
";
    fuzz("mining-parameters", |bytes| {
        let parameters: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if let Err(error) = serde_json::from_value::<Parameters>(parameters.clone()) {
            return Err(error.to_string());
        }
        mined(LOG, parameters)
    });
}

#[test]
fn a_timestamp_is_written_as_it_is_read() {
    fuzz("timestamps", |bytes| {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let text = lines.next().unwrap_or_default();
        let formats: Vec<_> = lines.map(|line| String::from_utf8_lossy(line).into_owned()).take(4).collect();
        let time =
            Timestamps::new(&formats).map_err(|stop| stop.message)?.parse(text).ok_or("no timestamp")?;
        // ISO 8601 has years of four digits.
        if YEARS.contains(&time) {
            assert_eq!(parse_iso(format_time(time).as_bytes()), Some(time));
        }
        Ok(())
    });
}
