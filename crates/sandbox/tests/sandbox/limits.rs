//! Limits are exact: one less and as much as is allowed is given, one more is not. The disk and the number of files have
//! their tests in `commands` and `host`, as bytes of memory have in `ends`.

use crate::guests::{INPUTS, LOG, component, component_with, noop};
use crate::programs::program;
use crate::support::{Bench, Recorder};
use fuelcell_domain::{Completion, ErrorCode, FIXED, Isolation, RunEnd, Usage};

const DONE: RunEnd = RunEnd::Completed(Completion::Done);

/// Runs `guest` with one less than `limit`, with `limit`, and with one more, at both levels: only the last fails.
async fn is_exact(
    bench: &mut Bench,
    limit: u32,
    guest: impl Fn(u32) -> Vec<u8>,
    used: impl Fn(Usage) -> u64,
) {
    for isolation in [Isolation::InProcess, Isolation::Process] {
        bench.isolation = isolation;
        for count in [limit - 1, limit] {
            let (end, usage) = bench.run(&guest(count)).await;
            assert_eq!((end, used(usage)), (DONE, u64::from(count)), "{isolation:?}");
        }
        let (error, usage) = bench.fail(&guest(limit + 1)).await;
        assert_eq!(error.code, ErrorCode::HostLimit, "{error}");
        assert!(used(usage) <= u64::from(limit) + 1, "{usage:?}");
    }
}

