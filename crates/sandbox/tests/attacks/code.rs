//! Guests that compute: for ever, too deep, out of bounds, or with more memory than there is.

use crate::Expected::{Completes, Fails, Refused};
use crate::guests::{component, noop};
use crate::programs::{program, program_with};
use crate::{Attack, attack};
use fuelcell_domain::ErrorCode::{
    FuelExhausted, HostLimit, MemoryLimit, ModuleInvalid, StackOverflow, Timeout, Trap,
};

pub(crate) fn rows() -> Vec<Attack> {
    [endless(), deep(), traps(), greedy(), starts()].into_iter().flatten().collect()
}

fn endless() -> Vec<Attack> {
    let rows = [
        ("an empty loop", "(loop $l (br $l))"),
        (
            "a loop that counts",
            "(local i64) (loop $l (local.set 0 (i64.add (local.get 0) (i64.const 1))) (br $l))",
        ),
        (
            "a loop of divisions",
            "(local i64) (loop $l (local.set 0 (i64.div_u (i64.const -1) (i64.or (local.get 0) (i64.const 3)))) (br $l))",
        ),
        (
            "a loop of square roots",
            "(local f64) (loop $l (local.set 0 (f64.sqrt (f64.add (local.get 0) (f64.const 2)))) (br $l))",
        ),
        (
            "filling memory again and again",
            "(loop $l (memory.fill (i32.const 4096) (i32.const 1) (i32.const 120000)) (br $l))",
        ),
        (
            "copying memory again and again",
            "(loop $l (memory.copy (i32.const 4096) (i32.const 4097) (i32.const 120000)) (br $l))",
        ),
        (
            "asking for the time again and again",
            "(loop $l (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 0))) (br $l))",
        ),
        ("yielding again and again", "(loop $l (drop (call $sched_yield)) (br $l))"),
        (
            "random bytes again and again",
            "(loop $l (drop (call $random_get (i32.const 4096) (i32.const 100000))) (br $l))",
        ),
        ("writing nothing again and again", "(loop $l (call $say (i32.const 0) (i32.const 0)) (br $l))"),
        ("growing by nothing again and again", "(loop $l (drop (memory.grow (i32.const 0))) (br $l))"),
    ];
    let ends = Fails(&[FuelExhausted, Timeout]);
    let mut rows: Vec<Attack> =
        rows.into_iter().map(|(name, body)| attack(name, "run for ever", program(&[], body), ends)).collect();
    let calls = program_with(
        &[],
        "(table 1 funcref) (elem (i32.const 0) $f) (func $f)",
        "(loop $l (call_indirect (i32.const 0)) (br $l))",
    );
    rows.push(attack("indirect calls for ever", "run for ever", calls, ends));
    let tail = program_with(&[], "(func $f (return_call $f))", "(call $f)");
    rows.push(attack("tail calls for ever", "run for ever", tail, ends));
    let straight = program_with(
        &[],
        &format!(
            "(func $f (local i64) {})",
            "(local.set 0 (i64.mul (local.get 0) (i64.const 3)))".repeat(20_000)
        ),
        "(loop $l (call $f) (br $l))",
    );
    rows.push(attack("straight-line code for ever", "never pass a check", straight, ends));
    rows
}

fn deep() -> Vec<Attack> {
    let overflow = Fails(&[StackOverflow]);
    let rows = [
        ("recursion", "(func $f (call $f))"),
        (
            "recursion with a result",
            "(func $g (param i64) (result i64) (i64.add (call $g (local.get 0)) (i64.const 1))) (func $f (drop (call $g (i64.const 1))))",
        ),
        ("mutual recursion", "(func $f (call $g)) (func $g (call $h)) (func $h (call $f))"),
        (
            "indirect recursion",
            "(table 1 funcref) (elem (i32.const 0) $f) (func $f (call_indirect (i32.const 0)))",
        ),
    ];
    let row = |(name, items): (&str, &str)| {
        attack(name, "overflow the stack", program_with(&[], items, "(call $f)"), overflow)
    };
    let mut rows: Vec<Attack> = rows.into_iter().map(row).collect();
    let locals = "i64 ".repeat(5_000);
    let sets: String =
        (0..5_000).map(|i| format!("(local.set {i} (i64.load (i32.const {})))", i * 8)).collect();
    let gets: String =
        (0..5_000).map(|i| format!("(i64.store (i32.const {}) (local.get {i}))", i * 8)).collect();
    let frames =
        program_with(&[], &format!("(func $f (local {locals}) {sets} (call $f) {gets})"), "(call $f)");
    rows.push(attack("recursion with great frames", "jump over the guard page", frames, overflow));
    rows
}

