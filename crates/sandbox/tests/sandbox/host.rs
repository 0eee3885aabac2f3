//! What guests ask of their host arrives there, checked and charged.

use crate::guests::{
    ARTIFACTS, CANCEL, CHECKPOINT, CREATE, FAIL, INPUTS, LOG, PROGRESS, RANDOM, SLEEP, component,
};
use crate::support::{Bench, Recorder};
use fuelcell_domain::{Cancellation, Completion, ErrorCode, RunEnd};

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
    // Creates and drops nothing: handles end first. Creates and finishes: the count ends it.
    let forever =
        |finish: &str| format!("(loop $again {CREATE} {FAIL_IF_ERROR} {finish} (br $again)) (i32.const 0)");
    let (handles, _) = bench.fail(&component(&[ARTIFACTS], "", &forever(""))).await;
    assert_eq!(handles.code, ErrorCode::HostLimit);
    let created = bench.host.events().len();
    assert!(created < 300, "{created}");
}

#[tokio::test(flavor = "multi_thread")]
async fn artifact_names_are_checked() {
    let bench = Bench::new();
    let dangerous = CREATE.replace("(i32.const 112) (i32.const 5)", "(i32.const 128) (i32.const 10)");
    let (error, _) =
        bench.fail(&component(&[ARTIFACTS], "", &format!("{dangerous} {FAIL_IF_ERROR} (i32.const 0)"))).await;
    assert_eq!(error.code, ErrorCode::GuestError);
    assert!(bench.host.events().is_empty());
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