/// What a guest is made of is refused before it runs.
async fn parts_are_exact(limit: u32, guest: impl Fn(u32) -> Vec<u8>) {
    let bench = Bench::new();
    for count in [limit - 1, limit] {
        assert_eq!(bench.run(&guest(count)).await.0, DONE, "{count}");
    }
    let error = bench.prepare(&guest(limit + 1)).await.unwrap_err();
    assert_eq!((error.code, error.transient), (ErrorCode::ModuleInvalid, false), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fuel() {
    let mut bench = Bench::new();
    let counted = "(local $i i32) (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100)))) (i32.const 0)";
    let counted = component(&[], "", counted);
    let fuel = bench.run(&counted).await.1.fuel.exact().unwrap();
    for (limit, enough) in [(fuel - 1, false), (fuel, true), (fuel + 1, true)] {
        bench.limits.fuel = Some(limit);
        let (end, usage) = bench.run(&counted).await;
        assert_eq!((end == DONE, usage.fuel.exact()), (enough, Some(limit.min(fuel))), "{limit} of {fuel}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handles() {
    let guest = |count| {
        let open = "(call $open (i32.const 96) (i32.const 5) (i32.const 1024)) (if (i32.load8_u (i32.const 1024)) (then unreachable))";
        let times = format!(
            "(local $i i32) (loop $l {open} (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {count})))) (i32.const 0)"
        );
        component(&[INPUTS], "", &times)
    };
    let mut bench = Bench::with_host(Recorder::with_input("stage", b"text"));
    // How many there were is not in the account.
    for isolation in [Isolation::InProcess, Isolation::Process] {
        bench.isolation = isolation;
        for count in [FIXED.handles - 1, FIXED.handles] {
            assert_eq!(bench.run(&guest(count)).await.0, DONE, "{count}");
        }
        assert_eq!(bench.fail(&guest(FIXED.handles + 1)).await.0.code, ErrorCode::HostLimit);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_bytes() {
    const AT_ONCE: u32 = 1 << 14;
    let guest = |count: u32| {
        let (whole, rest) = (count / AT_ONCE, count % AT_ONCE);
        let get = |bytes: u32| {
            format!("(call $expect (call $random_get (i32.const 8192) (i32.const {bytes})) (i32.const 0))")
        };
        let all = format!(
            "(local $i i32) (loop $l {} (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {whole})))) {}",
            get(AT_ONCE),
            get(rest)
        );
        program(&[], &all)
    };
    let limit = u32::try_from(FIXED.random_bytes).unwrap();
    is_exact(&mut Bench::new(), limit, guest, |usage| usage.random_bytes).await;
}

/// The engine counts what is around a text too, so that this one is not exact to the byte.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_a_host_call() {
    const AROUND: u32 = 4096;
    let mut bench = Bench::new();
    bench.limits.memory_bytes = 64 << 20;
    let guest = |bytes: u32| {
        let log = format!(
            "(call $log (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 65536) (i32.const {bytes}))"
        );
        component(&[LOG], "", &format!("(drop (memory.grow (i32.const 300))) {log} (i32.const 0)"))
    };
    let limit = u32::try_from(FIXED.host_call_bytes).unwrap();
    assert_eq!(bench.run(&guest(limit - AROUND)).await.0, DONE);
    assert_eq!(bench.fail(&guest(limit + 1)).await.0.code, ErrorCode::HostLimit);
}

/// Frames are the compiler's, so that this one is not exact to the byte: they hold what is needed after a call, and little
/// else.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_the_stack() {
    const NEEDED: u64 = 1000;
    let all = |each: &dyn Fn(u64) -> String| (0..NEEDED).map(each).collect::<String>();
    let guest = |frames: u64| {
        let load = all(&|n| format!("(local.set {} (i64.load (i32.const {})))", n + 1, n * 8));
        let store = all(&|n| format!("(i64.store (i32.const {}) (local.get {}))", n * 8, n + 1));
        let locals = "i64 ".repeat(NEEDED as usize);
        let again = "(if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))))";
        let function = format!("(func $f (param i32) (local {locals}) {load} {again} {store})");
        component(&[], &function, &format!("(call $f (i32.const {})) (i32.const 0)", frames - 1))
    };
    let bench = Bench::new();
    let frames = FIXED.stack_bytes / (8 * NEEDED);
    assert_eq!(bench.run(&guest(frames * 19 / 20)).await.0, DONE);
    assert_eq!(bench.fail(&guest(frames + 1)).await.0.code, ErrorCode::StackOverflow);
}

#[tokio::test(flavor = "multi_thread")]
async fn core_instances() {
    // Two are there already.
    let guest = |count: u32| {
        let more = "(core instance (instantiate $Empty))".repeat(count as usize - 2);
        component_with(&format!("(core module $Empty) {more}"))
    };
    parts_are_exact(FIXED.instances, guest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memories() {
    let guest =
        |count: u32| component_with(&"(core instance (instantiate $Libc))".repeat(count as usize - 1));
    parts_are_exact(FIXED.memories, guest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables() {
    let guest = |count: u32| component(&[], &"(table 1 funcref)".repeat(count as usize), "(i32.const 0)");
    parts_are_exact(FIXED.tables, guest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn elements_of_a_table() {
    let guest = |elements: u32| {
        let grow = format!(
            "(if (i32.eq (table.grow $t (ref.null func) (i32.const {})) (i32.const -1)) (then unreachable)) (i32.const 0)",
            elements - 1
        );
        component(&[], "(table $t 1 funcref)", &grow)
    };
    let mut bench = Bench::new();
    for isolation in [Isolation::InProcess, Isolation::Process] {
        bench.isolation = isolation;
        for count in [FIXED.table_elements - 1, FIXED.table_elements] {
            assert_eq!(bench.run(&guest(count)).await.0, DONE, "{count}");
        }
        let (error, _) = bench.fail(&guest(FIXED.table_elements + 1)).await;
        assert_eq!(error.code, ErrorCode::HostLimit, "{error}");
        assert!(error.message.contains("table of more than 50000 elements"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_is_in_the_account() {
    let bench = Bench::new();
    let (_, usage) = bench.run(&noop()).await;
    assert_eq!((usage.peak_disk_bytes, usage.peak_files, usage.random_bytes), (0, 0, 0));
    // The parameters are a file too.
    let body = "(call $expect (call $put (call $create (i32.const 4096) (i32.const 5)) (i32.const 8192) (i32.const 500)) (i32.const 0))
        (call $expect (call $random_get (i32.const 8192) (i32.const 77)) (i32.const 0))
        (call $expect (call $path_unlink_file (i32.const 4) (i32.const 4096) (i32.const 5)) (i32.const 0))";
    let (end, usage) = bench.run(&program(&[(4096, "x.bin")], body)).await;
    assert_eq!(end, DONE);
    assert_eq!((usage.peak_disk_bytes, usage.peak_files, usage.random_bytes), (500, 2, 77));
}
