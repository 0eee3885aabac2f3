//! How runs end: every row a guest, what ends it, and what is said about it.

use crate::guests::{CANCEL, CHECKPOINT, EXIT, FAIL, LOG, PROGRESS, RANDOM, SLEEP, SPIN, component, noop};
use crate::support::{Bench, Recorder};
use fuelcell_domain::{Completion, ErrorCode, Fuel, RunEnd};
use std::path::Path;
use std::time::{Duration, Instant};

const SLEEP_FOREVER: &str = "(call $block (call $subscribe (i64.const 9223372036854775807))) (i32.const 0)";

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_does_nothing_completes() {
    let bench = Bench::new();
    let (end, usage) = bench.run(&noop()).await;
    assert_eq!(end, RunEnd::Completed(Completion::Done));
    assert!(usage.fuel.exact().is_some_and(|fuel| fuel > 0 && fuel < 1000), "{usage:?}");
    assert_eq!(usage.peak_memory_bytes, 65_536);
    assert!(usage.wall_micros > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_good_ends() {
    let bench = Bench::new();
    let no_items = bench.run(&component(&[], "", "(i32.const 224)")).await.0;
    assert_eq!(no_items, RunEnd::Completed(Completion::NoItems));
    let skipped = bench.run(&component(&[], "", "(i32.const 256)")).await.0;
    assert_eq!(skipped, RunEnd::Completed(Completion::Skipped("a message".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_says_of_its_failure_is_kept() {
    let bench = Bench::new();
    let (lasting, usage) = bench.fail(&component(&[], "", FAIL)).await;
    assert_eq!((lasting.code, lasting.message.as_str()), (ErrorCode::GuestError, "a message"));
    assert_eq!((lasting.details.as_deref(), lasting.transient), (Some("MyCode"), false));
    assert!(usage.fuel.exact().is_some());
    assert!(bench.fail(&component(&[], "", "(i32.const 192)")).await.0.transient);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_0_is_done_and_others_are_failures() {
    let bench = Bench::new();
    let done = component(&[EXIT], "", "(call $exit (i32.const 0)) (unreachable)");
    let (end, usage) = bench.run(&done).await;
    assert_eq!(end, RunEnd::Completed(Completion::Done));
    assert_eq!(usage.fuel.exact(), bench.run(&done).await.1.fuel.exact());
    let (error, _) = bench.fail(&component(&[EXIT], "", "(call $exit (i32.const 1)) (unreachable)")).await;
    assert_eq!((error.code, error.details.as_deref()), (ErrorCode::GuestError, Some("Exit")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_burns_exactly_its_fuel() {
    let mut bench = Bench::new();
    bench.limits.fuel = Some(1_000_000);
    let spin = component(&[], "", SPIN);
    for _ in 0..2 {
        let (error, usage) = bench.fail(&spin).await;
        assert_eq!(error.code, ErrorCode::FuelExhausted);
        assert_eq!(usage.fuel.exact(), Some(1_000_000));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counted_loop_burns_the_same_each_time() {
    let bench = Bench::new();
    let counted = component(
        &[],
        "",
        "(local $i i32) (loop $again (local.set $i (i32.add (local.get $i) (i32.const 1)))
         (br_if $again (i32.lt_u (local.get $i) (i32.const 1000)))) (i32.const 0)",
    );
    let first = bench.run(&counted).await.1.fuel.exact().unwrap();
    assert!(first > 5_000 && first < 10_000, "{first}");
    assert_eq!(bench.run(&counted).await.1.fuel.exact(), Some(first));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_ends_at_its_deadline() {
    let mut bench = Bench::new();
    (bench.limits.fuel, bench.limits.timeout_seconds) = (None, 1);
    let spin = component(&[], "", SPIN);
    bench.prepare(&spin).await.unwrap();
    let started = Instant::now();
    let (error, usage) = bench.fail(&spin).await;
    assert_eq!((error.code, usage.fuel.is_lower_bound()), (ErrorCode::Timeout, true));
    // It gave way some hundred times, and was stopped where it did so.
    assert!(usage.fuel.units().unwrap() > 16 << 20, "{usage:?}");
    assert!(error.message.contains("1 s"), "{}", error.message);
    assert!(error.details.as_ref().is_some_and(|place| place.contains("Main!run")), "{:?}", error.details);
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(2), "{took:?}");
    assert!(usage.cpu_micros > 100_000, "{usage:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleep_in_the_host_ends_at_the_deadline() {
    let mut bench = Bench::new();
    bench.limits.timeout_seconds = 1;
    let started = Instant::now();
    let (error, usage) = bench.fail(&component(&[SLEEP], "", SLEEP_FOREVER)).await;
    assert_eq!(error.code, ErrorCode::Timeout);
    assert_eq!(error.details.as_deref(), Some("it waited in a call of the host"));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert!(usage.cpu_micros < 500_000, "{usage:?}");
}

/// It burns so little that its fuel would last for minutes before it had to give way.
#[tokio::test(flavor = "multi_thread")]
async fn who_calls_a_slow_host_again_and_again_ends_at_the_deadline() {
    let mut bench = Bench::with_host(Recorder { pause: Duration::from_millis(1), ..Recorder::default() });
    (bench.limits.fuel, bench.limits.timeout_seconds) = (None, 1);
    let tell = "(call $progress (i64.const 1) (i64.const 2) (i32.const 96) (i32.const 5))";
    let started = Instant::now();
    let (error, _) = bench
        .fail(&component(&[PROGRESS], "", &format!("(loop $again {tell} (br $again)) (unreachable)")))
        .await;
    assert_eq!(error.code, ErrorCode::Timeout);
    // Such a guest can be asked where it was.
    assert!(error.details.is_some_and(|details| details.starts_with("at ")));
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn looping_and_sleeping_guests_stop_when_told() {
    let mut bench = Bench::new();
    bench.limits.fuel = None;
    for guest in [component(&[], "", SPIN), component(&[SLEEP], "", SLEEP_FOREVER)] {
        bench.prepare(&guest).await.unwrap();
        let started = Instant::now();
        let (end, usage) = bench.run_until(&guest, tokio::time::sleep(Duration::from_millis(100))).await;
        assert_eq!((end, usage.fuel.is_lower_bound()), (RunEnd::Stopped, true));
        assert!(usage.fuel.units().unwrap() > 0, "{usage:?}");
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_guest_saved_is_there() {
    let bench = Bench::new();
    let save = format!("(call $save (i32.const 160) (i32.const 9) (i32.const 1024)) {SLEEP_FOREVER}");
    let saved = component(&[CHECKPOINT, SLEEP], "", &save);
    let (end, usage) = bench.run_until(&saved, tokio::time::sleep(Duration::from_millis(300))).await;
    assert_eq!((end, usage.bytes_written), (RunEnd::Stopped, 9));
    assert_eq!(bench.host.checkpoint.lock().unwrap().as_deref(), Some(b"a message".as_slice()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_told_when_its_time_is_nearly_over() {
    let mut bench = Bench::new();
    (bench.limits.fuel, bench.limits.timeout_seconds) = (None, 1);
    // Polls until the answer is `deadline` (2).
    let polite = component(
        &[CANCEL],
        "",
        "(loop $again (br_if $again (i32.ne (call $poll) (i32.const 2)))) (i32.const 0)",
    );
    let (end, usage) = bench.run(&polite).await;
    assert_eq!(end, RunEnd::Completed(Completion::Done));
    assert!(usage.wall_micros >= 900_000 && usage.wall_micros < 1_000_000, "{usage:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_up_to_the_limit_is_given_and_a_page_more_is_not() {
    let mut bench = Bench::new();
    bench.limits.memory_bytes = 4 << 16;
    // Fails with `unreachable`, as languages do when they have no memory.
    let grow = |pages: u32| {
        component(
            &[],
            "",
            &format!(
                "(if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable)) (i32.const 0)"
            ),
        )
    };
    let (end, usage) = bench.run(&grow(3)).await;
    assert_eq!((end, usage.peak_memory_bytes), (RunEnd::Completed(Completion::Done), 4 << 16));
    let (error, usage) = bench.fail(&grow(4)).await;
    assert_eq!((error.code, usage.peak_memory_bytes), (ErrorCode::MemoryLimit, 1 << 16));
    assert!(error.message.contains("262144 bytes"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_begins_with_too_much_memory_fails_of_memory() {
    let mut bench = Bench::new();
    bench.limits.memory_bytes = 1 << 15;
    assert_eq!(bench.fail(&noop()).await.0.code, ErrorCode::MemoryLimit);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_count_and_a_refused_growth_alone_is_no_failure() {
    let mut bench = Bench::new();
    bench.limits.memory_bytes = 2 << 16;
    let grow = "(drop (table.grow $t (ref.null func) (i32.const 10000000)))
                (if (i32.eq (table.grow $t (ref.null func) (i32.const 8192)) (i32.const -1)) (then unreachable))
                (if (i32.ne (table.grow $t (ref.null func) (i32.const 1)) (i32.const -1)) (then unreachable))
                (i32.const 0)";
    let (end, usage) = bench.run(&component(&[], "(table $t 0 funcref)", grow)).await;
    assert_eq!((end, usage.peak_memory_bytes), (RunEnd::Completed(Completion::Done), 2 << 16));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_comes_with_the_names_of_its_functions() {
    let bench = Bench::new();
    let trap = component(
        &[],
        "(func $inner unreachable) (func $outer (call $inner))",
        "(call $outer) (i32.const 0)",
    );
    let (error, usage) = bench.fail(&trap).await;
    assert_eq!(error.code, ErrorCode::Trap);
    assert!(matches!(usage.fuel, Fuel::AtLeast(1..1000)), "{usage:?}");
    assert_eq!(error.message, "the module trapped: wasm `unreachable` instruction executed");
    let details = error.details.unwrap();
    assert!(details.contains("inner") && details.contains("outer") && details.contains("run"), "{details}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_traps_are_not_blamed_on_memory() {
    let bench = Bench::new();
    let divide = "(drop (memory.grow (i32.const 65000))) (i32.div_u (i32.const 1) (i32.const 0))";
    let (error, _) = bench.fail(&component(&[], "", divide)).await;
    assert_eq!(error.code, ErrorCode::Trap);
    assert!(error.message.contains("divide by zero"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn recursion_without_end_overflows_the_stack() {
    let bench = Bench::new();
    let recurse = component(
        &[],
        "(func $again (param i64) (call $again (local.get 0)))",
        "(call $again (i64.const 1)) (i32.const 0)",
    );
    let (error, _) = bench.fail(&recurse).await;
    assert_eq!(error.code, ErrorCode::StackOverflow);
    let details = error.details.unwrap();
    assert!(details.lines().count() < 5 && details.contains("times)"), "{details}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_stack_below_zero_is_a_stack_overflow_and_a_wild_pointer_is_not() {
    let bench = Bench::new();
    let recurse = component(
        &[],
        "(global $sp (mut i32) (i32.const 65536))
         (func $again (global.set $sp (i32.sub (global.get $sp) (i32.const 1024)))
            (i32.store (global.get $sp) (i32.const 1)) (call $again))",
        "(call $again) (i32.const 0)",
    );
    assert_eq!(bench.fail(&recurse).await.0.code, ErrorCode::StackOverflow);
    let wild = component(&[], "", "(i32.load (i32.const 0xfffffff0))");
    assert_eq!(bench.fail(&wild).await.0.code, ErrorCode::Trap);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_too_much_in_one_call_is_a_limit_of_the_host() {
    let mut bench = Bench::new();
    bench.limits.memory_bytes = 64 << 20;
    let long_text = component(
        &[PROGRESS],
        "",
        "(drop (memory.grow (i32.const 300)))
         (call $progress (i64.const 1) (i64.const 2) (i32.const 65536) (i32.const 17000000)) (i32.const 0)",
    );
    let much_random = component(
        &[RANDOM],
        "",
        "(call $random-bytes (i64.const 1073741824) (i32.const 1024)) (i32.const 0)",
    );
    let handles = component(
        &[SLEEP],
        "",
        "(loop $again (drop (call $subscribe (i64.const 1))) (br $again)) (i32.const 0)",
    );
    for guest in [long_text, much_random, handles] {
        let (error, _) = bench.fail(&guest).await;
        assert_eq!(error.code, ErrorCode::HostLimit, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_are_none_break_the_rules() {
    let bench = Bench::new();
    let no_text = "(call $log (i32.const 1) (i32.const 4294967280) (i32.const 64) (i32.const 0) (i32.const 0)) (i32.const 0)";
    let (error, _) = bench.fail(&component(&[LOG], "", no_text)).await;
    assert_eq!(error.code, ErrorCode::Trap, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_nobody_waits_for_ends() {
    let mut bench = Bench::new();
    bench.limits.fuel = None;
    let spin = component(&[], "", SPIN);
    bench.prepare(&spin).await.unwrap();
    let host = std::sync::Arc::downgrade(&bench.host);
    let abandoned = tokio::time::timeout(Duration::from_millis(50), bench.run(&spin)).await;
    assert!(abandoned.is_err());
    drop(bench.host);
    let gone = async {
        while host.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(2), gone).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_comes_with_lines_of_the_source_when_the_module_has_them() {
    let text = r#"(module (memory (export "memory") 1)
        (func $inner
            unreachable)
        (func (export "_start") call $inner))"#;
    let with_lines = wat::Parser::new()
        .generate_dwarf(wat::GenerateDwarf::Lines)
        .parse_bytes(Some(Path::new("trap.wat")), text.as_bytes())
        .unwrap()
        .into_owned();
    let details = Bench::new().fail(&with_lines).await.0.details.unwrap();
    let first = details.lines().next().unwrap();
    assert!(first.contains("trap.wat:3"), "{details}");
    let without = wat::parse_str(text).unwrap();
    let details = Bench::new().fail(&without).await.0.details.unwrap();
    assert!(details.contains("inner") && !details.contains("trap.wat"), "{details}");
}
