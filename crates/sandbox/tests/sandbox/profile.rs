//! Where fuel and memory go.

use crate::guests::{PROGRESS, component};
use crate::support::Bench;
use fuelcell_domain::{Completion, ErrorCode, FuelProfile, Isolation, JobRunner, RunEnd, RunSpec};
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

/// `heavy` burns three times as much as `light`, `grower` grows the memory by nine pages.
const FUNCTIONS: &str = "
    (func $count (param $rounds i32)
        (loop $again
            (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1))))))
    (func $heavy (call $count (i32.const 600000)))
    (func $light (call $count (i32.const 200000)))
    (func $grower (drop (memory.grow (i32.const 9))))";
const RUN: &str = "(call $heavy) (call $light) (call $grower)
    (call $progress (i64.const 1) (i64.const 2) (i32.const 0) (i32.const 0)) (i32.const 0)";

async fn profile(bench: &Bench, module: &[u8]) -> (RunEnd, u64, FuelProfile) {
    let module = bench.prepare(module).await.unwrap();
    let spec = bench.spec(module);
    let meter = spec.meter.clone();
    let (end, usage) = bench.sandbox.run(spec, bench.host.clone(), Box::pin(pending())).await;
    (end, usage.fuel.exact().unwrap(), meter.profile.get().unwrap().clone())
}

/// What each function, and what it calls, burnt and took.
fn by_function(profile: &FuelProfile) -> BTreeMap<String, (u64, u64)> {
    let mut sums = BTreeMap::<_, (u64, u64)>::new();
    for stack in &profile.stacks {
        for name in profile.names(stack) {
            let sum = sums.entry(name.to_owned()).or_default();
            *sum = (sum.0 + stack.fuel, sum.1 + stack.bytes);
        }
    }
    sums
}

#[tokio::test]
async fn fuel_and_memory_are_told_by_function_and_add_up_to_what_was_used() {
    let mut bench = Bench::new();
    bench.profiled = true;
    let (end, fuel, profile) = profile(&bench, &component(&[PROGRESS], FUNCTIONS, RUN)).await;
    assert_eq!(end, RunEnd::Completed(Completion::Done));
    assert_eq!(profile.fuel(), fuel, "all fuel is somebody's");
    let sums = by_function(&profile);
    let ratio = sums["heavy"].0 as f64 / sums["light"].0 as f64;
    assert!((2.8..3.2).contains(&ratio), "{ratio}: {sums:?}");
    assert_eq!(sums["grower"].1, 9 * 65_536, "{sums:?}");
}

#[tokio::test]
async fn the_same_run_has_the_same_profile_and_burns_what_it_burns_without() {
    let mut bench = Bench::new();
    let module = component(&[PROGRESS], FUNCTIONS, RUN);
    let digest = bench.prepare(&module).await.unwrap();
    let plain = bench.spec(digest);
    let (_, usage) = bench.sandbox.run(plain.clone(), bench.host.clone(), Box::pin(pending())).await;
    assert!(plain.meter.profile.get().is_none());
    bench.profiled = true;
    let (_, fuel, one) = profile(&bench, &module).await;
    let (_, _, other) = profile(&bench, &module).await;
    assert_eq!(one, other);
    assert_eq!(usage.fuel.exact(), Some(fuel));
}

#[tokio::test]
async fn what_fails_has_a_profile_too() {
    let mut bench = Bench::new();
    (bench.profiled, bench.limits.fuel) = (true, Some(300_000));
    let module = bench.prepare(&component(&[PROGRESS], FUNCTIONS, RUN)).await.unwrap();
    let spec = RunSpec { meter: Arc::default(), ..bench.spec(module) };
    let (end, usage) = bench.sandbox.run(spec.clone(), bench.host.clone(), Box::pin(pending())).await;
    assert!(matches!(end, RunEnd::Failed(_)), "{end:?}");
    let profile = spec.meter.profile.get().unwrap();
    assert_eq!(profile.fuel(), usage.fuel.exact().unwrap());
    assert!(by_function(profile)["heavy"].0 > 250_000, "{profile:?}");
}

#[tokio::test]
async fn a_run_in_a_process_of_its_own_has_the_same_profile() {
    let mut bench = Bench::new();
    bench.profiled = true;
    let module = component(&[PROGRESS], FUNCTIONS, RUN);
    let (_, _, here) = profile(&bench, &module).await;
    bench.isolation = Isolation::Process;
    let (end, fuel, there) = profile(&bench, &module).await;
    assert_eq!(end, RunEnd::Completed(Completion::Done));
    assert_eq!((there.fuel(), &there), (fuel, &here));
}

#[tokio::test]
async fn a_deep_recursion_is_seen_from_its_end_and_fails_in_the_same_words() {
    const DEEP: &str = "
        (func $down (param $left i32) (result i32)
            (if (result i32) (i32.eqz (local.get $left))
                (then (call $burn))
                (else (i32.add (i32.const 1) (call $down (i32.sub (local.get $left) (i32.const 1)))))))
        (func $burn (result i32) (local $rounds i32)
            (local.set $rounds (i32.const 20000))
            (loop $again
                (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
            (unreachable))";
    let mut bench = Bench::new();
    let module = component(&[PROGRESS], DEEP, "(drop (call $down (i32.const 200))) (i32.const 0)");
    let (plain, _) = bench.fail(&module).await;
    bench.profiled = true;
    let digest = bench.prepare(&module).await.unwrap();
    let spec = bench.spec(digest);
    let (end, _) = bench.sandbox.run(spec.clone(), bench.host.clone(), Box::pin(pending())).await;
    assert_eq!(plain.code, ErrorCode::Trap);
    assert_eq!(end, RunEnd::Failed(plain));
    let profile = spec.meter.profile.get().unwrap();
    let deepest = profile.stacks.iter().max_by_key(|stack| stack.fuel).unwrap();
    let names: Vec<&str> = profile.names(deepest).collect();
    assert_eq!((names[0], names[1], names[names.len() - 1]), ("(callers above)", "down", "burn"));
}
