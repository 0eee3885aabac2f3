//! Tables, as nobody exports them.

use crate::Job;
use fuelcell_fuzz::fuzz;
use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::TestHost;
use serde_json::json;

#[test]
fn what_is_passed_on_is_a_table_without_rows_twice() {
    fuzz("table", |bytes| {
        let host = TestHost::new().input("dataset", "table.csv", bytes);
        let run = host.parameters(json!({"atMost": 100})).run::<Job>();
        match run.end {
            Ok(Completion::Done) => {}
            Ok(other) => return Err(format!("{other:?}")),
            Err(failure) => return Err(failure.code),
        }
        let mut table = csv::Reader::from_reader(&run.artifacts["new-rows.csv"].bytes[..]);
        let rows: Vec<_> = table.records().collect::<Result<_, _>>().unwrap();
        assert!((1..=100).contains(&rows.len()));
        for (number, row) in rows.iter().enumerate() {
            assert!(!rows[..number].contains(row), "{row:?}");
        }
        Ok(())
    });
}
