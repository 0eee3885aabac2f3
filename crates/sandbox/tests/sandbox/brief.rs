//! Runs that are expected to be brief begin on the thread that asks for them. These tests have one thread of tokio's, so
//! that whoever holds it up holds up everything.

use crate::guests::{PROCESSED, PROGRESS, SLEEP, SPIN, component, noop};
use crate::support::Bench;
use fuelcell_domain::{Completion, ErrorCode, RunEnd};
use std::thread;
use std::time::Duration;

const TELL: &str = "(call $progress (i64.const 1) (i64.const 2) (i32.const 96) (i32.const 5))";

fn bench() -> Bench {
    Bench { expected: Some(Duration::from_micros(30)), ..Bench::new() }
}

#[tokio::test]
async fn only_a_brief_run_stays_where_it_was_asked_for() {
    let tells = component(&[PROGRESS], "", &format!("{TELL} (i32.const 0)"));
    let runs =
        [(Some(Duration::from_micros(30)), true), (Some(Duration::from_secs(1)), false), (None, false)];
    for (expected, here) in runs {
        let bench = Bench { expected, ..Bench::new() };
        assert_eq!(bench.run(&tells).await.0, RunEnd::Completed(Completion::Done));
        let threads = bench.host.threads.lock().unwrap();
        assert_eq!((threads.len(), threads.contains(&thread::current().id())), (1, here), "{expected:?}");
    }
}

#[tokio::test]
async fn it_costs_the_same_wherever_it_runs() {
    let usages = [bench().run(&noop()).await.1, Bench::new().run(&noop()).await.1];
    assert_eq!(usages[0].fuel.exact(), usages[1].fuel.exact());
    assert_eq!(usages[0].peak_memory_bytes, usages[1].peak_memory_bytes);
    assert!(usages.iter().all(|usage| usage.fuel.exact().is_some() && usage.cpu_micros > 0), "{usages:?}");
}

#[tokio::test]
async fn who_waits_goes_on_in_a_thread_of_its_own() {
    let naps = format!("{TELL} (call $block (call $subscribe (i64.const 1000000))) {TELL} (i32.const 0)");
    let bench = bench();
    assert_eq!(
        bench.run(&component(&[PROGRESS, SLEEP], "", &naps)).await.0,
        RunEnd::Completed(Completion::Done)
    );
    let threads = bench.host.threads.lock().unwrap();
    assert_eq!((threads.len(), threads.contains(&thread::current().id())), (2, true));
}

#[tokio::test]
async fn who_computes_longer_holds_nobody_up() {
    let mut bench = bench();
    bench.limits.fuel = None;
    let spin = component(&[], "", SPIN);
    bench.prepare(&spin).await.unwrap();
    // Only this thread can tell the guest to stop.
    let (end, usage) = bench.run_until(&spin, tokio::time::sleep(Duration::from_millis(50))).await;
    assert_eq!(end, RunEnd::Stopped);
    assert!(usage.cpu_micros > 0, "{usage:?}");
}

#[tokio::test]
async fn a_host_that_breaks_breaks_nothing_else() {
    let bench = bench();
    // The host of these tests panics when it is to remember this key.
    let marks = component(
        &[PROCESSED],
        "",
        "(call $mark (i32.const 96) (i32.const 5) (i32.const 1024)) (i32.const 0)",
    );
    let (error, _) = bench.fail(&marks).await;
    assert_eq!((error.code, error.transient), (ErrorCode::HostDefect, true));
    assert_eq!(bench.run(&noop()).await.0, RunEnd::Completed(Completion::Done));
}
