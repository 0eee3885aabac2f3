//! What guests ask of their host arrives there, checked and charged.

use crate::guests::{
    ARTIFACTS, CANCEL, CHECKPOINT, CREATE, FAIL, INPUTS, LOG, PROCESSED, PROGRESS, RANDOM, REPORTING, SLEEP,
    STDOUT, component, noop,
};
use crate::support::{Bench, Recorder};
use fuelcell_domain::{Cancellation, Completion, DataValidation, ErrorCode, Finding, Fuel, Report, RunEnd};

const DONE: RunEnd = RunEnd::Completed(Completion::Done);

/// Traps when the result at 1024 is an error.
const EXPECT_OK: &str = "(if (i32.load8_u (i32.const 1024)) (then unreachable))";
/// Fails as `MyCode` when the result at 1024 is an error.
const FAIL_IF_ERROR: &str = "(if (i32.load8_u (i32.const 1024)) (then (return (i32.const 32))))";

#[tokio::test(flavor = "multi_thread")]
async fn progress_and_log_arrive() {
    let bench = Bench::new();
    let calls = "(call $progress (i64.const 3) (i64.const 4) (i32.const 96) (i32.const 5))
                 (call $log (i32.const 2) (i32.const 96) (i32.const 5) (i32.const 160) (i32.const 9)) (i32.const 0)";
    assert_eq!(bench.run(&component(&[PROGRESS, LOG], "", calls)).await.0, DONE);
    assert_eq!(bench.host.events(), ["progress 3/4 stage", "Warn stage: a message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_is_written_in_pieces_and_finished_once() {
    let bench = Bench::new();
    let write = "(call $write (i32.load (i32.const 1028)) (i32.const 160) (i32.const 9) (i32.const 1040))";
    let calls = format!(
        "{CREATE} {EXPECT_OK} {write} {write} (call $finish (i32.load (i32.const 1028)) (i32.const 1040))
         (if (i32.load8_u (i32.const 1040)) (then unreachable))
         (call $finish (i32.load (i32.const 1028)) (i32.const 1040))
         (if (i32.eqz (i32.load8_u (i32.const 1040))) (then unreachable)) (i32.const 0)"
    );
    let (end, usage) = bench.run(&component(&[ARTIFACTS], "", &calls)).await;
    assert_eq!(end, DONE);
    assert_eq!(bench.host.events(), ["created x.txt Data", "finished x.txt with 18 bytes"]);
    assert_eq!((usage.bytes_written, usage.io_operations), (18, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_limit_is_exact_over_artifacts_and_checkpoint() {
    let mut bench = Bench::new();
    // A checkpoint of 9 bytes and an artifact of `size` bytes.
    let guest = |size: u32| {
        component(
            &[ARTIFACTS, CHECKPOINT],
            "",
            &format!(
                "(call $save (i32.const 160) (i32.const 9) (i32.const 1024)) {EXPECT_OK}
                 {CREATE} {EXPECT_OK}
                 (call $write (i32.load (i32.const 1028)) (i32.const 2048) (i32.const {size}) (i32.const 1024))
                 {FAIL_IF_ERROR} (i32.const 0)"
            ),
        )
    };
    bench.limits.disk_bytes = 109;
    assert_eq!(bench.run(&guest(99)).await.0, DONE);
    assert_eq!(bench.run(&guest(100)).await.0, DONE);
    let (error, _) = bench.fail(&guest(101)).await;
    assert_eq!(error.code, ErrorCode::DiskQuota);
    assert_eq!(error.details.as_deref(), Some("MyCode: a message"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_artifacts_has_an_end() {
    let bench = Bench::new();
    let forever =
        |after: &str| format!("(loop $again {CREATE} {FAIL_IF_ERROR} {after} (br $again)) (i32.const 0)");
    let (error, _) = bench.fail(&component(&[ARTIFACTS], "", &forever(""))).await;
    assert_eq!((error.code, bench.host.events().len()), (ErrorCode::HostLimit, 257));

    let bench = Bench::new();
    let drop = "(call $drop (i32.load (i32.const 1028)))";
    let (error, _) = bench.fail(&component(&[ARTIFACTS], "", &forever(drop))).await;
    assert_eq!((error.code, bench.host.events().len()), (ErrorCode::HostLimit, 1000));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_that_is_thrown_away_frees_its_disk() {
    let bench = Bench::new();
    let once = format!(
        "{CREATE} {FAIL_IF_ERROR}
         (call $write (i32.load (i32.const 1028)) (i32.const 2048) (i32.const 1000) (i32.const 1040))
         (if (i32.load8_u (i32.const 1040)) (then unreachable)) (call $drop (i32.load (i32.const 1028)))"
    );
    let (end, usage) = bench.run(&component(&[ARTIFACTS], "", &format!("{once} {once} (i32.const 0)"))).await;
    assert_eq!((end, usage.bytes_written), (DONE, 2000));
    assert_eq!(bench.host.events(), ["created x.txt Data", "created x.txt Data"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_are_read_from_any_place() {
    let bench = Bench::with_host(Recorder::with_input("stage", b"0123456789"));
    // Opens "stage", skips 8 bytes, reads what is left, and expects 2 bytes and then the end.
    let calls = format!(
        "(call $open (i32.const 96) (i32.const 5) (i32.const 1024)) {EXPECT_OK}
         (call $seek (i32.load (i32.const 1028)) (i64.const 8) (i32.const 1040))
         (if (i32.load8_u (i32.const 1040)) (then unreachable))
         (call $read (i32.load (i32.const 1028)) (i32.const -1) (i32.const 1040))
         (if (i32.ne (i32.load (i32.const 1048)) (i32.const 2)) (then unreachable))
         (if (i32.ne (i32.load8_u (i32.load (i32.const 1044))) (i32.const 56)) (then unreachable))
         (call $read (i32.load (i32.const 1028)) (i32.const -1) (i32.const 1040))
         (if (i32.load (i32.const 1048)) (then unreachable))
         (call $seek (i32.load (i32.const 1028)) (i64.const 11) (i32.const 1040))
         (if (i32.eqz (i32.load8_u (i32.const 1040))) (then unreachable)) (i32.const 0)"
    );
    let (end, usage) = bench.run(&component(&[INPUTS], "", &calls)).await;
    assert_eq!(end, DONE);
    assert_eq!((usage.bytes_read, usage.io_operations), (2, 2));
    let missing =
        format!("(call $open (i32.const 112) (i32.const 5) (i32.const 1024)) {FAIL_IF_ERROR} (i32.const 0)");
    assert_eq!(bench.fail(&component(&[INPUTS], "", &missing)).await.0.code, ErrorCode::GuestError);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_comes_back() {
    let bench = Bench::new();
    *bench.host.checkpoint.lock().unwrap() = Some(b"before".to_vec());
    // load: result at 1024, option at 1028, list at 1032 and 1036.
    let calls = format!(
        "(call $load (i32.const 1024)) {EXPECT_OK}
         (if (i32.ne (i32.load (i32.const 1036)) (i32.const 6)) (then unreachable))
         (call $save (i32.load (i32.const 1032)) (i32.const 3) (i32.const 1024)) {EXPECT_OK} (i32.const 0)"
    );
    assert_eq!(bench.run(&component(&[CHECKPOINT], "", &calls)).await.0, DONE);
    assert_eq!(bench.host.checkpoint.lock().unwrap().as_deref(), Some(b"bef".as_slice()));
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_marked_and_asked_for() {
    let bench = Bench::new();
    let calls = format!(
        "(call $mark (i32.const 112) (i32.const 5) (i32.const 1024)) {EXPECT_OK}
         (call $seen (i32.const 112) (i32.const 5) (i32.const 1024)) {EXPECT_OK}
         (if (i32.eqz (i32.load8_u (i32.const 1028))) (then unreachable)) (i32.const 0)"
    );
    assert_eq!(bench.run(&component(&[PROCESSED], "", &calls)).await.0, DONE);
    assert_eq!(bench.host.events(), ["marked x.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_breaks_costs_one_attempt_and_nothing_else() {
    let bench = Bench::new();
    let breaks = "(call $mark (i32.const 96) (i32.const 5) (i32.const 1024)) (i32.const 0)";
    let (error, usage) = bench.fail(&component(&[PROCESSED], "", breaks)).await;
    assert_eq!((error.code, error.transient, usage.fuel.exact()), (ErrorCode::HostDefect, true, None));
    assert!(matches!(usage.fuel, Fuel::AtLeast(1..1000)), "{usage:?}");
    assert_eq!(bench.run(&noop()).await.0, DONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_arrives() {
    let bench = Bench::new();
    // 5 of 9 records, 1 error, no score, and a validation of 5 = 3 + 1 + 1. One warning: "MyCode", "a message", 2.
    let calls = "(i32.store (i32.const 2048) (i32.const 144)) (i32.store (i32.const 2052) (i32.const 6))
        (i32.store (i32.const 2056) (i32.const 160)) (i32.store (i32.const 2060) (i32.const 9))
        (i64.store (i32.const 2064) (i64.const 2))
        (call $report (i64.const 5) (i32.const 1) (i64.const 9) (i64.const 1) (i32.const 2048) (i32.const 1)
            (i32.const 0) (i32.const 0) (i32.const 0) (f64.const 0) (i32.const 1) (i64.const 5) (i64.const 3)
            (i64.const 1) (i64.const 1)) (i32.const 0)";
    assert_eq!(bench.run(&component(&[REPORTING], "", calls)).await.0, DONE);
    let expected = Report {
        records_processed: 5,
        records_total: Some(9),
        errors: 1,
        warnings: vec![Finding { kind: "MyCode".into(), message: "a message".into(), count: 2 }],
        processing_errors: vec![],
        quality_score: None,
        validation: Some(DataValidation { total: 5, valid: 3, duplicates_removed: 1, invalid: 1 }),
    };
    assert_eq!(bench.host.events(), [format!("report {expected:?}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_output_becomes_lines_of_the_log() {
    let bench = Bench::new();
    // "MyCode", a line feed, "a message".
    let print = |at: u32, length: u32| {
        format!(
            "(call $print (global.get $out) (i32.const {at}) (i32.const {length}) (i32.const 1024)) {EXPECT_OK}"
        )
    };
    let calls = format!(
        "(global.set $out (call $stdout)) {} {} {} (i32.const 0)",
        print(144, 6),
        print(1100, 1),
        print(160, 9)
    );
    let items = r#"(global $out (mut i32) (i32.const 0)) (data (i32.const 1100) "\n")"#;
    assert_eq!(bench.run(&component(&[STDOUT], items, &calls)).await.0, DONE);
    assert_eq!(bench.host.events(), ["Info stdout: MyCode", "Info stdout: a message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_arrives_in_lines_of_bounded_length() {
    let mut bench = Bench::new();
    bench.limits.fuel = None;
    let flood = format!(
        "(local $i i32) (local $out i32) (local.set $out (call $stdout)) (loop $again
         (call $print (local.get $out) (i32.const 2048) (i32.const 4096) (i32.const 1024)) {EXPECT_OK}
         (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))
         (i32.const 0)"
    );
    assert_eq!(bench.run(&component(&[STDOUT], "", &flood)).await.0, DONE);
    let events = bench.host.events();
    // What is kept of them is the matter of the job's log.
    assert_eq!(events.len(), 500);
    assert!(events.iter().all(|event| event.len() <= "Info stdout: ".len() + (8 << 10)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_by_a_person_arrives() {
    let bench = Bench::with_host(Recorder { cancellation: Some(Cancellation::User), ..Recorder::default() });
    let poll = format!("(if (i32.eq (call $poll) (i32.const 1)) (then (return (i32.const 224)))) {FAIL}");
    assert_eq!(bench.run(&component(&[CANCEL], "", &poll)).await.0, RunEnd::Completed(Completion::NoItems));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_makes_time_and_chance_the_same_in_every_run() {
    let mut bench = Bench::new();
    // Reports two random numbers and a time as progress.
    let tell =
        "(call $progress (call $random) (i64.add (call $now) (call $random)) (i32.const 0) (i32.const 0))
                (i32.const 0)";
    let guest = component(&[RANDOM, SLEEP, PROGRESS], "", tell);
    for seed in [Some(1), Some(1), Some(2), None] {
        bench.seed = seed;
        assert_eq!(bench.run(&guest).await.0, DONE);
    }
    let told = bench.host.events();
    assert_eq!(told[0], told[1]);
    assert!(told[1] != told[2] && told[2] != told[3] && told[1] != told[3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_of_the_job_before_is_gone() {
    let bench = Bench::new();
    // Fails unless the memory after the data is zero, then fills it.
    let dirty = "(local $i i32) (loop $again
        (if (i32.load8_u (i32.add (i32.const 4096) (local.get $i))) (then unreachable))
        (i32.store8 (i32.add (i32.const 4096) (local.get $i)) (i32.const 255))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 60000)))) (i32.const 0)";
    let guest = component(&[], "", dirty);
    for _ in 0..20 {
        assert_eq!(bench.run(&guest).await.0, DONE);
    }
}