fn traps() -> Vec<Attack> {
    let trap = Fails(&[Trap]);
    let rows = [
        ("unreachable", "(unreachable)"),
        ("division by zero", "(drop (i32.div_s (i32.const 1) (i32.const 0)))"),
        ("remainder by zero", "(drop (i64.rem_u (i64.const 1) (i64.const 0)))"),
        ("overflow of a division", "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"),
        ("truncated NaN", "(drop (i32.trunc_f64_s (f64.const nan)))"),
        ("truncated infinity", "(drop (i64.trunc_f64_u (f64.const inf)))"),
        (
            "load behind memory",
            "(drop (i32.load (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 2))))",
        ),
        ("load at the end of all addresses", "(drop (i64.load offset=0xffffffff (i32.const -1)))"),
        (
            "store behind memory",
            "(i64.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 3)) (i64.const -1))",
        ),
        (
            "vector load behind memory",
            "(drop (v128.load (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 12))))",
        ),
        (
            "fill behind memory",
            "(memory.fill (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 72)) (i32.const 7) (i32.const 1000))",
        ),
        ("fill of more than there is", "(memory.fill (i32.const 0) (i32.const 7) (i32.const 10000000))"),
        (
            "copy from behind memory",
            "(memory.copy (i32.const 0) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 72)) (i32.const 1000))",
        ),
        (
            "copy to behind memory",
            "(memory.copy (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 72)) (i32.const 0) (i32.const 1000))",
        ),
    ];
    let mut rows: Vec<Attack> = rows
        .into_iter()
        .map(|(name, body)| attack(name, "do what is not defined", program(&[], body), trap))
        .collect();
    let table = "(table $t 4 funcref) (type $void (func)) (type $other (func (param i64))) (elem (i32.const 0) $f) (func $f)";
    for (name, body) in [
        ("call behind a table", "(call_indirect (type $void) (i32.const 4))"),
        ("call of nothing", "(call_indirect (type $void) (i32.const 3))"),
        ("call of another type", "(call_indirect (type $other) (i64.const 0) (i32.const 0))"),
        ("table.get behind a table", "(drop (table.get $t (i32.const -1)))"),
        ("table.set behind a table", "(table.set $t (i32.const 1000000) (ref.null func))"),
        ("table.fill behind a table", "(table.fill $t (i32.const 2) (ref.null func) (i32.const 9))"),
        ("table.copy behind a table", "(table.copy (i32.const 0) (i32.const 3) (i32.const 9))"),
    ] {
        rows.push(attack(name, "use a table as memory", program_with(&[], table, body), trap));
    }
    rows
}

