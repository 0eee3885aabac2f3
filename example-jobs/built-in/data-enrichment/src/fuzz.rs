//! Steps, as nobody means them.

use fuelcell_fuzz::{Verdict, fuzz};
use fuelcell_sdk::testing::TestHost;
use serde_json::Value;

use crate::Job;

const ORDERS: &str = "id,region,amount,at\n1,north,10.25,2024-01-31T10:00:00Z\n2,south,2.50,2024-02-01\n2,south,abc,\n3,,7.00,2024-02-03\n";

#[test]
fn every_step_is_done_or_refused() {
    fuzz("enrichment-steps", |bytes| -> Verdict {
        let parameters: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let host = TestHost::new().parameters(parameters).input("dataset", "orders.csv", ORDERS);
        let run = host.input("lookups/regions", "regions.csv", "key,name\nnorth,N\nsouth,S\n").run::<Job>();
        if let Err(failure) = run.end {
            assert!(!failure.transient && failure.message.len() < 4_000, "{failure:?}");
            return Err(failure.message);
        }
        let rows = run.report.and_then(|report| report.validation).expect("rows are accounted for");
        assert_eq!(rows.total, rows.valid + rows.duplicates_removed + rows.invalid);
        Ok(())
    });
}
