//! Parameters, as nobody means them.

use fuelcell_fuzz::{Verdict, fuzz};
use fuelcell_sdk::testing::TestHost;
use serde_json::Value;

use crate::Job;

#[test]
fn every_wish_is_fulfilled_or_refused() {
    let rows: String = (0..60)
        .map(|row| format!("{row},{},{},2024-01-{:02}\n", ["a", "b"][row % 2], row % 7, row % 28 + 1))
        .collect();
    let table = format!("id,group,cost,day\n{rows}");
    fuzz("analysis-parameters", |bytes| -> Verdict {
        let parameters: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let run = TestHost::new().parameters(parameters).input("dataset", "table.csv", &table).run::<Job>();
        if let Err(failure) = run.end {
            assert!(!failure.transient && failure.message.len() < 4_000, "{failure:?}");
            return Err(failure.message);
        }
        let figures = run.artifacts.get("analysis.json").expect("there are figures");
        serde_json::from_slice::<Value>(&figures.bytes).expect("figures are JSON");
        Ok(())
    });
}