#[expect(clippy::too_many_lines, reason = "a table of modules")]
fn greedy() -> Vec<Attack> {
    // Cells have 16 MiB here: 256 pages, of which the program and its wrapping have some.
    let refused = "(call $expect (memory.grow (i32.const 257)) (i32.const -1))";
    let all = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))";
    let mut rows = vec![
        attack("one growth too far", "have more than the limit", program(&[], refused), Completes),
        attack("growth to the limit", "have more than the limit", program(&[], all), Completes),
        attack(
            "growth to the limit, then a failure",
            "hide that memory was the reason",
            program(&[], &format!("{all} (unreachable)")),
            Fails(&[MemoryLimit]),
        ),
        attack(
            "growth by all there is",
            "make the sum wrap",
            program(&[], "(call $expect (memory.grow (i32.const -1)) (i32.const -1))"),
            Completes,
        ),
    ];
    let table = program_with(
        &[],
        "(table $t 0 funcref)",
        "(call $expect (table.grow $t (ref.null func) (i32.const 10000000)) (i32.const -1))",
    );
    rows.push(attack("a table of ten million", "have memory as a table", table, Completes));
    let tables = "(table $t 0 funcref)";
    let body = "(loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 100)) (i32.const -1))))";
    rows.push(attack(
        "a table that grows",
        "have memory as a table",
        program_with(&[], tables, body),
        Completes,
    ));
    for (name, item, expected) in [
        ("four gigabytes from the start", "(memory 65536)", Fails(&[MemoryLimit, ModuleInvalid, HostLimit])),
        (
            "more than the limit from the start",
            "(memory 300)",
            Fails(&[MemoryLimit, ModuleInvalid, HostLimit]),
        ),
        ("a table of a million from the start", "(memory 1) (table 1000000 funcref)", Refused),
        (
            "a hundred memories in one module",
            &"(memory 1)".repeat(100),
            Fails(&[MemoryLimit, ModuleInvalid, HostLimit]),
        ),
    ] {
        let text =
            format!("(component (core module $m {item}) (core instance (instantiate $m)) {})", world(JOB));
        let module = wat::parse_str(text).unwrap();
        rows.push(attack(name, "have more than the limit", module, expected));
    }
    for (name, item, count) in [
        ("a hundred memories", "(memory 1)", 100),
        ("a hundred tables", "(table 1 funcref)", 100),
        ("two hundred instances", "", 200),
    ] {
        let instances = "(core instance (instantiate $m))".repeat(count);
        let text = format!("(component (core module $m {item}) {instances} {})", world(JOB));
        let module = wat::parse_str(text).unwrap();
        rows.push(attack(
            name,
            "have many small things",
            module,
            Fails(&[MemoryLimit, ModuleInvalid, HostLimit]),
        ));
    }
    rows
}

/// A core module that does nothing, well.
pub(crate) const JOB: &str = r#"(core module $job (memory (export "memory") 1) (func (export "run") (result i32) (i32.const 0))
    (func (export "describe") (result i32) (i32.const 64)))"#;

/// The two exports of a job around the core module `$job` in `core`.
pub(crate) fn world(core: &str) -> String {
    format!(
        r#"{core}
    (core instance $job (instantiate $job))
    (import "fuelcell:job/types@0.1.0" (instance $types
        (type $completion' (variant (case "done") (case "no-items") (case "skipped" string)))
        (export "completion" (type (eq $completion')))
        (type $failure' (record (field "code" string) (field "message" string) (field "transient" bool)))
        (export "failure" (type (eq $failure')))))
    (alias export $types "completion" (type $completion))
    (alias export $types "failure" (type $failure))
    (func $run (result (result $completion (error $failure)))
        (canon lift (core func $job "run") (memory (core memory $job "memory"))))
    (func $describe (result string) (canon lift (core func $job "describe") (memory (core memory $job "memory"))))
    (export "run" (func $run)) (export "describe" (func $describe))"#
    )
}

fn starts() -> Vec<Attack> {
    let start = |items: &str| program_with(&[], items, "");
    vec![
        attack(
            "a start function without end",
            "run before it is run",
            start("(func $s (loop $l (br $l))) (start $s)"),
            Fails(&[FuelExhausted, Timeout]),
        ),
        attack(
            "a start function that traps",
            "fail before it is run",
            start("(func $s unreachable) (start $s)"),
            Fails(&[Trap, ModuleInvalid]),
        ),
        attack(
            "data behind memory",
            "write before it is run",
            start(r#"(data (i32.const 131071) "ab")"#),
            Fails(&[Trap, ModuleInvalid]),
        ),
        attack(
            "elements behind a table",
            "write before it is run",
            start("(table 1 funcref) (func $f) (elem (i32.const 1) $f)"),
            Fails(&[Trap, ModuleInvalid]),
        ),
        attack("nothing at all", "waste a cell", noop(), Completes),
        attack(
            "an unknown start function",
            "be read past its end",
            b"\0asm\x01\0\0\0\x08\x01\x07".to_vec(),
            Refused,
        ),
        attack(
            "fresh memory",
            "read what another tenant left",
            component(
                &[],
                "",
                "(local i32) (loop $l (if (i64.ne (i64.load (i32.add (i32.const 16384) (local.get 0))) (i64.const 0)) (then unreachable)) (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 8))) (i32.const 49000)))) (i32.const 0)",
            ),
            Completes,
        ),
        attack(
            "dirty memory",
            "leave something for another tenant",
            component(
                &[],
                "",
                "(memory.fill (i32.const 16384) (i32.const 0x5a) (i32.const 49000)) (i32.const 0)",
            ),
            Completes,
        ),
    ]
}
