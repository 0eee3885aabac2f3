//! Asking a module to describe itself.

use crate::guests::{SPIN, component};
use crate::support::Bench;
use fuelcell_domain::ErrorCode;

#[tokio::test(flavor = "multi_thread")]
async fn a_module_describes_itself() {
    let bench = Bench::new();
    let described = bench.sandbox.describe(&component(&[], "", "(i32.const 0)")).await.unwrap();
    assert_eq!(described, r#"{"title":"d"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn describing_has_limits_too() {
    let bench = Bench::new();
    let endless = component(&[], &format!("(func $endless {SPIN}) (start $endless)"), "(i32.const 0)");
    let error = bench.sandbox.describe(&endless).await.unwrap_err();
    assert!(matches!(error.code, ErrorCode::FuelExhausted | ErrorCode::Timeout), "{error}");
    assert_eq!(bench.sandbox.describe(b"garbage").await.unwrap_err().code, ErrorCode::ModuleInvalid);
}
